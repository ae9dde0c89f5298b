"""A part of a network that gives the same at every step of a run, computed at the first."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from yggdrasil.contract.torch_mode import lasting


class CachedModule(nn.Module):
    """A module without weights whose last result is kept: asked again for the same input, it gives it again."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self._last: tuple[Tensor, Any] | None = None

    def forward(self, given: Tensor) -> Any:
        last = self._last
        if last is not None and last[0].shape == given.shape and last[0].equal(given):
            return last[1]
        self._last = lasting(self._made)(given)
        return self._last[1]

    def _made(self, given: Tensor) -> tuple[Tensor, Any]:
        kept = given.clone()
        return kept, self.inner(kept)
