"""What every denoising network shares: its weights, one prompt for a whole batch, and several calls made as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, cast

from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Pred

if TYPE_CHECKING:
    import torch


class Prediction(TypedDict):
    pred: Pred


class Network(TorchBlock):
    """A module that predicts noise or velocity. `arch` is its config as diffusers writes it."""

    arch: dict[str, Any]

    def joined(self, calls: list[dict[str, Any]]) -> dict[str, Any] | None:
        """The latents of all calls as one batch, in their order, with a condition for each latent.

        Times and plain settings must be the same, and shapes alike: else None, each call is made alone.
        """
        batch = calls[0]["latent"].shape[0]
        made: dict[str, Any] = {}
        for name, port in self.inputs.items():
            values = [call.get(name) for call in calls]
            if all(value is None for value in values):
                continue
            if port.kind.name in ("latent", "embedding", "any"):
                one = _one_batch(values, batch)
                if one is None:
                    return None
                made[name] = one
            elif all(value is values[0] for value in values) or (port.plain and values.count(values[0]) == len(values)):
                made[name] = values[0]
            else:
                return None
        return made

    def parted(self, outputs: dict[str, Any], count: int) -> list[dict[str, Any]]:
        return [{name: _part(value, number, count) for name, value in outputs.items()} for number in range(count)]

    def _given(self, value: torch.Tensor, batch: int) -> torch.Tensor:
        """A condition for each latent of the batch, where the network computes; one prompt serves them all."""
        return _for_each(value, batch).to(self.device, self.torch_dtype)


def _for_each(value: torch.Tensor, batch: int) -> torch.Tensor:
    return value if value.shape[0] == batch else value.repeat(batch, *[1] * (value.dim() - 1))


def _part(value: Any, number: int, count: int) -> Any:
    """The part of one of the joined calls, in tensors and in lists and dicts of them."""
    if isinstance(value, dict):
        return {key: _part(one, number, count) for key, one in cast(dict[str, Any], value).items()}
    if isinstance(value, list | tuple):
        return [_part(one, number, count) for one in cast(list[Any], value)]
    return value.chunk(count)[number] if hasattr(value, "chunk") else value


def _one_batch(values: list[Any], batch: int) -> Any:
    """Tensors, or lists and dicts of tensors, of several calls one after another; None where they are not alike."""
    import torch

    first = values[0]
    if isinstance(first, list | tuple):
        rows = cast(list[list[Any]], values)
        if any(not isinstance(row, list | tuple) or len(row) != len(rows[0]) for row in rows):
            return None
        made = [_one_batch(list(column), batch) for column in zip(*rows, strict=True)]
        return None if any(part is None for part in made) else made
    if isinstance(first, dict):
        found = cast(list[dict[str, Any]], values)
        if any(not isinstance(one, dict) or one.keys() != found[0].keys() for one in found):
            return None
        parts = {key: _one_batch([one[key] for one in found], batch) for key in found[0]}
        return None if any(part is None for part in parts.values()) else parts
    if any(not isinstance(value, torch.Tensor) for value in values):
        return None
    each = [_for_each(value, batch) for value in values]
    return torch.cat(each) if all(one.shape == each[0].shape for one in each) else None
