"""The tools of one agent: a call that never crashes, that can be cancelled alone, and whose answer is a text."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yggdrasil.agent.ask_person import ask
from yggdrasil.agent.faults import CANCELLED, fault_text
from yggdrasil.contract import (
    Block,
    Cancelled,
    CancelToken,
    ConfigError,
    Here,
    Journal,
    derive_seed,
    here,
    standing,
)
from yggdrasil.contract.errors import did_you_mean
from yggdrasil.contract.running import drive_at
from yggdrasil.contract.surrogates import whole
from yggdrasil.contract.tools import Given, Tool, named_tools, tool_named
from yggdrasil.contract.values import TEXT_TYPE
from yggdrasil.engine.cycle.agent_loop import is_control

_GRACE = 0.5
_YES, _NO = ("yes", "y", "true", "да"), ("no", "n", "false", "нет", "")
_LONGEST = 32_000
"""Letters of a tool's result that a model is shown."""


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
        known = [tool.name for tool in self.tools.values()]
        for name in named:
            if name not in known:
                raise ConfigError(f"approve names no tool {name!r}", where=where, mend=did_you_mean(name, known))
        own = [tool.name for tool in self.tools.values() if getattr(tool.block, "_approve", False)]
        return [name for name in known if name in (*named, *own)]

    def find(self, name: str) -> Tool:
        """The tool of a wire name or an original name. Raises NoSuchTool."""
        return tool_named(self.tools, name)

    def refused(self, name: str, arguments: Any, mark: str) -> str:
        """Ask a person whether a call may be made: '' if it may, else what the model is told. Raises Paused."""
        place = here()
        tool = self.find(name)
        inner = place.below(tool.step)
        inner = inner.but(seed=derive_seed(inner.seed, mark), journal=_marked(place.journal, mark))
        with standing(inner):
            shown = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
            said = str(ask(f"May {place.path} call {tool.name} with {shown}?", tool=tool.name)).strip()
        if said.casefold() in _YES:
            return ""
        more = "" if said.casefold() in _NO else f" and says: {said}"
        return f"Refused: the person did not allow this call{more}"

    def call(self, name: str, arguments: Any, *, mark: str, seconds: float | None = None) -> str:
        """Run a tool and give the text for the model: its result as JSON, or what went wrong.

        `mark` tells this call from others of the same tool (it enters the seed). A call that is cancelled
        alone, or that takes more than `seconds`, says so; what cancels or pauses the whole run is raised.
        """
        try:
            tool = self.find(name)
            values = tool.arguments(arguments)
            place = here().below(tool.step)
            place = place.but(seed=derive_seed(place.seed, mark), journal=_marked(place.journal, mark))
            outputs = _within(seconds, tool.block, values, place)
            return _told(tool.result(outputs))
        except CANCELLED:
            return "Cancelled: this call was cancelled, the others go on"
        except Cancelled:
            here().check()
            return "Cancelled: this call was cancelled, the others go on"
        except Exception as error:  # a stranger's tool may fail in any way; the model is told, and the run goes on
            if is_control(error):
                raise
            return whole(fault_text(error))


def _told(result: dict[str, Any]) -> str:
    """What the model is told; of several outputs a long text is cut alone, so that the others stay whole."""
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


def _within(seconds: float | None, block: Block, values: dict[str, Any], place: Here) -> dict[str, Any]:
    """Run in this thread, or for at most `seconds` in another, which is told to stop and then left."""
    if seconds is None:
        return drive_at(block, values, place)
    own = CancelToken(place.cancel)
    ended, woken = threading.Event(), threading.Event()
    given: dict[str, Any] = {}

    def work() -> None:
        try:
            given["outputs"] = drive_at(block, values, place.but(cancel=own))
        except BaseException as error:
            given["error"] = error
        finally:
            ended.set()
            woken.set()

    threading.Thread(target=work, daemon=True, name=f"yggdrasil-tool-{block.name}").start()
    leave = place.cancel.on_cancel(woken.set)
    woken.wait(seconds)
    leave()
    if not ended.is_set():
        own.cancel()
        ended.wait(_GRACE)
        place.check()
        raise Cancelled(place.path)
    if "error" in given:
        raise given["error"]
    return given["outputs"]


def _text(value: dict[str, Any]) -> str:
    if len(value) == 1:
        only = next(iter(value.values()))
        if isinstance(only, str):
            return only
    return json.dumps(value, ensure_ascii=False)
