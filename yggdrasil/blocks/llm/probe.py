"""Whether a model calls tools by its own template: found out once, by asking it to."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from yggdrasil.contract import Block, here
from yggdrasil.contract.lanes import DeviceQueue
from yggdrasil.contract.os_fork import renew
from yggdrasil.contract.running import perform
from yggdrasil.contract.tools import ArgumentError, parse_arguments

_TOOL = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "Tell the time in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
_ASK = [{"role": "user", "content": "What time is it in Oslo? Use the tool."}]


T = TypeVar("T")
_found: dict[Hashable, Any] = {}
_asking: dict[Hashable, DeviceQueue] = {}
renew(_asking.clear)


def calls_tool(llm: Block) -> bool:
    """Whether the model calls a tool that is due; a note says so if it does not. Raises what its turn raises."""
    return said(called_tool(llm))


def called_tool(llm: Block) -> bool:
    """The same in one small turn, with no note.

    It is told and counted as every request is, but its words are not the answer that a reader waits for.
    """
    place = here().below("probe")
    if place.audience is not None:
        place.audience = place.audience.without("token")
    asked = {"messages": _ASK, "tools": [_TOOL], "max_tokens": 48, "temperature": 0.0}
    calls: list[Any] = perform(llm, asked, place, check=True)["tool_calls"]
    return any(map(_is_one, calls))


def found_once(of: Hashable, find: Callable[[], T]) -> T:
    """What `find` gives, asked once in this process for all blocks of this model; others wait for the answer."""
    place = here()
    with (_asking.get(of) or _asking.setdefault(of, DeviceQueue())).turn(place.cancel, place.path):
        if of not in _found:
            _found[of] = find()
        return _found[of]


def said(able: bool, why: str = "the model calls no tools by itself") -> bool:
    """The verdict, told where it changes how the model is asked."""
    if not able:
        here().note(f"{why}, so each turn is bound by a schema", "tools_in_words")
    return able


def _is_one(call: dict[str, Any]) -> bool:
    """Whether it is a call of the tool with an object of arguments, whatever city the model likes."""
    try:
        return call["name"] == "get_time" and bool(parse_arguments(call["arguments"]))
    except ArgumentError:
        return False
