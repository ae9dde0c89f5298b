"""What tells that a module is no longer as it was: torch's counters of changes, and a few of the values themselves."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from torch import Tensor, nn

_ticks = itertools.count(1)
_FEW = 4
_SMALL = 1024
"""Numbers up to which a tensor is compared whole."""
_GLANCED = 8
"""Tensors of a large module that a glance reads."""
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def mark(module: nn.Module) -> int:
    """Which version of its weights a module has: another after each change that torch counts; made in microseconds.

    A module of which something learns has another one each time: torch does not count what fused optimizers write.
    """
    found: list[int] = []
    learns = False
    for tensor in tensors_of(module):
        found.append(tensor.data_ptr())
        found.append(counted(tensor))
        learns = learns or tensor.requires_grad
    return hash((next(_ticks) if learns else 0, *found))


def fingerprint(module: nn.Module) -> int:
    """The mark and the sample: they tell changed weights also where torch counted nothing."""
    return hash((mark(module), sample(tensors_of(module))))


def counted(tensor: Tensor) -> int:
    """How often torch saw the tensor change."""
    return 0 if tensor.is_inference() else tensor._version  # pyright: ignore[reportPrivateUsage]


def sample(tensors: Iterable[Tensor]) -> bytes:
    """Small tensors whole; of each other one a few values at its begin, its middle and its end.

    A write that torch does not count (through `.data`) into other places of a large tensor alone is not seen.
    """
    return _bytes(row for tensor in tensors for row in _rows(tensor.detach(), (0.0, 0.5, 1.0)))


def glance(tensors: Sequence[Tensor]) -> bytes:
    """The sample of a small module; of one with many tensors the middle of a few, for what is asked at each run."""
    if len(tensors) <= _GLANCED:
        return sample(tensors)
    chosen = (tensors[number * (len(tensors) - 1) // (_GLANCED - 1)].detach() for number in range(_GLANCED))
    return _bytes(_few(tensor, 0.5) for tensor in chosen)


def manner(module: nn.Module) -> int:
    """Whether each part trains, and how many hooks it has: what changes results without changing weights."""
    found: list[Any] = []
    parts: list[Any] = [module]
    while parts:
        own = cast("dict[str, Any]", vars(parts.pop()))
        found += (own["training"], own.get("forward"), *[len(own[hooks]) for hooks in _HOOKS])
        parts += [part for part in own["_modules"].values() if part is not None]
    return hash(tuple(found))


def tensors_of(module: nn.Module) -> Iterator[Tensor]:
    """Every parameter and buffer; `nn.Module.parameters` takes four times as long."""
    parts: list[Any] = [module]
    while parts:
        own = cast("dict[str, dict[str, Any]]", vars(parts.pop()))
        for tensor in (*own["_parameters"].values(), *own["_buffers"].values()):
            if tensor is not None:
                yield tensor
        parts += [part for part in own["_modules"].values() if part is not None]


def _rows(tensor: Tensor, places: tuple[float, ...]) -> list[Tensor]:
    return [tensor.reshape(-1)] if tensor.numel() <= _SMALL else [_few(tensor, at) for at in places]


def _few(tensor: Tensor, at: float) -> Tensor:
    while tensor.dim() > 1 and tensor.numel():
        tensor = tensor[int(at * (len(tensor) - 1))]
    flat = tensor.reshape(-1)
    start = int(at * max(0, len(flat) - _FEW))
    return flat[start : start + _FEW]


def _bytes(rows: Iterable[Tensor]) -> bytes:
    """The rows as bytes, fetched from each device at once."""
    import torch

    by_device: dict[Any, list[Tensor]] = {}
    for row in rows:
        if not row.is_meta and row.numel():
            by_device.setdefault(row.device, []).append(row.contiguous().view(torch.uint8))
    return b"".join(torch.cat(found).numpy(force=True).tobytes() for found in by_device.values())
