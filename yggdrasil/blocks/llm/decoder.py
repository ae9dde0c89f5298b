"""Scoring and continuing of texts on one causal model, many at once over one shared prefix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from yggdrasil.blocks.llm.grammar import GrammarState
from yggdrasil.blocks.llm.prefix import CHUNK, PrefixEntry, Prefixes
from yggdrasil.blocks.llm.sampling import Sampling, draw, generators
from yggdrasil.blocks.llm.vocabulary import Vocabulary
from yggdrasil.contract import PortError, here
from yggdrasil.contract.lanes import DeviceQueue
from yggdrasil.contract.spending import spend

if TYPE_CHECKING:
    import torch
    from torch import nn

PACK = 8 * CHUNK
"""Candidate tokens that are scored in one call of the model."""


@dataclass
class GeneratedText:
    """One text as it is written: token ids, its bytes, and whether it is whole ("stop") or cut ("length")."""

    generator: torch.Generator
    guide: GrammarState | None
    ids: list[int] = field(default_factory=list[int])
    written: bytes = b""
    finish: str = "length"


class CausalDecoder:
    """A causal model with its vocabulary and its memory of read prefixes; one generation at a time."""

    def __init__(self, model: nn.Module, vocabulary: Vocabulary, context: int, slots: int) -> None:
        self.model = model
        self.vocabulary = vocabulary
        self.prefixes = Prefixes(model, context, slots)
        self.line = DeviceQueue()
        self._guides: dict[str, GrammarState] = {}

    def guide(self, grammar: str) -> GrammarState:
        """A fresh walk through a grammar; the last few compiled ones are kept."""
        if grammar not in self._guides:
            if len(self._guides) >= 8:
                del self._guides[next(iter(self._guides))]
            self._guides[grammar] = GrammarState(self.vocabulary.table, grammar)
        return self._guides[grammar].copy()

    def score(self, prefix: str, candidates: list[str]) -> list[float]:
        """Mean log-probability per token of each candidate after the prefix."""
        texts = [self.vocabulary.encode(candidate) for candidate in candidates]
        for candidate, ids in zip(candidates, texts, strict=True):
            if not ids:
                raise PortError(f"candidate {candidate!r} has no tokens", where=here().path, mend="leave it out")
        start = self.vocabulary.start(prefix)
        spend(here(), {"prompt": len(start) + sum(map(len, texts))})
        with self.line.turn(here().cancel, here().path):
            slot = self.prefixes.prefill(start, max(PACK, *(len(ids) for ids in texts), 0))
            totals = [float(_log_probability(slot.logits, ids[0])) for ids in texts]
            for rows in _packs(texts):
                for row, value in zip(rows, self._tails(slot, [texts[r] for r in rows]), strict=True):
                    totals[row] += value
        return [total / len(ids) for total, ids in zip(totals, texts, strict=True)]

    def _tails(self, slot: PrefixEntry, texts: list[list[int]]) -> list[float]:
        """Log-probability of each text past its first token, all in one packed row."""
        import torch

        fed = [ids[:-1] for ids in texts]
        ids = [token for part in fed for token in part]
        if not ids:
            return [0.0] * len(texts)
        length = len(slot.ids)
        owner = torch.tensor([row for row, part in enumerate(fed) for _ in part])
        own = (owner[:, None] == owner[None, :]).tril()
        allowed = torch.cat([torch.ones(len(ids), length, dtype=torch.bool), own], dim=1)
        positions = [length + i for part in fed for i in range(len(part))]
        with _branch(slot):
            logits = self.prefixes.forward(slot, ids, allowed, positions, len(ids))
        wanted = torch.tensor([token for part in texts for token in part[1:]])
        each = (logits.gather(1, wanted[:, None])[:, 0] - logits.logsumexp(dim=1)).double()
        sums = torch.zeros(len(texts), dtype=torch.float64).index_add_(0, owner, each)
        return [float(value) for value in sums]

    def write(
        self,
        prefix: list[int],
        count: int,
        *,
        max_tokens: int,
        how: Sampling,
        seed: int,
        grammar: str | None = None,
        ban: list[str] | None = None,
        each: Callable[[bytes], None] | None = None,
    ) -> list[GeneratedText]:
        """`count` texts after the prefix, one token of each a call of the model; `each` hears the first one."""
        refuse = [word.lower().encode() for word in ban or []]
        with self.line.turn(here().cancel, here().path):
            start = self.guide(grammar) if grammar else None
            texts = [GeneratedText(g, start.copy() if start else None) for g in generators(seed, count)]
            slot = self.prefixes.prefill(prefix, count * max_tokens)
            assert slot.logits is not None
            first = slot.logits.numpy()
            live = [text for text in texts if self._advance(text, first, how, refuse)]
            with _branch(slot):
                self._grow(slot, texts, live, max_tokens, how, refuse, each)
        return texts

    def _grow(
        self,
        slot: PrefixEntry,
        texts: list[GeneratedText],
        live: list[GeneratedText],
        max_tokens: int,
        how: Sampling,
        refuse: list[bytes],
        each: Callable[[bytes], None] | None,
    ) -> None:
        import torch

        length = len(slot.ids)
        owner = torch.empty(0, dtype=torch.long)
        told = 0
        while True:
            if each is not None:
                each(texts[0].written[told:])
                told = len(texts[0].written)
            live = [text for text in live if len(text.ids) < max_tokens]
            if not live:
                return
            rows = torch.tensor([next(i for i, text in enumerate(texts) if text is one) for one in live])
            owner = torch.cat([owner, rows])
            own = owner[None, :] == rows[:, None]
            allowed = torch.cat([torch.ones(len(live), length, dtype=torch.bool), own], dim=1)
            positions = [length + len(text.ids) - 1 for text in live]
            last = [text.ids[-1] for text in live]
            logits = self.prefixes.forward(slot, last, allowed, positions, len(live)).numpy()
            live = [t for row, t in enumerate(live) if self._advance(t, logits[row], how, refuse)]

    def _advance(self, text: GeneratedText, logits: Any, how: Sampling, refuse: list[bytes]) -> bool:
        """Write one token of one text; false when it has come to its end."""
        mask = text.guide.mask() if text.guide else None
        written = text.written.lower()

        def refused(token: int) -> bool:
            tail = written + self.vocabulary.bytes_of(token).lower()
            return any(word in tail for word in refuse)

        token = draw(logits, mask, text.ids, how, text.generator, refused if refuse else None)
        if token < 0 or token in self.vocabulary.ends:
            text.finish = "stop" if token >= 0 else "length"
            return False
        text.ids.append(token)
        text.written += self.vocabulary.bytes_of(token)
        if text.guide is None:
            return True
        text.guide.take(token)
        if text.guide.ended:
            text.finish = "stop"
            return False
        return True


@contextmanager
def _branch(slot: PrefixEntry) -> Iterator[None]:
    """Inside, the slot's memory may grow by packed texts; afterwards it is the prefix again."""
    try:
        yield
    finally:
        slot.rewind()


def _packs(texts: list[list[int]]) -> list[list[int]]:
    """Rows in groups of at most PACK tokens to feed, in order."""
    groups: list[list[int]] = []
    size = PACK
    for row, ids in enumerate(texts):
        if size + len(ids) - 1 > PACK or not groups:
            groups.append([])
            size = 0
        groups[-1].append(row)
        size += len(ids) - 1
    return groups


def _log_probability(logits: Any, token: int) -> float:
    scores = np.asarray(logits, dtype=np.float64)
    top = scores.max()
    return float(scores[token] - top - np.log(np.exp(scores - top).sum()))
