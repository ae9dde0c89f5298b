"""The tool calls of one turn: each happens once, is bounded and told; what failed is counted, and never passed over."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from yggdrasil.agent.limits import Limits
from yggdrasil.agent.pieces import Content, joined, words_alone
from yggdrasil.agent.toolbox import Toolbox
from yggdrasil.agent.work import Message, Work
from yggdrasil.contract import Block, CancelToken, Paused, here, standing
from yggdrasil.contract.callers_line import OURS
from yggdrasil.contract.errors import CONTROL, YggError
from yggdrasil.contract.faults import fault_text
from yggdrasil.contract.journal_effects import remembered
from yggdrasil.contract.spending import counting, recount
from yggdrasil.contract.surrogates import whole
from yggdrasil.contract.tool_use import TOOL_USE, ToolUse
from yggdrasil.contract.tree import walk
from yggdrasil.engine.cycle.agent_loop import LoopState
from yggdrasil.engine.flow.workers import workers

_LOG = logging.getLogger("yggdrasil")


@dataclass(eq=False)
class _Call:
    """One call that a model asked for; `text` is what it is told, as soon as that is known."""

    asked: dict[str, Any]
    mark: str
    toolbox: Toolbox
    text: Content = ""
    failed: bool = False
    spent: dict[str, Any] = field(default_factory=dict)
    error: BaseException | None = None
    given: Any = field(init=False)
    """Its arguments, as the person who was asked may have changed them."""
    block: Block | None = field(init=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.given = self.asked["arguments"]
        known = self.toolbox.tools.get(self.asked["name"])
        self.block, self.name = (known.block, known.name) if known else (None, self.asked["name"])

    @property
    def memories(self) -> set[int]:
        """The parts of its tool that remember: calls that share one are made in their order."""
        return {id(part) for _, part in walk(self.block) if part.remembers} if self.block else set()


def calls_made(
    state: LoopState, work: Work, limits: Limits, number: int, within: Callable[[], float | None]
) -> LoopState:
    """The state with one tool message for every pending call, in their order; `within` says how long one may take."""
    called = dict(state["called"])
    due = [_call(asked, f"{number}.{state['turns']}.{at}", work) for at, asked in enumerate(state["pending"])]
    asking: list[Paused] = []
    make = partial(_make, work=work, limits=limits, state=state, within=within)

    def let(call: _Call) -> bool:
        """Whether it is made now; a person is asked of all calls of a turn at once."""
        try:
            return _let(call, work, limits, called)
        except Paused as pause:
            asking.append(pause)
            return False

    if work.parallel:
        _side_by_side([call for call in due if let(call)], make)
    else:
        for call in due:
            if (not asking or call.name in work.approve) and let(call) and not asking:
                make(call)
    if asking:
        raise asking[0]
    told: list[Message] = [{"role": "tool", "tool_call_id": call.asked["id"], "content": call.text} for call in due]
    return {
        **state,
        "messages": [*state["messages"], *told],
        "pending": [],
        "called": called,
        "tool_errors": state["tool_errors"] + sum(call.failed for call in due),
        "tokens": state["tokens"] + sum(call.spent.get("tokens", 0) for call in due),
        "cost": state["cost"] + sum(call.spent.get("cost", 0.0) for call in due),
    }


def _call(asked: dict[str, Any], mark: str, work: Work) -> _Call:
    return _Call(asked, mark, work.toolbox.among(asked["offered"]) if "offered" in asked else work.toolbox)


def _let(call: _Call, work: Work, limits: Limits, called: dict[str, int]) -> bool:
    """Tell of the call, and whether it may be made: within the bounds, and allowed by the person who is asked."""
    here().check()
    asked = call.asked
    here().emit("tool_call", tool=call.name, arguments=_shown(asked["arguments"]), id=asked["id"])
    call.text = limits.refused(call.name, called)
    if not call.text and call.name in work.approve:
        call.text, call.given = call.toolbox.approved(asked["name"], asked["arguments"], call.mark)
    if call.text:
        _tell(call)
        return False
    called[call.name] = called.get(call.name, 0) + 1
    return True


def _make(call: _Call, work: Work, limits: Limits, state: LoopState, within: Callable[[], float | None]) -> None:
    here().check()
    asked = call.asked
    how: dict[str, Any] = {"seconds": within(), "retries": limits.retries_of(call.name)}
    how["around"] = work.asked.around
    use = ToolUse(call.name, asked["id"], _shown(call.given), 1, state["turns"], state["tokens"], state["cost"])
    use.messages = tuple(state["messages"])

    made = False

    def act() -> Any:
        nonlocal made
        made = True
        failures: list[str] = []

        def failed(error: BaseException) -> None:
            if work.tool_errors == "raise":
                raise error
            failures.append(_noted(call.name, error))

        with counting() as spent, standing(here().but(shared={**here().shared, TOOL_USE: use})):
            text = call.toolbox.call(asked["name"], call.given, mark=call.mark, failed=failed, **how)
        told = spent.to_json() if spent.tokens or spent.cost else {}
        return {"told": text, "failed": bool(failures), **told} if failures or told else text

    given = remembered(f"tool {call.mark} {asked['name']}", {"arguments": call.given}, "text", call.block, act)
    if isinstance(given, dict):
        call.text, call.spent = given["told"], given
        call.failed = given.get("failed", True)
        if not made:
            recount(here(), call.spent)
    else:
        call.text = given
    if call.given is not asked["arguments"]:
        written = json.dumps(call.given, ensure_ascii=False)
        call.text = joined(call.text, f"[made with the arguments that the person gave: {written}]")
    _tell(call)


def _noted(tool: str, error: BaseException) -> str:
    """Tell of a tool that broke: as a note, and with its traceback in the log, louder where nobody hears notes."""
    why = whole(fault_text(error))
    level = logging.INFO if here().wants("note") else logging.WARNING
    trace = whole("".join(_by_strangers(error).format()))
    _LOG.log(level, "%s: the tool %s failed, and the model was told: %s\n%s", here().path, tool, why, trace)
    here().note(f"{tool} failed, and the model was told: {why}", "tool_error", tool=tool, why=why)
    return why


def _by_strangers(error: BaseException) -> traceback.TracebackException:
    """The traceback without our own lines, unless it is one of them that broke."""
    told = traceback.TracebackException.from_exception(error)
    if isinstance(error, YggError) or (told.stack and not told.stack[-1].filename.startswith(OURS)):
        told.stack = traceback.StackSummary.from_list([f for f in told.stack if not f.filename.startswith(OURS)])
    return told


def _tell(call: _Call) -> None:
    here().emit("tool_result", tool=call.name, result=words_alone(call.text), id=call.asked["id"])


def _side_by_side(calls: Sequence[_Call], make: Callable[[_Call], None]) -> None:
    """Make them at once, as far as no two share a memory and threads are free; raise the first one's error, if any.

    A question of one lets the others come to their end, an error stops them.
    """
    token = CancelToken(here().cancel)

    def chain(part: Sequence[_Call]) -> None:
        for call in part:
            try:
                make(call)
            except BaseException as error:  # kept, to be raised in the order of the calls
                call.error = error
                if not isinstance(error, CONTROL):
                    token.cancel()
                return

    with standing(here().but(cancel=token)):
        rest: list[Callable[[], None]] = []
        running: list[Future[None]] = []
        for act in [partial(chain, part) for part in _chains(calls)]:
            future = workers().start(act) if rest else None
            if future is None:
                rest.append(act)
            else:
                running.append(future)
        for act in rest:
            act()
        wait(running)
    errors = [call.error for call in calls if call.error is not None]
    if errors:
        raise next((error for error in errors if not isinstance(error, CONTROL)), errors[0])


def _chains(calls: Sequence[_Call]) -> list[list[_Call]]:
    """The calls in lines that have no memory in common."""
    lines: list[tuple[set[int], list[_Call]]] = []
    for call in calls:
        known, made = call.memories, [call]
        for line in [line for line in lines if line[0] & known]:
            lines.remove(line)
            known, made = known | line[0], [*line[1], *made]
        lines.append((known, made))
    return [sorted(made, key=calls.index) for _, made in lines]


def _shown(arguments: Any) -> Any:
    """Arguments as every event tells them: an object; what is no JSON stays as the model wrote it."""
    try:
        return json.loads(arguments or "{}") or {} if isinstance(arguments, str | None) else arguments
    except ValueError:
        return arguments
