"""A function at the face tells an argument that it has not as a setting is told: by the near name, or by ours."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from yggdrasil.contract.errors import ConfigError, did_you_mean

F = TypeVar("F", bound=Callable[..., Any])


def known_arguments(function: F) -> F:
    """The function, which raises ConfigError, not TypeError, for an argument by a name that it has not."""
    known = [name for name in inspect.signature(function).parameters if name != "self"]

    @functools.wraps(function)
    def called(*args: Any, **given: Any) -> Any:
        for name in given:
            if name not in known:
                what = f"there is no argument {name!r}"
                raise ConfigError(what, where=function.__name__, mend=did_you_mean(name, known))
        return function(*args, **given)

    return called  # pyright: ignore[reportReturnType]
