"""A block that may fail for a moment or hang, as a node that is patient: made again, and stopped in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, TypedDict, Unpack

from pydantic import Field

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.functions import Given, as_block
from yggdrasil.contract.journal_effects import may_repeat
from yggdrasil.contract.ports import Ports
from yggdrasil.engine.cycle.tried_again import drive_again

_BODY = "body"


class RetryingSettings(TypedDict, total=False):
    """What `Retrying(…)` takes beside its body."""

    times: int
    wait: float
    seconds: float | None


class Retrying(Block, type="retrying"):
    """Run a body, and again where it fails: `times` times more, after `wait` seconds, then twice as long, up to 8.

    `seconds`: how long one attempt may take; one that takes longer is told to stop, and is a failure (TooSlow).
    Every attempt draws from the same seed: what it gives in the end is what it would have given at once. Bad inputs,
    cancelling and questions to a person are raised as they come.
    """

    pure: ClassVar[bool] = True
    kind: ClassVar[str] = "graph"
    times: Annotated[int, Field(ge=0, le=10_000)] = 2
    wait: Annotated[float, Field(ge=0, le=3600)] = 0.5
    seconds: Annotated[float, Field(gt=0, le=86400)] | None = None

    def __init__(self, body: Given | None = None, **settings: Unpack[RetryingSettings]) -> None:
        super().__init__(**settings)
        self.body = as_block(body, "retried thing")
        self._known: tuple[Ports, Ports] | None = None
        if self.times and not may_repeat(self.body):
            mend = "give times=0 with seconds=…, or let it be repeatable"
            raise ConfigError(f"{self.body.name} must not be done twice", where=self.name, mend=mend)

    def children(self) -> Mapping[str, Block]:
        return {_BODY: self.body}

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        return cls(nodes.get(_BODY), **config)

    @property
    def inputs(self) -> Ports:
        return self.body.inputs

    @property
    def outputs(self) -> Ports:
        gives = self.body.outputs
        if self._known is None or self._known[0] is not gives:
            self._known = gives, {name: replace(port, bare=False) for name, port in gives.items()}
        return self._known[1]

    def forward(self, *_: Any, **inputs: Any) -> dict[str, Any]:
        place = here().below(_BODY)
        return drive_again(self.body, inputs, place, times=self.times, seconds=self.seconds, wait=self.wait)


def retrying(body: Given, times: int = 2, *, wait: float = 0.5, seconds: float | None = None) -> Retrying:
    """`body` as a block that is tried again where it fails, and stopped where it hangs (see Retrying).

    Raises ConfigError for a body that must not be done twice.
    """
    return Retrying(body, times=times, wait=wait, seconds=seconds)
