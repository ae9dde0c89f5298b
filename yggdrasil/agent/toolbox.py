"""The tools of one agent: a call that never crashes, that can be cancelled alone, and whose answer is a text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from yggdrasil.agent.ask_person import APPROVAL, ask
from yggdrasil.agent.pieces import Content, joined, senses_in
from yggdrasil.agent.refusals import Retry
from yggdrasil.blocks.llm.unseen import OF_A_TOOL
from yggdrasil.contract import (
    Block,
    Cancelled,
    ConfigError,
    Here,
    Journal,
    PortError,
    derive_seed,
    here,
    standing,
)
from yggdrasil.contract.artifacts import ArtifactError
from yggdrasil.contract.errors import did_you_mean
from yggdrasil.contract.faults import CANCELLED, fault_text
from yggdrasil.contract.journal_effects import may_repeat
from yggdrasil.contract.own_attributes import NoAttribute
from yggdrasil.contract.ports import checked_inputs
from yggdrasil.contract.surrogates import whole
from yggdrasil.contract.tools import ArgumentError, Given, Tool, named_tools, tool_named
from yggdrasil.contract.values import TEXT_TYPE
from yggdrasil.engine.cycle.agent_loop import is_control
from yggdrasil.engine.cycle.tried_again import TooSlow, drive_again

AUTO = "auto"
REQUIRED = "required"
NONE = "none"
CHOICES = (AUTO, REQUIRED, NONE)
"""Whether a turn is to call a tool, beside the name of one."""
_FIRST_WAIT = 0.5
_YES, _NO = ("yes", "y", "true", "да"), ("no", "n", "false", "нет", "")
_LONGEST = 32_000
"""Letters of a tool's result that a model is shown."""


class OwnTools(Mapping[str, Block]):
    """The tools of an agent by name, to be read: others are given by setting `agent.tools`."""

    def __init__(self, tools: Mapping[str, Block]) -> None:
        self._tools = tools

    def __getitem__(self, name: str) -> Block:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def __repr__(self) -> str:
        return repr(self._tools)

    if not TYPE_CHECKING:  # a type checker knows by itself that a Mapping has nothing to write with

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            raise _only_read(name)

        def __setitem__(self, name: str, tool: Given) -> None:
            raise _only_read("item to set")


class OnlyRead(NoAttribute, TypeError):
    """The tools of an agent were to be changed in place."""


def _only_read(name: str) -> OnlyRead:
    mend = "give them anew: agent.tools = [*agent.tools.values(), function], or {**agent.tools, 'name': function}"
    return OnlyRead(f"a mapping that is only read has no {name}", where="agent.tools", mend=mend)


class Toolbox:
    """The tools of one agent, by wire name and in order."""

    def __init__(self, tools: Sequence[Given] | Mapping[str, Given], *, strict: bool = False) -> None:
        self.strict = strict
        self.tools: dict[str, Tool] = named_tools(tools)

    def __bool__(self) -> bool:
        return bool(self.tools)

    def schemas(self) -> list[dict[str, Any]]:
        """OpenAI-style function schemas under wire names."""
        return [tool.schema(strict=self.strict) for tool in self.tools.values()]

    def to_approve(self, named: Sequence[str], where: str) -> list[str]:
        """The names of the tools of which a person is asked: those named, and those that say so themselves.

        Raises ConfigError for a name that no tool has.
        """
        known = self.known(named, "approve", where)
        own = [tool.name for tool in self.tools.values() if getattr(tool.block, "_approve", False)]
        return [name for name in known if name in (*named, *own)]

    def only(self, names: Sequence[str], where: str = "") -> Toolbox:
        """Those of its tools that are named. Raises ConfigError for a name that no tool has."""
        self.known(names, "a request", where)
        return self.among([wire for wire, tool in self.tools.items() if tool.name in names])

    def known(self, named: Sequence[str], who: str, where: str) -> list[str]:
        """The names of all of its tools. Raises ConfigError for one of those `named` that no tool has."""
        known = [tool.name for tool in self.tools.values()]
        for name in named:
            if name not in known:
                raise ConfigError(f"{who} names no tool {name!r}", where=where, mend=did_you_mean(name, known))
        return known

    def among(self, wires: Sequence[str]) -> Toolbox:
        """Its tools of these wire names."""
        made = Toolbox((), strict=self.strict)
        made.tools = {wire: self.tools[wire] for wire in wires}
        return made

    def find(self, name: str) -> Tool:
        """The tool of a wire name or an original name. Raises NoSuchTool."""
        return tool_named(self.tools, name)

    def approved(self, name: str, arguments: Any, mark: str) -> tuple[str, Any]:
        """Ask a person whether a call may be made: ('', its arguments) if it may, else what the model is told.

        A person who answers with an object has it made with these arguments instead, if the tool takes them.
        Raises Paused.
        """
        place = here()
        tool = self.find(name)
        inner = place.below(tool.step)
        inner = inner.but(seed=derive_seed(inner.seed, mark), journal=_marked(place.journal, mark))
        with standing(inner):
            shown = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
            answer = _allowed(tool, f"May {place.path} call {tool.name} with {shown}?")
        if isinstance(answer, dict):
            return "", answer
        said = str(answer).strip()
        if said.casefold() in _YES:
            return "", arguments
        more = "" if said.casefold() in _NO else f" and says: {said}"
        return f"Refused: the person did not allow this call{more}", arguments

    def call(
        self,
        name: str,
        arguments: Any,
        *,
        mark: str,
        seconds: float | None = None,
        retries: int = 0,
        failed: Callable[[Exception], None] | None = None,
        around: Callable[..., Any] | None = None,
    ) -> Content:
        """Run a tool and give what the model is told: its result as JSON with its pictures, or what went wrong.

        `mark` tells this call from others of the same tool (it enters the seed). A call that is cancelled
        alone, or that takes more than `seconds`, says so; what cancels or pauses the whole run is raised. One that
        fails is made again `retries` times, if the tool may be repeated and does not ask the model itself to mend it.
        `failed` hears what the tool raised that is no fault of the model's, and may raise it. `around` is called with
        the `ToolUse` and with what makes the call, and gives what the model is told instead.
        """
        amiss = None
        try:
            tool = self.find(name)
            values = tool.arguments(arguments)
            place = here().below(tool.step)
            place = place.but(seed=derive_seed(place.seed, mark), journal=_marked(place.journal, mark))
            checked_inputs(tool.block.inputs, values, place.path)
            amiss = failed

            def made(arguments: dict[str, Any] | None = None) -> Content:
                given = values if arguments is None else tool.arguments(arguments)
                if arguments is not None:
                    checked_inputs(tool.block.inputs, given, place.path)
                return _told(tool.result(_made(tool, given, place, seconds, retries)))

            return made() if around is None else _as_content(around(here().tool_use, made))
        except CANCELLED:
            return "Cancelled: this call was cancelled, the others go on"
        except Cancelled:
            here().check()
            return "Cancelled: this call was cancelled, the others go on"
        except Exception as error:  # a stranger's tool may fail in any way; the model is told, and the run goes on
            if is_control(error):
                raise
            if amiss is not None and not isinstance(error, Retry):
                amiss(error)
            return whole(fault_text(error))


def _allowed(tool: Tool, question: str) -> Any:
    """What the person says, who is asked again about arguments that the tool does not take. Raises Paused."""
    answer = ask(question, APPROVAL, tool=tool.name)
    while isinstance(answer, dict) and (amiss := _amiss(tool, answer)):
        given = json.dumps(answer, ensure_ascii=False)
        answer = ask(f"{question} With {given} it cannot be called: {amiss}", APPROVAL, tool=tool.name)
    return answer


def _amiss(tool: Tool, arguments: dict[str, Any]) -> str:
    try:
        checked_inputs(tool.block.inputs, tool.arguments(arguments), tool.name)
    except (ArgumentError, PortError, ArtifactError) as error:
        return fault_text(error)
    return ""


def _made(tool: Tool, values: dict[str, Any], place: Here, seconds: float | None, retries: int) -> dict[str, Any]:
    times = retries if may_repeat(tool.block) else 0

    def begun(attempt: int) -> None:
        place.tool_use.attempt = attempt

    how: dict[str, Any] = {"seconds": seconds, "wait": _FIRST_WAIT, "final": (Retry, TooSlow), "begun": begun}
    return drive_again(tool.block, values, place, times=times, **how)


def _as_content(told: Any) -> Content:
    return told if isinstance(told, str | list) else json.dumps(told, ensure_ascii=False)


def _told(result: dict[str, Any]) -> Content:
    """What the model is told: words, and beside them what there is to see and to hear."""
    parts = [{**part, OF_A_TOOL: True} for part in senses_in(result)]
    return joined(_words(result), parts) if parts else _words(result)


def _words(result: dict[str, Any]) -> str:
    """Of several outputs a long text is cut alone, so that the others stay whole."""
    text = _text(result)
    if len(text) > _LONGEST and len(result) > 1:
        share = _LONGEST // (2 * len(result))
        text = _text({name: _cut(part, share) if isinstance(part, str) else part for name, part in result.items()})
    return _cut(text)


def _cut(text: str, longest: int = _LONGEST) -> str:
    """The text, or its beginning with a note of where all of it lies: a giant result would fill the model's window."""
    if len(text) <= longest:
        return text
    artifact = here().artifacts.put(text.encode("utf-8", "surrogatepass"), TEXT_TYPE)
    return f"{text[:longest]}\n[cut: {len(text)} letters in all, kept as artifact {artifact.sha256}]"


class _Marked:
    """The journal as one tool call sees it: what the tool does in this call is not what it did in another.

    The calls before it are answered whole from the journal when a run is repeated, so counting would go wrong.
    """

    def __init__(self, journal: Journal, mark: str) -> None:
        self._journal, self._mark = journal, mark

    def once(self, place: str, name: str, inputs: Any, act: Callable[[], Any], repeat: bool = True) -> Any:
        return self._journal.once(place, f"{self._mark} {name}", inputs, act, repeat)


def _marked(journal: Journal | None, mark: str) -> Journal | None:
    return None if journal is None else _Marked(journal, mark)


def _text(value: dict[str, Any]) -> str:
    if len(value) == 1:
        only = next(iter(value.values()))
        if isinstance(only, str):
            return only
    return json.dumps(value, ensure_ascii=False)
