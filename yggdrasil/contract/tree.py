"""Between a tree of blocks and its manifest: describe, walk, assemble; one object named twice stays one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from yggdrasil.contract import registry
from yggdrasil.contract.block import Block, FileRef
from yggdrasil.contract.config import config_model
from yggdrasil.contract.errors import ManifestError, YggError
from yggdrasil.contract.functions import Function
from yggdrasil.contract.manifest import FORMAT, FileEntry, Manifest
from yggdrasil.contract.own_attributes import TOLD

_DECLARED = ('`class X(Block, type="me/x")`', '`@ygg.block(type="me/x")`')
Expand = Callable[[str, str], Block]
"""(ref, where) → the block that a `ref` outside of the tree stands for."""


def walk(block: Block, path: str = "") -> Iterator[tuple[str, Block]]:
    """Every block below and including `block` with its path; a shared one once, at its first place."""
    seen: set[int] = set()
    stack = [(path, block)]
    while stack:
        at, current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield at, current
        below = [(f"{at}/{n}" if at else n, child) for n, child in current.children().items()]
        stack.extend(reversed(below))


def describe(block: Block, *, refs: bool = False) -> Manifest:
    """The manifest of a block. With `refs`, parts that came from a shelf and are as they came are named only."""
    return _describe(block, "", {}, refs)


def _describe(block: Block, path: str, seen: dict[int, str], refs: bool) -> Manifest:
    if id(block) in seen:
        return Manifest(kind=block.kind, ref=f"#{seen[id(block)]}")  # pyright: ignore[reportArgumentType]
    seen[id(block)] = path
    if not block.type_name:
        raise ManifestError(
            f"class {block.__class__.__qualname__} has no type name",
            where=path or block.name,
            mend=f"declare it as {_DECLARED[isinstance(block, Function)]}, so that a manifest can name it",
        )
    if refs and block.origin and path:
        alone = describe(block)
        digests = alone.own_digests()
        if digests == block.origin_digests:
            return Manifest(kind=alone.kind, ref=block.origin, digests=digests)
    nodes = {n: _describe(c, f"{path}/{n}" if path else n, seen, refs) for n, c in block.children().items()}
    return Manifest(
        kind=block.kind,  # pyright: ignore[reportArgumentType]
        type=block.type_name,
        about=getattr(block, "about", ""),
        bounds=_told_bounds(block),
        config=block.config(),
        nodes=nodes,
        structure=block.structure(),
        files={r: _entry(f) for r, f in block.files.items()},
    )


def _entry(ref: FileRef) -> FileEntry:
    path = str(ref.path) if ref.path is not None and not ref.source else None
    return FileEntry(sha256=ref.sha256, path=path, source=ref.source)


def assemble(manifest: Manifest, find_file: Callable[[FileEntry, str], FileRef], expand: Expand) -> Block:
    """Build the blocks that a manifest describes.

    `find_file` gives the files, `expand` the blocks of refs that do not begin with `#`.
    Raises UnknownType, ManifestError, ConfigError, WiringError, each with the place in the tree.
    """
    return _Assembler(find_file, expand).block(manifest, "")


def migrated(manifest: Manifest) -> Manifest:
    """The manifest as this version writes it; itself if nothing in it has changed since its format."""
    now = _migrated(manifest, manifest.format or FORMAT, manifest)
    return manifest if now == manifest else now


def _migrated(manifest: Manifest, format: int, root: Manifest) -> Manifest:
    if not manifest.type or manifest.type not in registry.names():
        return manifest
    cls = registry.find(manifest.type)
    meant = {name: _meant(node, root) for name, node in manifest.nodes.items()}
    parts = {
        "config": cls.migrated(manifest.config, format),
        "structure": cls.restructured(manifest.structure, meant, format),
        "nodes": {name: _migrated(node, format, root) for name, node in manifest.nodes.items()},
    }
    return manifest.model_copy(update=parts)


def _meant(node: Manifest, root: Manifest) -> Manifest:
    """The part of the tree that a reference inside of it means."""
    if node.ref is None or not node.ref.startswith("#"):
        return node
    found: Manifest | None = root
    for name in node.ref[1:].split("/"):
        found = found.nodes.get(name) if found is not None else None
    return node if found is None else found


class _Assembler:
    def __init__(self, find_file: Callable[[FileEntry, str], FileRef], expand: Expand) -> None:
        self.find_file = find_file
        self.expand = expand
        self.made: dict[str, Block] = {}

    def block(self, manifest: Manifest, path: str) -> Block:
        block = self._own(manifest, path) if manifest.ref is None else self._referred(manifest, path)
        self.made[path] = block
        if path:
            block.called(path.rpartition("/")[2])
        return block

    def _referred(self, manifest: Manifest, path: str) -> Block:
        ref = manifest.ref or ""
        if manifest.type or manifest.config or manifest.nodes or manifest.structure or manifest.files:
            mend = "keep either the ref or the description"
            raise ManifestError(f"has more than `ref: {ref}`", where=path, mend=mend)
        if not ref.startswith("#"):
            block = self.expand(ref, path)
            _check_digests(block, manifest, path)
            return block
        if ref[1:] not in self.made:
            known = ", ".join(f"#{place}" for place in self.made if place) or "nothing"
            raise ManifestError(f"ref {ref!r} names nothing above it", where=path, mend=f"known so far: {known}")
        return self.made[ref[1:]]

    def _own(self, manifest: Manifest, path: str) -> Block:
        if not manifest.type:
            raise ManifestError("has neither `type` nor `ref`", where=path or "manifest", mend="name a registered type")
        cls = registry.find(manifest.type, path)
        if cls.kind != manifest.kind:
            raise ManifestError(
                f"type {manifest.type!r} is a {cls.kind}, not a {manifest.kind}",
                where=path,
                mend=f"write `kind: {cls.kind}`",
            )
        nodes = {n: self.block(m, f"{path}/{n}" if path else n) for n, m in manifest.nodes.items()}
        try:
            block = cls.assemble(manifest.config, nodes, manifest.structure)
        except YggError as error:
            raise error.at(path) if path else error from None
        block.files = {role: self.find_file(entry, f"{path}:{role}") for role, entry in manifest.files.items()}
        for told in TOLD:
            if value := getattr(manifest, told):
                setattr(block, told, value)
        return block


def _told_bounds(block: Block) -> dict[str, Any]:
    """What somebody told of a block that it cannot take, which is neither its setting nor known to its class."""
    own = "bounds" in config_model(block.__class__).model_fields
    return {} if own else dict(block.__dict__.get("bounds") or {})


def _check_digests(block: Block, manifest: Manifest, path: str) -> None:
    """Compare what a ref stands for with what it stood for; by the digest of its own file too, if that is older."""
    if not manifest.digests:
        return
    found = block.origin_digests if block.origin == manifest.ref else describe(block).own_digests()
    for name, value in found.items():
        wanted = manifest.digests.get(name)
        own = (*block.formerly, block.origin_structure) if name == "structure" and block.origin == manifest.ref else ()
        if wanted not in (None, value, *own):
            raise ManifestError(
                f"{manifest.ref} has {name} {value[:12]}…, the manifest was saved with {wanted[:12]}…",
                where=path,
                mend="install the version that it was saved with, or take `digests` out to accept the new one",
            )


def was_migrated(block: Block) -> bool:
    """Whether a part of the tree came from a shelf's file that an earlier version wrote otherwise than this one."""
    return any(b.origin_structure not in ("", b.origin_digests.get("structure")) for _, b in walk(block))


def rebuilt(block: Block, instead: dict[int, Block]) -> Block:
    """The tree with other blocks in place of some (by `id` of the old one); what holds none of them stays itself.

    A block that stands at several places does so again. Raises what `assemble` raises.
    """
    if id(block) in instead:
        return instead[id(block)]
    old = block.children()
    nodes = {name: rebuilt(child, instead) for name, child in old.items()}
    if all(nodes[name] is child for name, child in old.items()):
        return block
    made = block.__class__.assemble(block.config(), nodes, block.structure())
    made.name, made.files = block.name, dict(block.files)
    for told in TOLD:
        if value := block.__dict__.get(told):
            setattr(made, told, value)
    if by_hand := block.__dict__.get("_by_hand"):
        made._by_hand = by_hand  # pyright: ignore
    instead[id(block)] = made
    return made
