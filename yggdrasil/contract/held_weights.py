"""What a block really holds: tensors, arrays and pictures at any depth of its attributes, whoever put them there."""

from __future__ import annotations

import dis
import functools
import gc
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from types import CellType, CodeType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from yggdrasil.contract.errors import YggError
from yggdrasil.contract.value_forms import BYTES, NotKeepable
from yggdrasil.contract.values import ATOMS, digest, form_of

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block

_OWN = __name__.partition(".")[0]
_NO_MEMORY = -1
_OF_MODULE = ("LOAD_GLOBAL", "LOAD_NAME")


def lost_at_saving(block: Block, kept: frozenset[int] = frozenset()) -> str:
    """The place of a large value that a loaded block would not have as this one has it; '' if there is none.

    What its settings alone decide is made again by loading: only what differs then is lost. `kept` is the memory
    (`memory_of`) of weights that are saved otherwise.
    """
    if "torch" not in sys.modules and "numpy" not in sys.modules and "PIL" not in sys.modules:
        return ""
    if held := _held(block, vars(block), kept):
        again = _built_again(block)
        for place, value in held.items():
            if not (place in again and _alike(value, again[place])):
                return place
    return _lost_of_class(block, kept)


def memory_of(value: Any) -> int:
    """Where the numbers of a tensor lie, the same for all views of them."""
    return value.untyped_storage().data_ptr() if hasattr(value, "untyped_storage") else _NO_MEMORY


def _lost_of_class(block: Block, kept: frozenset[int]) -> str:
    """The place of what learns on the class itself, or in what its functions enclose or read of their module.

    Code says no weights; a constant beside them, such as a mean, is made again where it is read.
    """
    for base in block.__class__.__mro__:
        if not _is_ours(base):
            parts = {name: part for name, part in vars(base).items() if not name.startswith("__")}
            for place, value in _held(block, parts, kept).items():
                if hasattr(value, "requires_grad") and (_is_parameter(value) or value.requires_grad):
                    return place
    return ""


def _built_again(block: Block) -> dict[str, Any]:
    """What the block that its settings make holds; of one with parts, what it computes when it is asked for."""
    torch = sys.modules.get("torch")
    undisturbed: AbstractContextManager[Any] = nullcontext() if torch is None else torch.random.fork_rng(devices=[])
    with undisturbed:
        try:
            whole = not block.children()
            other = block.__class__.assemble(block.config(), {}, block.structure()) if whole else block
        except (YggError, TypeError):
            return {}
        made = {name: _asked_for(other, part) for name, part in _computed(block).items() if name in vars(block)}
        return _held(other, {**vars(other), **made} if whole else made, frozenset())


def _asked_for(block: Block, part: functools.cached_property[Any]) -> Any:
    try:
        return part.func(block)
    except Exception:  # what cannot be made again is what it is: not the same
        return None


def _held(block: Block, parts: Mapping[str, Any], kept: frozenset[int]) -> dict[str, Any]:
    """Large values by place. Attributes that the package's own classes declare are theirs to keep."""
    found: dict[str, Any] = {}
    own = {name for base in block.__class__.__mro__ if _is_ours(base) for name in vars(base)} - {"forward"}
    seen = {id(block), *map(id, block.children().values())}
    stack = [(name, part) for name, part in list(parts.items())[::-1] if name not in own]
    while stack:
        place, value = stack.pop()
        if type(value) in ATOMS or id(value) in seen:
            continue
        seen.add(id(value))
        if (form := form_of(value)) is not None and form is not BYTES:
            if memory_of(value) not in kept:
                found[place] = value
        else:
            stack += [(f"{place}.{name}" if name else place, part) for name, part in _parts(value)][::-1]
    return found


def _is_ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == _OWN


def _computed(block: Block) -> dict[str, functools.cached_property[Any]]:
    """What the block computes when it is asked for, and keeps."""
    parts = (item for base in reversed(block.__class__.__mro__) if not _is_ours(base) for item in vars(base).items())
    return {name: part for name, part in parts if isinstance(part, functools.cached_property)}


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What an object is made of: members, attributes, the object of a bound method, what a function encloses."""
    cls = cast("type[Any]", type(value))
    if isinstance(value, dict):
        yield from ((str(name), part) for name, part in cast("dict[Any, Any]", value).items())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((str(number), part) for number, part in enumerate(cast("list[Any]", value)))
    elif isinstance(value, MethodType):
        yield "", value.__self__
    elif isinstance(value, functools.partial):
        yield from (("", part) for part in (value.func, *value.args, *value.keywords.values()))
    elif isinstance(value, FunctionType):
        yield from ((name, cell.cell_contents) for name, cell in _closure(value) if cell != CellType())
        yield from (("", part) for part in (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()))
        yield from _globals(value)
    elif isinstance(value, property):
        yield from (("", part) for part in (value.fget, value.fset, value.fdel))
    elif _is_module(value):
        yield from (*value.named_parameters(), *value.named_buffers())
    elif hasattr(cls, "__ygg_root__"):
        yield from _of_block(value)
    elif not (isinstance(value, type | ModuleType) or _is_ours(cls)):
        yield from _attributes(value)
        if isinstance(value, Collection):  # a deque, a view: what it refers to, without asking it for anything
            yield from ((str(number), part) for number, part in enumerate(gc.get_referents(value)))


def _closure(function: FunctionType) -> Iterator[tuple[str, CellType]]:
    return zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)


def _globals(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """What of its module a function reads; of functions only those of its own package."""
    codes, names = [function.__code__], set[str]()
    while codes:
        code = codes.pop()
        codes += [part for part in code.co_consts if isinstance(part, CodeType)]
        names |= {step.argval for step in dis.get_instructions(code) if step.opname in _OF_MODULE}
    package = function.__module__.partition(".")[0]
    for name in sorted(names & function.__globals__.keys()):
        part = function.__globals__[name]
        if not isinstance(part, FunctionType) or part.__module__.partition(".")[0] == package:
            yield name, part


def _of_block(block: Block) -> Iterator[tuple[str, Any]]:
    """What a block that is no part of this one would have to be saved with: nothing where files hold its weights."""
    tensors = block.tensors()
    yield from ({} if block.pieces() else vars(block)).items() if tensors is None else tensors.items()


def _is_module(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def _is_parameter(value: Any) -> bool:
    return isinstance(value, sys.modules["torch"].nn.Parameter)


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    yield from cast("dict[str, Any]", getattr(value, "__dict__", {})).items()
    for base in type(value).__mro__:
        for name, slot in vars(base).items():
            if isinstance(slot, MemberDescriptorType) and hasattr(value, name):
                yield name, getattr(value, name)


def _alike(value: Any, other: Any) -> bool:
    try:
        return digest(_bare(value)) == digest(_bare(other))
    except NotKeepable:
        return False


def _bare(value: Any) -> Any:
    return value.detach() if hasattr(value, "detach") else value
