"""A block under check: how it is run each time, and what its first run gave."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from yggdrasil.contract.artifacts import MemoryArtifacts
from yggdrasil.contract.block import Block
from yggdrasil.contract.context import Here, session, standing
from yggdrasil.contract.running import Outputs
from yggdrasil.contract.tree import walk
from yggdrasil.engine.flow.cache import value_key
from yggdrasil.levels.round_journal import Unrecordable, record
from yggdrasil.store.load import load
from yggdrasil.store.save import save
from yggdrasil.testing.other_process import Elsewhere

SEED = 7


class NotAsked(Exception):
    """The promise means nothing for this block; the message says why."""


@dataclass
class Subject:
    """One block under check, its inputs, and what its first run gave."""

    block: Block
    inputs: dict[str, Any]
    folder: Path
    other: Elsewhere
    repeats: bool = True
    varying: frozenset[str] = frozenset()
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def fresh(self) -> Block:
        """The block itself; one that lives on from run to run as it was before its first."""
        if not self.lives:
            return self.block
        copy = self.folder / f"life-{next(self._numbers)}"
        return load(shutil.copytree(self.saved, copy))

    @property
    def lives(self) -> bool:
        return any(type(part).keep is not Block.keep for _, part in walk(self.block))

    def run(self, block: Block | None = None, *, inputs: Mapping[str, Any] | None = None, seed: int = SEED) -> Outputs:
        """The outputs in a session of their own; at the same seed and with the same inputs, unless others are given."""
        with standing(Here(seed=seed)), session():
            return (block or self.fresh()).run(**(self.inputs if inputs is None else inputs))

    @cached_property
    def given(self) -> Outputs:
        """What its first run gave."""
        return self.run()

    @cached_property
    def first(self) -> dict[str, str]:
        return self.digests(self.given)

    def recordable(self) -> None:
        """Raise NotAsked if its inputs or outputs hold what cannot leave the process."""
        try:
            record([self.inputs, dict(self.given)], MemoryArtifacts())
        except Unrecordable as odd:
            raise NotAsked(f"{odd} stays inside a graph") from None

    @cached_property
    def saved(self) -> Path:
        return save(self.block, self.folder / "saved", standalone=True)

    @cached_property
    def modules(self) -> list[str]:
        """Where the types of the tree are registered. Raises NotAsked where that is a script, not a module."""
        found = {type(part).__module__ for _, part in walk(self.block)}
        if "__main__" in found:
            raise NotAsked("its class stands in a script, which no other process can import")
        return sorted(found)

    def digests(self, outputs: Mapping[str, Any]) -> dict[str, str]:
        """Output → digest of its exact content; what has none (a solver's schedule), or varies, counts by its type."""
        by_type = [name for name in outputs if not self.repeats or name in self.varying]
        digests = {n: "" if n in by_type else value_key(v, as_given=False) for n, v in dict(outputs).items()}
        return {name: digest or type(outputs[name]).__name__ for name, digest in digests.items()}

    def same(self, outputs: Mapping[str, Any], when: str) -> None:
        """Fail unless `outputs` are those of the first run."""
        found = self.digests(outputs)
        other = [name for name in {**self.first, **found} if self.first.get(name) != found.get(name)]
        assert not other, f"{when} {', '.join(other)} differs from the first run"
