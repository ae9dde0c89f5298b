"""A plan calls the Creator's tools: several slots, pictures made before, looks and style where words are free."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pictures

import yggdrasil as ygg
from tests.levels.genre.capable import Capable, prose, told, world_of
from tests.levels.scripted import Paint
from yggdrasil.contract import Block
from yggdrasil.contract.bounds import bounds_of
from yggdrasil.levels.stage.creator import Creator
from yggdrasil.levels.stage.philosopher import in_plain_words
from yggdrasil.ports import Image, Text
from yggdrasil.state.content import Content

MAUD = {"name": "Maud", "role": "keeper", "looks": "a tall woman with a grey braid and one glass eye"}


class Repaint(Block, type="test/repainted_negative", role="Tool"):
    """Repaint a picture."""

    def forward(self, image: Image, prompt: Text, seed: int = 0) -> Image:
        return Pictures.eval(image, lambda value: 255 - value)


class Styled(Block, type="test/painted_in_style", role="Tool"):
    """Paint in a style that is told apart."""

    def forward(self, prompt: Text, style: Text = "", seed: int = 0) -> Image:
        return Pictures.new("RGB", (8, 8), (len(style), len(prompt), 0))


class Planner(Capable):
    """Plans these calls."""

    calls: list[dict[str, Any]] = []

    def _made(self, schema: dict[str, Any], path: str) -> Any:
        return self.calls if path == ".calls" else super()._made(schema, path)


def call(tool: str, slot: str, **arguments: Any) -> dict[str, Any]:
    return {"slot": slot, "tool": tool, "arguments": arguments}


def planned(home: Path, llm: Capable, **tools: Block) -> ygg.World:
    world = world_of(llm, home, style="ink on grey paper", beginning={"characters": [MAUD]})
    world.creator = Creator(tools)
    return world


def test_looks_and_style_enter_a_prompt_that_lacks_them(tmp_path: Path) -> None:
    llm = Planner(calls=[call("paint", "scene", prompt="Maud rows"), call("paint", "sea", prompt="the sea")])
    step = planned(tmp_path, llm, paint=Paint()).step()
    asked = {slot: made["arguments"]["prompt"] for slot, made in step.plan.items()}
    assert asked["scene"] == "Maud rows. Maud: a tall woman with a grey braid and one glass eye. ink on grey paper"
    assert asked["sea"] == "the sea. ink on grey paper"
    assert set(step.artifacts) == {"scene", "sea"}
    assert len({made["arguments"]["seed"] for made in step.plan.values()}) == 2


def test_a_prompt_that_tells_them_stays_as_it_was_written(tmp_path: Path) -> None:
    prompt = "Maud, a tall woman with a grey braid and a glass eye, in ink on paper."
    step = planned(tmp_path, Planner(calls=[call("paint", "scene", prompt=prompt)]), paint=Paint()).step()
    assert step.plan["scene"]["arguments"]["prompt"] == prompt


def test_a_tool_with_a_port_for_the_style_is_given_it_there(tmp_path: Path) -> None:
    step = planned(tmp_path, Planner(calls=[call("paint", "scene", prompt="a reef")]), paint=Styled()).step()
    arguments = step.plan["scene"]["arguments"]
    assert (arguments["style"], arguments["prompt"]) == ("ink on grey paper", "a reef")


def test_a_painter_that_knows_few_words_is_told_no_others(tmp_path: Path) -> None:
    paint = Paint()
    paint.bounds = {"tokens": 20, "things": ["fox", "ship"]}  # pyright: ignore[reportAttributeAccessIssue]
    llm = Planner(calls=[call("paint", "scene", prompt="Maud rows")])
    step = planned(tmp_path, llm, paint=paint).step()
    assert step.plan["scene"]["arguments"]["prompt"] == "Maud rows"
    asked = json.dumps(llm.requests[1]["schema"])
    assert "at most 20 tokens" in asked and "these things and no others: fox, ship" in asked


def test_a_picture_made_before_is_repainted_by_its_name(tmp_path: Path) -> None:
    llm = Planner(calls=[call("paint", "scene", prompt="a reef")])
    world = planned(tmp_path, llm, paint=Paint(), repaint=Repaint())
    first = world.step()
    llm.calls = [
        call("repaint", "again", image="scene of step 1", prompt="the reef at night"),
        call("repaint", "thrice", image="again", prompt="the reef at dawn"),
    ]
    before = len(llm.requests)
    second = world.step()
    assert "- scene of step 1: a reef" in told(llm.requests[before + 1])
    assert second.plan["again"]["arguments"]["image"] == first.pictures[0]["sha256"]
    colours = [Pictures.open(made["path"]).getpixel((0, 0)) for made in (*first.pictures, *second.pictures)]
    assert colours[0] == colours[2] and colours[0] != colours[1], "inverted, and inverted again"
    assert len(world.replay().steps) == 2
    branch = world.fork(1, "aside")
    assert set(branch.step().artifacts) == {"again", "thrice"}


def test_a_picture_that_there_is_not_fails_alone(tmp_path: Path) -> None:
    llm = Planner(
        calls=[call("repaint", "lost", image="scene of step 9", prompt="x"), call("paint", "sea", prompt="y")]
    )
    step = planned(tmp_path, llm, paint=Paint(), repaint=Repaint()).step()
    assert set(step.artifacts) == {"sea"} and "scene of step 9" in str(step.failures["lost"])


def test_pictures_are_told_to_nobody_where_no_tool_takes_one(tmp_path: Path) -> None:
    llm = Capable(prose)
    world = world_of(llm, tmp_path)
    world.step()
    world.step()
    assert not [request for request in llm.requests if "PICTURES MADE BEFORE" in told(request)]


def test_what_a_painter_knows_stands_in_its_manifest(tmp_path: Path) -> None:
    painter = ygg.load("illustrate-large")
    bounds = bounds_of(painter)
    assert {"fox", "castle"} < set(bounds["things"]) and len(bounds["scenes"]) == 15 and bounds["tokens"] == 20
    ygg.save(painter, tmp_path / "own", standalone=True)
    assert bounds_of(ygg.load(tmp_path / "own")) == bounds
    assert not bounds_of(Paint())


def test_a_tale_chooses_of_what_its_painter_knows(tmp_path: Path) -> None:
    paint = Paint()
    paint.bounds = {"things": ["fox", "ship"], "unread": ["x"]}  # pyright: ignore[reportAttributeAccessIssue]
    world = planned(tmp_path, Planner(), paint=paint)
    world.genre = "tale"
    from yggdrasil.engine.cycle.branches import MAIN
    from yggdrasil.levels.world.stage_runner import StageRunner

    life = world._home.open()  # pyright: ignore[reportPrivateUsage]
    world.found()
    context = StageRunner(world, life).told(life.log.branches[MAIN], Content())
    assert context["things"] == ["fox", "ship"] and "unread" not in context
    world.setting = {"things": ["owl"]}
    assert StageRunner(world, life).told(life.log.branches[MAIN], Content())["things"] == ["owl"]


@pytest.mark.parametrize("long", ["cut", "chunks"])
def test_a_window_that_is_cut_is_a_bound(long: Any) -> None:
    from yggdrasil.blocks.tokenizer.fast import FastTokenizer

    assert FastTokenizer(window=77, long=long).bounds == ({"tokens": 77} if long == "cut" else {})


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (
            {"text": "A fox in the snow.", "labels": {"things": [{"name": "fox", "confidence": 0.99}]}},
            "A fox in the snow.",
        ),
        ({"text": "", "labels": {"place": "sea", "things": [{"name": "fox"}], "weather": "none"}}, "sea, fox"),
        ({"text": "", "labels": {"things": [{"name": "owl", "confidence": 0.2}], "unclear": True}}, ""),
        ({"text": "a reef", "labels": {}}, "a reef"),
    ],
)
def test_what_an_eye_saw_is_told_in_plain_words(look: dict[str, Any], words: str) -> None:
    assert in_plain_words(look) == words
