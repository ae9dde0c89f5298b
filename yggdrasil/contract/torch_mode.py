"""The one door to a torch module: who wants a block's module to compute goes through here, and nowhere else."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from yggdrasil.contract.context import here, standing
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.run_mode import Worn

if TYPE_CHECKING:
    from torch import nn

    from yggdrasil.contract.block import Block

T = TypeVar("T")


@contextmanager
def computing(*, learns: bool | None = None) -> Generator[None]:
    """Inside, modules compute as the run says: without gradients, or in the caller's grad mode where it learns.

    `learns` is for what never learns, or always does.
    """
    import torch

    if here().mode.learning if learns is None else learns:
        yield
    else:
        with torch.inference_mode():
            yield


@contextmanager
def learning() -> Generator[None]:
    """Every run inside keeps what a backward pass needs, in the caller's grad mode, autocast and thread.

    Nothing is answered from a cache, and nothing is kept in one. What learns is what `unfreeze` gave.
    """
    place = here()
    with standing(place.but(mode=replace(place.mode, learning=True))):
        yield


@contextmanager
def wearing(worn: Mapping[Block, Worn]) -> Generator[None]:
    """Whatever calls these blocks inside computes with what they wear here, also in threads of its own.

    The blocks and their modules are not changed: elsewhere, at the same time, they are bare or wear another thing.
    """
    place = here()
    more = {block.serial: one for block, one in worn.items()}
    with standing(place.but(mode=replace(place.mode, worn={**place.mode.worn, **more}))):
        yield


def lasting(function: Callable[..., T]) -> Callable[..., T]:
    """A function whose results are kept from one run to another: none of them is an inference tensor."""

    @functools.wraps(function)
    def made(*args: Any) -> T:
        import torch

        with torch.inference_mode(False), torch.no_grad():
            return function(*args)

    return made


def as_learnable(value: Any) -> Any:
    """The value as a learning run can take it: a tensor that was made without gradients is copied."""
    if hasattr(value, "is_inference") and value.is_inference():
        return value.clone()
    return value


@functools.cache
def multiplies_bfloat16(device: str) -> bool:
    """A CPU without such instructions takes eight times as long for bfloat16 as for float32 (measured on AVX2)."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    asked = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return device == "cpu" and any(ask() for ask in asked if ask is not None)


def moved(module: nn.Module, device: str, where: str) -> nn.Module:
    """The module on a device. Raises ConfigError for one that torch does not have here."""
    if device == "cpu":
        return module
    check_device(device, where)
    return module.to(device)


def check_device(device: str, where: str) -> None:
    """Raise ConfigError for a device that torch does not have here."""
    import torch

    try:
        torch.empty(1, device=device).cpu()
    except (AssertionError, RuntimeError, NotImplementedError) as error:  # each backend refuses by another of them
        known = ["cpu", *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
        known += ["mps"] if torch.backends.mps.is_available() else []
        what = f"cannot compute on {device!r} ({str(error).splitlines()[0]:.80})"
        mend = f"set its device to what torch has here: {', '.join(known)}"
        raise ConfigError(what, where=where, mend=mend) from None
