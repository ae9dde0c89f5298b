"""One stateful agent in many worlds and branches at once: no memory holds another's word, each is as if alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.contract.test_session import Echo, together
from tests.levels.scripted import Conversing, Remembering, remembered, scripted
from yggdrasil.agent.agent import Agent
from yggdrasil.levels.world.world import World


def told(world: World) -> str:
    steps = [[s.to_json(), s.record.digest] for s in world.history()]
    for step in steps:
        for entry in [*step[0]["stages"], *step[0]["pictures"]]:
            entry.pop("seconds", None)
            entry.pop("path", None)
    return json.dumps(steps)


def live(world: World, word: str, count: int) -> None:
    for number in range(count):
        world.step(action=f"{word} {number}")


def test_two_worlds_that_share_a_stateful_agent_step_in_two_threads_as_each_alone() -> None:
    alone = [scripted(development=Conversing(Agent(Echo()))) for _ in range(2)]
    shared = Conversing(Agent(Echo()))
    both = [scripted(development=shared) for _ in range(2)]
    for world, word in zip(alone, ("raven", "otter"), strict=True):
        live(world, word, 20)
    together(lambda: live(both[0], "raven", 20), lambda: live(both[1], "otter", 20))
    for one, other, word, foreign in zip(both, alone, ("raven", "otter"), ("otter", "raven"), strict=True):
        assert told(one) == told(other)
        memory = remembered(one, "development/body/agent")
        assert memory == remembered(other, "development/body/agent")
        assert f"{word} 19" in str(memory) and foreign not in str(memory)
        one.replay()
    assert shared.agent.lived() == {}


def test_eight_forks_of_one_world_stepped_at_once_are_each_as_if_alone(tmp_path: Path) -> None:
    def forked(home: Path) -> list[World]:
        world = scripted(home, development=Conversing(Agent(Echo())))
        world.step(action="shared past")
        return [world.fork(at=1, name=f"branch{n}") for n in range(8)]

    alone, at_once = forked(tmp_path / "alone"), forked(tmp_path / "at_once")
    for number, world in enumerate(alone):
        live(world, f"word{number}", 3)

    def work(number: int) -> Callable[[], None]:
        return lambda: live(at_once[number], f"word{number}", 3)

    together(*map(work, range(8)))
    for number, (one, other) in enumerate(zip(at_once, alone, strict=True)):
        assert told(one) == told(other)
        memory = remembered(one, "development/body/agent")
        assert memory == remembered(other, "development/body/agent") and memory["calls"] == 4
        assert not any(f"word{foreign}" in str(memory) for foreign in range(8) if foreign != number)
        one.replay()


def test_an_agent_with_a_past_begins_in_each_new_world_as_the_manifest_says() -> None:
    agent = Agent(Echo())
    agent.run("a past of its own")
    first, second = (scripted(development=Conversing(agent)) for _ in range(2))
    assert first.step(action="one").intent["text"] == "1: 1: one"
    assert second.step(action="two").intent["text"] == "1: 1: two"
    assert agent.run("more").response == "2: more"


def test_a_stage_that_fails_leaves_no_memory_behind() -> None:
    class Breaks(Remembering):
        """Remember, then fail the first time."""

        broken = [True]

        def forward(self, step: Any, action: Any = None) -> Any:
            made = super().forward(step, action)
            if self.broken:
                self.broken.pop()
                raise RuntimeError("out of ink")
            return made

    world = scripted(development=Breaks())
    try:
        world.step(action="once")
    except RuntimeError:
        assert remembered(world, "development/body") is None
    assert world.step().intent["text"] == "once"
