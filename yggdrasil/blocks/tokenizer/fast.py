"""A tokenizer out of one tokenizer.json, padded to a fixed window, for conditioners."""

from __future__ import annotations

import threading
from typing import Any, Literal, TypedDict

from yggdrasil.contract import Block, here
from yggdrasil.ports import Mask, Text, TokenIds


class Ids(TypedDict):
    token_ids: TokenIds
    attention_mask: Mask
    negative_token_ids: TokenIds
    negative_attention_mask: Mask


class FastTokenizer(Block, type="tokenizer/fast", role="Tokenizer"):
    """Turn a prompt, and what must not be seen, into token ids of shape (1, window), int64."""

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
    """The tokenizer of the block's file, read once a process, and the lock to hold while it is called.

    A fast tokenizer keeps truncation and padding in itself, so two threads must not call it at once.
    """
    path = block.file("tokenizer")
    key = (block.files["tokenizer"].sha256, pad_token)
    with _reading:
        if key not in _read:
            from transformers import PreTrainedTokenizerFast

            _read[key] = (PreTrainedTokenizerFast(tokenizer_file=str(path), pad_token=pad_token), threading.Lock())
        return _read[key]
