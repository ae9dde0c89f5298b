"""Loading any level: a name on the shelf, or a path; files are found, hashes checked, references followed."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from yggdrasil.contract.block import Block, FileRef, is_weights
from yggdrasil.contract.digest import digest_file
from yggdrasil.contract.errors import ManifestError, WeightsError, WiringError, YggError
from yggdrasil.contract.known_arguments import known_arguments
from yggdrasil.contract.known_digests import digest_of_version
from yggdrasil.contract.manifest import FORMAT, FileEntry, Manifest, read_manifest
from yggdrasil.contract.path_safety import inside
from yggdrasil.contract.session import ROOT, own_session
from yggdrasil.contract.tree import assemble, describe, migrated, walk, was_migrated
from yggdrasil.contract.weights import check_kind, refuse_code
from yggdrasil.store.catalogue import locate
from yggdrasil.store.save import MANIFEST, life_name
from yggdrasil.store.shelf import on_shelf

Wanted = TypeVar("Wanted", bound=Block)
_LIFE_MEND = "restore it, or take `life` out of the manifest's `digests` to begin anew"
_lost: contextvars.ContextVar[dict[str, WeightsError] | None] = contextvars.ContextVar("yggdrasil_lost", default=None)
_open: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("yggdrasil_open_shelf", default=())


if TYPE_CHECKING:
    from yggdrasil.agent.agent import Agent
    from yggdrasil.store.shelf_types import Embedder, Illustrator, Painter, Seer, Upscaler, Voice


@overload
def load(name: Literal["painter"]) -> Painter: ...
@overload
def load(name: Literal["illustrate", "illustrate-large"]) -> Illustrator: ...
@overload
def load(name: Literal["upscaler"]) -> Upscaler: ...
@overload
def load(name: Literal["seer"]) -> Seer: ...
@overload
def load(name: Literal["voice"]) -> Voice: ...
@overload
def load(name: Literal["embedder"]) -> Embedder: ...
@overload
def load(name: Literal["storyteller", "chronicler"]) -> Agent: ...
@overload
def load(name: str | Path) -> Block: ...
@overload
def load(name: str | Path, wanted: type[Wanted]) -> Wanted: ...


@known_arguments
def load(name: str | Path, wanted: type[Block] = Block) -> Block:
    """The block that was saved at a path, or that stands on the shelf under a name; of the class `wanted`.

    A string is a path if it holds a slash or begins with a dot. Raises ManifestError, UnknownType,
    WeightsError, WiringError: each names what is wrong, where, and how to mend it.
    """
    text = str(name)
    by_path = isinstance(name, Path) or "/" in text or text.startswith(".")
    folder = Path(text) if by_path else on_shelf(text)
    try:
        manifest = read_manifest(folder / MANIFEST)
        block, whole = _loaded(manifest, folder, {})
    except YggError as error:
        raise _from(error, folder, "" if by_path else text) from None
    if not isinstance(block, wanted):
        mend = f"load it without {wanted.__name__}, or name another"
        raise ManifestError(f"{text!r} holds a {block.kind}, no {wanted.__name__}", where=text, mend=mend)
    block.called(manifest.name or block.name)
    if not by_path:
        block.origin = f"shelf:{text}"
        block.origin_digests = (whole or describe(block)).own_digests()
        block.origin_structure = (manifest.digests or {}).get("structure", "")
        block.formerly = tuple(manifest.formerly)
        block.name = text
    digests = manifest.digests or {}
    _revive(block, folder, digests.get("life"), digests.get("founding", ""))
    return block


def _from(error: YggError, folder: Path, item: str) -> YggError:
    """The error with its manifest before its place in the tree; an item of the shelf is named, not its files."""
    if not (folder / MANIFEST).is_file() and (way := _of_others(folder)):
        error.mend = way
    if MANIFEST not in error.where:
        path = folder / MANIFEST
        error.where = f"{path}: {error.where}" if error.where else str(path)
    if item:
        error.where = error.where.replace(str(folder), f"shelf:{item}")
        error.mend = error.mend.replace(str(folder), f"shelf:{item}")
    return error


def _of_others(folder: Path) -> str:
    """How a folder that others saved is opened; '' for one that nobody knows."""
    if (folder / "model_index.json").is_file():
        return f"it is a folder of diffusers: ygg.from_diffusers({str(folder)!r})"
    return f"it is a folder of transformers: ygg.LLM({str(folder)!r})" if (folder / "config.json").is_file() else ""


@contextmanager
def healing() -> Generator[dict[str, WeightsError]]:
    """Files that are absent or damaged are told (sha256 → why) instead of refused: their block is to be replaced."""
    lost: dict[str, WeightsError] = {}
    token = _lost.set(lost)
    try:
        yield lost
    finally:
        _lost.reset(token)


def load_manifest(manifest: Manifest, folder: Path, instead: Mapping[str, Block] | None = None) -> Block:
    """The block that a manifest describes, its files looked for under `folder`; one `ref` gives one block.

    `instead` gives blocks that stand in for refs, as a template's parameters do.
    """
    return _loaded(manifest, folder, instead or {})[0]


def _loaded(manifest: Manifest, folder: Path, instead: Mapping[str, Block]) -> tuple[Block, Manifest | None]:
    """The block, and its description where one was made to compare its digests."""
    known: dict[str, Block] = dict(instead)

    def find(entry: FileEntry, where: str) -> FileRef:
        try:
            return find_file(entry, folder, where)
        except WeightsError as error:
            lost = _lost.get()
            if lost is None:
                raise
            lost[entry.sha256] = error
            return FileRef(entry.sha256, None, entry.source)

    def follow(ref: str, where: str) -> Block:
        if ref not in known:
            known[ref] = expand(ref, where)
        return known[ref]

    now = migrated(manifest)
    try:
        block = assemble(now, find, follow)
    except WiringError as error:
        if manifest.digests is None:
            error.mend += "; if nobody wrote it so, the manifest is cut off: it has no `digests` at its end"
        raise
    outer = _refers_out(manifest)
    if now is not manifest and not outer:
        _check_digest(manifest, "structure", "is", manifest.structure_digest(), folder)
    older = outer and (manifest.format or FORMAT) < FORMAT
    if now is not manifest or older or was_migrated(block):
        kept = {part: value for part, value in (manifest.digests or {}).items() if part != "structure"}
        now = now.model_copy(update={"digests": kept})
    return block, None if instead else _checked(now, block, folder)


def _refers_out(manifest: Manifest) -> bool:
    """Whether it names parts of the shelf, which its structure's digest counts as if they were spelled out."""
    own = manifest.ref is not None and not manifest.ref.startswith("#")
    return own or any(_refers_out(node) for node in manifest.nodes.values())


def expand(ref: str, where: str) -> Block:
    """The block behind a reference that leads out of the manifest."""
    kind, _, rest = ref.partition(":")
    if kind == "shelf" and rest and "/" not in rest and not rest.startswith("."):
        opened = _open.get()
        if rest in opened:
            way = " -> ".join([*opened[opened.index(rest) :], rest])
            raise ManifestError(f"the shelf refers in a circle: {way}", where=where, mend="take one of the refs out")
        token = _open.set((*opened, rest))
        try:
            return load(rest)
        finally:
            _open.reset(token)
    raise ManifestError(f"ref {ref!r} is of no known kind", where=where, mend="use `#path/in/tree` or `shelf:NAME`")


def find_file(entry: FileEntry, folder: Path, where: str) -> FileRef:
    """A file of a manifest on this machine, its hash checked once for each version of the file.

    Raises WeightsError if the path leaves the folder, is of a wrong kind or has another hash;
    a catalogue file that was not pulled yet is no error here, only where it is used.
    """
    if entry.path is None:
        if entry.source is None:
            raise ManifestError("a file has neither `path` nor `source`", where=where, mend="give one of them")
        model, _, name = entry.source.partition("#")
        return FileRef(entry.sha256, locate(entry.sha256, name or model), entry.source)
    path = inside(folder, entry.path, where)
    if not path.is_file():
        raise WeightsError(f"{entry.path!r} is not there", where=where, mend=f"put it back under {folder}")
    weights = is_weights(where.rpartition(":")[2])
    if weights:
        check_kind(path)
    refuse_code(path)
    found = digest_of_version(path, entry.sha256)
    if found != entry.sha256 and (entry.sha256 or weights):
        raise WeightsError(
            f"{entry.path!r} has sha256 {found[:16]}…, the manifest says {entry.sha256[:16]}…",
            where=where,
            mend="restore the file, or save the block again if the change was meant",
        )
    return FileRef(found, path, entry.source)


def _checked(manifest: Manifest, block: Block, folder: Path) -> Manifest | None:
    if not manifest.digests or manifest.ref is not None:
        return None
    whole = describe(block)
    found = whole.own_digests()
    _check_digest(manifest, "structure", "is", found["structure"], folder)
    _check_digest(manifest, "weights", "are", found["weights"], folder)
    return whole


def _check_digest(manifest: Manifest, part: str, verb: str, found: str, folder: Path) -> None:
    wanted = (manifest.digests or {}).get(part)
    if wanted not in (None, found):
        raise ManifestError(
            f"the {part} {verb} {found[:12]}…, `digests` says {wanted[:12]}…",
            where=str(folder / MANIFEST),
            mend="take `digests` out if the change by hand was meant",
        )


def _revive(block: Block, folder: Path, digest: str | None, founding: str) -> None:
    """Let each block remember what it did when it was saved, or raise ManifestError."""
    if digest is not None:
        path = folder / life_name(digest)
        path = path if path.exists() else folder / "life.json"
        parts = {p or ROOT for p, _ in walk(block)}
        for place, state in _life(path, digest).items():
            if place not in parts:
                what = f"has state for {place!r}, which is not in the tree"
                raise ManifestError(what, where=str(path), mend=_LIFE_MEND)
            own_session(block).remember(place, state)
    block.revive(folder, founding)


def _life(path: Path, wanted: str) -> dict[str, Any]:
    """What a life file holds, its digest checked."""
    if not path.is_file() or path.is_symlink():
        raise ManifestError("the saved life is not there", where=str(path), mend=_LIFE_MEND)
    found = digest_file(path)
    if found != wanted:
        what = f"has sha256 {found[:12]}…, `digests` says {wanted[:12]}…"
        raise ManifestError(what, where=str(path), mend=_LIFE_MEND)
    try:
        life: Any = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"is not JSON ({error})", where=str(path), mend=_LIFE_MEND) from None
    if not isinstance(life, dict):
        raise ManifestError("is no JSON object", where=str(path), mend=_LIFE_MEND)
    return life
