"""Blocks around one torch module: built from config, weights mapped from a file, one instance a process."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from yggdrasil.contract.block import Block, FileRef, is_weights
from yggdrasil.contract.computing import computing
from yggdrasil.contract.context import here
from yggdrasil.contract.digest import digest
from yggdrasil.contract.errors import WeightsError
from yggdrasil.contract.lanes import lane
from yggdrasil.contract.pool import one_module
from yggdrasil.contract.safetensors_header import table_of
from yggdrasil.contract.tensor_files import most_of, read_pieces, stored_dtype
from yggdrasil.contract.weight_marks import fingerprint, glance, manner, mark, tensors_of
from yggdrasil.contract.weights import suffix_of

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import nn

    from yggdrasil.contract.shared_weights import SharedWeights


def unfilled() -> Any:
    """Inside, `torch.empty` gives tensors without memory and nothing is initialised; buffers are computed as ever.

    So a module is built in the time that its objects take, and only what its file does not hold has values. It holds
    for this thread: accelerate's `init_empty_weights` takes the values of what other threads build meanwhile, too.
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


Dtype = Literal["auto", "stored", "float32", "bfloat16", "float16"]


class TorchBlock(Block):
    """A block around one torch module. Write `build` (the empty module, from the config) and `forward`.

    In `forward` the module computes inside of `with self.computing() as module:`, so that the same code serves runs
    that learn, and a place that has the block wear an adapter.

    `dtype` is what it computes in, whatever its file stores; `device` where. `auto` is bfloat16 where the device
    multiplies it in hardware, else float32. `stored` leaves each tensor as its file has it, and computes in the dtype
    of most of them. Any of them leaves whole numbers and floats of 8 and 64 bits as they are.
    """

    heavy: ClassVar[bool] = True
    dtype: Dtype = "float32"
    device: str = "cpu"

    _module = None
    _stored = None
    """The fingerprint of the module that its files hold; None if none does."""
    _shared: SharedWeights | None = None
    """What of the pool the module is, or a view of; None for a module of the block's own."""
    _manner = 0
    _most: tuple[tuple[str, ...], torch.dtype] | None = None

    def build(self) -> nn.Module:
        """The empty module that the config describes."""
        raise WeightsError("has no build", where=self.name, mend="write build: it makes the module from the config")

    @property
    def module(self) -> nn.Module:
        """The bare module with its weights: in eval mode, frozen; its memory is shared by all blocks of the same
        weights and config, its modes and hooks are this block's.

        Whoever changes its weights makes them this block's own: they are no longer given to others, who read theirs
        from their files again, and are saved with the block. To train, call `unfreeze`, which writes into no memory
        that is shared. A write that torch does not count (through `.data`) is seen by some of the values only, and by
        others at the latest when they are saved or a block is loaded.
        """
        module, shared = self._bare(), self._shared
        if shared is not None and module is shared.module:
            module = shared.view(self)
            self._module, self._stored, self._manner = module, fingerprint(module), manner(module)
        return module

    @module.setter
    def module(self, module: nn.Module) -> None:
        """Adopt a live module, such as one of a pipeline taken apart; its weights are saved with the block."""
        self.adopt(module.eval().requires_grad_(False))

    def adopt(self, module: nn.Module) -> None:
        """The same, and what of the module learns goes on learning."""
        self._shared, self._module, self._stored, self._most = None, module, None, None
        self._manner = manner(module)
        self.files = {role: ref for role, ref in self.files.items() if not is_weights(role)}

    def weights_key(self) -> tuple[str, ...]:
        """The same for all blocks that share one module; reads no weights."""
        if self._held(closely=True) is not None and self._version() != self._stored:
            return ("own", str(id(self._module)))
        return self._files_key()

    def _files_key(self) -> tuple[str, ...]:
        return ("+".join(ref.sha256 for ref in self.pieces().values()), *self._identity())

    def _bare(self) -> nn.Module:
        """What computes: the module of the pool, or the block's own. Nobody who may change it gets it from here."""
        held = self._held()
        if held is None:
            self.file()
            shared, held = self._from_pool()
            self._shared, self._module = shared, held
        return held

    def _from_pool(self) -> tuple[SharedWeights, nn.Module]:
        shared = one_module(self._files_key(), self._load)
        self._stored, self._manner = fingerprint(shared.module), manner(shared.module)
        return shared, shared.module

    def _held(self, *, closely: bool = False) -> nn.Module | None:
        """Its module, if it still is what its settings and files say, or the block's own: else it is let go."""
        shared = self._shared
        if shared is None or self._module is None:
            return self._module
        state = shared.state(self, closely=closely)
        if state == "own":
            self._shared = None
        elif state == "stale":
            self._shared = self._module = None
        return self._module

    def worn_module(self) -> nn.Module:
        """What computes at the place that runs now: the module as the place has it dressed, else the bare one."""
        worn = here().mode.worn.get(self.serial)
        module, shared = self._bare(), self._shared
        if shared is not None:
            shared.computes(self)
        return module if worn is None else worn.over(module)

    @contextmanager
    def computing(self) -> Generator[nn.Module]:
        """The door to the module: inside, it computes as the run that asks wants it (to infer, to learn)."""
        place = here()
        module = self.worn_module()
        with lane(self.device).turn(place.cancel, place.path), computing():
            yield module

    @property
    def torch_dtype(self) -> torch.dtype:
        import torch

        if self.dtype == "auto":
            return torch.bfloat16 if _multiplies_bfloat16(self.device) else torch.float32
        return self._stored_dtype() if self.dtype == "stored" else getattr(torch, self.dtype)

    def _stored_dtype(self) -> torch.dtype:
        """What most of its weights are of, found once: by the files' headers, or by the module that was adopted."""
        files = tuple(ref.sha256 for ref in self.pieces().values())
        if self._most is None or self._most[0] != files:
            self._most = files, stored_dtype(self.weights_paths()) if files else most_of(self._bare())
        return self._most[1]

    def weights_paths(self) -> list[Path]:
        """The files of its weights, in the order of the pieces. Raises MissingFile."""
        return [self.file(role) for role in self.pieces()]

    def _tensors(self) -> dict[str, torch.Tensor]:
        """The tensors of its files, as it computes with them."""
        return self.chosen(read_pieces(self.weights_paths(), None if self.dtype == "stored" else self.torch_dtype))

    def unsaved(self) -> list[str]:
        return []

    def tensors(self) -> dict[str, Any] | None:
        module = self._held(closely=True)
        if module is None or (self._version() == self._stored and self._has_files()):
            return None
        return dict(module.state_dict())

    def _has_files(self) -> bool:
        """Whether the weights' files are still there: the folder of an earlier save may be gone, the module is not."""
        return all(ref.path is not None and ref.path.exists() for ref in self.pieces().values())

    def stored(self, ref: FileRef) -> None:
        super().stored(ref)
        self._shared, self._stored = None, self._version()

    def touched(self) -> Any:
        module = self._module
        if module is None:
            return (super().touched(), None)
        return (super().touched(), mark(module), manner(module), glance(list(tensors_of(module))))

    def altered(self) -> bool:
        """Also if somebody set its modes or gave it hooks."""
        return super().altered() or (self._module is not None and manner(self._module) != self._manner)

    def __getstate__(self) -> Any:
        """A copy of a block has a module of its own."""
        self._held(closely=True)
        return {name: value for name, value in vars(self).items() if name != "_shared"}

    def _version(self) -> int | None:
        return None if self._module is None else fingerprint(self._module)

    def identity(self) -> Any:
        """What `build` depends on (JSON); blocks of other types that agree in it share one module."""
        return [self.type_name, self.config()]

    def chosen(self, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The tensors of the file that this block uses; all, unless a block says otherwise."""
        return tensors

    def _identity(self) -> tuple[str, ...]:
        return (digest(self.identity()), self._dtype_key(), self.device)

    def _dtype_key(self) -> str:
        return "stored" if self.dtype == "stored" else str(self.torch_dtype)

    def _load(self) -> nn.Module:
        given = self._tensors()
        with unfilled():
            module = self.build()
        missing, unexpected = self._filled(module, given)
        self._refuse(module, missing, unexpected)
        self._materialise_buffers(module)
        if self.device != "cpu":
            module = module.to(self.device)
        return module.eval().requires_grad_(False)

    def _filled(self, module: nn.Module, given: dict[str, torch.Tensor]) -> tuple[list[str], list[str]]:
        """Put the tensors into the module; those that it lacks, and those that it does not know."""
        try:
            problem: Any = module.load_state_dict(given, strict=False, assign=True)
        except RuntimeError as error:
            what = " ".join(str(error).split())[:300]
            named = re.findall(r"size mismatch for ([^\s:]+):", what)
            raise self._misfit(what, named[:1]) from None
        return list(problem.missing_keys), list(problem.unexpected_keys)

    def _refuse(self, module: nn.Module, missing: list[str], unexpected: list[str]) -> None:
        if missing or unexpected:
            all_ = len(module.state_dict())
            found = f"{all_ - len(missing)} of {all_} tensors are there"
            lost = f"{len(missing)} tensors missing {missing[:3]}, {len(unexpected)} unknown {unexpected[:3]}"
            raise self._misfit(f"{found}, {lost}", [] if missing else unexpected[:1])

    def _misfit(self, what: str, named: list[str]) -> WeightsError:
        """The error at the piece that holds the tensor `named`, or at all of them."""
        paths = self.weights_paths()
        held = [path for path in paths if suffix_of(path) == ".safetensors" and _holds(path, named)]
        where = ", ".join(str(path) for path in held or paths)
        mend = "the config and the files must be of one model: fetch what is missing, or name the right files"
        return WeightsError(f"weights do not fit the config: {what}", where=where, mend=mend)

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


def _holds(path: Path, names: list[str]) -> bool:
    """Whether a file has a tensor of such a name, maybe behind a prefix that the block takes off."""
    return any(name == held or held.endswith(f".{name}") for held in table_of(path).tensors for name in names)


@cache
def _multiplies_bfloat16(device: str) -> bool:
    """A CPU without such instructions takes eight times as long for bfloat16 as for float32 (measured on AVX2)."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    asked = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return device == "cpu" and any(ask() for ask in asked if ask is not None)
