"""The manifest: one recursive model for every level, with digests of structure and weights."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yggdrasil.contract.digest import digest
from yggdrasil.contract.errors import ManifestError

FORMAT = 3
MAX_BYTES = 16 << 20
MAX_DEPTH = 32
Level = Literal["block", "graph", "pipeline", "stage", "world", "universe"]


class FileEntry(BaseModel):
    """A file by hash: a path inside the manifest's folder, or the name of a catalogue entry that gives it.

    A template may leave the hash of a file beside it out, so that a person can edit that file.
    """

    model_config = ConfigDict(extra="forbid")

    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    path: str | None = None
    source: str | None = None


class Manifest(BaseModel):
    """Structure of a block at any level; a `ref` stands for an object that is described elsewhere.

    `parameters` makes it a template: name of a parameter → the `ref` whose block the parameter replaces. `formerly`:
    digests of structures of an item of the shelf that mean the same; who was saved with one of them takes it as it is.
    `bounds`: what it cannot take, in words for whoever calls it (`yggdrasil.contract.bounds`).
    """

    model_config = ConfigDict(extra="forbid")

    format: int | None = None
    kind: Level = "block"
    type: str = ""
    name: str = ""
    about: str = ""
    bounds: dict[str, Any] = Field(default_factory=dict)
    config: dict[str, Any] = Field(default_factory=dict)
    nodes: dict[str, Manifest] = Field(default_factory=dict)
    structure: dict[str, Any] = Field(default_factory=dict)
    files: dict[str, FileEntry] = Field(default_factory=dict)
    ref: str | None = None
    parameters: dict[str, str] = Field(default_factory=dict)
    formerly: list[str] = Field(default_factory=list)
    digests: dict[str, str] | None = None
    versions: dict[str, str] | None = None

    def structure_digest(self) -> str:
        """sha256 of what the tree is, without names of files, versions and prose."""
        return digest(self._structure())

    def _structure(self) -> dict[str, Any]:
        if self.ref is not None and self.ref.startswith("#"):
            return {"ref": self.ref}
        return {
            "kind": self.kind,
            "type": self.type,
            "config": self.config,
            "structure": self.structure,
            "nodes": {name: node._structure() for name, node in self.nodes.items()},
        }

    def weights_digest(self) -> str:
        """sha256 over the hashes of all weights in the tree, by their places."""
        return digest(self._weights())

    def own_digests(self) -> dict[str, str]:
        """Both, as a manifest that is saved names them."""
        return {"structure": self.structure_digest(), "weights": self.weights_digest()}

    def _weights(self) -> dict[str, Any]:
        own = {role: entry.sha256 for role, entry in self.files.items() if role != "state"}
        below = {name: weights for name, node in self.nodes.items() if (weights := node._weights())}
        return {**({"files": own} if own else {}), **({"nodes": below} if below else {})}

    def dump(self) -> str:
        """The manifest as YAML, the empty parts left out. Raises ManifestError if it could not be read again."""
        import yaml

        data = self.model_dump(mode="json", exclude_defaults=True)
        _check_depth(data, self.name or "manifest")
        text = yaml.dump(data, Dumper=_dumper(), allow_unicode=True, sort_keys=False, width=110)
        try:
            same = yaml.load(text, Loader=_loader()) == data  # noqa: S506 - a SafeLoader without aliases
        except (yaml.YAMLError, ValueError):
            same = False
        if not same:
            mend = "find the text or number that YAML cannot carry, and leave it out"
            raise ManifestError("would not be read as it was written", where=self.name, mend=mend)
        return text


def read_manifest(path: Path) -> Manifest:
    """Read `path` (YAML). Raises ManifestError with the place and the mend for anything that is wrong."""
    return parse_manifest(_text_of(path), str(path))


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping that the YAML file `path` holds, read as carefully as a manifest. Raises ManifestError."""
    return _mapping(_text_of(path), str(path))


def _text_of(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise ManifestError("is no file", where=str(path), mend="a saved block is a folder with manifest.yaml")
        if path.stat().st_size > MAX_BYTES:
            raise ManifestError(
                "is larger than 16 MiB", where=str(path), mend="keep weights and life in files beside it"
            )
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise _no_manifest(path) from None
    except (OSError, ValueError) as error:
        mend = "it must be a UTF-8 text file"
        raise ManifestError(f"cannot be read ({error})", where=str(path), mend=mend) from None


def _no_manifest(path: Path) -> ManifestError:
    folder = path.parent
    if not folder.is_dir():
        return ManifestError("there is no such folder", where=str(folder), mend="name the folder of a saved block")
    if any(folder.glob("*.db")):
        what = "a life stands here, but no manifest: the block that lived it was never saved here"
        mend = "make that block again with this folder (home=…, or session(…, at=…)), or ygg.save it"
        return ManifestError(what, where=str(folder), mend=mend)
    return ManifestError("there is no manifest", where=str(path), mend="a saved block is a folder with manifest.yaml")


def parse_manifest(text: str, where: str) -> Manifest:
    """Parse YAML text. Raises ManifestError for bad YAML, unknown keys, a newer format, deep nesting."""
    mapping = _mapping(text, where)
    _check_format(mapping, where)
    _check_depth(mapping, where)
    try:
        return Manifest.model_validate(mapping)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ManifestError(
            f"{place}: {first['msg']}", where=where, mend="an unknown key is refused so that nothing is lost in silence"
        ) from None


def _mapping(text: str, where: str) -> dict[str, Any]:
    import yaml

    try:
        data: Any = yaml.load(text, Loader=_loader())  # noqa: S506 - a SafeLoader without aliases
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        line = str(error).replace("\n", " ")[:200]
        raise ManifestError(f"is not YAML ({line})", where=where, mend="mend the line that is named") from None
    if not isinstance(data, dict):
        raise ManifestError("is not a mapping", where=where, mend=f"begin with `format: {FORMAT}`")
    return cast(dict[str, Any], data)


def _check_format(data: dict[str, Any], where: str) -> None:
    found = data.get("format")
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        mend = f"write `format: {FORMAT}` at its top"
        raise ManifestError(f"has no format number ({found!r})", where=where, mend=mend)
    if found > FORMAT:
        raise ManifestError(
            f"has format {found}, this version reads up to {FORMAT}",
            where=where,
            mend="install a newer yggdrasill",
        )


def _check_depth(data: Any, where: str) -> None:
    layer: list[Any] = [data]
    for _ in range(MAX_DEPTH * 2):
        layer = [inner for item in layer for inner in _parts(item)]
        if not layer:
            return
    raise ManifestError(f"is nested deeper than {MAX_DEPTH} levels", where=where, mend="flatten it, or refer by `ref`")


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast(dict[Any, Any], value).values()
    return cast(list[Any], value) if isinstance(value, list) else ()


_QUOTED = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Characters that YAML folds, drops or refuses where they are not written as escapes."""


@cache
def _dumper() -> Any:
    """The dumper of manifests: a text that YAML would change is quoted and escaped."""
    import yaml

    class Exact(yaml.SafeDumper):
        """YAML that is read as it was written."""

    def text(dumper: Any, value: str) -> Any:
        style = '"' if _QUOTED.search(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Exact.add_representer(str, text)
    return Exact


def _loader() -> Any:
    """The loader of one manifest; libyaml's parser where PyYAML has it, which is seven times as fast."""
    import yaml

    base: Any = _yaml_base()

    class Plain(base):
        """YAML without aliases, which can blow a small file up, with each key once, and not deeper than we read."""

        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases (&, *) are not allowed")
            if self.depth > MAX_DEPTH * 2:
                raise yaml.YAMLError(f"nested deeper than {MAX_DEPTH} levels")
            self.depth += 1
            try:
                return cast(object, super().compose_node(parent, index))  # pyright: ignore[reportUnknownMemberType]
            finally:
                self.depth -= 1

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [self.construct_object(k, deep=True) for k, _ in node.value]
            counts = Counter(str(k) for k in keys)
            twice = {k for k, n in counts.items() if n > 1}
            if twice:
                raise yaml.YAMLError(f"key {', '.join(sorted(twice))} stands twice")
            return super().construct_mapping(node, deep=deep)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    return Plain


@cache
def _yaml_base() -> Any:
    import yaml

    library: Any = yaml
    if not library.__with_libyaml__:
        return library.SafeLoader
    composer, parser = library.composer.Composer, library.cyaml.CParser
    constructor, resolver = library.constructor.SafeConstructor, library.resolver.Resolver

    class Events(composer, parser, constructor, resolver):
        """libyaml's events, composed in Python, where they can be checked."""

        def __init__(self, stream: str) -> None:
            parser.__init__(self, stream)
            for part in (composer, constructor, resolver):
                part.__init__(self)

    return Events
