"""Saving any level: a manifest, weights named by hash and held once, and what the block has lived."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

from yggdrasil.contract.artifacts import storing, sync_folder, write_durably
from yggdrasil.contract.block import Block, FileRef, is_weights
from yggdrasil.contract.digest import digest_bytes
from yggdrasil.contract.errors import ManifestError, WeightsError
from yggdrasil.contract.known_arguments import known_arguments
from yggdrasil.contract.known_digests import digest_of_version
from yggdrasil.contract.manifest import FORMAT, FileEntry, Manifest
from yggdrasil.contract.session import ROOT
from yggdrasil.contract.side_files import INDEX, read_index, side_file
from yggdrasil.contract.tensor_files import write_tensors_by_digest
from yggdrasil.contract.tree import describe, walk
from yggdrasil.contract.weights import check_kind, check_pieces, refuse_code, suffix_of
from yggdrasil.store.catalogue import is_stored

MANIFEST = "manifest.yaml"
_AT_ONCE = 16 << 20
_FICLONE = 0x40049409
"""Linux: let a file share the blocks of another until one of them is written."""
_KEEP = (
    "weights: make its class a TorchBlock, whose `build` makes the module, or give them by `tensors()`; what "
    "settings alone decide, the same each time: make it in `__init__`; what a run found out: here().remember(…)"
)
_LIBRARIES = ("torch", "diffusers", "transformers")


@known_arguments
def save(block: Block, path: str | Path, *, standalone: bool = False) -> Path:
    """Write `block` into the folder `path`, the manifest last, so that a half-written folder is never a save.

    Parts from the shelf are named by reference and digest; `standalone` spells them out and copies their weights.
    Raises ManifestError for a block without a type name, NotStored if the disk does not take it; what was saved
    there before then stays whole.
    """
    folder = Path(path)
    with storing(folder):
        if folder.exists() and not folder.is_dir():
            raise ManifestError("is a file, not a folder", where=str(folder), mend="choose another path")
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "weights").is_symlink():
            mend = "put the folder itself there"
            raise ManifestError("`weights` is a link, which leads elsewhere", where=str(folder), mend=mend)
        _write(block, folder, standalone)
    return folder


def life_name(digest: str) -> str:
    """The file of a life, named by its digest, so that the old one stays until the manifest names the new one."""
    return f"life-{digest[:16]}.json"


def _write(block: Block, folder: Path, standalone: bool) -> None:
    _give_files(block, folder)
    manifest = describe(block, refs=not standalone)
    manifest.format = FORMAT
    manifest.name = block.name
    if standalone:
        _spell_out(manifest, block)
    _place_files(manifest, folder)
    whole = describe(block)
    manifest.digests = whole.own_digests()
    places = {at or ROOT for at, _ in walk(block)}
    life = {place: state for place, state in block.lived().items() if place in places}
    if life:
        manifest.digests["life"] = digest_bytes(_life_text(life))
    manifest.versions = {name: version(name) for name in ("yggdrasill", *_LIBRARIES)}
    if founding := block.founding():
        manifest.digests["founding"] = founding
    text = manifest.dump().encode()
    block.keep(folder)
    name = life_name(manifest.digests["life"]) if life else ""
    if life:
        write_durably(folder / name, _life_text(life))
    write_durably(folder / MANIFEST, text)
    for old in folder.glob("life*.json"):
        if old.name != name:
            old.unlink()


def _give_files(block: Block, folder: Path) -> None:
    """Weights that live in memory only become files of the save; the block then names them."""
    for at, part in walk(block):
        tensors = part.tensors()
        if held := part.unsaved():
            what = f"{held!r} holds a large value that no save keeps and no setting makes again"
            raise ManifestError(what, where=at or block.name, mend=_KEEP)
        if tensors is None:
            continue
        part.stored(FileRef(*write_tensors_by_digest(folder / "weights", tensors)))


def _spell_out(manifest: Manifest, block: Block) -> None:
    """Name catalogue files by where they are on this machine, so that they travel with the save."""
    here = {ref.sha256: ref.path for _, part in walk(block) for ref in part.files.values() if ref.path is not None}
    stack = [manifest]
    while stack:
        part = stack.pop()
        for role, entry in part.files.items():
            if entry.source is not None and entry.sha256 in here:
                part.files[role] = FileEntry(sha256=entry.sha256, path=str(here[entry.sha256]))
        stack.extend(part.nodes.values())


def _place_files(manifest: Manifest, folder: Path) -> None:
    """Copy (or link) each named file into the folder once, and name it by a path inside."""
    placed = [Path(entry.path) for role, entry in manifest.files.items() if is_weights(role) and entry.path]
    if len(placed) == sum(map(is_weights, manifest.files)) and all(path.is_file() for path in placed):
        check_pieces(placed)
    for role, entry in manifest.files.items():
        if entry.source is None and entry.path is None:
            mend = "give the block the file, or the name of the catalogue entry that has it"
            raise WeightsError(f"the file of {role!r} is nowhere", where=manifest.type, mend=mend)
        if entry.source is None:
            manifest.files[role] = _placed(entry, folder, role)
    for node in manifest.nodes.values():
        _place_files(node, folder)


def _placed(entry: FileEntry, folder: Path, role: str) -> FileEntry:
    source = Path(entry.path or "")
    if not source.is_file():
        mend = "put it back, or load the block again"
        raise WeightsError(f"the file of {role!r} is gone", where=str(source), mend=mend)
    if is_weights(role):
        check_kind(source)
    refuse_code(source)
    companions = source.parent if source.name == INDEX else None
    suffix = suffix_of(source) if is_weights(role) else source.suffix
    name = f"{entry.sha256}{suffix}" if companions is None else f"{entry.sha256}/{source.name}"
    target = folder / "weights" / name
    if not target.exists() and not is_stored(source) and digest_of_version(source, entry.sha256) != entry.sha256:
        mend = "put the file back as it was, or load the block from it anew"
        raise WeightsError(f"the file of {role!r} was changed since the block was loaded", where=str(source), mend=mend)
    if companions is not None and not target.exists():
        _copy_named(source, target.parent)
    elif not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        _own_copy(source, target)
    return FileEntry(sha256=entry.sha256, path=target.relative_to(folder).as_posix())


def _copy_named(index: Path, target: Path) -> None:
    """The index, what it names by hash and the licences beside it, copied whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".tmp-") as part:
        copied = Path(part) / "whole"
        copied.mkdir()
        shutil.copyfile(index, copied / index.name)
        for entry in read_index(index).values():
            kept = copied / entry.file
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(side_file(index, entry.file, entry.sha256))
        for beside in index.parent.iterdir():
            if beside.is_file() and not beside.is_symlink() and beside.name.startswith(("LICENSE", "NOTICE")):
                shutil.copyfile(beside, copied / beside.name)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(copied, target)
    sync_folder(target.parent)


def _own_copy(source: Path, target: Path) -> None:
    """The bytes as a file of the save's own; only a file of our own store, which nobody writes over, is linked."""
    part = target.with_name(f".tmp-{os.getpid()}-{threading.get_ident()}-{target.name}")
    part.unlink(missing_ok=True)
    try:
        if not (is_stored(source) and _linked(source, part)):
            _copied(source, part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(target.parent)


def _linked(source: Path, part: Path) -> bool:
    try:
        os.link(source.resolve(), part)
    except OSError:
        return False
    return True


def _copied(source: Path, part: Path) -> None:
    """A copy that shares its blocks with the source where the file system can (they part when one is written)."""
    with source.open("rb") as origin, part.open("wb") as file:
        if not _cloned(origin.fileno(), file.fileno()):
            shutil.copyfileobj(origin, file, _AT_ONCE)
        file.flush()
        os.fsync(file.fileno())


def _cloned(origin: int, file: int) -> bool:
    try:
        from fcntl import ioctl

        ioctl(file, _FICLONE, origin)
    except (ImportError, OSError):
        return False
    return True


def _life_text(life: dict[str, Any]) -> bytes:
    return json.dumps(life, ensure_ascii=False, sort_keys=True, allow_nan=False).encode()
