"""The abilities that every language model has, so that an agent or a guide works with any backend."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple, TypedDict

from yggdrasil.blocks.llm.bounds import ended_at_words, roomy
from yggdrasil.blocks.llm.errors import InvalidOutput, NotAble, TruncatedOutput
from yggdrasil.blocks.llm.schemas import beside_schema, sound_schema
from yggdrasil.blocks.llm.size import parameters_in
from yggdrasil.blocks.llm.thoughts import thoughts_apart, without_thoughts
from yggdrasil.contract import Block, PortError, here
from yggdrasil.contract.block_operations import operation
from yggdrasil.contract.running import drive
from yggdrasil.contract.schema import closed
from yggdrasil.contract.surrogates import whole_value
from yggdrasil.ports import Json, Messages, Text

Message = dict[str, Any]
Schema = dict[str, Any]


class RequestedCall(NamedTuple):
    """One call that the model asks for; `arguments` is the JSON text it wrote."""

    id: str
    name: str
    arguments: str


class Usage(NamedTuple):
    """Tokens read and tokens written in one turn, and what they cost by the prices of an endpoint's block."""

    prompt: int
    completion: int
    cost: float = 0.0


class Turn(NamedTuple):
    """One turn of a model; `finish_reason` is "stop", "length", "content_filter" or "tool_calls"."""

    text: str
    tool_calls: list[RequestedCall]
    usage: Usage
    finish_reason: str


class TurnOut(TypedDict):
    text: Text
    tool_calls: Json
    usage: Json
    finish_reason: Text


ROLES = ("system", "developer", "user", "assistant", "tool")
"""Who may speak in a conversation."""
_FENCE = re.compile(r"^\s*```[\w-]*[ \t]*\r?\n(.*?)\r?\n?[ \t]*```\s*$", re.DOTALL)


def parse_object(turn: Turn, limit: int, schema: Schema | None = None) -> dict[str, Any]:
    """The JSON object of a whole turn, with or without a code fence.

    Raises TruncatedOutput where the turn was cut, even if its text happens to parse, and InvalidOutput where it is no
    JSON object or not one of the schema; the text that came is kept in the run's record.
    """
    if turn.finish_reason == "length":
        _keep("cut output", turn.text)
        raise TruncatedOutput(limit, turn.text, here().path)
    if turn.finish_reason == "content_filter":
        raise InvalidOutput("the endpoint's filter withheld it", turn.text, here().path)
    fenced = _FENCE.match(turn.text)
    try:
        value = whole_value(json.loads(fenced.group(1) if fenced else turn.text))
        problem = "" if isinstance(value, dict) else f"it is a {type(value).__name__}"
        problem = problem or beside_schema(value, schema or {})
    except (ValueError, RecursionError) as error:
        value, problem = {}, str(error)
    if problem:
        _keep("unreadable output", turn.text)
        raise InvalidOutput(problem, turn.text, here().path)
    return value


def _keep(what: str, text: str) -> None:
    """Keep what a model wrote and nobody can use, as an event and in the journal of the run."""
    here().note(f"{what}, kept as it came: {text}")
    here().once(what, {"text": text}, lambda: text)


def as_turn(outputs: dict[str, Any]) -> Turn:
    """The turn that a run of any block of the role gave: what it has no ports for is empty."""
    calls = [_requested(call) for call in outputs.get("tool_calls") or []]
    usage = outputs.get("usage") or {}
    used = Usage(int(usage.get("prompt") or 0), int(usage.get("completion") or 0), float(usage.get("cost") or 0.0))
    return Turn(without_thoughts(str(outputs["text"] or "")), calls, used, str(outputs.get("finish_reason") or "stop"))


def _requested(call: Any) -> RequestedCall:
    """A call as {id, name, arguments}, or as an endpoint writes it: these two under `function`."""
    inner = call.get("function", call) if isinstance(call, dict) else None
    if not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
        mend = "give {id, name, arguments}, or {id, type: 'function', function: {name, arguments}}"
        raise PortError(f"tool_calls holds {call!r:.120}, which names no tool", where=here().path, mend=mend)
    return RequestedCall(str(call.get("id") or ""), inner["name"], _written(inner.get("arguments")))


def _written(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments or {}, ensure_ascii=False)


class LanguageModel(Block, role="LLM"):
    """Answer a conversation: messages in, one turn of text or tool calls out."""

    heavy = True
    senses: ClassVar[bool] = True
    """Whether a message may hold pictures and sounds; the models that a process here runs read words alone."""

    chooses: ClassVar[bool] = False
    """Whether it takes `tool_choice`: then its `chat` does."""

    @property
    def parameter_count(self) -> int | None:
        """How many parameters it has; None for one behind an endpoint, or not fetched yet."""
        return parameters_in(self)

    def reads(self) -> int:
        """How many tokens it reads; 0 where nobody says so."""
        return int(getattr(self, "context", 0) or 0)

    def forward(
        self,
        messages: Messages,
        tools: Json | None = None,
        schema: Json | None = None,
        max_tokens: int = 512,
        temperature: float = 0.7,
        seed: int = 0,
        tool_choice: Text = "",
    ) -> TurnOut:
        closed(tools, here().path)
        sound_schema(schema or {})
        for at, said in enumerate(messages):
            if said.get("role") not in ROLES or not isinstance(said.get("content"), str | list | None):
                what = f"messages[{at}] is {said!r:.120}, which is no message"
                mend = f"its role is one of {', '.join(ROLES)}, its content a text or parts"
                raise PortError(what, where=here().path, mend=mend)
        parts = [part for said in messages if isinstance(said.get("content"), list) for part in said["content"]]
        if not self.senses and any(part.get("type") != "text" for part in parts):
            mend = "Ask a model behind an endpoint that does, or let a VLM describe it in words first"
            raise NotAble(type(self).__name__, "see pictures or hear sounds", mend)
        if tool_choice and not self.chooses:
            raise NotAble(type(self).__name__, "be told which tool to call", "Bind it by a schema, as an agent does")
        how = {"tool_choice": tool_choice} if tool_choice else {}
        with thoughts_apart():
            turn = self.chat(
                messages, tools=tools, schema=schema, max_tokens=max_tokens, temperature=temperature, seed=seed, **how
            )
        return {
            "text": without_thoughts(turn.text),
            "tool_calls": [call._asdict() for call in turn.tool_calls],
            "usage": turn.usage._asdict(),
            "finish_reason": turn.finish_reason,
        }

    @abstractmethod
    def chat(
        self,
        messages: list[Message],
        *,
        tools: list[dict[str, Any]] | None = None,
        schema: Schema | None = None,
        max_tokens: int = 512,
        temperature: float = 0.7,
        seed: int = 0,
    ) -> Turn:
        """One turn; its tokens stream through `here().token`. `tools` are OpenAI-style function schemas."""

    def fill(
        self,
        messages: list[Message],
        schema: Schema,
        *,
        max_tokens: int = 512,
        temperature: float = 0.7,
        seed: int = 0,
        retries: int = 0,
    ) -> dict[str, Any]:
        """An object of the schema; each turn is a run of the block, told and counted.

        A retry sends the same messages with twice the limit, never the cut text.

        Raises TruncatedOutput when the last allowed turn meets its limit, InvalidOutput when it isn't JSON.
        """
        limit, room = max_tokens, roomy(schema)
        sound_schema(schema)
        for attempt in range(retries + 1):
            how = {"max_tokens": limit, "temperature": temperature, "seed": seed}
            turn = as_turn(drive(self, {"messages": messages, "schema": room, **how}))
            if turn.finish_reason != "length" or attempt == retries:
                break
            here().note(f"cut at {limit} tokens, asked again with {limit * 2}; it had written: {turn.text}")
            limit *= 2
        value = ended_at_words(parse_object(turn, limit, room), schema)
        if problem := beside_schema(value, schema):
            raise InvalidOutput(problem, turn.text, here().path)
        return value

    @operation
    def choose(self, prefix: Text, candidates: list[str]) -> list[float]:
        """Mean log-probability per token of each candidate text after the prefix.

        Raises NotAble where the backend cannot score a given text.
        """
        raise NotAble(
            type(self).__name__,
            "score a given text",
            "Use llm/transformers for the guided policy, or let the model choose by an enum in a schema",
        )

    @operation
    def continue_(
        self,
        prefix: Text,
        n: int = 1,
        *,
        max_tokens: int = 40,
        pattern: str | None = None,
        temperature: float = 0.8,
        top_p: float = 0.9,
        min_p: float = 0.05,
        repetition: float = 1.1,
        seed: int = 0,
        ban: list[str] | None = None,
    ) -> list[str]:
        """n texts that go on after the prefix.

        `pattern` is a regex that each whole text obeys; a text that met max_tokens before it was whole is left
        out, so fewer than n may come back. `ban` holds strings that may not appear (case is ignored).
        Raises NotAble where the backend cannot continue a bare text.
        """
        raise NotAble(
            type(self).__name__,
            "continue a bare text",
            "Use llm/transformers for the guided policy, or chat",
        )


def reads(llm: Block) -> int:
    """How many tokens a model says that it reads; 0 if it does not."""
    if isinstance(llm, LanguageModel):
        return llm.reads()
    return int(getattr(llm, "context", 0) or 0)
