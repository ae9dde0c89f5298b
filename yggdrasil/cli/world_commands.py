"""Commands on a world: begin it, step it, read it again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from yggdrasil.cli import model_commands
from yggdrasil.cli.live import watched
from yggdrasil.cli.output import tell
from yggdrasil.cli.pages import go_on, ways_on
from yggdrasil.cli.question_commands import read_answer
from yggdrasil.cli.targets import GROWN, open_world, shown
from yggdrasil.cli.translations import say
from yggdrasil.contract.errors import ConfigError, ManifestError, Paused, did_you_mean
from yggdrasil.contract.tree import walk
from yggdrasil.engine.cycle.errors import HeadMoved
from yggdrasil.levels.genre.of_world import speak_in, tell_in
from yggdrasil.levels.stage.genre import languages, unread
from yggdrasil.levels.world.budget import Budget
from yggdrasil.levels.world.world import World
from yggdrasil.state.names import folder_name
from yggdrasil.store.exchange_models import exchanged
from yggdrasil.store.load import healing
from yggdrasil.store.save import MANIFEST, save
from yggdrasil.store.templates import from_template, stand_in


def grow_new(wish: str, at: Path | None, steps: int, chosen: dict[str, Any], *, yes: bool) -> dict[str, Any]:
    """Make a world from a wish in a folder of its own and grow it; a world that cannot be founded leaves nothing.

    Raises ManifestError if one is there already.
    """
    if not wish.strip():
        raise ConfigError("the wish is empty", where="new", mend="say in a few words what world you want")
    name = chosen["name"] or wish
    _folder(at, name)
    world = _made(wish, chosen)
    _check_language(world)
    if model_commands.ensure(model_commands.missing(world), yes=yes):
        world = _made(wish, chosen)
    _name_unread(world)
    with _what_is_left(world) as settled, watched(wish, steps):
        world.found()
        _settle_in(world, at, name)
        settled.append(world)
        return _grow(world, None, steps)


def _made(wish: str, chosen: dict[str, Any]) -> World:
    told = {name: chosen[name] for name in ("length", "lead", "cast", "tries")}
    parameters = {name: value for name, value in chosen.items() if name not in ("template", "voice", "budget", *told)}
    world = from_template(chosen["template"], **{**parameters, "wish": wish, "name": chosen["name"] or wish})
    if world.kind != "world":
        what = f"{chosen['template']!r} makes a {world.kind}, not a world"
        raise ManifestError(what, where="--template", mend="name the template of a world, such as storytelling")
    tell_in(cast(World, world), **told)
    bound(cast(World, world), chosen["budget"])
    if chosen["voice"]:
        speak_in(cast(World, world), stand_in("voice", chosen["voice"]))
    return cast(World, world)


def bound(world: World, bounds: list[str] | None) -> None:
    """Give the world these bounds beside those that it has; 0 takes one away. Raises ConfigError for what is none."""
    given = dict(world.budget)
    for bound in bounds or ():
        name, _, number = bound.partition("=")
        try:
            given[name] = float(number) or None
        except ValueError:
            mend = f"write --budget {name}=20000"
            raise ConfigError(f"{number!r} is no number", where="--budget", mend=mend) from None
    world.budget = Budget(**given)


def _check_language(world: World) -> None:
    known = languages(world.genre)
    if known and world.language not in known:
        what = f"no chronicle can be told in {world.language!r}"
        raise ConfigError(what, where="--language", mend=did_you_mean(world.language, known))


def _name_unread(world: World) -> None:
    """Name the words of the style that a guided storyteller cannot read."""
    if world.style and getattr(world.stages["development"].body, "policy", "") == "guided":
        unknown = unread(world.genre, world.style)
        if unknown:
            tell(f"{say('style_not_understood')}: {', '.join(unknown)}")


def _folder(at: Path | None, name: str) -> Path:
    stem = GROWN / folder_name(name)
    if at is not None:
        _check_free(at)
        return at
    number, folder = 2, stem
    while folder.exists() or folder.is_symlink():
        folder, number = stem.with_name(f"{stem.name}-{number}"), number + 1
    return folder


def _check_free(folder: Path) -> None:
    if (folder / MANIFEST).exists():
        raise ManifestError("a world is there already", where=str(folder), mend="step it, or choose another folder")
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise ManifestError("is a file, not a folder", where=str(there), mend="choose another path")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ManifestError("is a folder that you may not write into", where=str(there), mend="choose another path")


def _claimed(at: Path | None, name: str) -> Path:
    """The folder for the new world; one without `--at` is made here, so that no other `new` takes the same."""
    while True:
        folder = _folder(at, name)
        if at is not None:
            return folder
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder


def _settle_in(world: World, at: Path | None, name: str) -> None:
    """Give a founded world its folder; one that was made here goes away if the world cannot be written."""
    folder = _claimed(at, name)
    try:
        save(world, folder)
    except BaseException:  # raised again: whatever ends it, Ctrl-C too, leaves no half-written folder
        if at is None:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def grow_on(
    folder: Path,
    branch: str,
    action: str | None,
    count: int,
    models: dict[str, str],
    *,
    yes: bool,
    give_up: bool = False,
    expect: int | None = None,
    answer: str | None = None,
    budget: list[str] | None = None,
) -> tuple[dict[str, Any], int, dict[str, Any]]:
    """Step a world that is there, with other `models` (llm, painter) from now on; as it is now, and its last step and
    content as they were before.

    With `give_up` the unfinished step is dropped first; `answer` is what its open question is given (ID=VALUE if there
    are more); `budget` are bounds that hold from now on. Raises HeadMoved, and changes nothing, if the branch does not
    stand at step `expect`. Other models and bounds are written into the world's manifest, and its history says so.
    """
    models = {name: value for name, value in models.items() if value}
    world = _with_models(folder, branch, models)
    if model_commands.ensure(model_commands.missing(world), yes=yes):
        world = _with_models(folder, branch, models)
    stands = max(world.branch(branch).last_step, 0)
    if expect is not None and expect != stands:
        raise HeadMoved(branch, stands, expect, str(folder))
    bound(world, budget)
    if models or budget:
        save(world, folder)
        told = [f"{name}: {value}" for name, value in models.items()]
        world.note("; ".join([*told, *(f"budget: {bound}" for bound in budget or ())]))
    world = world.branch(branch)
    last = world.last_step
    before = world.content().shown() if last >= 0 else {}
    with _what_is_left(world) as settled, watched(str(folder), count):
        settled.append(world)
        if answer is not None:
            id, words = _answered(world, answer)
            world.answer(id, read_answer(words, id))
        if give_up:
            stands = world.give_up().step
        return _grow(world, action, count, expect if expect is None else stands), last, before


def _answered(world: World, given: str) -> tuple[str, str]:
    """The question that is answered, and the answer. Raises ConfigError if nobody asks, or more than one."""
    waiting = [question["id"] for question in world.questions() if not question["answered"]]
    name, equals, rest = given.partition("=")
    if equals and name in waiting:
        return name, rest
    if len(waiting) != 1:
        mend = f"name one: --answer ID=…, ID being {' or '.join(waiting)}" if waiting else "leave --answer out"
        raise ConfigError(f"{len(waiting)} questions wait for an answer", where=str(world.home), mend=mend)
    return waiting[0], given


def _with_models(folder: Path, branch: str, models: dict[str, str]) -> World:
    if not models:
        world = open_world(folder)
        world.branch(branch)
        return world
    with healing() as lost:
        world = open_world(folder)
    world.branch(branch)
    made = exchanged(world, **models)
    for _, part in walk(made):
        for ref in part.files.values():
            if ref.path is None and ref.sha256 in lost:
                raise lost[ref.sha256]
    world.close()
    made.live_at(folder)
    return made


def again(folder: Path, branch: str, step: int, name: str, *, yes: bool) -> dict[str, Any]:
    """Do a step again on a branch of its own; if it cannot be finished, say how that branch goes on."""
    world = open_world(folder)
    if model_commands.ensure(model_commands.missing(world), yes=yes):
        world = open_world(folder)
    world, before = world.branch(branch), world.branches()
    with watched(str(folder), 1):
        try:
            return shown(world.again(step, name)) | {"folder": str(world.home)}
        except BaseException:  # raised again: whatever ends it, Ctrl-C too, leaves a branch that goes on
            for left in world.branches():
                if left not in before:
                    tell(f"{say('kept')} {go_on(str(world.home), left)}")
            raise


def _grow(world: World, action: str | None, steps: int, expect: int | None = None) -> dict[str, Any]:
    for number in range(steps):
        world.step(None if number else action, expect=None if number else expect)
    return shown(world) | {"folder": str(world.home)}


@contextmanager
def _what_is_left(world: World) -> Iterator[list[World]]:
    """Say, if it ends by an error, what there is, after all that the run has said.

    A world that has settled in its folder is kept, and a command goes on with it; before that nothing is left.
    """
    settled: list[World] = []
    try:
        yield settled
    except BaseException as error:
        if settled:
            tell(f"{say('kept')} {go_on(str(world.home), world.branch_name)}")
            for question in world.questions() if isinstance(error, Paused) else ():
                if not question["answered"]:
                    again = go_on(str(world.home), world.branch_name)
                    tell(f"{say('asks')} {question['ask']}\n{say('answer_by')} {again} --answer '{question['id']}=…'")
            if (waiting := world.unfinished()) and waiting.stuck:
                tell(ways_on(str(world.home), world.branch_name))
        else:
            world.close()
            tell(say("not_founded"))
        raise


def replay(folder: Path, branch: str) -> int:
    """Replay a branch; gives the number of its steps. Raises if one byte differs from the record."""
    return len(open_world(folder).branch(branch).replay().steps)
