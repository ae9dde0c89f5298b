"""A world as the cycle sees it: a stage's body runs in its surroundings, what it gave becomes the world's terms."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.bounds import bounds_of
from yggdrasil.contract.context import here, standing
from yggdrasil.contract.running import perform
from yggdrasil.contract.seeds import derive_seed
from yggdrasil.contract.session import RunSession, Session
from yggdrasil.contract.spending import counting
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.cycle_stages import ARCHITECT, UPDATE
from yggdrasil.engine.cycle.spent import beside
from yggdrasil.engine.cycle.stage_call import StageRequest, StageResult
from yggdrasil.levels.genre.of_world import book_of, in_own_words
from yggdrasil.levels.genre.plan import completed, own_calls, tools_of
from yggdrasil.levels.stage.genre import setting
from yggdrasil.levels.stage.stage import Stage
from yggdrasil.levels.world.budget import check
from yggdrasil.levels.world.life import Life
from yggdrasil.levels.world.memories import StageMemories
from yggdrasil.state.content import Content
from yggdrasil.state.errors import OperationError
from yggdrasil.state.operations import AppendStory, Operation, apply, parse_operations, to_json

if TYPE_CHECKING:
    from yggdrasil.levels.world.world import World


class StageRunner:
    """Implements the cycle's Actor for one world, with the settings that it has at the moment of each stage."""

    def __init__(self, world: World, life: Life) -> None:
        self.world = world
        self.life = life

    def content(self, branch: Branch, step: int) -> dict[str, Any]:
        return self.life.content(branch, step).to_json()

    def act(self, moment: StageRequest) -> StageResult:
        """Run one stage, which the cycle says is finished when that is durable.

        World update's operations are applied whole or not at all.
        """
        stage = self.world.stages[moment.role.name]
        before = self.life.content_before if moment.settled else self.life.content_after_last
        content = before(moment.branch, moment.step, moment.position)
        with (
            self.surroundings(moment.branch, moment.step, moment.position, moment.fresh) as memories,
            counting() as spent,
        ):
            check(self.world.budget, self.life.log, moment.branch, moment.step)
            if moment.role is UPDATE:
                written = self._update(stage, moment, content)
            else:
                wrote = self._run(stage, moment, content, {})
                value = self._completed(wrote["value"], moment, content) if moment.role is ARCHITECT else wrote["value"]
                written = StageResult(value, wrote["beside"] or None)
        told = {**(written.beside or {}), **beside(spent)}
        return replace(written, memory=memories.news, beside=told or None)

    def _run(self, stage: Stage, moment: StageRequest, content: Content, more: dict[str, Any]) -> dict[str, Any]:
        """What the stage gives. It is given the world's own, which grows: only what its body takes is checked."""
        context = {**self.context(moment.branch, moment.step, content), **more}
        whole = content.to_json() if stage.reads_content else None
        inputs = {"state": moment.state, "context": context, "content": whole, "action": moment.action}
        inputs["genre"] = self.world.genre
        if stage.reads_content:
            action = moment.action or ""
            plans = moment.role is ARCHITECT
            made = self.life.pictures(moment.branch, moment.step) if plans else {}
            if plans and not self.world.genre and book_of(self.world) is None:
                inputs["calls"] = own_calls(self.world.stages["creator"], stage.tool)
            inputs["ask"] = in_own_words(self.world, stage.plays, content, context, moment.state, action, made)
        return perform(stage, inputs, here().below(moment.role.name), begins=not more, ends=False)

    def _completed(self, plan: Any, moment: StageRequest, content: Content) -> Any:
        """The plan with what its tools must know of the world, if the world's genre is data."""
        if book_of(self.world) is None:
            return plan
        style = self.told(moment.branch, content)["style"]
        tools, made = tools_of(self.world.stages["creator"]), self.life.pictures(moment.branch, moment.step)
        return completed(plan, tools, content, style, made)

    def _update(self, stage: Stage, moment: StageRequest, content: Content) -> StageResult:
        """Ask for operations; if the world does not admit them, once more with the reason.

        Operations that are refused again change nothing, and stand beside the update; the story goes on.
        """
        wrote = self._run(stage, moment, content, {})
        try:
            return _applied(wrote["value"], moment, content, wrote["beside"])
        except OperationError as problem:
            here().note(f"update: {problem}")
            wrote = self._run(stage, moment, content, {"problem": str(problem)})
        try:
            return _applied(wrote["value"], moment, content, wrote["beside"])
        except OperationError as problem:
            here().note(f"update refused: {problem}")
            refused = {"operations": wrote["value"], "problem": str(problem)}
            return replace(_applied([], moment, content, {}), beside={"refused": refused})

    def context(self, branch: Branch, step: int, content: Content) -> dict[str, Any]:
        """What every task of this step may know."""
        return {
            **self.told(branch, content),
            "step": step,
            "world": content.digest_for_agents(),
            "story": list(content.story),
            "past": self.life.intents(branch, step),
        }

    def told(self, branch: Branch, content: Content) -> dict[str, Any]:
        """What the world's settings say now. A style that the story itself has changed outlives the setting."""
        world = self.world
        style = content.style or world.style
        if world.style and not world.beginning.get("style") and style == self.life.first_style(branch):
            style = world.style
        told = {"wish": world.wish or content.wish, "language": world.language, "style": style}
        known = setting(world.genre, world.setting, bounds_of(world.stages["creator"]))
        return {**copy.deepcopy(known), **told}

    @contextmanager
    def surroundings(self, branch: Branch, step: int, position: int, fresh: bool = False) -> Iterator[StageMemories]:
        """Seed, journal, artifacts and session of the stage at `position`, below the place of the world."""
        place = here()
        seed = derive_seed(self.world.seed, branch.variant, step, position)
        journal = self.life.log.journal(branch, step, position, place.path, fresh)
        memories = StageMemories(self.life.log, branch, step, position)
        session = RunSession(self.world, Session(memories))
        own = {"seed": seed, "journal": journal, "artifacts": self.life.artifacts, "session": session}
        with standing(place.but(**own)):
            yield memories


def _applied(value: Any, moment: StageRequest, content: Content, beside: dict[str, Any]) -> StageResult:
    operations: list[Operation] = list(parse_operations(value, "update"))
    chronicle = moment.state["chronicle"]
    text = chronicle.get("text") if isinstance(chronicle, dict) else chronicle  # pyright: ignore
    if isinstance(text, str) and text.strip() and not any(isinstance(o, AppendStory) for o in operations):
        operations.append(AppendStory(text=text, summary=str(beside.get("summary") or "")))
    apply(content, operations)
    return StageResult(operations=to_json(operations))
