"""A tokenizer out of tokenizer.json, or of CLIP's vocab.json and merges.txt, padded to a fixed window."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any, Literal, TypedDict

from yggdrasil.contract import Block, WeightsError, here
from yggdrasil.ports import Mask, Text, TokenIds


class Ids(TypedDict):
    token_ids: TokenIds
    attention_mask: Mask
    negative_token_ids: TokenIds
    negative_attention_mask: Mask


class FastTokenizer(Block, type="tokenizer/fast", role="Tokenizer"):
    """Turn a prompt, and what must not be seen, into token ids of shape (1, window), int64.

    Its file is `tokenizer` (a tokenizer.json), or the two of older CLIP models: `vocab` and `merges`.
    """

    window: int = 77
    pad_token: str = "[PAD]"
    padding: Literal["max_length"] = "max_length"

    def forward(self, text: Text, negative_text: Text = "") -> Ids:
        ids, mask = self._ids(text)
        negative_ids, negative_mask = self._ids(negative_text)
        return {
            "token_ids": ids,
            "attention_mask": mask,
            "negative_token_ids": negative_ids,
            "negative_attention_mask": negative_mask,
        }

    def _ids(self, text: str) -> tuple[Any, Any]:
        tokenizer, lock = read_tokenizer(self, self.pad_token)
        with lock:
            whole = len(tokenizer(text)["input_ids"])
            batch = tokenizer(text, padding=self.padding, max_length=self.window, truncation=True, return_tensors="pt")
        if whole > self.window:
            here().note(f"{whole - self.window} tokens past the window of {self.window} were cut from {text[-60:]!r}")
        return batch["input_ids"], batch["attention_mask"]


_read: dict[tuple[str, str], tuple[Any, threading.Lock]] = {}
_reading = threading.Lock()


def read_tokenizer(block: Block, pad_token: str) -> tuple[Any, threading.Lock]:
    """The tokenizer of the block's files, read once a process, and the lock to hold while it is called.

    A fast tokenizer keeps truncation and padding in itself, so two threads must not call it at once.
    """
    clip = "vocab" in block.files and "tokenizer" not in block.files
    paths = {role: block.file(role) for role in (("vocab", "merges") if clip else ("tokenizer",))}
    key = ("+".join(block.files[role].sha256 for role in paths), pad_token)
    with _reading:
        if key not in _read:
            _read[key] = ((_clip if clip else _whole)(paths, pad_token), threading.Lock())
        return _read[key]


def _whole(paths: dict[str, Path], pad_token: str) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_file=str(paths["tokenizer"]), pad_token=pad_token)


def _clip(paths: dict[str, Path], pad_token: str) -> Any:
    from transformers import CLIPTokenizer

    try:
        words: dict[str, int] = json.loads(paths["vocab"].read_text(encoding="utf-8"))
        lines = paths["merges"].read_text(encoding="utf-8").splitlines()
        pairs = [(left, right) for left, right in (line.split() for line in lines if line and line[:8] != "#version")]
        return CLIPTokenizer(vocab=words, merges=pairs, pad_token=pad_token)  # pyright: ignore[reportArgumentType]
    except ValueError as error:
        mend = "vocab is a JSON object of words, merges has two words a line; fetch them again"
        raise WeightsError(f"is no vocabulary of CLIP ({error})", where=str(paths["vocab"]), mend=mend) from None
