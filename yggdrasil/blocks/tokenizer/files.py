"""Tokenizers as their files say, read once a process, with the marks that they put around a text."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from yggdrasil.blocks.tokenizer.fast_tokenizer import fast_tokenizer
from yggdrasil.contract import Block, WeightsError
from yggdrasil.contract.libraries import IMPORTING
from yggdrasil.contract.os_fork import lock

Marks = tuple[list[int], list[int]]
_read: dict[tuple[str, str], tuple[Any, threading.Lock, Marks]] = {}
_reading = lock()
_PROBE = "a"


def read_tokenizer(block: Block, pad_token: str) -> tuple[Any, threading.Lock, Marks]:
    """The tokenizer of the block's files, the lock to hold while it is called, and its marks (before, after) a text.

    A fast tokenizer keeps truncation and padding in itself, so two threads must not call it at once.
    """
    clip = "vocab" in block.files and "tokenizer" not in block.files
    roles = ("vocab", "merges") if clip else ("tokenizer",)
    key = ("+".join(block.files[role].sha256 for role in roles if role in block.files), pad_token)
    if (known := _read.get(key)) is not None:
        return known
    paths = {role: block.file(role) for role in roles}
    with _reading:
        if key not in _read:
            tokenizer = (_clip if clip else _whole)(paths, pad_token)
            _read[key] = (tokenizer, lock(), _marks(tokenizer))
        return _read[key]


def _marks(tokenizer: Any) -> Marks:
    """What the tokenizer puts before and after a text, seen on a probe."""
    marked: list[int] = tokenizer(_PROBE)["input_ids"]
    bare: list[int] = tokenizer(_PROBE, add_special_tokens=False)["input_ids"]
    at = next(i for i in range(len(marked) + 1) if marked[i : i + len(bare)] == bare)
    return marked[:at], marked[at + len(bare) :]


def _whole(paths: dict[str, Path], pad_token: str) -> Any:
    return fast_tokenizer(paths["tokenizer"], pad_token=pad_token)


def _clip(paths: dict[str, Path], pad_token: str) -> Any:
    with IMPORTING:
        from transformers import CLIPTokenizer

    try:
        words: dict[str, int] = json.loads(paths["vocab"].read_text(encoding="utf-8"))
        lines = paths["merges"].read_text(encoding="utf-8").splitlines()
        pairs = [(left, right) for left, right in (line.split() for line in lines if line and line[:8] != "#version")]
        return CLIPTokenizer(vocab=words, merges=pairs, pad_token=pad_token)  # pyright: ignore[reportArgumentType]
    except ValueError as error:
        mend = "vocab is a JSON object of words, merges has two words a line; fetch them again"
        raise WeightsError(f"is no vocabulary of CLIP ({error})", where=str(paths["vocab"]), mend=mend) from None
