"""A streamed chat turn: its pieces told as they come, put together, counted and bounded."""

from __future__ import annotations

import functools
import json
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from yggdrasil.blocks.endpoint.block import EndpointBlock, Prices, cost_of_tokens, media
from yggdrasil.blocks.endpoint.connection import Say
from yggdrasil.blocks.endpoint.errors import cut, nonsense
from yggdrasil.blocks.llm.call_pieces import CallPieces
from yggdrasil.blocks.llm.language_model import RequestedCall, Turn, Usage
from yggdrasil.blocks.llm.thoughts import thoughts_apart, without_thoughts
from yggdrasil.contract import here
from yggdrasil.contract.surrogates import SurrogateJoiner, whole

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_LETTERS = 4
"""Letters a token, for an endpoint that counts no tokens."""
_SLACK = 64
_WHOLE = "application/json"
_THOUGHTS = ("reasoning_content", "reasoning")
_UNCOUNTED = f"the endpoint counts no tokens: they are reckoned at {_LETTERS} letters each"


def streamed(block: EndpointBlock, request: dict[str, Any], max_tokens: int) -> Turn:
    """The turn that a chat request gives, told token by token where the caller stands.

    An endpoint that goes on far past `max_tokens` is cut off there: finish_reason is then "length".
    """
    whole_request = {**request, "stream": True, "stream_options": {"include_usage": True}}
    with thoughts_apart():
        return block.spoken(whole_request, lambda sent: _streamed(block, sent, max_tokens))


def _streamed(block: EndpointBlock, request: dict[str, Any], max_tokens: int) -> Turn:
    place = here()

    async def ask(client: AsyncOpenAI, say: Say) -> Turn:
        gathered = _Gathered(2 * max_tokens + _SLACK)
        raw: Any = await client.chat.completions.with_raw_response.create(**request)
        try:
            kind = media(raw.http_response)
            if kind not in ("text/event-stream", _WHOLE):
                raise nonsense(f"{kind or 'no media type'} instead of a stream of events")
            async for chunk in _at_once(await raw.http_response.aread()) if kind == _WHOLE else raw.parse():
                said = gathered.take(chunk)
                if gathered.thought:
                    say(functools.partial(place.emit, "thought", text=gathered.thought))
                if said:
                    say(functools.partial(place.token, said))
                if gathered.overrun:
                    break
        finally:
            await raw.http_response.aclose()
        turn = gathered.whole(request["messages"], block.prices)
        if not gathered.counted:
            say(functools.partial(place.note, _UNCOUNTED))
        if gathered.halves:
            say(functools.partial(place.note, f"{gathered.halves} half characters came, each told as U+FFFD"))
        return turn

    return block.ask(ask)


class _Part(dict[str, Any]):
    """An object of a JSON answer, whose parts are read as those of a streamed piece."""

    __getattr__ = dict.get


async def _at_once(body: bytes) -> AsyncGenerator[Any]:
    """A turn that came whole, as many servers give it that do not stream: the one piece of its stream."""
    turn = json.loads(body, object_hook=_Part)
    if not isinstance(turn, _Part) or not isinstance(turn.choices, list) or not turn.choices:
        raise nonsense(f"JSON that is no turn of a chat ({body[:120].decode(errors='replace')})")
    for choice in turn.choices:
        choice["delta"] = choice.message
        choice["finish_reason"] = choice.finish_reason or "stop"
        for index, call in enumerate(choice.message.tool_calls or []):
            call["index"] = index
    yield turn


class _Gathered:
    """The pieces of a turn; one that is not of the wire format raises TypeError."""

    def __init__(self, most: int) -> None:
        self._text: list[str] = []
        self._joined, self._pieces_of_calls = SurrogateJoiner(), CallPieces()
        self._read, self._written = 0, 0
        self._finish = ""
        self._pieces, self._most = 0, most
        self.counted = False
        self.thought = ""
        """What the last piece held beside the answer."""

    @property
    def halves(self) -> int:
        """How many characters came in halves that nothing made whole."""
        return self._joined.mended

    @property
    def overrun(self) -> bool:
        return self._pieces > self._most

    def take(self, chunk: Any) -> str:
        """Take a piece; gives the text in it."""
        if chunk.usage is not None:
            self.counted = True
            self._read, self._written = int(chunk.usage.prompt_tokens or 0), int(chunk.usage.completion_tokens or 0)
        said = self.thought = ""
        for choice in (chunk.choices or [])[:1]:
            self._finish = _text(choice.finish_reason) or self._finish
            if choice.delta is not None:
                self._pieces += 1
                said = self._joined.take(_text(choice.delta.content))
                self._text.append(said)
                self.thought = whole(_thought(choice.delta))
                self._take_calls(choice.delta.tool_calls or [])
        return said

    def _take_calls(self, calls: list[Any]) -> None:
        for call in calls:
            function = call.function
            name, arguments = (function.name, function.arguments) if function is not None else ("", "")
            index = None if call.index is None else int(call.index)
            self._pieces_of_calls.take(index, _text(call.id), _text(name), _text(arguments))

    def whole(self, messages: list[dict[str, Any]], prices: Prices) -> Turn:
        """The turn, if it came to its end. Raises EndpointBrokeOff."""
        if self.overrun:
            self._finish = "length"
        if not self._finish:
            raise cut()
        self._text.append(self._joined.end())
        calls = [RequestedCall(*map(whole, (c.id, c.name, c.arguments))) for c in self._pieces_of_calls.calls]
        finish = "tool_calls" if calls and self._finish == "stop" else self._finish
        text = "".join(self._text)
        if not self.counted:
            written = len(text) + sum(len(call.name) + len(call.arguments) for call in calls)
            self._read, self._written = _letters(messages) // _LETTERS, written // _LETTERS
        usage = Usage(self._read, self._written, cost_of_tokens(prices, self._read, self._written))
        return Turn(without_thoughts(text), calls, usage, finish)


def _thought(said: Any) -> str:
    """What a model thought, as servers of open models give it beside `content`."""
    found = (getattr(said, field, None) for field in _THOUGHTS)
    return next((text for text in found if isinstance(text, str)), "")


def _letters(messages: list[dict[str, Any]]) -> int:
    """How many letters of text the messages hold; pictures are not counted."""
    found = 0
    for message in messages:
        content = message.get("content") or ""
        parts = content if isinstance(content, list) else [{"text": content}]
        found += sum(len(str(part.get("text") or "")) for part in parts)
    return found


def _text(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where text belongs")
    return value or ""
