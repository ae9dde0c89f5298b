"""How a module is built without memory for its weights, and what its building decides, to compare two of them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from yggdrasil.contract.config import validated
from yggdrasil.contract.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from yggdrasil.contract.torch_block import TorchBlock


class Made(NamedTuple):
    """What a block was as its module was made: `touched` tells at once that nothing changed, `key` whether it says
    the same still; `how` is its dtype and device, `config` its settings as a manifest holds them.
    """

    touched: Any
    key: tuple[str, ...]
    how: tuple[str, str]
    config: dict[str, Any]


def as_module(given: Any, where: str) -> nn.Module:
    """The module that is given to a block by hand. Raises ConfigError for what is none."""
    from torch import nn

    if isinstance(given, nn.Module):
        return given
    what, mend = type(given).__name__, "give a module, such as block.build() makes"
    if isinstance(given, type):
        what, mend = f"the class {given.__name__}", f"give an object: {given.__name__}(…)"
    elif isinstance(given, Mapping):
        mend = "put weights into a module first: net = block.build(); net.load_state_dict(weights); block.module = net"
    raise ConfigError(f"takes a module of torch, not {what}", where=f"{where}.module", mend=mend)


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


def materialise(module: nn.Module, build: Callable[[], nn.Module]) -> None:
    """Compute the buffers that no file holds (position ids, rotary frequencies), as at building."""
    meta = [name for name, buffer in module.named_buffers() if buffer.is_meta]
    if not meta:
        return
    whole = dict(build().named_buffers())
    held = module.state_dict().keys()
    for name in meta:
        owner, _, leaf = name.rpartition(".")
        module.get_submodule(owner).register_buffer(leaf, whole[name], persistent=name in held)


def copied(module: nn.Module, instead: Mapping[int, Tensor]) -> nn.Module:
    """A copy of its own parts and hooks, in which each tensor stands for the one of this `id`; others are copied.

    What older `weight_norm` and `spectral_norm` compute anew before each call, which Python cannot copy, is shared.
    """
    import torch

    memo: dict[int, Any] = dict(instead)
    for part in module.modules():
        made = (value for value in vars(part).values() if isinstance(value, torch.Tensor) and not value.is_leaf)
        memo |= {id(value): value.detach() for value in made if id(value) not in memo}
    return copy.deepcopy(module, memo)


def builds_alike(block: TorchBlock, config: dict[str, Any]) -> bool:
    """Whether `block` builds the module that it built when its settings were `config`; as far as `form` tells."""

    def built(settings: dict[str, Any]) -> list[Any]:
        other = object.__new__(type(block))
        vars(other).update({**vars(block), "_made": None, **settings})
        with unfilled():
            return form(other.build())

    return built(validated(type(block), config)) == built({})


def form(module: nn.Module) -> list[Any]:
    """Its parts with their classes, plain attributes and the shapes of their tensors: what settings may decide."""
    parts = cast("Iterator[tuple[str, nn.Module]]", module.named_modules(remove_duplicate=False))
    return [(name, type(part), _attributes(part)) for name, part in parts]


def _attributes(part: nn.Module) -> dict[str, str]:
    own = vars(part)
    tensors = {**own["_parameters"], **own["_buffers"]}
    shapes = {name: "" if tensor is None else f"{tensor.shape} {tensor.dtype}" for name, tensor in tensors.items()}
    return shapes | {name: repr(value) for name, value in own.items() if _plain(value)}


def _plain(value: Any) -> bool:
    """Whether its `repr` tells all of it."""
    if isinstance(value, dict):
        return all(map(_plain, cast("dict[Any, Any]", value).values()))
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_plain, cast("list[Any]", value)))
    return value is None or isinstance(value, bool | int | float | str)
