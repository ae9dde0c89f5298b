"""The state that flows around the world's cycle: five blocks, and what a world declares beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field

from yggdrasil.contract.errors import YggError, did_you_mean
from yggdrasil.contract.plain import NotPlain, as_plain_json
from yggdrasil.engine.cycle.cycle_stages import BLOCKS, is_filled, missing


class StateError(YggError):
    """A block of the state is unknown, or its value is not what the block holds."""


class StateSchema(BaseModel):
    """What a world declares about its state: the fields that it holds beside the five blocks."""

    model_config = ConfigDict(extra="forbid")
    fields: list[str] = Field(default=[], description="names beside the five blocks")

    @property
    def names(self) -> tuple[str, ...]:
        return (*BLOCKS, *self.fields)


class State(Mapping[str, Any]):
    """An immutable state: block → JSON value. A block is *filled* if it is present and not empty."""

    def __init__(self, values: Mapping[str, Any] | None = None, schema: StateSchema | None = None) -> None:
        self.schema = schema or StateSchema()
        values = values or {}
        for name in values:
            if name not in self.schema.names:
                mend = did_you_mean(name, self.schema.names)
                raise StateError(f"a state has no block {name!r}", where="state", mend=mend)
        self._values = {k: _json(v, k) for k, v in values.items() if v is not None}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"State(filled={list(self.filled())})"

    def is_filled(self, block: str) -> bool:
        """Whether `block` is present and not empty (0 and False are values, hence not empty)."""
        return is_filled(self._values.get(block))

    def filled(self) -> tuple[str, ...]:
        """The filled ones of the five blocks, in canon's order."""
        return tuple(b for b in BLOCKS if self.is_filled(b))

    def missing(self, needed: Iterable[str] = BLOCKS) -> tuple[str, ...]:
        """The blocks of `needed` that are not filled; nothing missing of the five = a full state."""
        return tuple(missing(self._values, needed))

    @property
    def full(self) -> bool:
        return not self.missing()

    def slots(self) -> dict[str, dict[str, Any]]:
        """Slot → its `plan`, `artifact` and `description`, as far as each is there."""
        parts = {"plan": "plan", "artifacts": "artifact", "perception": "description"}
        found: dict[str, dict[str, Any]] = {}
        for block, part in parts.items():
            value = self._values.get(block)
            if isinstance(value, dict):
                for slot, entry in cast(dict[str, Any], value).items():
                    found.setdefault(slot, {})[part] = entry
        return found

    def to_json(self) -> dict[str, Any]:
        return dict(self._values)


def _json(value: Any, where: str) -> Any:
    """The value as plain JSON data (a copy). Raises StateError for anything else."""
    try:
        return as_plain_json(value, where)
    except NotPlain as odd:
        raise StateError(odd.what, where=odd.where, mend=odd.mend) from None
