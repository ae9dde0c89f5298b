"""Key-value memory of read prefixes, cut at fixed points, so that warm and cold runs give the same bytes."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yggdrasil.contract import ConfigError, here
from yggdrasil.contract.libraries import IMPORTING
from yggdrasil.contract.torch_mode import computing

if TYPE_CHECKING:
    import torch
    from torch import nn

CHUNK = 32
"""Tokens that are read at once. Every prefix is read in chunks that begin at multiples of it, warm or cold."""


@dataclass
class PrefixEntry:
    """The memory of one prefix: `ids` were read, `logits` (vocabulary,) float32 follow the last of them."""

    cache: Any
    ids: list[int] = field(default_factory=list[int])
    logits: torch.Tensor | None = None
    used: int = 0

    def cut(self, length: int) -> None:
        """Forget everything past `length` tokens."""
        del self.ids[length:]
        self.logits = None
        self.rewind()

    def rewind(self) -> None:
        """Drop what was written past `ids`, such as texts that were tried out, or a reading cut short."""
        for layer in self.cache.layers:
            layer.length = len(self.ids)


def _buffer_cache(layers: int, capacity: int) -> Any:
    """A transformers cache that writes into one buffer a layer; `layer.length` can be set back for free."""
    with IMPORTING:
        from transformers.cache_utils import Cache, CacheLayerMixin

    class BufferLayer(CacheLayerMixin):
        is_sliding = False

        def __init__(self) -> None:
            super().__init__()
            self.length = 0

        def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
            rows, heads, _, width = key_states.shape
            self.keys = key_states.new_empty((rows, heads, capacity, width))
            self.values = value_states.new_empty((rows, heads, capacity, value_states.shape[-1]))
            self.is_initialized = True

        def update(
            self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
        ) -> tuple[torch.Tensor, torch.Tensor]:
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
            assert self.keys is not None and self.values is not None
            end = self.length + key_states.shape[-2]
            self.keys[:, :, self.length : end] = key_states
            self.values[:, :, self.length : end] = value_states
            self.length = end
            return self.keys[:, :, :end], self.values[:, :, :end]

        def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
            return self.length + query_length, 0

        def get_seq_length(self) -> int:
            return self.length

        def get_max_length(self) -> int:
            return capacity

    return Cache(layers=[BufferLayer() for _ in range(layers)])


def shared_length(a: list[int], b: list[int]) -> int:
    """How many leading tokens two texts share."""
    n = min(len(a), len(b))
    if a[:n] == b[:n]:
        return n
    return next(i for i in range(n) if a[i] != b[i])


class Prefixes:
    """A few read prefixes of one model; the least recently used makes room.

    A new text takes over the cached tokens that it shares with an old one, down to a multiple of CHUNK, and
    reads the rest in the chunks that a cold reading would use. So the memory never changes a result. It is read
    without gradients, also while the run learns: none passes through text.
    """

    def __init__(self, model: nn.Module, capacity: int, slots: int = 4) -> None:
        self.model = model
        self.capacity = capacity
        self.slots = slots
        self.held: list[PrefixEntry] = []
        self.clock = 0
        self.read = 0
        self.reused = 0
        names = inspect.signature(type(model).forward).parameters
        self._cache_name = "cache" if "cache" in names else "past_key_values"

    def forward(self, slot: PrefixEntry, ids: list[int], allowed: torch.Tensor, positions: list[int], keep: int) -> Any:
        """Logits (keep, vocabulary), float32, after reading `ids` in one packed row on top of the slot.

        `allowed` (tokens, slot + tokens) is true where a token may look.
        """
        import torch

        here().check()
        with computing(learns=False):
            dtype = next(self.model.parameters()).dtype
            mask = torch.zeros(allowed.shape, dtype=dtype).masked_fill_(~allowed, torch.finfo(dtype).min)
            out = self.model(
                input_ids=torch.tensor([ids]),
                attention_mask=mask[None, None],
                position_ids=torch.tensor([positions]),
                use_cache=True,
                logits_to_keep=keep,
                **{self._cache_name: slot.cache},
            )
            return out.logits[0].float()

    def prefill(self, ids: list[int], room: int = 0) -> PrefixEntry:
        """The slot that holds exactly `ids` and the logits after them; `room` tokens more must fit."""
        if len(ids) + room > self.capacity:
            raise ConfigError(
                f"a text of {len(ids)} tokens and {room} more do not fit the context of {self.capacity}",
                where=here().path,
                mend="Raise `context` in the block's config, or shorten the text",
            )
        slot, keep = self._best(ids)
        self.clock += 1
        slot.used = self.clock
        if slot.ids == ids and slot.logits is not None:
            self.reused += len(ids)
            return slot
        slot.cut(keep)
        self.reused += keep
        self._read(slot, ids)
        return slot

    def _read(self, slot: PrefixEntry, ids: list[int]) -> None:
        import torch

        for start in range(len(slot.ids), len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            size = len(part)
            own = torch.ones(size, size, dtype=torch.bool).tril()
            allowed = torch.cat([torch.ones(size, start, dtype=torch.bool), own], dim=1)
            logits = self.forward(slot, part, allowed, list(range(start, start + size)), 1)
            slot.ids.extend(part)
            slot.logits = logits[-1]
            self.read += size

    def _best(self, ids: list[int]) -> tuple[PrefixEntry, int]:
        """The slot to read into, and how many of its tokens stay."""
        exact = next((s for s in self.held if s.ids == ids and s.logits is not None), None)
        if exact is not None:
            return exact, len(ids)
        shared = [(min(shared_length(s.ids, ids), len(ids) - 1) // CHUNK * CHUNK, s) for s in self.held]
        keep, slot = max(shared, key=lambda pair: pair[0], default=(0, None))
        if slot is not None and keep and len(slot.ids) - keep <= 2 * CHUNK:
            return slot, keep
        fresh = self._room(slot if keep else None)
        if slot is not None and keep:
            _copy(slot, fresh, keep)
        return fresh, keep

    def _room(self, spare: PrefixEntry | None) -> PrefixEntry:
        """A new slot, or the least recently used one but `spare`."""
        if len(self.held) < self.slots:
            layers = int(self.model.config.get_text_config().num_hidden_layers)  # pyright: ignore
            self.held.append(PrefixEntry(_buffer_cache(layers, self.capacity)))
            return self.held[-1]
        oldest = min((s for s in self.held if s is not spare or self.slots == 1), key=lambda s: s.used)
        return oldest


def _copy(source: PrefixEntry, target: PrefixEntry, length: int) -> None:
    if source is target:
        return
    target.cut(0)
    with computing(learns=False):
        for old, new in zip(source.cache.layers, target.cache.layers, strict=True):
            new.length = 0
            new.update(old.keys[:, :, :length], old.values[:, :, :length])
    target.ids = source.ids[:length]
