"""What learns in a tree: copies of its own, so that nothing that is shared with others ever changes."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from yggdrasil.contract.block import Block
from yggdrasil.contract.building import copied
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.contract.tree import walk

if TYPE_CHECKING:
    from torch import Tensor, nn


def twin(module: nn.Module, instead: Mapping[int, Tensor] | None = None) -> nn.Module:
    """A module of the same shape that shares every parameter and buffer but those in `instead` (by `id`)."""
    shared: dict[int, Tensor] = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return copied(module, shared | dict(instead or {}))


def unfreeze(tree: Block, names: str = "*") -> dict[str, nn.Parameter]:
    """Let the parameters of `tree` learn whose `place:name` fits `names`; give them by that name, each once.

    They become copies of this tree's own, and so do the buffers beside them; frozen parameters stay shared. Blocks of
    the tree that share a module go on sharing it, and the name is of its first place. What is saved of the tree
    afterwards holds the new weights. Raises ConfigError where nothing fits; MissingFile for weights that are not here.
    """
    found: dict[str, nn.Parameter] = {}
    for holders in _shared(tree).values():
        if not any(fnmatchcase(place, names.partition(":")[0]) for place, _ in holders):
            continue
        first, block = holders[0]
        module = block.module
        chosen = {name for name, _ in module.named_parameters() if any(_fits(at, name, names) for at, _ in holders)}
        if not chosen:
            continue
        own = _learning(module, chosen)
        for _, holder in holders:
            holder.adopt(own)
        found |= {f"{first}:{name}": value for name, value in own.named_parameters() if name in chosen}
    if not found:
        mend = "a name is `place:parameter`, such as backbone:*.weight"
        raise ConfigError(f"no parameter is called {names!r}", where=tree.name, mend=mend)
    return found


def _shared(tree: Block) -> dict[tuple[str, ...], list[tuple[str, TorchBlock]]]:
    """The places and blocks of each module of the tree, in the order of the tree."""
    held: dict[tuple[str, ...], list[tuple[str, TorchBlock]]] = {}
    for place, block in walk(tree):
        if isinstance(block, TorchBlock):
            held.setdefault(block.weights_key(), []).append((place, block))
    return held


def _fits(place: str, name: str, names: str) -> bool:
    at, _, which = names.partition(":")
    return fnmatchcase(place, at) and fnmatchcase(name, which or "*")


def _learning(module: nn.Module, chosen: set[str]) -> nn.Module:
    import torch
    from torch import nn

    with torch.inference_mode(False), torch.no_grad():
        own: dict[int, Tensor] = {id(b): b.detach().clone() for b in module.buffers()}
        own |= {id(p): nn.Parameter(p.detach().clone()) for name, p in module.named_parameters() if name in chosen}
        return twin(module, own)
