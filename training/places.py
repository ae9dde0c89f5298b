"""Where training keeps what it downloads and makes: never in the repository."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "tools"
Arrays = TypeVar("Arrays", bound=NamedTuple)


def cache() -> Path:
    """The folder of $YGG_TRAINING, else ~/.cache/yggdrasill-training."""
    return Path(os.environ.get("YGG_TRAINING") or Path.home() / ".cache" / "yggdrasill-training")


def kept(kind: type[Arrays], name: str, made: Callable[[], Arrays]) -> Arrays:
    """Arrays that were made before, or are made now without touching torch's generator: a step draws the same."""
    import torch

    path = cache() / f"{name}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part.npz")
        with torch.random.fork_rng():
            np.savez(part, **made()._asdict())
        part.replace(path)
    with np.load(path) as read:
        return kind._make(read[field] for field in kind._fields)
