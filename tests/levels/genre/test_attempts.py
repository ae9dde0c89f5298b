"""A Creator that looks paints again until what was ordered is seen, a bounded number of times, and keeps the best."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pictures

import yggdrasil as ygg
from tests.levels.genre.capable import Capable
from tests.levels.scripted import calls, scripted
from yggdrasil.agent.agent import Agent
from yggdrasil.contract import Block, ConfigError
from yggdrasil.levels.genre.of_world import tell_in
from yggdrasil.ports import Image, Text

PLAN = {"scene": {"tool": "paint", "arguments": {"prompt": "a red fox", "seed": 5}}}


class Brush(Block, type="test/brush", role="Tool"):
    """Paint what `shows` has for this call; remember what was asked."""

    shows: list[str] = []

    def forward(self, prompt: Text, seed: int = 0) -> Image:
        self.asked = [*getattr(self, "asked", []), (prompt, seed)]
        shade = len(self.asked) - 1
        return Pictures.new("RGB", (4, 4), (shade, 0, 0))


class Gaze(Block, type="test/gaze", role="VLM"):
    """Say of the picture of try n what stands at n."""

    shows: list[str] = []

    def forward(self, image: Image) -> Text:
        return self.shows[image.convert("RGB").tobytes()[0]]


def made(shows: list[str], critic: Block | None = None, **more: Any) -> tuple[dict[str, Any], Brush]:
    brush = Brush()
    creator = ygg.Attempts(ygg.Creator({"paint": brush}), Gaze(shows=shows), critic, **more)
    return creator.run(plan=PLAN), brush


def test_it_paints_until_the_eye_sees_what_was_ordered() -> None:
    outputs, brush = made(["a grey stone", "a fox that is red", "never seen"])
    assert outputs["artifacts"]["scene"]["tries"] == 2 and len(brush.asked) == 2
    assert brush.asked[0] == ("a red fox", 5) and brush.asked[1][0] == "a red fox" and brush.asked[1][1] != 5


def test_after_the_last_try_the_best_is_kept() -> None:
    outputs, brush = made(["a stone", "a fox of stone", "a tree", "a red fox"])
    assert len(brush.asked) == 3 and outputs["artifacts"]["scene"]["tries"] == 2


def test_the_first_good_one_is_the_last() -> None:
    outputs, brush = made(["a red fox"])
    assert len(brush.asked) == 1 and outputs["artifacts"]["scene"]["tries"] == 1


class Critic(Capable):
    """Wants it in other words, and likes the third."""

    def _made(self, schema: dict[str, Any], path: str) -> Any:
        number = len(self.requests)
        known = {".agrees": number == 3, ".score": number, ".prompt": f"a fox, try {number + 1}"}
        return known[path] if path in known else super()._made(schema, path)


def test_an_agent_says_whether_it_will_do_and_orders_it_anew() -> None:
    llm = Critic()
    outputs, brush = made(["a stone", "a tree", "a fox"], Agent(llm, lead="free"), tries=5)
    assert [prompt for prompt, _ in brush.asked] == ["a red fox", "a fox, try 2", "a fox, try 3"]
    assert outputs["artifacts"]["scene"] | {"tries": 3, "prompt": "a fox, try 3"} == outputs["artifacts"]["scene"]
    assert "a tree" in str(llm.requests[1]["messages"]) and "a red fox" in str(llm.requests[1]["messages"])


def test_a_world_paints_again_and_replays(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    tell_in(world, tries=2)
    calls.names.clear()
    step = world.step()
    assert calls.names.count("paint") == 2, "the eye of this world never sees what was ordered"
    assert step.artifacts["scene"]["tries"] == 1, "of equals the first is kept"
    assert len(world.replay().steps) == 1
    ygg.save(world, tmp_path / "kept")
    kept = ygg.load(tmp_path / "kept", ygg.World)
    assert kept.creator.body.type_name == "creator/attempts" and kept.step().artifacts


def test_what_cannot_look_is_refused() -> None:
    with pytest.raises(ConfigError, match="nothing to look at"):
        ygg.Attempts(ygg.Creator({"paint": Brush()}), Brush())
    with pytest.raises(ConfigError, match="a Creator and an eye"):
        ygg.Attempts(Brush(), Gaze())
    with pytest.raises(ConfigError, match="does no task"):
        made([], Agent(Capable(), policy="guided"))
