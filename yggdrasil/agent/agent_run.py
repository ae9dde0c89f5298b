"""One run of an agent: turns and tool calls, each through the journal so that it happens once."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from yggdrasil.agent.deadline import Deadline, least
from yggdrasil.agent.limits import Limits
from yggdrasil.agent.model import AgentModel
from yggdrasil.agent.refusals import RefusedOutput, Retry
from yggdrasil.agent.request import as_mended, as_wished
from yggdrasil.agent.tool_calls import calls_made
from yggdrasil.agent.toolbox import AUTO, NONE, Toolbox
from yggdrasil.agent.turns import CONTENT_FILTER, TurnRequest, assistant, fill, plain_value, take_turn
from yggdrasil.agent.words import begins_json
from yggdrasil.agent.work import Message, Work
from yggdrasil.blocks.llm.language_model import InvalidOutput, Turn
from yggdrasil.blocks.llm.schemas import beside_schema
from yggdrasil.contract import Cancelled, derive_seed, here, standing
from yggdrasil.contract.digest import digest, digest_each
from yggdrasil.contract.spending import counted_once, counting
from yggdrasil.engine.cycle.agent_loop import LoopState

LIMIT = "limit_reached"
DONE = "done"
FILTERED = "filtered"
_ATTEMPTS = 2
_GOOD = 0.0
_BESIDE = 1000.0
"""How bad a result is that its task's schema does not admit: worse than any other flaw."""


class AgentRun:
    """The two halves of the loop for one call of an agent."""

    def __init__(self, model: AgentModel, work: Work, limits: Limits, call: int, steps: int) -> None:
        self._model, self._work, self._limits = model, work, limits
        self._call, self._steps = call, work.asked.stepping or steps
        self._begun = 0
        self._asked = work.asked
        self.last: LoopState | None = None
        self._deadline = Deadline(limits.seconds)

    def think(self, state: LoopState) -> LoopState:
        """One turn of the model, unless a limit is met; one that runs past the time is stopped, and is no answer."""
        if self.last is None:
            self._begun = state["turns"]
        self.last = state
        limit = self._met(state)
        if limit:
            return _stopped(state, limit)
        try:
            with self._deadline.stopping():
                after = self._thought(state)
        except Cancelled:
            here().check()
            if not self._deadline.met:
                raise
            return _stopped(state, self._deadline.met)
        return _stopped(after, self._deadline.met) if after["over"] == DONE and self._deadline.met else after

    def _thought(self, state: LoopState) -> LoopState:
        if self._work.schema is not None and (state["closing"] or self._answer_is_due(state)):
            return self._answer(state)
        return self._turn(state)

    def act(self, state: LoopState) -> LoopState:
        """Every pending call; each gets exactly one tool message."""
        self.last = state
        after = calls_made(state, self._work, self._limits, self._call, self._within)
        limit = self._met(after)
        return _stopped(after, limit) if limit else after

    def _within(self) -> float | None:
        """Seconds that a tool's call may take now; None for any time."""
        return least(self._limits.tool_seconds, self._deadline.left)

    def _met(self, state: LoopState) -> dict[str, Any]:
        limits = self._limits
        if self._asked.stepping and state["turns"] > self._begun:
            return {"kind": "steps", "limit": self._steps}
        if state["turns"] >= self._steps:
            return {"kind": "steps", "limit": self._steps}
        if limits.tokens is not None and state["tokens"] >= limits.tokens:
            return {"kind": "tokens", "limit": limits.tokens}
        if limits.cost is not None and state["cost"] >= limits.cost:
            return {"kind": "cost", "limit": limits.cost}
        return self._deadline.met

    def _answer_is_due(self, state: LoopState) -> bool:
        if not self._work.toolbox or state["turns"] >= self._steps - 1:
            return True
        return self._work.rounds is not None and state["turns"] >= self._work.rounds

    def _ask(self, state: LoopState, attempt: int = 0) -> TurnRequest:
        work = self._work
        return TurnRequest(
            work.toolbox,
            answer=not (work.must_call and state["turns"] == 0),
            seed=derive_seed(here().seed, self._call, state["turns"], attempt),
            max_tokens=work.max_tokens,
            temperature=work.temperature,
            narrow=work.narrow,
            choice=work.choice if state["turns"] == 0 or work.choice == NONE else AUTO,
        )

    def _turn(self, state: LoopState) -> LoopState:
        state = self._fitted(state)
        shown = self._work.window.shown(state["messages"])
        ask = self._ask(state)
        turn = self._once(state, shown, lambda: self._taken(shown, ask))
        message = assistant(turn, f"{self._call}.{state['turns']}", state["messages"])
        named = [c["id"] for c in message.get("tool_calls", [])]
        offered = {"offered": turn["offered"]} if "offered" in turn else {}
        pending = [{**call, "id": name, **offered} for call, name in zip(turn["calls"], named, strict=True)]
        after: LoopState = {
            **state,
            "messages": [*state["messages"], message],
            "turns": state["turns"] + 1,
            "tokens": state["tokens"] + turn["tokens"],
            "cost": state["cost"] + turn.get("cost", 0.0),
            "pending": pending,
            "response": turn["text"],
        }
        cut = turn.get("cut")
        if cut and (pending or self._work.schema is not None):
            here().note(f"the model's turn was cut ({cut['kind']}), the run goes on", "turn_cut", **cut)
        return after if pending else self._said(after, turn["text"], cut)

    def _said(self, after: LoopState, text: str, cut: dict[str, Any] | None) -> LoopState:
        """The loop after a turn of words: at its end if they are the answer, and whole."""
        if self._work.schema is None:
            whole = after["begun"] + text
            return _cut({**after, "response": whole}, cut) if cut else self._judged(after, whole, whole)
        early = None if cut else self._early(text)
        if early is not None:
            return self._judged(after, early, text)
        return {**after, "closing": True, "response": "" if begins_json(text) else text}

    def _taken(self, shown: list[Message], ask: TurnRequest) -> dict[str, Any]:
        """A turn, and what was offered in it where that is chosen for each."""
        model, shown, wished = as_wished(self._asked.before, self._model, shown, ask)
        turn = as_mended(self._asked.after, take_turn(model, shown, wished))
        return turn if wished.toolbox is ask.toolbox else {**turn, "offered": list(wished.toolbox.tools)}

    def _fitted(self, state: LoopState) -> LoopState:
        """The state whose messages the model's window holds; older ones are forgotten or summed up, as is wished."""
        window = self._work.window
        old, kept = window.outgrown(state["messages"])
        if not old or window.older != "summary":
            return {**state, "messages": kept} if old else state
        spent: list[dict[str, Any]] = []

        def once(number: str, told: str, act: Callable[[], str]) -> str:
            name = f"summary {self._call}.{state['turns']}.{number}"
            spent.append(counted_once(here(), name, {"of": digest(told)}, lambda: {"text": act()}))
            return spent[-1]["text"]

        with standing(here().below("llm")) as place:
            place.audience = place.audience and place.audience.without("token")
            window.sum_up(self._summing_up, old, once)
        tokens, cost = (sum(part[name] for part in spent) for name in ("tokens", "cost"))
        return {**state, "messages": kept, "tokens": state["tokens"] + tokens, "cost": state["cost"] + cost}

    def _summing_up(self, messages: list[Message], **how: Any) -> Turn:
        asked = TurnRequest(Toolbox(()), **how)
        model, shown, ask = as_wished(self._asked.before, AgentModel(self._model.block), messages, asked)
        return model.turn(shown, max_tokens=ask.max_tokens, temperature=ask.temperature, seed=ask.seed)

    def _answer(self, state: LoopState) -> LoopState:
        state = self._fitted(state)
        told = self._work.closing or ("Give the result now." if state["messages"][-1]["role"] == "assistant" else "")
        closing: list[Message] = [{"role": "user", "content": told}] if told else []
        messages = [*state["messages"], *closing]
        shown = self._work.window.shown(state["messages"], closing)
        filled = self._once(state, shown, lambda: (self._best if self._told_by_schema else self._tried)(state, shown))
        text = filled["value"] if isinstance(filled["value"], str) else _text(filled["value"])
        after: LoopState = {
            **state,
            "messages": [*messages, {"role": "assistant", "content": text}],
            "turns": state["turns"] + 1,
            "tokens": state["tokens"] + filled["tokens"],
            "cost": state["cost"] + filled.get("cost", 0.0),
        }
        return self._judged(after, filled["result"], text)

    @property
    def _told_by_schema(self) -> bool:
        """Whether the answer is checked against a schema alone: a wrong one is asked again in the same words."""
        return self._work.asked.result is None

    def _tried(self, state: LoopState, shown: list[Message]) -> dict[str, Any]:
        """An answer that may be wrong: its type will say so, and the model is told."""
        model, shown, ask = as_wished(self._asked.before, self._model, shown, self._ask(state))
        try:
            value = fill(model, shown, self._work.schema or {}, ask, needed={}, told=True)
        except InvalidOutput as wrong:
            return {"value": wrong.raw, "result": plain_value(wrong.raw)}
        return {"value": value, "result": self._work.finish(value)}

    def _early(self, text: str) -> Any:
        """The result, where the model gave it in its own words before it was asked for it; else None."""
        kind = self._work.asked.result
        written = plain_value(text)
        if isinstance(written, str):
            return None
        if kind is None:
            return None if beside_schema(written, self._work.needed or self._work.schema or {}) else written
        try:
            kind.read(kind.value(written))
        except Retry:
            return None
        return written

    def _judged(self, after: LoopState, value: Any, raw: str) -> LoopState:
        """The loop at its end, if type and validators take the answer; else the model is told why, and asked again."""
        asked, place = self._work.asked, here()
        try:
            self._check_wish(value, after)
            with _spending_of(after):
                taken = asked.accepted(value if asked.result is None else asked.result.value(value))
        except Retry as refused:
            if after["tries"] >= self._work.retries:
                raise RefusedOutput(refused.what, raw, place.path) from None
            place.note(f"the answer cannot be taken: {refused.what}", code="answer_refused", why=refused.what)
            told = {"role": "user", "content": f"That cannot be taken: {refused.what}. Answer again, mended."}
            messages = [*after["messages"], told]
            return {**after, "tries": after["tries"] + 1, "messages": messages, "response": "", "begun": ""}
        if self._model.words is not None:
            self._model.words.end(str(taken).removeprefix(after["begun"]), None if self._work.schema is None else taken)
        if self._work.schema is None:
            return {**after, "response": str(taken), "over": DONE}
        words = after["response"] or ("" if asked.result is None else raw)
        return {**after, "result": taken, "response": words, "over": DONE}

    def _check_wish(self, value: Any, after: LoopState) -> None:
        """Raises Retry for an answer beside what is wished, while there are tries; then it is taken as it is."""
        again = after["tries"] < self._work.retries and after["turns"] < self._steps
        beside = beside_schema(value, self._work.wish) if self._work.wish and again else ""
        if beside:
            raise Retry(beside)

    def _best(self, state: LoopState, shown: list[Message]) -> dict[str, Any]:
        best: dict[str, Any] | None = None
        lowest, wrong = 0.0, ""
        for attempt in range(_ATTEMPTS):
            value = self._filled(state, shown, attempt)
            result = self._work.finish(value)
            beside = beside_schema(result, self._work.result or {})
            flaw = self._work.flaw(result) + _BESIDE * bool(beside)
            if best is None or flaw < lowest:
                best, lowest, wrong = {"value": value, "result": result}, flaw, beside
            if flaw <= _GOOD:
                break
            here().note(f"answer {attempt + 1} is flawed ({flaw:.2f}): {_text(value)}")
        if wrong:
            raise InvalidOutput(wrong, _text((best or {}).get("result")), here().path)
        return best or {}

    def _filled(self, state: LoopState, shown: list[Message], attempt: int) -> dict[str, Any]:
        model, shown, ask = as_wished(self._asked.before, self._model, shown, self._ask(state, attempt))
        return fill(model, shown, self._work.schema or {}, ask, self._work.needed)

    def _once(self, state: LoopState, shown: list[Message], act: Callable[[], Any]) -> Any:
        place = here().below("llm")
        with standing(place):
            of = "" if place.journal is None else digest_each(shown)
            return counted_once(place, f"turn {self._call}.{state['turns']}", {"of": of}, act)


@contextmanager
def _spending_of(state: LoopState) -> Generator[None]:
    """What models that are asked inside take is of this run too."""
    with counting() as spent:
        try:
            yield
        finally:
            state["tokens"] += spent.tokens
            state["cost"] += spent.cost


def _stopped(state: LoopState, limit: dict[str, Any]) -> LoopState:
    """The loop at its limit, which is told: its answer is not there."""
    here().note(f"stopped at the limit of {limit['limit']} {limit['kind']}", code="limit_reached", **limit)
    return {**state, "over": LIMIT, "limit": limit}


def _cut(state: LoopState, cut: dict[str, Any]) -> LoopState:
    """The loop whose answer is not whole: its model met the bound on its tokens, or was silenced by a filter."""
    if cut["kind"] == CONTENT_FILTER:
        return {**state, "over": FILTERED}
    return _stopped(state, cut)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
