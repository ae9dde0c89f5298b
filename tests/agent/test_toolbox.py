"""Tools: names that every endpoint accepts, schemas that lose nothing, arguments in every shape models write."""

from __future__ import annotations

import enum
import io
import json
import re
import subprocess
import sys
from typing import Any, TypedDict

import pytest
from PIL import Image as Pictures
from pydantic import BaseModel

from tests.agent.scripted import Fine, Scripted, calls, says
from yggdrasil.agent.agent import Agent
from yggdrasil.agent.pieces import Content
from yggdrasil.agent.toolbox import Toolbox
from yggdrasil.contract import Block, ConfigError, Here, MemoryArtifacts, listening, standing
from yggdrasil.contract.tools import wire_name
from yggdrasil.ports import Image, Text

NAMES = ["world.forge/step 1", "нарисовать_дракона", "x" * 70, "x" * 69 + "y", "draw", "Draw"]


class Style(enum.Enum):
    OIL = "oil"
    INK = "ink"


class Box(BaseModel):
    left: int
    right: int = 9


class Draw(Block, role="Tool"):
    """Draw boxes."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.seen: list[tuple[Any, ...]] = []

    def forward(self, style: Style = Style.OIL, size: int | None = None, boxes: list[Box] = []) -> Text:  # noqa: B006
        self.seen.append((style, size, list(boxes)))
        boxes.append(Box(left=1))
        return "drawn"


def test_t1_wire_names_are_legal_different_and_the_same_in_another_process() -> None:
    wires = [wire_name(name) for name in NAMES]
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", wire) for wire in wires)
    assert len(set(wires)) == len(NAMES)
    code = f"from yggdrasil.contract.tools import wire_name; print([wire_name(n) for n in {NAMES!r}])"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == str(wires)


@pytest.mark.parametrize("name", NAMES)
def test_t1_a_call_under_the_wire_name_runs_the_right_tool(name: str) -> None:
    tools = {each: Fine() for each in NAMES}
    agent = Agent(Scripted([calls(("c", wire_name(name), "{}")), says("ok")]), tools)
    agent.run("go")
    assert {each: tool.runs for each, tool in tools.items()} == {each: int(each == name) for each in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_t1_errors_and_events_show_the_original_name(name: str) -> None:
    class Lost(Block, role="Tool"):
        """Be lost."""

        def forward(self, way: Text) -> Text:
            raise ValueError("lost")

    events: list[Any] = []
    turn = calls(("c", wire_name(name), '{"way": "north"}'), ("d", wire_name(name), "{}"))
    agent = Agent(Scripted([turn, says("ok")]), {name: Lost()})
    with listening(events.append):
        agent.run("go")
    assert {e.data["tool"] for e in events if e.kind in ("tool_call", "tool_result")} == {name}
    (failed,) = {e.path for e in events if e.kind == "failed"}
    assert failed.rpartition("/")[2].replace("∕", "/") == name
    told = [m["content"] for m in agent.memory.messages if m["role"] == "tool"]
    assert "ValueError: lost" in told[0] and "way" in told[1]
    assert all(wire_name(name) == name or wire_name(name) not in text for text in told)


def test_t1_two_tools_of_one_name_are_refused_by_their_owners() -> None:
    with pytest.raises(ConfigError, match="fine") as failure:
        Toolbox([Fine(), Fine()])
    assert str(failure.value).count("scripted.Fine") == 2


def test_an_unknown_tool_is_an_error_that_names_the_near_ones() -> None:
    assert "did you mean 'fine'" in Toolbox([Fine()]).call("fin", "{}", mark="1")


@pytest.mark.parametrize("arguments", ["", "  ", "{}", None, "null"])
def test_t2_no_arguments_are_written_in_five_ways(arguments: Any) -> None:
    ping = Fine()
    agent = Agent(Scripted([calls(("c", "ping", arguments)), says("ok"), says("again")]), {"ping": ping})
    agent.run("go")
    agent.run("go on")
    assert ping.runs == 1
    sent = agent.llm.seen[-1]["messages"]  # pyright: ignore[reportAttributeAccessIssue]
    assert sent[1]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_t2_defaults_are_filled_in_and_not_shared() -> None:
    draw = Draw()
    box = Toolbox({"draw": draw})
    assert box.call("draw", "{}", mark="1") == "drawn"
    assert box.call("draw", '{"style": "ink", "size": 3}', mark="2") == "drawn"
    assert draw.seen == [(Style.OIL, None, []), (Style.INK, 3, [])]
    assert box.call("draw", '{"style": null, "size": null, "boxes": null}', mark="3") == "drawn"
    assert draw.seen[-1] == (Style.OIL, None, [])


def test_t2_the_schema_keeps_enum_null_and_nesting() -> None:
    (plain,) = Toolbox({"draw": Draw()}).schemas()
    text = json.dumps(plain)
    assert "$ref" not in text
    assert "$defs" not in text
    parameters = plain["function"]["parameters"]
    assert parameters["properties"]["style"]["enum"] == ["oil", "ink"]
    assert {"type": "null"} in parameters["properties"]["size"]["anyOf"]
    assert parameters["required"] == []
    assert plain["function"]["description"] == "Draw boxes."
    (strict,) = Toolbox({"draw": Draw()}, strict=True).schemas()
    parameters = strict["function"]["parameters"]
    assert parameters["required"] == ["style", "size", "boxes"]
    assert all({"type": "null"} in p["anyOf"] for p in parameters["properties"].values())
    assert '"default"' not in json.dumps(strict)
    assert strict["function"]["strict"] is True


def test_t2_a_value_out_of_the_enum_tells_field_value_and_what_is_legal() -> None:
    told = Toolbox({"draw": Draw()}).call("draw", '{"style": "crayon"}', mark="1")
    assert all(word in told for word in ("style", "crayon", "oil", "ink"))


def parts_of(told: Content) -> list[dict[str, Any]]:
    assert isinstance(told, list)
    return told


def test_pictures_go_in_and_out_as_artifacts() -> None:
    class Flip(Block, role="Tool"):
        """Flip a picture."""

        def forward(self, image: Image) -> Image:
            return image.transpose(Pictures.Transpose.FLIP_LEFT_RIGHT)

    store = MemoryArtifacts()
    buffer = io.BytesIO()
    Pictures.new("RGB", (4, 4), "red").save(buffer, "PNG")
    given = store.put(buffer.getvalue(), "image/png")
    with standing(Here(artifacts=store)):
        words, shown = parts_of(Toolbox({"flip": Flip()}).call("flip", {"image": given.sha256}, mark="1"))
        told = json.loads(words["text"])
        assert told["image"]["media_type"] == "image/png"
        assert store.has(told["image"]["sha256"]) and shown["image"] == told["image"]["sha256"]


class Tagged(Block, role="Tool"):
    """Tag."""

    def forward(self, id: Text, n: int = 0, tags: list[str] = []) -> Text:  # noqa: B006
        return f"{id} {n} {tags}"


def test_json_inside_json_is_opened_once_and_a_text_never() -> None:
    box = Toolbox([Tagged()])
    whole = json.dumps({"id": "[1]", "n": 2, "tags": '["a"]'})
    for written in (whole, json.dumps(whole)):
        assert box.call("tagged", written, mark="1") == "[1] 2 ['a']"
    assert str(box.call("tagged", json.dumps(json.dumps(whole)), mark="1")).startswith("ArgumentError: ")


def test_the_history_keeps_what_a_model_wrote_as_arguments_and_sends_an_object() -> None:
    llm = Scripted([calls(("a", "tagged", "{broken")), says("done")])
    agent = Agent(llm, [Tagged()])
    agent.run(prompt="go")
    kept = next(m for m in agent.memory.messages if m.get("tool_calls"))
    assert kept["tool_calls"][0]["function"]["arguments"] == "{broken"
    sent = next(m for m in llm.seen[-1]["messages"] if m.get("tool_calls"))
    assert json.loads(sent["tool_calls"][0]["function"]["arguments"]) == {"written": "{broken"}


def test_ids_that_a_model_repeats_in_later_turns_are_told_apart() -> None:
    turn = calls(("call_0", "fine", {}))
    agent = Agent(Scripted([turn, turn, says("done")]), [Fine()])
    agent.run(prompt="go")
    made = [c["id"] for m in agent.memory.messages for c in m.get("tool_calls", ())]
    answered = [m["tool_call_id"] for m in agent.memory.messages if m["role"] == "tool"]
    assert made == answered and len(set(made)) == 2 and made[0] == "call_0"


def test_a_giant_result_is_cut_for_the_model_and_whole_in_the_store() -> None:
    class Long(Block, role="Tool"):
        """Much."""

        def forward(self) -> Text:
            return "x" * 5_000_000

    store = MemoryArtifacts()
    with standing(Here(artifacts=store)):
        told = Toolbox({"long": Long()}).call("long", "{}", mark="1")
    sha = re.search(r"5000000 letters in all, kept as artifact (\w{64})", str(told))
    assert len(told) < 33_000 and sha is not None and len(store.get(sha[1])) == 5_000_000


def test_n27_a_giant_result_is_nowhere_but_in_the_store() -> None:
    class Long(Block, role="Tool"):
        """Much."""

        def forward(self) -> Text:
            return "x" * 5_000_000

    told: list[str] = []
    llm = Scripted([calls(("call_0", "long", {})), says("Much.")])
    agent = Agent(llm, {"long": Long()})
    with listening(lambda event: told.append(str(event.data)), inline=True):
        agent.run("Go.")
    assert max(map(len, told)) < 33_000
    assert len(json.dumps(agent.lived())) < 33_000 and len(json.dumps(llm.seen[-1]["messages"])) < 33_000


class Both(TypedDict):
    text: Text
    image: Image


def test_n27_a_picture_beside_a_giant_text_is_told_whole() -> None:
    class Reports(Block, role="Tool"):
        """Give much, and a picture."""

        def forward(self) -> Both:
            return {"text": "x" * 5_000_000, "image": Pictures.new("RGB", (4, 4))}

    store = MemoryArtifacts()
    with standing(Here(artifacts=store)):
        told = json.loads(parts_of(Toolbox({"reports": Reports()}).call("reports", "{}", mark="1"))[0]["text"])
    sha = re.search(r"5000000 letters in all, kept as artifact (\w{64})", told["text"])
    assert sha is not None and len(store.get(sha[1])) == 5_000_000 and len(told["text"]) < 32_000
    assert store.has(told["image"]["sha256"])


def test_an_unknown_tool_is_told_all_known_ones_near_ones_first_and_twenty_at_most() -> None:
    box = Toolbox({f"tool{n}": Fine() for n in range(30)} | {"draw": Fine()})
    told = box.call("drow", "{}", mark="1")
    assert "'drow'" in told and "The tools are draw, tool0" in told and "and 11 more" in told and "tool19" not in told
