"""Canon's rule: which stages run, which are skipped, and what the history says, for every entry that it names."""

from __future__ import annotations

from typing import Any, TypedDict

import pytest

from yggdrasil.contract import Block, Cancelled, CancelToken, listening, reason
from yggdrasil.engine.cycle.cycle_stages import BLOCKS
from yggdrasil.engine.cycle.errors import CreatorFailure
from yggdrasil.levels.stage.creator import Creator
from yggdrasil.levels.stage.stage import Stage
from yggdrasil.levels.world.world import World
from yggdrasil.ports import Image, Json, Text

from .scripted import Broken, Paint, Plan, calls, scripted

EPISODE = ["development", "architect", "paint", "philosopher", "author", "update"]
ORDER = ["philosopher", "author", "update", "development", "architect", "creator", "philosopher", "author", "update"]
GIVEN: dict[int, Any] = {
    1: {"text": "a ship comes"},
    2: {"scene": {"tool": "paint", "arguments": {"prompt": "a ship", "seed": 1}}},
    4: {"scene": {"text": "a whale", "labels": {}}},
    5: {"text": "A whale came."},
}


def given(*blocks: int) -> dict[str, Any]:
    values = {BLOCKS[n - 1]: GIVEN.get(n) for n in blocks}
    if 3 in blocks:
        from PIL import Image as Pictures

        values["artifacts"] = {"scene": Pictures.new("RGB", (8, 8), (7, 7, 7))}
    return values


def tools_of(world: World) -> dict[str, Block]:
    body = world.stages["creator"].body
    assert isinstance(body, Creator)
    return body.tools


ENTRIES: list[tuple[tuple[int, ...], list[str], list[str]]] = [
    ((), [], []),
    ((1,), [], ["plan", "artifacts", "perception", "chronicle"]),
    ((1, 2), [], ["artifacts", "perception", "chronicle"]),
    ((1, 2, 3), ["philosopher", "author", "update"], []),
    ((1, 2, 3, 4), ["author", "update"], []),
    ((1, 2, 3, 4, 5), ["update"], []),
    ((1, 3), [], ["plan", "perception", "chronicle"]),
    ((5,), [], ["intent", "plan", "artifacts", "perception"]),
    ((1, 2, 3, 5), ["philosopher", "update"], []),
    ((1, 2, 4), [], ["artifacts", "chronicle"]),
]


@pytest.mark.parametrize("action", [None, "A ship arrives"])
@pytest.mark.parametrize(("blocks", "settle", "missing"), ENTRIES)
def test_every_entry(blocks: tuple[int, ...], settle: list[str], missing: list[str], action: str | None) -> None:
    world = scripted()
    step = world.step(action=action, state=given(*blocks))
    assert calls.names == settle + EPISODE
    assert [s.name for s in step.stages] == ORDER
    ran = [s.name for s in step.stages[:3] if s.status == "ran"]
    assert ran == settle
    assert all(s.status == "skipped" and s.reason for s in step.stages[:3] if s.name not in settle)
    assert all(s.status == "ran" for s in step.stages[3:])
    assert calls.seen["development"]["action"] == action
    assert step.intent["text"] == (action or "event 1")
    if missing:
        assert [d["missing"] for d in step.dropped] == [missing]
        assert step.stages[2].reason == reason("dropped", blocks=missing)
    else:
        assert step.dropped == []
    settled_facts = 1 if settle and settle[-1] == "update" else 0
    assert len(calls.seen["development"]["world"]["facts"]) == settled_facts
    assert len(world.content().facts) == settled_facts + 1
    assert step.status == "whole" and len(world.history()) == 1
    world.close()


def test_reasons_name_what_lacks() -> None:
    step = scripted().step(state=given(1, 2))
    lacking = [["artifacts"], ["artifacts", "perception"]]
    assert [s.reason for s in step.stages[:2]] == [reason("needs", blocks=blocks) for blocks in lacking]
    step = scripted().step()
    assert step.stages[2].reason == reason("no_state")
    step = scripted().step(state=given(1, 2, 3, 4))
    assert step.stages[0].reason == reason("filled", block="perception")


def test_n_steps_give_n_chronicles_and_the_story_grows() -> None:
    world = scripted()
    steps = list(world.steps(count=4))
    assert [s.step for s in steps] == [1, 2, 3, 4]
    assert world.content().story == [s.chronicle for s in steps]
    assert calls.seen["development"]["story"] == [s.chronicle for s in steps[:3]]
    assert [p["text"] for p in calls.seen["development"]["past"]] == ["event 1", "event 2", "event 3"]


def test_a_plan_that_fails_in_part_counts_by_what_succeeded() -> None:
    plan = Plan(slots=["scene", "sky"], tools=["paint", "broken"])
    world = scripted(tools={"paint": Paint(), "broken": Broken()}, architect=plan)
    step = world.step()
    assert list(step.artifacts) == ["scene"] and step.status == "whole"
    assert step.failures["sky"]["error"] == "RuntimeError" and "the brush is lost" in step.failures["sky"]["message"]


def test_a_creator_that_makes_nothing_stops_the_episode_which_is_resumed() -> None:
    tools: dict[str, Block] = {"paint": Broken()}
    world = scripted(tools=tools)
    with pytest.raises(CreatorFailure, match="the brush is lost") as error:
        world.step(action="Storm")
    assert list(error.value.failures) == ["scene"]
    assert world.history() == [] and world.content().facts == []
    waiting = world.unfinished()
    assert waiting is not None and waiting.stages[-1].status == "failed" and list(waiting.state) == ["intent", "plan"]
    tools_of(world)["paint"] = Paint()
    step = world.step()
    assert step.action == "Storm" and [s.status for s in step.stages[3:]] == ["ran", "ran", "failed", *["ran"] * 4]
    assert calls.names == ["development", "architect", "broken", "paint", "philosopher", "author", "update"]
    assert step.step == 1 and world.unfinished() is None


def test_a_new_action_after_a_failure_comes_after_the_step_that_waited() -> None:
    world = scripted(tools={"paint": Broken()})
    with pytest.raises(CreatorFailure):
        world.step(action="Storm")
    tools_of(world)["paint"] = Paint()
    step = world.step(action="Calm")
    assert [s.action for s in world.history()] == ["Storm", "Calm"] and step.step == 2


def test_a_state_passed_after_a_failure_drops_what_was_left() -> None:
    world = scripted(tools={"paint": Broken()})
    with pytest.raises(CreatorFailure):
        world.step()
    tools_of(world)["paint"] = Paint()
    step = world.step(state={})
    assert step.step == 2 and step.status == "whole"
    left = world.history()[0]
    assert left.status == "dropped" and left.dropped[0]["missing"] == ["artifacts", "perception", "chronicle"]
    assert calls.seen["development"]["past"] == [] and len(world.content().story) == 1


class Refused(Block, type="test/refused"):
    """Name someone who is not there, again and again."""

    def forward(self, chronicle: Json) -> Json:
        return [{"op": "add_fact", "text": "f"}, {"op": "move", "character": "Nobody", "place": "Fjord"}]


def test_an_update_that_the_world_does_not_admit_is_refused_as_a_whole() -> None:
    world = scripted(update=Refused())
    step = world.step()
    assert step.status == "whole" and "no character 'Nobody'" in step.refused["problem"]
    assert world.content().facts == [] and world.content().story == [step.chronicle]
    assert step.to_json()["refused"]["operations"][0]["op"] == "add_fact"


class Stuck(Block, type="test/stuck"):
    """Fail for ever."""

    def forward(self, perception: Json) -> Json:
        raise RuntimeError("no words")


def test_a_step_that_cannot_be_finished_is_given_up() -> None:
    world = scripted(author=Stuck())
    with pytest.raises(RuntimeError, match="no words") as first:
        world.step()
    with pytest.raises(RuntimeError, match="no words") as second:
        world.step()
    told = ["; ".join(getattr(error.value, "__notes__", [])) for error in (first, second)]
    assert told[0] == "in block world/author/body"
    assert "world.give_up()" not in told[0] and "world.give_up()" in told[1]
    assert world.show()["unfinished"]["stuck"]
    step = world.give_up()
    assert step.status == "dropped" and step.dropped[0]["missing"] == ["chronicle"]
    assert world.unfinished() is None and world.content().story == [] and calls.names.count("philosopher") == 1
    world.replay()


class Nothing(Block, type="test/nothing"):
    """See nothing."""

    def forward(self, artifacts: Json) -> Json:
        return {}


def test_an_episode_that_stays_unseen_is_dropped_and_nobody_reads_it() -> None:
    world = scripted(philosopher=Nothing())
    step = world.step()
    assert step.status == "dropped" and [s.status for s in step.stages[6:]] == ["ran", "skipped", "skipped"]
    (dropped,) = step.dropped
    assert dropped["blocks"] == ["intent", "plan", "artifacts"] and dropped["missing"] == ["perception", "chronicle"]
    assert world.content().facts == [] and world.content().story == []
    world.step()
    assert calls.seen["development"]["past"] == []


class TextStage(Block, type="test/text"):
    """Answer a prompt with itself."""

    said: str = ""

    def forward(self, prompt: Text) -> Text:
        calls.seen[self.said] = prompt
        return self.said


class PromptPaint(Block, type="test/prompt_paint"):
    """Paint a prompt, as a plain text-to-image graph does."""

    def forward(self, prompt: Text, seed: int = 0) -> Image:
        return Paint().run(prompt=prompt, seed=seed).image


class SeeBare(Block, type="test/see_bare"):
    """Caption one picture, as a plain captioner does."""

    def forward(self, image: Image) -> Text:
        return f"grey {image.tobytes()[2]}"


class Answered(TypedDict):
    response: Text
    result: Json


class AgentLike(Block, type="test/agent_like"):
    """Answer tasks, as an agent does."""

    def forward(self, prompt: Text, task: Json | None = None) -> Answered:
        assert task is not None
        calls.seen[task["name"]] = task
        assert "type" in task["schema"]
        answers = {
            "found": {"title": "T", "places": [{"name": "Hut", "description": "d", "scene": "room"}],
                      "characters": [{"name": "Ida", "role": "r", "place": "Nowhere"}], "unknown": ["blorp"]},
            "development": {"text": "t", "kind": "k"},
            "architect": {"paints": [{"prompt": "p", "slot": "scene"}]},
            "creator": {"scene": {"text": "a poem"}},
            "philosopher": {"scene": {"text": "s", "labels": {}}},
            "author": {"text": "told"},
            "update": {"operations": [{"op": "add_fact", "text": "f"}]},
        }  # fmt: skip
        return {"response": "", "result": answers[task["name"]]}


SWAPS: dict[str, Block] = {
    "development": TextStage(said="a fox wakes"),
    "architect": TextStage(said="a red fox"),
    "creator": PromptPaint(),
    "philosopher": SeeBare(),
    "author": TextStage(said="The fox woke."),
}


@pytest.mark.parametrize("body", ["plain", "agent"])
@pytest.mark.parametrize("name", list(SWAPS))
def test_any_stage_can_be_a_plain_pipeline_or_an_agent(name: str, body: str) -> None:
    block = SWAPS[name] if body == "plain" else AgentLike()
    parts: dict[str, Any] = {name: block}
    if name in ("creator", "philosopher"):
        parts["author"] = TextStage(said="told")
    world = scripted(**parts)
    step = world.step()
    assert [s.name for s in step.stages] == ORDER and [s.status for s in step.stages[3:]] == ["ran"] * 6
    assert sorted(step.state) == sorted(BLOCKS)
    if name == "architect" and body == "plain":
        assert step.plan["scene"]["arguments"]["prompt"] == "a red fox"
    if name == "creator" and body == "plain":
        picture = step.pictures[0]
        assert picture["slot"] == "scene" and picture["prompt"] == "event 1 in scene" and picture["seed"]


def test_the_philosopher_is_not_told_what_was_ordered() -> None:
    world = scripted(philosopher=AgentLike())
    world.step()
    assert "artifacts" in calls.seen["philosopher"]["context"]
    assert not {"intent", "plan"} & set(calls.seen["philosopher"]["context"])


def test_founding_is_asked_of_the_agent_once() -> None:
    world = scripted(development=AgentLike(), beginning={})
    assert world.found().title == "T" and world.content().characters[0].place == ""
    assert world.content().extra == {"unknown": ["blorp"]}
    calls.seen.clear()
    world.step()
    assert "found" not in calls.seen and calls.seen["development"]["context"]["world"]["places"][0]["name"] == "Hut"


def test_events_carry_paths_and_closing_the_stream_cancels() -> None:
    world = scripted(name="midgard")
    with world.stream(count=3) as stream:
        kinds = [(e.kind, e.path) for e in stream]
    assert ("started", "midgard/creator") in kinds and ("skipped", "midgard/philosopher") in kinds
    assert any(kind == "artifact" and path.startswith("midgard/creator/") for kind, path in kinds)
    token = CancelToken()
    stop = lambda e: token.cancel() if e.path.endswith("/architect") else None  # noqa: E731
    with pytest.raises(Cancelled), listening(stop, token, inline=True):
        world.step()
    waiting = world.unfinished()
    assert waiting is not None and waiting.stages[-1].status == "cancelled"
    assert world.step().step == 4 and len(world.history()) == 4


def test_perception_and_world_follow_the_picture_not_the_plan() -> None:
    one, two = scripted(), scripted(tools={"paint": PromptPaint()})
    tools_of(two)["paint"] = SwappedPaint()
    a, b = one.step(), two.step()
    assert a.plan == b.plan and a.perception != b.perception and a.chronicle != b.chronicle
    assert one.content().facts != two.content().facts


class SwappedPaint(Block, type="test/swapped"):
    """Paint another thing than was asked for."""

    def forward(self, prompt: Text, seed: int = 0) -> Image:
        from PIL import Image as Pictures

        return Pictures.new("RGB", (8, 8), (1, 2, 3))


class Mooded(TypedDict):
    intent: Json
    mood: Text


class Moody(Block, type="test/moody"):
    """Decide, with a mood."""

    def forward(self, step: Json) -> Mooded:
        return {"intent": {"text": "x"}, "mood": "grim"}


def test_extra_fields_flow_beside_the_five() -> None:
    world = scripted(development=Stage(Moody(), plays="development", also=["mood"]), fields=["mood"])
    assert world.step().state["mood"] == "grim"


def test_a_world_runs_as_a_block() -> None:
    out = scripted().run(count=2)
    assert len(out.steps) == 2 and out.chronicle == out.steps[-1]["chronicle"]


def test_show_has_the_names_that_others_rely_on() -> None:
    world = scripted(name="Ярослав 🐉")
    world.step()
    shown = world.show()
    assert shown["name"] == "Ярослав 🐉" and shown["wish"] == "a fjord"
    step = shown["steps"][0]
    assert {"step", "stages", "intent", "plan", "pictures", "perception", "chronicle"} <= set(step)
    assert set(step["stages"][0]) == {"name", "status", "reason", "seconds"}
    assert {"path", "sha256", "prompt", "seed"} <= set(step["pictures"][0])
    assert {"places", "characters", "items", "facts"} <= set(shown["world"])
