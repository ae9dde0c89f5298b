"""What a guidance asks for besides one prediction: the same block called again, at a place of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from yggdrasil.contract.run_mode import Worn


@dataclass(frozen=True)
class FurtherCall:
    """One more call of the block that feeds the input `like`; what it gives there feeds the input that asks.

    `instead`: input of that call → the outputs (`Role.port`) that feed it there, the most wanted first, those of the
    node that feeds the first call before others; all other inputs are as in the first call.
    `shown`: input → its name among the graph's own, where no node feeds it; without it the input is as in the first.
    `worn`: what the block wears at that place. `unless`: an input that says that a block needs no such call.
    """

    instead: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    shown: Mapping[str, str] = field(default_factory=dict[str, str])
    worn: Worn | None = None
    unless: str = ""
    like: str = "pred_cond"
