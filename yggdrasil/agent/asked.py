"""What an agent, or one call of it, is asked for by Python objects that no manifest holds: type, validators, words."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from yggdrasil.agent.result_type import ResultType
from yggdrasil.contract import ConfigError, ManifestError, here
from yggdrasil.contract.coroutines import as_plain
from yggdrasil.contract.deps import with_deps

Check = Callable[..., Any]
"""A validator: takes the result (or the words, where none is asked for); may raise Retry, or give another result."""


@dataclass(frozen=True)
class Asked:
    """`words`: instructions as a function of the deps, or of nothing; `before`: what changes each request."""

    result: ResultType | None = None
    checks: tuple[Check, ...] = ()
    words: Callable[..., Any] | None = None
    before: Callable[..., Any] | None = None

    def also(self, result: ResultType | None, check: Check | None) -> Asked:
        """The same with another result and one validator more, for one call."""
        if result is None and check is None:
            return self
        return replace(self, result=result or self.result, checks=(*self.checks, *as_checks(check)))

    def instructions(self, text: str) -> str:
        """The instructions of this call: what the function says, or the text."""
        if self.words is None:
            return text
        words = as_plain(self.words)
        said: Any = words(here().deps) if _takes_deps(words) else words()
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
        return held if self.result is None else self.result.written(held)

    def refuse_saving(self, where: str) -> None:
        """Raises ManifestError by name for what would be lost."""
        result = self.result and self.result.function
        functions = {"instructions": self.words, "validate": self.checks, "before": self.before, "result": result}
        lost = [what for what, held in functions.items() if held]
        if lost:
            mend = "give instructions as a text, validate=… to the call; an agent with `before` is made by its script"
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


def _takes_deps(function: Callable[..., Any]) -> bool:
    return bool(inspect.signature(function).parameters)


NOTHING = Asked()
