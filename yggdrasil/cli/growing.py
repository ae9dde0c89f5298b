"""Commands on a world: begin it, step it, show it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from yggdrasil.cli import fetching
from yggdrasil.cli.live import watched
from yggdrasil.cli.output import tell, visible, write
from yggdrasil.cli.words import say
from yggdrasil.contract.context import here
from yggdrasil.contract.errors import ConfigError, ManifestError
from yggdrasil.engine.cycle.log import FILE
from yggdrasil.levels.world import World
from yggdrasil.state.names import folder_name
from yggdrasil.store.load import load
from yggdrasil.store.save import MANIFEST, save
from yggdrasil.store.templates import from_template

TEMPLATE = "storytelling"
GROWN = Path("grown")


def grow_new(wish: str, at: Path | None, steps: int, chosen: dict[str, Any], *, yes: bool) -> dict[str, Any]:
    """Make a world from a wish in a folder of its own and grow it. Raises ManifestError if one is there already."""
    if not wish.strip():
        raise ConfigError("the wish is empty", where="new", mend="say in a few words what world you want")
    _folder(at, chosen["name"] or wish)
    world = _made(wish, chosen)
    if fetching.ensure(fetching.missing(world), yes=yes):
        world = _made(wish, chosen)
    folder = _claimed(at, chosen["name"] or wish)
    save(world, folder)
    return _grow(open_world(folder), None, steps, wish)


def _made(wish: str, chosen: dict[str, Any]) -> World:
    world = from_template(TEMPLATE, **{**chosen, "wish": wish, "name": chosen["name"] or wish})
    if not isinstance(world, World):
        raise ManifestError(f"{TEMPLATE!r} makes a {world.kind}, not a world", mend="reinstall yggdrasill")
    return world


def _folder(at: Path | None, name: str) -> Path:
    stem = GROWN / folder_name(name)
    if at is not None:
        if (at / MANIFEST).exists():
            raise ManifestError("a world is there already", where=str(at), mend="step it, or choose another folder")
        return at
    number, folder = 2, stem
    while folder.exists() or folder.is_symlink():
        folder, number = stem.with_name(f"{stem.name}-{number}"), number + 1
    return folder


def _claimed(at: Path | None, name: str) -> Path:
    """The folder for the new world; one without `--at` is made here, so that no other `new` takes the same."""
    while True:
        folder = _folder(at, name)
        if at is not None:
            return folder
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder


def open_world(folder: Path) -> World:
    """The world that lives in `folder`. Raises ManifestError if something else does, a mere template, or nothing."""
    block = load(folder)
    if not isinstance(block, World):
        raise ManifestError(f"is a {block.kind}, not a world", where=str(folder), mend="name the folder of a world")
    if not (folder / FILE).exists():
        raise ManifestError(
            "is a template, in which no world lives", where=str(folder), mend="grow a world: yggdrasil new WISH"
        )
    return block


def grow_on(folder: Path, branch: str, action: str | None, count: int, *, yes: bool) -> dict[str, Any]:
    """Step a world that is there."""
    world = open_world(folder)
    if fetching.ensure(fetching.missing(world), yes=yes):
        world = open_world(folder)
    return _grow(world.branch(branch), action, count, str(folder))


def _grow(world: World, action: str | None, steps: int, title: str) -> dict[str, Any]:
    with watched(title, steps):
        here().emit("started", type="world", block_kind="world")
        if steps == 0:
            world.found()
        for _ in world.steps(steps, action):
            pass
    return world.show() | {"folder": str(world.home)}


def replay(folder: Path, branch: str) -> int:
    """Replay a branch; gives the number of its steps. Raises if one byte differs from the record."""
    with watched(str(folder), 1):
        return len(open_world(folder).branch(branch).replay().steps)


def print_end(shown: dict[str, Any]) -> None:
    """What a newcomer sees at the end: the chronicle, where the pictures are, where the world is."""
    print_world(shown)
    if unknown := shown["world"].get("extra", {}).get("unknown"):
        tell(f"{say('not_understood')}: {', '.join(unknown)}")
    if shown.get("folder"):
        write(f"\n{say('world_at')} {visible(shown['folder'])}")


def print_world(shown: dict[str, Any]) -> None:
    """Title, chronicle with what was seen, pictures, and what is in the world."""
    write(visible(shown.get("title") or shown["name"]))
    write(f"\n{say('chronicle')}")
    for step in shown["steps"]:
        write(visible(f"  {step['step']}. {step['chronicle']}"))
    write(f"\n{say('pictures')}")
    for step in shown["steps"]:
        for picture in step["pictures"]:
            seen = step["perception"].get(picture["slot"], {}).get("text", "")
            write(visible(f"  {step['step']}. {picture['path']}"))
            write(visible(f"     {picture['prompt']} · {say('seen')}: {seen}"))
    for kind in ("places", "characters", "items", "facts"):
        if entries := shown["world"].get(kind):
            write(f"\n{say(kind)}")
            for entry in entries:
                write(visible(f"  {_entry(entry)}"))


def _entry(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    rest = "; ".join(f"{k}: {v}" for k, v in entry.items() if k != "name" and v)
    name = entry.get("name") or entry.get("text", "")
    return f"{name} ({rest})" if rest and name else str(name or rest)
