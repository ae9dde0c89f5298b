"""Finds a run whose result hangs on a source of randomness that belongs to nobody, which no seed of ours repeats."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Seeder = Callable[[int], Any]


def drawn_outside(run: Callable[[], Mapping[str, str]]) -> list[str]:
    """The global sources (`random`, `numpy.random`, torch's) that the digests which `run` gives hang on.

    They are left as they were. A draw that changes no result, such as a library's own ids, is none of them.
    """
    with _kept() as seeders:

        def varies(changed: Collection[str]) -> bool:
            """Whether the result does when the sources `changed` begin otherwise and the rest as they did."""
            found: list[Mapping[str, str]] = []
            for seed in (1, 2):
                for name, seeder in seeders.items():
                    seeder(seed if name in changed else 1)
                found.append(run())
            return found[0] != found[1]

        if not varies(seeders):
            return []
        if varies(()):
            return ["a source that no seed reaches (a clock, a counter)"]
        return [name for name in seeders if varies([name])]


def seeded_outside(run: Callable[[], object]) -> list[str]:
    """The global sources that `run` seeds: they are in one state after it, wherever they began.

    Who draws from them next, in whatever block, draws the same each time. A draw alone leaves the states apart.
    """
    with _kept() as seeders:
        states: list[dict[str, str]] = []
        for seed in (1, 2):
            for seeder in seeders.values():
                seeder(seed)
            run()
            states.append(dict(zip(seeders, map(_digested, _states()), strict=True)))
        return [name for name in seeders if states[0][name] == states[1][name]]


def _states() -> tuple[Any, Any, Any]:
    import numpy
    import torch

    return random.getstate(), numpy.random.get_state(), torch.get_rng_state()


def _digested(state: Any) -> str:
    return repr(state.tolist() if hasattr(state, "tolist") else state)


@contextmanager
def _kept() -> Iterator[dict[str, Seeder]]:
    import numpy
    import torch

    before = _states()
    try:
        yield {"random": random.seed, "numpy.random": numpy.random.seed, "torch's default generator": torch.manual_seed}
    finally:
        random.setstate(before[0])
        numpy.random.set_state(before[1])
        torch.set_rng_state(before[2])
