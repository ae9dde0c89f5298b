"""Objects that a script's own function may change: a misspelt attribute is refused, since it would change nothing."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any


class FixedFields:
    """A dataclass that takes no attribute beside its fields."""

    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None:
            if name not in self.__dataclass_fields__:
                raise _no_field(self, name)
            object.__setattr__(self, name, value)


def _no_field(of: Any, name: str) -> Exception:
    from yggdrasil.contract.errors import did_you_mean
    from yggdrasil.contract.own_attributes import NoAttribute

    return NoAttribute(
        f"has no {name!r}", where=type(of).__name__, mend=did_you_mean(name, [field.name for field in fields(of)])
    )
