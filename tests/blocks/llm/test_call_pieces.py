"""Parallel tool calls stay apart, whatever a server leaves out of their pieces."""

from __future__ import annotations

from typing import Any

import pytest

from tests.blocks.endpoint.stand_in import chunk, sending, standing_in, usage
from yggdrasil.blocks.llm.call_pieces import CallPieces
from yggdrasil.blocks.llm.llamacpp_process import _Turn
from yggdrasil.blocks.llm.openai import OpenAIModel

DRAW, PING = ("draw", '{"what": "fox"}'), ("ping", '{"who": "owl"}')
NO_INDEX = object()


def piece(index: Any, id: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    numbered = {} if index is NO_INDEX else {"index": index}
    named = {} if id is None else {"id": id, "type": "function"}
    return {**numbered, **named, "function": {**({} if name is None else {"name": name}), "arguments": arguments}}


def both(index: Any, ids: bool) -> list[dict[str, Any]]:
    """Two calls, the arguments of each in a beginning and a continuation without id and name."""
    pieces: list[dict[str, Any]] = []
    for number, (name, arguments) in enumerate((DRAW, PING)):
        pieces.append(piece(index, f"c{number}" if ids else None, name, arguments[:4]))
        pieces.append(piece(index, None, None, arguments[4:]))
    return pieces


@pytest.mark.parametrize("index", [NO_INDEX, None, 0], ids=["absent", "null", "0 for both"])
@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize("at_once", [True, False])
def test_two_calls_without_a_number_of_their_own_are_two_calls(index: Any, ids: bool, at_once: bool) -> None:
    pieces = both(index, ids)
    deltas = [{"tool_calls": pieces}] if at_once else [{"tool_calls": [one]} for one in pieces]
    with standing_in() as server:
        wire = "".join(chunk(delta) for delta in deltas) + chunk({}, "tool_calls") + usage()
        server.answer = sending(200, "text/event-stream", wire)
        turn = OpenAIModel(model="m", base_url=server.url).chat([{"role": "user", "content": "go"}])
    assert [(call.name, call.arguments) for call in turn.tool_calls] == [DRAW, PING]
    turning = _Turn(lambda text: None, lambda: False)
    for delta in deltas:
        turning({"choices": [{"delta": delta}]})
    assert [(call["name"], call["arguments"]) for call in turning.result()["tool_calls"]] == [DRAW, PING]


def named(index: int, id: str, name: str) -> dict[str, Any]:
    """How llama.cpp's server begins a call: with its name, and none of its arguments yet."""
    return {"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}


LLAMACPP = {
    "numbered": [named(0, "aX", "draw"), piece(0, None, None, DRAW[1]), named(1, "bY", "ping")],
    "under one number": [named(0, "aX", "draw"), piece(0, None, None, DRAW[1]), named(0, "bY", "ping")],
    "under one number without ids": [named(0, "", "draw"), piece(0, None, None, DRAW[1]), named(0, "", "ping")],
}


@pytest.mark.parametrize("form", LLAMACPP)
def test_n41_parallel_calls_on_the_wire_of_a_llamacpp_server_are_two_calls(form: str) -> None:
    begun = LLAMACPP[form]
    deltas = [{"role": "assistant", "content": None}, *({"tool_calls": [one]} for one in begun)]
    number = begun[-1]["index"]
    deltas += [{"tool_calls": [piece(number, None, None, part)]} for part in (PING[1][:3], PING[1][3:])]
    wire = "".join(chunk(delta, system_fingerprint="b1-0") for delta in deltas)
    with standing_in() as server:
        timed = chunk({}, "tool_calls", timings={"prompt_n": 3, "predicted_ms": 1.5}) + usage()
        server.answer = sending(200, "text/event-stream", wire + timed)
        turn = OpenAIModel(model="m", base_url=server.url).chat([{"role": "user", "content": "go"}])
    assert [(call.name, call.arguments) for call in turn.tool_calls] == [DRAW, PING]
    assert turn.finish_reason == "tool_calls" and not turn.text


def test_two_calls_without_arguments_under_one_number_are_two_calls() -> None:
    assert taken((0, "", "draw", ""), (0, "", "ping", "")) == [("", "draw", ""), ("", "ping", "")]


def taken(*pieces: tuple[int | None, str, str, str]) -> list[tuple[str, str, str]]:
    calls = CallPieces()
    for each in pieces:
        calls.take(*each)
    return [(call.id, call.name, call.arguments) for call in calls.calls]


def test_a_numbered_call_goes_on_wherever_its_pieces_come() -> None:
    pieces = [(0, "a", "draw", ""), (1, "b", "ping", ""), (0, "", "", '{"x":'), (1, "", "", "{}"), (0, "", "", " 1}")]
    assert taken(*pieces) == [("a", "draw", '{"x": 1}'), ("b", "ping", "{}")]


def test_a_server_that_repeats_id_and_name_in_each_piece_makes_one_call() -> None:
    assert taken((None, "a", "draw", '{"x":'), (None, "a", "draw", " 1}")) == [("a", "draw", '{"x": 1}')]


def test_two_calls_under_one_id_are_two_calls() -> None:
    assert taken((0, "call_0", *DRAW), (1, "call_0", *PING)) == [("call_0", *DRAW), ("call_0", *PING)]
    assert taken((None, "call_0", *DRAW), (None, "call_0", *PING)) == [("call_0", *DRAW), ("call_0", *PING)]


def test_a_name_in_two_pieces_is_one_name() -> None:
    assert taken((0, "a", "dr", ""), (0, "", "aw", ""), (0, "", "", "{}")) == [("a", "draw", "{}")]
