"""Classifier-free guidance."""

from __future__ import annotations

from typing import ClassVar, TypedDict

from yggdrasil.contract import Block
from yggdrasil.ports import Pred


class GuidedPred(TypedDict):
    pred_guided: Pred


class ClassifierFree(Block, type="guidance/cfg", role="Guidance"):
    """Move the prediction away from the unconditional one: u + scale · (c − u) (Ho & Salimans 2022, eq. 6).

    At scale 1 there is no unconditional half and the conditional prediction passes as it is.
    """

    pure: ClassVar[bool] = True

    def forward(self, pred_cond: Pred, pred_uncond: Pred | None = None, scale: float = 1.0) -> GuidedPred:
        if pred_uncond is None:
            return {"pred_guided": pred_cond}
        return {"pred_guided": pred_uncond + scale * (pred_cond - pred_uncond)}
