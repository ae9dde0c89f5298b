"""A world as the cycle sees it: a stage's body runs in its surroundings, what it gave becomes the world's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import derive_seed, here, standing
from yggdrasil.contract.running import drive
from yggdrasil.contract.session import RunSession, Session
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.cycle_stages import UPDATE
from yggdrasil.engine.cycle.stage_call import Moment, Written
from yggdrasil.levels.stage.stage import Stage
from yggdrasil.levels.world.life import Life
from yggdrasil.levels.world.memories import Recalled
from yggdrasil.state.content import Content
from yggdrasil.state.errors import OperationError
from yggdrasil.state.operations import AppendStory, Operation, apply, parse_operations, to_json

Settings = Mapping[str, Any]
"""What a world's config tells its stages: wish, language, style, genre and what that may set, seed."""


class Acting:
    """Implements the cycle's Actor for one world."""

    def __init__(self, world: Block, stages: Mapping[str, Stage], life: Life, settings: Settings) -> None:
        self.world = world
        self.stages = stages
        self.life = life
        self.settings = settings

    def content(self, branch: Branch, step: int) -> dict[str, Any]:
        return self.life.content(branch, step).to_json()

    def act(self, moment: Moment) -> Written:
        """Run one stage, which the cycle says is finished when that is durable.

        World update's operations are applied whole or not at all.
        """
        stage = self.stages[moment.role.name]
        content = self.life.content_before(moment.branch, moment.step, moment.position)
        with self.surroundings(moment.branch, moment.step, moment.position) as memories:
            if moment.role is UPDATE:
                written = self._update(stage, moment, content)
            else:
                wrote = self._run(stage, moment, content, {})
                written = Written(wrote["value"], wrote["beside"] or None)
        return replace(written, memory=memories.news)

    def _run(self, stage: Stage, moment: Moment, content: Content, more: dict[str, Any]) -> dict[str, Any]:
        context = {**self.context(moment.branch, moment.step, content), **more}
        inputs = {"state": moment.state, "context": context, "content": content.to_json(), "action": moment.action}
        inputs["genre"] = self.settings["genre"]
        return drive(stage, inputs, moment.role.name, begins=not more, ends=False)

    def _update(self, stage: Stage, moment: Moment, content: Content) -> Written:
        """Ask for operations; if the world does not admit them, once more with the reason.

        Operations that are refused again change nothing, and stand beside the update; the story goes on.
        """
        wrote = self._run(stage, moment, content, {})
        try:
            return _applied(wrote["value"], moment, content)
        except OperationError as problem:
            here().note(f"update: {problem}")
            wrote = self._run(stage, moment, content, {"problem": str(problem)})
        try:
            return _applied(wrote["value"], moment, content)
        except OperationError as problem:
            here().note(f"update refused: {problem}")
            refused = {"operations": wrote["value"], "problem": str(problem)}
            return replace(_applied([], moment, content), beside={"refused": refused})

    def context(self, branch: Branch, step: int, content: Content) -> dict[str, Any]:
        """What every task of this step may know."""
        return {
            **self.settings["setting"],
            "wish": self.settings["wish"] or content.wish,
            "language": self.settings["language"],
            "style": content.style or self.settings["style"],
            "step": step,
            "world": content.digest_for_agents(),
            "story": list(content.story),
            "past": self.life.intents(branch, step),
        }

    @contextmanager
    def surroundings(self, branch: Branch, step: int, position: int) -> Iterator[Recalled]:
        """Seed, journal, artifacts and session of the stage at `position`, below the place of the world."""
        place = here()
        seed = derive_seed(self.settings["seed"], branch.variant, step, position)
        journal = self.life.log.journal(branch, step, position, place.path)
        memories = Recalled(self.life.log, branch, step, position)
        session = RunSession(self.world, Session(memories))
        own = {"seed": seed, "journal": journal, "artifacts": self.life.artifacts, "session": session}
        with standing(place.but(**own)):
            yield memories


def _applied(value: Any, moment: Moment, content: Content) -> Written:
    operations: list[Operation] = list(parse_operations(value, "update"))
    chronicle = moment.state["chronicle"]
    text = chronicle.get("text") if isinstance(chronicle, dict) else chronicle  # pyright: ignore
    if isinstance(text, str) and text.strip() and not any(isinstance(o, AppendStory) for o in operations):
        operations.append(AppendStory(text=text))
    _, inverses = apply(content, operations)
    return Written(operations=to_json(operations), inverses=to_json(inverses))
