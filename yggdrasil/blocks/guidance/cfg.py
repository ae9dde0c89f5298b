"""Classifier-free guidance."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, TypedDict

from yggdrasil.contract import Block, FurtherCall
from yggdrasil.ports import Pred

UNCONDITIONAL = FurtherCall(
    instead={
        "condition": ("Projection.negative_embedding", "Conditioner.negative_embedding"),
        "pooled": ("Projection.negative_pooled", "Conditioner.negative_pooled"),
    },
    shown={"condition": "negative"},
    unless="scale",
)
"""The same block called with the negative condition; one that is told the scale was taught to do without."""


class GuidedPred(TypedDict):
    pred_guided: Pred


class ClassifierFree(Block, type="guidance/cfg", role="Guidance"):
    """Move the prediction away from the unconditional one: u + scale · (c − u) (Ho & Salimans 2022, eq. 6).

    At scale 1 the unconditional prediction is not asked for, and the conditional one passes as it is.
    """

    pure: ClassVar[bool] = True

    def forward(self, pred_cond: Pred, pred_uncond: Pred | None = None, scale: float = 1.0) -> GuidedPred:
        if pred_uncond is None or scale == 1.0:
            return {"pred_guided": pred_cond}
        return {"pred_guided": pred_uncond + scale * (pred_cond - pred_uncond)}

    @property
    def further_calls(self) -> Mapping[str, FurtherCall]:
        return {"pred_uncond": UNCONDITIONAL}

    def unread(self, given: Mapping[str, Any]) -> Collection[str]:
        return ("pred_uncond",) if given.get("scale") == 1.0 else ()
