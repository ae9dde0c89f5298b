"""The tools of one agent: a call that never crashes, that can be cancelled alone, and whose answer is a text."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yggdrasil.agent.faults import CANCELLED, fault_text
from yggdrasil.contract import (
    Block,
    Cancelled,
    CancelToken,
    Here,
    Journal,
    derive_seed,
    here,
)
from yggdrasil.contract.characters import whole
from yggdrasil.contract.running import drive_at
from yggdrasil.contract.tools import Given, Tool, named_tools, tool_named
from yggdrasil.contract.values import TEXT_TYPE
from yggdrasil.engine.cycle.agent_loop import is_control

_GRACE = 0.5
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

    def find(self, name: str) -> Tool:
        """The tool of a wire name or an original name. Raises NoSuchTool."""
        return tool_named(self.tools, name)

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
            return _cut(_text(tool.result(outputs)))
        except CANCELLED:
            return "Cancelled: this call was cancelled, the others go on"
        except Cancelled:
            here().check()
            return "Cancelled: this call was cancelled, the others go on"
        except Exception as error:  # a stranger's tool may fail in any way; the model is told, and the run goes on
            if is_control(error):
                raise
            return whole(fault_text(error))


def _cut(text: str) -> str:
    """The text, or its beginning with a note of where all of it lies: a giant result would fill the model's window."""
    if len(text) <= _LONGEST:
        return text
    artifact = here().artifacts.put(text.encode("utf-8", "surrogatepass"), TEXT_TYPE)
    return f"{text[:_LONGEST]}\n[cut: {len(text)} letters in all, kept as artifact {artifact.sha256}]"


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
