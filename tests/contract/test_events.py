"""What an event holds, by kind, and that it comes back from the wire as it went."""

import asyncio
import json
from typing import Any

import pytest
from PIL import Image as Pictures

import yggdrasil as ygg
from yggdrasil.contract import (
    KINDS,
    SCHEMAS,
    Artifact,
    ArtifactError,
    Block,
    Cancelled,
    Event,
    MemoryArtifacts,
    PortError,
    here,
    listening,
    reason,
)
from yggdrasil.contract.event_json import event_from_wire
from yggdrasil.ports import Text

SAMPLES: dict[str, dict[str, Any]] = {
    "started": {"type": "a/b", "block_kind": "graph"},
    "skipped": {"reason": reason("absent", port="text")},
    "progress": {"done": 1, "of": None, "unit": "steps"},
    "preview": {"image": Pictures.new("RGB", (4, 3), "red"), "done": 2},
    "tap": {"port": "text", "round": 2, "value": "a"},
    "token": {"text": "сло́во"},
    "thought": {"text": "сло́во"},
    "text": {"text": "сло́во", "again": True},
    "partial": {"result": {"name": "Ann"}},
    "tool_call": {"tool": "paint", "arguments": {"$artifact": "mine", "n": [1, 2.5, None, True]}, "id": "c1"},
    "tool_result": {"tool": "paint", "result": {"$plain": {"$artifact": 1}}, "id": "c1"},
    "artifact": {"sha256": "0" * 64, "media_type": "image/png", "size": 3, "slot": "scene"},
    "note": {"text": "not understood: x", "code": "not_understood", "args": {"words": ["x"]}},
    "custom": {"name": "my_status", "value": {"done": "half"}},
    "usage": {"prompt": 12, "completion": 3, "cost": 0.25},
    "paused": {"ask": "may I?", "id": "q1"},
    "finished": {"seconds": 0.5},
    "failed": {"error": "ValueError", "message": "no"},
    "cancelled": {},
}


def test_every_kind_has_a_schema_and_a_sample() -> None:
    assert set(SCHEMAS) == set(SAMPLES) == KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_event_comes_back_from_the_wire_as_it_went(kind: Any) -> None:
    event = Event(kind, "w/stage/body", SAMPLES[kind], 12.5, "r1", 7, 2, MemoryArtifacts())
    wire = json.loads(json.dumps(event.to_wire(), allow_nan=False))
    back = Event.from_wire(wire, event.artifacts)
    if kind == "preview":
        assert wire["data"]["image"]["$artifact"]["media_type"] == "image/png" and len(json.dumps(wire)) < 400
        assert back.data.pop("image").tobytes() == event.data["image"].tobytes()
        assert isinstance(Event.from_wire(wire).data["image"], Artifact)
        assert back == Event(kind, "w/stage/body", {"done": 2}, 12.5, "r1", 7, 2)
    else:
        assert back == event


def test_unknown_keys_of_a_later_version_are_kept() -> None:
    wire = Event("token", "a", {"text": "x", "colour": "red"}).to_wire()
    assert Event.from_wire(wire).data == {"text": "x", "colour": "red"}


@pytest.mark.parametrize(
    ("wire", "told"),
    [
        ({}, "is no event"),
        ({"kind": "shouted", "data": {}}, "is no event"),
        ({"kind": "token", "data": {}}, "'text' of a token event"),
        ({"kind": "progress", "data": {"done": "x", "of": 1, "unit": "steps"}}, "'done' of a progress event"),
        ({"kind": "skipped", "data": {"reason": "in words"}}, "'reason' of a skipped event"),
        ({"kind": "token", "data": {"text": "x"}, "seq": "7"}, "seq of the event is '7'"),
        ({"kind": "token", "data": {"text": {"$artifact": {"sha256": 1}}}}, "is no reference"),
    ],
)
def test_what_a_stranger_sends_that_is_no_event_is_refused(wire: dict[str, Any], told: str) -> None:
    with pytest.raises(PortError, match=told):
        event_from_wire(wire, None)


def test_a_reference_to_bytes_that_are_not_there_is_refused() -> None:
    wire = Event("preview", "a", {"image": Pictures.new("L", (2, 2))}).to_wire(MemoryArtifacts())
    with pytest.raises(ArtifactError, match="is not there"):
        Event.from_wire(wire, MemoryArtifacts())


def test_numbers_that_json_has_not_go_over_the_wire_by_name() -> None:
    args = {"x": [float("inf"), -float("inf"), 1.5], "own": {"$number": "nan"}}
    event = Event("note", "a", {"text": "x", "args": args | {"n": float("nan")}})
    back = Event.from_wire(json.loads(json.dumps(event.to_wire(), allow_nan=False))).data["args"]
    assert str(back.pop("n")) == "nan" and back == args
    with pytest.raises(PortError, match="is no number by name"):
        Event.from_wire({"kind": "note", "data": {"text": "x", "args": {"n": {"$number": "1"}}}})


def test_a_value_without_a_wire_form_is_named() -> None:
    with pytest.raises(PortError, match=r"note.args.what: carries a set.*emit JSON"):
        Event("note", "a", {"text": "x", "args": {"what": {1}}}).to_wire(MemoryArtifacts())
    with pytest.raises(PortError, match=r"preview.image: carries a Image\. give to_wire\(\) a store"):
        Event("preview", "a", {"image": Pictures.new("L", (2, 2))}).to_wire()


class Paints(Block):
    def forward(self, text: Text) -> Text:
        here().preview(Pictures.new("RGB", (2, 2), "blue"))
        here().token(text)
        return text


def test_large_values_go_to_the_store_of_the_run() -> None:
    events: list[Event] = []
    with listening(events.append, kinds=["preview"]):
        Paints().run(text="x")
    wire = events[0].to_wire()
    assert events[0].artifacts is not None
    assert events[0].artifacts.has(wire["data"]["image"]["$artifact"]["sha256"])


def test_a_stream_is_read_by_async_for_beside_other_work() -> None:
    async def read() -> tuple[list[str], str]:
        first, second = Paints().stream(text="x"), Paints().stream(text="y")
        async with first, second:
            told = [event.kind async for event in first]
            return told, (await second.result()).text

    assert asyncio.run(read()) == (["started", "token", "finished"], "y")


def test_an_async_reader_that_leaves_cancels_the_run_and_an_error_is_raised() -> None:
    class Long(Block):
        def forward(self, text: Text) -> Text:
            here().token(text)
            here().cancel.wait(60)
            here().check()
            return text

    class Break(Block):
        def forward(self, text: Text) -> Text:
            raise ZeroDivisionError("no")

    async def read() -> ygg.Block | None:
        async with Long().stream(text="x") as stream:
            async for event in stream:
                if event.kind == "token":
                    break
        with pytest.raises(Cancelled):
            await stream.result()
        with pytest.raises(ZeroDivisionError):
            async for _ in Break().stream(text="x"):
                pass
        return None

    asyncio.run(read())


def test_what_no_kind_is_for_reaches_readers_as_custom_and_a_strange_kind_says_so() -> None:
    class Reports(Block):
        """Report."""

        def forward(self, text: Text) -> Text:
            here().emit("custom", name="my_status", value={"done": "half"})
            return text

    class Strange(Block):
        """Report in a kind that nobody hears."""

        def forward(self, text: Text) -> Text:
            emit: Any = here().emit
            emit("my_status", done="half")
            return text

    told = [event for event in Reports().stream(text="a") if event.kind == "custom"]
    assert [event.data for event in told] == [{"name": "my_status", "value": {"done": "half"}}]
    with pytest.raises(ygg.ConfigError, match=r"no kind of events 'my_status'.*emit\('custom', name='my_status'"):
        Strange().run(text="a")
