"""A world's beginning: its starting content, given or thought up from the wish by an agent, is step 0."""

from __future__ import annotations

import time
from typing import Any, cast

from pydantic import ValidationError

from yggdrasil.contract.bounds import bounds_of
from yggdrasil.contract.context import here, standing
from yggdrasil.contract.errors import YggError
from yggdrasil.contract.running import end_by
from yggdrasil.contract.session import own_session
from yggdrasil.contract.spending import Spent, counting
from yggdrasil.engine.cycle.branches import MAIN
from yggdrasil.engine.cycle.records import StageRecord
from yggdrasil.engine.cycle.spent import beside
from yggdrasil.levels.genre.of_world import in_own_words, in_world_terms
from yggdrasil.levels.stage.genre import setting
from yggdrasil.levels.stage.task import task
from yggdrasil.levels.world.stage_runner import StageRunner
from yggdrasil.state.content import KINDS, Content
from yggdrasil.state.operation_types import tidy_name

NAME = "founding"


class FoundingError(YggError):
    """The starting content is none."""


def found(runner: StageRunner) -> None:
    """Make step 0 of the world. An agent is asked if nothing but a wish is given; journalled like all else."""
    started = time.monotonic()
    world = runner.world
    given = {"wish": world.wish, "style": world.style, **world.beginning}
    content = _content(given, "starting content")
    stage = world.stages["development"]
    branch = runner.life.log.branches[MAIN]
    output: Any = None
    memories = own_session(world).to_json()
    spent = Spent()
    if not any(content.named(kind) for kind in KINDS) and "task" in stage.body.inputs:
        with runner.surroundings(branch, 0, 0) as born, standing(here().below(NAME)) as place:
            place.emit("started", type=stage.type_name, block_kind=stage.kind, step=0)
            context = {**_context(runner, content), "world": content.digest_for_agents()}
            ask = in_own_words(world, "found", content, context, {}, "")
            asked = task("found", context, {}, content, None, world.genre, ask)
            born.news |= memories
            try:
                with counting() as spent:
                    output = stage.ask({"task": asked, "context": context, "wish": context["wish"]})
            except BaseException as error:
                kind, data = end_by(error, place)
                place.emit(kind, **data)
                raise
            memories = born.news
        output = output.get("result") or next(iter(output.values()), None) or {}
        output = in_world_terms(world, cast(dict[str, Any], output))
        thought_up = _keeping_secrets(content, _start(cast(dict[str, Any], output)))
        content = _content({**content.to_json(), **thought_up}, "founding")
    record = StageRecord(0, NAME, "ran", None, time.monotonic() - started, "", output, beside(spent) or None)
    with runner.life.log.database.transaction():
        runner.life.log.found(branch, record, content.to_json())
        for place, state in memories.items():
            runner.life.log.snapshots.remember(branch, 0, 0, place, state)
    if output is not None:
        here().below(NAME).emit("finished", step=0, seconds=record.seconds)


def _context(runner: StageRunner, content: Content) -> dict[str, Any]:
    world = runner.world
    declared = bounds_of(world.stages["creator"])
    fixed = {**setting(world.genre, world.setting, declared), "language": world.language}
    style = content.style or world.style
    return {**fixed, "wish": content.wish, "style": style, "step": 0, "story": list(content.story), "past": []}


def _start(output: dict[str, Any]) -> dict[str, Any]:
    """An agent's answer as content: names once, nobody at a place that there is not."""
    places = _once(output.get("places", []))
    known = {p["name"] for p in places}
    characters = _once(output.get("characters", []))
    for who in characters:
        if tidy_name(str(who.get("place", ""))) not in known:
            who["place"] = ""
    unknown = [str(word) for word in output.get("unknown", [])]
    if unknown:
        here().note(f"not understood: {', '.join(unknown)}", "not_understood", words=unknown)
    plain = {k: output[k] for k in ("title", "facts", "time", "weather") if output.get(k)}
    plain |= _own_kinds(output, known) | _knowledge(output, {who["name"] for who in characters})
    return {**plain, "places": places, "characters": characters, **({"extra": {"unknown": unknown}} if unknown else {})}


def _own_kinds(output: dict[str, Any], places: set[str]) -> dict[str, Any]:
    kinds = {kind: _once(things) for kind, things in (output.get("entities") or {}).items()}
    for thing in (thing for things in kinds.values() for thing in things):
        if tidy_name(str(thing.get("place", ""))) not in places:
            thing["place"] = ""
    return {"entities": kinds} if kinds else {}


def _knowledge(output: dict[str, Any], characters: set[str]) -> dict[str, Any]:
    """Who knows what; a fact keeps being known by nobody rather than by all, if none of those named is there."""
    told = {fact: names for fact, names in (output.get("known_by") or {}).items() if fact in output.get("facts", [])}
    known = {fact: [n for n in map(tidy_name, map(str, names)) if n in characters] for fact, names in told.items()}
    return {"known_by": known} if known else {}


def _keeping_secrets(content: Content, start: dict[str, Any]) -> dict[str, Any]:
    """What was thought up, beside the given facts of which it is given who knows them."""
    if not content.known_by:
        return start
    facts = [fact for fact in content.facts if fact in content.known_by] if "facts" in start else content.facts
    known = {**content.known_by, **start.get("known_by", {})}
    return {**start, "facts": list(dict.fromkeys([*facts, *start.get("facts", [])])), "known_by": known}


def _once(things: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for thing in things:
        name = tidy_name(str(thing.get("name", "")))
        if name:
            found.setdefault(name, {**thing, "name": name})
    return list(found.values())


def _content(value: dict[str, Any], where: str) -> Content:
    try:
        return Content.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise FoundingError(
            f"{place or 'content'}: {first['msg']}", where=where, mend="see yggdrasil.state.Content"
        ) from None
