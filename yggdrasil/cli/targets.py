"""What a command's argument names: a world's folder, a saved block or a shelf item; a mistyped one gets near names."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import ManifestError
from yggdrasil.contract.registry import find, names
from yggdrasil.engine.cycle.log import FILE
from yggdrasil.levels.world.world import World
from yggdrasil.store.load import load
from yggdrasil.store.save import MANIFEST

GROWN = Path("grown")


def open_block(what: str) -> Block:
    """The block of a shelf name, a path, or an installed type, as it is by its own settings.

    Raises ManifestError with near names.
    """
    if is_path(what):
        if not Path(what).exists() and what in names():
            return find(what)()
        check_saved(Path(what))
    return load(what)


def is_path(what: str) -> bool:
    """Whether an argument that may name a shelf item is a path instead."""
    return "/" in what or what.startswith(".")


def open_world(folder: Path) -> World:
    """The world that lives in `folder`. Raises ManifestError if something else does, a mere template, or nothing."""
    check_saved(folder)
    block = load(folder)
    if block.kind != "world":
        raise ManifestError(f"is a {block.kind}, not a world", where=str(folder), mend="name the folder of a world")
    if not (folder / FILE).exists():
        raise ManifestError(
            "is a template, in which no world lives", where=str(folder), mend="grow a world: yggdrasil new WISH"
        )
    return cast(World, block)


def shown(world: World) -> dict[str, Any]:
    """Everything about the world's branch as JSON, its pictures named by where they are on this machine."""
    told = world.show()
    for step in [*told["steps"], *([told["unfinished"]] if "unfinished" in told else [])]:
        for file in [*step["pictures"], *step.get("sounds", [])]:
            file["path"] = str(world.home / file["path"])
    return told


def check_saved(folder: Path) -> None:
    """Raise ManifestError, with near names, if nothing was saved in `folder`."""
    if (folder / MANIFEST).exists():
        return
    if (folder / FILE).exists():
        mend = f'in the script that made it: ygg.save(world, "{folder}")'
        raise ManifestError("holds a world's life, but no saved world", where=str(folder), mend=mend)
    what = "holds no saved block" if folder.is_dir() else "there is no such folder"
    raise ManifestError(what, where=str(folder), mend=_near(folder))


def _near(folder: Path) -> str:
    saved: dict[str, str] = {}
    for found in _saved_around(folder):
        path = str(found)
        saved.setdefault(found.name, path if is_path(path) else f"./{path}")
    near = get_close_matches(folder.resolve().name, saved, n=3, cutoff=0.5)
    if near:
        return "did you mean " + " or ".join(repr(saved[name]) for name in near) + "?"
    if saved:
        return "saved here: " + ", ".join(repr(path) for path in list(saved.values())[:10])
    return "grow a world: yggdrasil new WISH"


def _saved_around(folder: Path) -> Iterator[Path]:
    """Saved blocks in it, beside it, where the user stands, and where `new` puts worlds."""
    for root in (folder, folder / GROWN, folder.parent, Path(), GROWN):
        if root.is_dir():
            yield from sorted(path.parent for path in root.glob(f"*/{MANIFEST}"))
