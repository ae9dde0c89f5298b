"""What an agent, or one call of it, is asked for by Python objects that no manifest holds: type, validators, words."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from yggdrasil.agent.refusals import Retry
from yggdrasil.agent.result_type import ResultType
from yggdrasil.contract import ConfigError, ManifestError, here
from yggdrasil.contract.coroutines import as_plain
from yggdrasil.contract.deps import asks_deps, with_deps

Check = Callable[..., Any]
"""A validator: takes the result (or the words, where none is asked for); may raise Retry, or give another result."""
BY_TYPE = frozenset(("result", "instructions"))
"""Settings that may be given as a Python type or function, of which a manifest holds less."""
_MENDS = {
    "before": "give a function that changes a Request",
    "after": "give a function that changes a Reply",
    "around": "give a function of a ToolUse and of what makes the call, which gives what the model is told",
}


@dataclass(frozen=True)
class Asked:
    """`words`: instructions as a function of the deps, or of nothing; `before`: what changes each request, `after` each
    reply; `around`: what stands around each call of a tool; `changes`: settings of one call; `stepping`: how many turns
    a run has that its caller leads turn by turn.
    """

    result: ResultType | None = None
    checks: tuple[Check, ...] = ()
    words: Callable[..., Any] | None = None
    before: Callable[..., Any] | None = None
    after: Callable[..., Any] | None = None
    around: Callable[..., Any] | None = None
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    stepping: int = 0

    def with_own(self, name: str, function: Callable[..., Any] | None) -> Asked:
        """The same with another function of this name, fed with the deps that it names. Raises ConfigError."""
        held = None if function is None else by_hand(name, function, _MENDS[name])
        return replace(self, **{name: held})

    @property
    def asks_deps(self) -> str:
        """The parameter of one of its functions that cannot do without deps; '' if there is none."""
        words = [] if self.words is None else _needed(self.words)
        own = [*self.checks, self.before, self.after, self.around, self.result and self.result.function]
        return next((name for name in (*words, *map(asks_deps, own)) if name), "")

    def also(self, result: ResultType | None, check: Check | None) -> Asked:
        """The same with another result and one validator more, for one call."""
        if result is None and check is None:
            return self
        return replace(self, result=result or self.result, checks=(*self.checks, *as_checks(check)))

    def called(self, functions: Mapping[str, Any], changes: Mapping[str, Any]) -> Asked:
        """The same with functions and settings of one call."""
        made, held = self, dict(changes)
        for name, function in functions.items():
            made = made.with_own(name, function)
        if "instructions" in held:
            made, held["instructions"] = made.with_setting("instructions", held["instructions"])
        return replace(made, changes=held) if held else made

    def with_setting(self, name: str, value: Any) -> tuple[Asked, Any]:
        """The same with a type as `result`, or with a function as `instructions`, and what of it a manifest holds."""
        if name == "result":
            kind = ResultType(value) if value else None
            return replace(self, result=kind), kind.own if kind else {}
        words = None if isinstance(value, str) else value
        return replace(self, words=words), value if words is None else ""

    def instructions(self, text: str) -> str:
        """The instructions of this call: what the function says, or the text."""
        if self.words is None:
            return text
        words = as_plain(self.words)
        takes = inspect.signature(words).parameters and (here().deps is not None or _needed(words))
        said: Any = words(here().deps) if takes else words()
        if not isinstance(said, str):
            raise ConfigError(f"its instructions gave {said!r:.60}", where=here().path, mend="give a text")
        return said

    def accepted(self, value: Any) -> Any:
        """The result as JSON, or the words, as the validators leave it. Raises Retry."""
        held = value if self.result is None else self.result.made(value)
        if not self.checks and (self.result is None or self.result.function is None):
            return value
        for check in self.checks:
            given = check(held)
            held = held if given is None else given
        return self._left(value, held)

    def _left(self, value: Any, held: Any) -> Any:
        """What the validators left of the answer, as JSON. Raises ConfigError for what cannot stand for it."""
        try:
            if self.result is not None:
                written = self.result.written(held)
                self.result.returned(written)
                return written
            if isinstance(held, str) or not isinstance(value, str):
                return held
            why = "the answer is words"
        except (ValueError, Retry) as error:
            why = str(error)
        mend = "return what is to stand for the answer, or nothing, or raise ygg.Retry('why')"
        raise ConfigError(f"validate gave {held!r:.60} ({why:.200})", where=here().path, mend=mend)

    def refuse_saving(self, where: str) -> None:
        """Raises ManifestError by name for what would be lost."""
        result = self.result and self.result.function
        functions = {"instructions": self.words, "validate": self.checks, "result": result}
        functions |= {"before": self.before, "after": self.after, "around": self.around}
        lost = [what for what, held in functions.items() if held]
        if lost:
            mend = "give instructions as a text, the functions to the call: run(…, validate=…, before=…)"
            raise ManifestError(f"its {lost[0]} is a function, which no manifest holds", where=where, mend=mend)


def as_checks(check: Check | None) -> tuple[Check, ...]:
    """A validator, fed with the deps that it names. Raises ConfigError for what is no function."""
    mend = "give a function of the result, which may raise ygg.Retry('why')"
    return () if check is None else (by_hand("validate", check, mend),)


def by_hand(name: str, function: Any, mend: str) -> Callable[..., Any]:
    """A function of the script's own, fed with the deps that it names. Raises ConfigError for what is none."""
    if not callable(function) or inspect.isclass(function):
        raise ConfigError(f"{name} is {function!r:.60}", mend=mend)
    return with_deps(as_plain(function))


def _needed(function: Callable[..., Any]) -> list[str]:
    """The parameters that have no default."""
    parts = inspect.signature(function).parameters.values()
    return [part.name for part in parts if part.default is part.empty]


class ByHand:
    """An attribute of an agent that holds a function of the script's own, which may be set anew."""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    def __get__(self, agent: Any, owner: type[Any] | None = None) -> Callable[..., Any] | None:
        asked = NOTHING if agent is None else agent._by_hand
        return next(iter(asked.checks), None) if self._name == "validate" else getattr(asked, self._name)

    def __set__(self, agent: Any, function: Callable[..., Any] | None) -> None:
        asked: Asked = agent._by_hand
        checks = self._name == "validate"
        agent._by_hand = replace(asked, checks=as_checks(function)) if checks else asked.with_own(self._name, function)


NOTHING = Asked()
