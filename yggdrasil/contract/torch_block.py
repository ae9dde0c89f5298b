"""Blocks around one torch module: built from config, weights mapped from a file, one instance a process."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from yggdrasil.contract.block import Block, FileRef, is_weights
from yggdrasil.contract.building import Made, as_module, builds_alike, materialise, unfilled
from yggdrasil.contract.context import here
from yggdrasil.contract.digest import digest
from yggdrasil.contract.errors import ConfigError, WeightsError
from yggdrasil.contract.lanes import lane
from yggdrasil.contract.safetensors_header import holds
from yggdrasil.contract.shared_objects import one_module
from yggdrasil.contract.tensor_files import most_of, read_pieces, stored_dtype
from yggdrasil.contract.torch_mode import check_device, computing, moved, multiplies_bfloat16
from yggdrasil.contract.weight_marks import fingerprint, glance, manner, mark, tensors_of
from yggdrasil.contract.weights import suffix_of

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import nn

    from yggdrasil.contract.shared_weights import SharedWeights


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
    unfiled: ClassVar[str] = f"{Block.unfiled}; for weights of its own: block.module = block.build()"
    dtype: Dtype = "float32"
    device: str = "cpu"

    _module = None
    _stored = None
    """The fingerprint of the module that its files hold; None if none does."""
    _shared: SharedWeights | None = None
    """What of the pool the module is, or a view of; None for a module of the block's own."""
    _manner = 0
    _made: Made | None = None
    """What the block was as its module was made; None while it has none."""
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
        self.adopt(as_module(module, self.name).eval().requires_grad_(False))

    def adopt(self, module: nn.Module) -> None:
        """The same, and what of the module learns goes on learning."""
        self._shared, self._module, self._stored, self._most = None, module, None, None
        self._manner = manner(module)
        self.files = {role: ref for role, ref in self.files.items() if not is_weights(role)}
        self._made = self._as_it_is()

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
            made = self._as_it_is()
            shared, held = self._from_pool()
            self._shared, self._module, self._made = shared, held, made
        return held

    def _from_pool(self) -> tuple[SharedWeights, nn.Module]:
        shared = one_module(self._files_key(), self._load)
        self._stored, self._manner = fingerprint(shared.module), manner(shared.module)
        return shared, shared.module

    def _held(self, *, closely: bool = False) -> nn.Module | None:
        """Its module, if it still is what its settings and files say, or the block's own: else it is let go.

        Raises ConfigError where the block's own weights are in no file and fit its settings no more.
        """
        if self._module is None:
            return None
        anew, shared = self._set_anew(), self._shared
        if shared is not None:
            state = shared.state(self, closely=closely or anew)
            if state == "own":
                self._shared = None
            elif state == "stale" or anew:
                self._shared = self._module = None
        if anew and self._module is not None:
            self._module = self._still_own(self._module)
        return self._module

    def _as_it_is(self) -> Made:
        return Made(super().touched(), self._files_key(), (self._dtype_key(), self.device), self.config())

    def _set_anew(self) -> bool:
        """Whether its settings or files say another module than the one that it has."""
        made = self._made
        if made is None or super().touched() == made.touched:
            return False
        if self._files_key() != made.key:
            return True
        self._made = self._as_it_is()
        return False

    def _still_own(self, module: nn.Module) -> nn.Module | None:
        """Its own module under other settings: the same where they do not concern it; None where files hold it."""
        if self._version() == self._stored and manner(module) == self._manner and self._has_files():
            return None
        if not self._suits(module):
            mend = "set it back, save the block (`ygg.save`), and set it on what `ygg.load` gives"
            raise ConfigError("its settings no longer fit its weights, which no file holds", where=self.name, mend=mend)
        self._made = self._as_it_is()
        return module

    def _suits(self, module: nn.Module) -> bool:
        """Whether `build` makes now what it made, and the module computes where and in what it is said to."""
        made = self._made
        if made is None or made.key[0] != self._files_key()[0]:
            return False
        if made.how != (self._dtype_key(), self.device) and not self._computes_so(module):
            return False
        return builds_alike(self, made.config)

    def _computes_so(self, module: nn.Module) -> bool:
        import torch

        check_device(self.device, self.name)
        device = torch.empty(0, device=self.device).device
        said = self.dtype == "stored" and not self.pieces()
        return all(t.device == device for t in tensors_of(module)) and (said or most_of(module) == self.torch_dtype)

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
            return torch.bfloat16 if multiplies_bfloat16(self.device) else torch.float32
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

    def unsaved(self) -> str:
        from yggdrasil.contract.held_weights import lost_at_saving, memory_of

        return lost_at_saving(self, frozenset(map(memory_of, tensors_of(self._module)) if self._module else ()))

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
        self._shared, self._stored, self._made = None, self._version(), self._as_it_is()

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
        materialise(module, self.build)
        return moved(module, self.device, self.name).eval().requires_grad_(False)

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
        held = [path for path in paths if suffix_of(path) == ".safetensors" and holds(path, named)]
        where = ", ".join(str(path) for path in held or paths)
        mend = "the config and the files must be of one model: fetch what is missing, or name the right files"
        return WeightsError(f"weights do not fit the config: {what}", where=where, mend=mend)
