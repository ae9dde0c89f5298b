"""Saving any level: a manifest, weights named by hash and held once, and what the block has lived."""

from __future__ import annotations

import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path

from yggdrasil.contract.artifacts import write_durably
from yggdrasil.contract.block import Block, FileRef
from yggdrasil.contract.digest import digest_bytes
from yggdrasil.contract.errors import ManifestError
from yggdrasil.contract.manifest import FORMAT, FileEntry, Manifest
from yggdrasil.contract.tree import content, describe, walk
from yggdrasil.contract.weights import check_kind, encode_tensors

MANIFEST = "manifest.yaml"
LIFE = "life.json"
_LIBRARIES = ("torch", "diffusers", "transformers")


def save(block: Block, path: str | Path, *, standalone: bool = False) -> Path:
    """Write `block` into the folder `path`, the manifest last, so that a half-written folder is never a save.

    Parts from the shelf are named by reference and digest; `standalone` spells them out and copies their weights.
    Raises ManifestError for a block without a type name.
    """
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise ManifestError("is a file, not a folder", where=str(folder), mend="choose another path")
    folder.mkdir(parents=True, exist_ok=True)
    _give_files(block, folder)
    manifest = describe(block, refs=not standalone)
    manifest.format = FORMAT
    _place_files(manifest, folder)
    whole = describe(block)
    manifest.digests = {"structure": whole.structure_digest(), "weights": whole.weights_digest()}
    manifest.versions = {name: version(name) for name in ("yggdrasill", *_LIBRARIES)}
    block.keep(folder)
    _write_life(block, folder)
    write_durably(folder / MANIFEST, manifest.dump().encode())
    return folder


def _give_files(block: Block, folder: Path) -> None:
    """Weights that live in memory only become files of the save; the block then names them."""
    for _, part in walk(block):
        tensors = part.tensors()
        if tensors is None:
            continue
        data = encode_tensors(tensors)
        sha = digest_bytes(data)
        target = folder / "weights" / f"{sha}.safetensors"
        if not target.exists():
            write_durably(target, data)
        part.files["weights"] = FileRef(sha, target)


def _place_files(manifest: Manifest, folder: Path) -> None:
    """Copy (or link) each named file into the folder once, and name it by a path inside."""
    for role, entry in manifest.files.items():
        if entry.source is None and entry.path is not None:
            manifest.files[role] = _placed(entry, folder, role)
    for node in manifest.nodes.values():
        _place_files(node, folder)


def _placed(entry: FileEntry, folder: Path, role: str) -> FileEntry:
    source = Path(entry.path or "")
    if role == "weights":
        check_kind(source)
    companions = source.parent if source.name == "index.json" else None
    name = f"{entry.sha256}{source.suffix}" if companions is None else f"{entry.sha256}/{source.name}"
    target = folder / "weights" / name
    if companions is not None and not target.exists():
        shutil.copytree(companions, target.parent, dirs_exist_ok=True)
    elif not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        _link_or_copy(source, target)
    return FileEntry(sha256=entry.sha256, path=target.relative_to(folder).as_posix())


def _link_or_copy(source: Path, target: Path) -> None:
    part = target.with_name(f".tmp-{target.name}")
    part.unlink(missing_ok=True)
    try:
        os.link(source, part)
    except OSError:
        shutil.copyfile(source, part)
    os.replace(part, target)


def _write_life(block: Block, folder: Path) -> None:
    life = content(block)
    if life:
        text = json.dumps(life, ensure_ascii=False, sort_keys=True, allow_nan=False)
        write_durably(folder / LIFE, text.encode())
    else:
        (folder / LIFE).unlink(missing_ok=True)
