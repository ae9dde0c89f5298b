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
    """`words`: instructions as a function of the deps, or of nothing."""

    result: ResultType | None = None
    checks: tuple[Check, ...] = ()
    words: Callable[..., Any] | None = None

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
        held = value if self.result is None else self.result.read(value)
        if not self.checks:
            return value
        for check in self.checks:
            given = check(held)
            held = held if given is None else given
        return held if self.result is None else self.result.written(held)

    def refuse_saving(self, where: str) -> None:
        """Raises ManifestError by name for what would be lost."""
        lost = [what for what, held in (("instructions", self.words), ("validate", self.checks)) if held]
        if lost:
            mend = "give instructions as a text, and validate=… to the call instead of the agent"
            raise ManifestError(f"its {lost[0]} is a function, which no manifest holds", where=where, mend=mend)


def as_checks(check: Check | None) -> tuple[Check, ...]:
    """A validator, fed with the deps that it names. Raises ConfigError for what is no function."""
    if check is None:
        return ()
    if not callable(check) or inspect.isclass(check):
        what = f"validate is {check!r:.60}"
        raise ConfigError(what, mend="give a function of the result, which may raise ygg.Retry('why')")
    return (with_deps(as_plain(check)),)


def _takes_deps(function: Callable[..., Any]) -> bool:
    return bool(inspect.signature(function).parameters)


NOTHING = Asked()
