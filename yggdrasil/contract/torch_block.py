"""Blocks around one torch module: built from config, weights mapped from a file, one instance a process."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from yggdrasil.contract.block import Block, is_weights
from yggdrasil.contract.digest import digest
from yggdrasil.contract.errors import WeightsError
from yggdrasil.contract.weights import read_pieces

if TYPE_CHECKING:
    import torch
    from torch import nn

T = TypeVar("T")
_pool: weakref.WeakValueDictionary[tuple[str, ...], Any] = weakref.WeakValueDictionary()
_locks: dict[tuple[str, ...], threading.Lock] = {}
_guard = threading.Lock()


def one_instance(key: tuple[str, ...], load: Callable[[], T]) -> T:
    """The live object of this key, loaded once however many places and threads ask; dropped when none holds it."""
    with _guard:
        lock = _locks.setdefault(key, threading.Lock())
    with lock:
        found = _pool.get(key)
        if found is None:
            found = load()
            _pool[key] = found
        return found


def unfilled() -> Any:
    """Inside, `torch.empty` gives tensors without memory and nothing is initialised; buffers are computed as ever.

    So a module is built in the time that its objects take, and only what its file does not hold has values.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    class Unfilled(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            named: dict[str, Any] = kwargs or {}
            if func is torch.empty:
                return func(*args, **{**named, "device": "meta"})
            name = str(getattr(func, "__name__", ""))
            if name.endswith("_") and not name.startswith("_"):
                tensor: Any = args[0] if args else named.get("tensor")
                if isinstance(tensor, torch.Tensor) and tensor.is_meta:
                    return tensor
            return func(*args, **named)

    return Unfilled()


class TorchBlock(Block):
    """A block around one torch module. Write `build` (the empty module, from the config) and `forward`.

    `dtype` is what it computes in, whatever its file stores; `device` where. `auto` is bfloat16 where the device
    multiplies it in hardware, else float32.
    """

    heavy: ClassVar[bool] = True
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "float32"
    device: str = "cpu"

    _module: Any = None
    _adopted: bool = False

    def build(self) -> nn.Module:
        """The empty module that the config describes."""
        raise WeightsError("has no build", where=self.name, mend="write build: it makes the module from the config")

    @property
    def module(self) -> nn.Module:
        """The module with its weights: in eval mode, frozen, shared by all blocks of the same weights and config."""
        if self._module is None:
            self.file()
            key = ("+".join(ref.sha256 for ref in self.pieces().values()), *self._identity())
            self._module = one_instance(key, self._load)
        return self._module

    @module.setter
    def module(self, module: nn.Module) -> None:
        """Adopt a live module, such as one of a pipeline taken apart; its weights are saved with the block."""
        self._module = module.eval().requires_grad_(False)
        self._adopted = True
        self.files = {role: ref for role, ref in self.files.items() if not is_weights(role)}

    @property
    def torch_dtype(self) -> torch.dtype:
        import torch

        if self.dtype == "auto":
            return torch.bfloat16 if _multiplies_bfloat16(self.device) else torch.float32
        return getattr(torch, self.dtype)

    def tensors(self) -> dict[str, Any] | None:
        return dict(self._module.state_dict()) if self._adopted else None

    def identity(self) -> Any:
        """What `build` depends on (JSON); blocks of other types that agree in it share one module."""
        return [self.type_name, self.config()]

    def chosen(self, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The tensors of the file that this block uses; all, unless a block says otherwise."""
        return tensors

    def _identity(self) -> tuple[str, ...]:
        return (digest(self.identity()), str(self.torch_dtype), self.device)

    def _load(self) -> nn.Module:
        given = self.chosen(read_pieces([self.file(role) for role in self.pieces()], self.torch_dtype))
        with unfilled():
            module = self.build()
        try:
            problem: Any = module.load_state_dict(given, strict=False, assign=True)
        except RuntimeError as error:
            what = " ".join(str(error).split())[:300]
            mend = "the config and the file must be of one model"
            raise WeightsError(f"weights do not fit the config: {what}", where=str(self.file()), mend=mend) from None
        self._refuse(problem.missing_keys, problem.unexpected_keys)
        self._materialise_buffers(module)
        if self.device != "cpu":
            module = module.to(self.device)
        return module.eval().requires_grad_(False)

    def _refuse(self, missing: list[str], unexpected: list[str]) -> None:
        if missing or unexpected:
            raise WeightsError(
                f"weights do not fit the config: {len(missing)} tensors missing {missing[:3]}, "
                f"{len(unexpected)} unknown {unexpected[:3]}",
                where=str(self.file()),
                mend="the config and the file must be of one model",
            )

    def _materialise_buffers(self, module: nn.Module) -> None:
        """Buffers that no file holds (position ids, rotary frequencies) are computed, as at building."""
        meta = [n for n, b in module.named_buffers() if b.is_meta]
        if not meta:
            return
        whole = dict(self.build().named_buffers())
        held = module.state_dict().keys()
        for name in meta:
            owner, _, leaf = name.rpartition(".")
            target = module.get_submodule(owner)
            persistent = name in held
            target.register_buffer(leaf, whole[name], persistent=persistent)


@cache
def _multiplies_bfloat16(device: str) -> bool:
    """A CPU without such instructions takes eight times as long for bfloat16 as for float32 (measured on AVX2)."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    asked = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return device == "cpu" and any(ask() for ask in asked if ask is not None)
