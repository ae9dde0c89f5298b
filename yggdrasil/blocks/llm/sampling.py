"""Drawing the next token: penalty, temperature, min-p and top-p, each draw from the text's own generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

Logits = NDArray[np.float32]


@dataclass(frozen=True)
class Sampling:
    """How to draw. temperature 0 takes the likeliest; repetition > 1 damps tokens the text already has."""

    temperature: float = 0.8
    top_p: float = 0.9
    min_p: float = 0.05
    repetition: float = 1.1


def draw(
    logits: Logits,
    mask: NDArray[np.bool_] | None,
    written: list[int],
    how: Sampling,
    generator: torch.Generator,
    refused: Callable[[int], bool] | None = None,
) -> int:
    """One token id, or −1 if no token is legal.

    The grammar's mask comes first, so that no cut can leave it without a legal token. `refused` may turn a
    token down; then the next likeliest legal one is asked.
    """
    scores = logits.astype(np.float64)
    if how.repetition != 1.0 and written:
        seen = np.unique(np.asarray(written))
        scores[seen] = np.where(scores[seen] > 0, scores[seen] / how.repetition, scores[seen] * how.repetition)
    if mask is not None:
        scores[~mask] = -np.inf
    if not np.isfinite(scores.max()):
        return -1
    order, weights = _survivors(scores, how)
    if refused is not None:
        keep = [i for i, token in enumerate(order) if not refused(int(token))]
        if not keep:
            return _next_best(scores, refused)
        order, weights = order[keep], weights[keep]
    if how.temperature <= 0 or len(order) == 1:
        return int(order[0])
    return int(order[_pick(weights, generator)])


def _survivors(scores: NDArray[np.float64], how: Sampling) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Token ids that min-p and top-p leave, likeliest first (ties by id), and their probabilities."""
    if how.temperature <= 0:
        order = np.argsort(-scores, kind="stable")[:64]
        order = order[np.isfinite(scores[order])]
        return order, np.ones(len(order))
    weights = np.exp((scores - scores.max()) / how.temperature)
    total = weights.sum()
    candidates = np.flatnonzero(weights >= max(how.min_p, 1e-9))
    order = candidates[np.argsort(-weights[candidates], kind="stable")]
    mass = np.cumsum(weights[order]) / total
    cut = int(np.searchsorted(mass, how.top_p)) + 1
    order = order[:cut]
    return order, weights[order]


def _pick(weights: NDArray[np.float64], generator: torch.Generator) -> int:
    import torch

    point = float(torch.rand((), generator=generator, dtype=torch.float64)) * float(weights.sum())
    return min(int(np.searchsorted(np.cumsum(weights), point, side="right")), len(weights) - 1)


def _next_best(scores: NDArray[np.float64], refused: Callable[[int], bool]) -> int:
    for token in np.argsort(-scores, kind="stable"):
        if not np.isfinite(scores[token]):
            return -1
        if not refused(int(token)):
            return int(token)
    return -1


def generators(seed: int, count: int) -> list[Any]:
    """One generator for each text, so that a text never depends on how many others are drawn beside it."""
    import torch

    from yggdrasil.contract.seeds import derive_seed

    return [torch.Generator().manual_seed(derive_seed(seed, row)) for row in range(count)]
