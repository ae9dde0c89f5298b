"""A tokenizer out of one tokenizer.json, padded to a fixed window, for conditioners."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from yggdrasil.contract import Block, here
from yggdrasil.contract.torch_block import one_instance
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
        tokenizer = self._tokenizer()
        whole = len(tokenizer(text)["input_ids"])
        if whole > self.window:
            here().note(f"{whole - self.window} tokens past the window of {self.window} were cut from {text[-60:]!r}")
        batch = tokenizer(text, padding=self.padding, max_length=self.window, truncation=True, return_tensors="pt")
        return batch["input_ids"], batch["attention_mask"]

    def _tokenizer(self) -> Any:
        path = self.file("tokenizer")

        def load() -> Any:
            from transformers import PreTrainedTokenizerFast

            return PreTrainedTokenizerFast(tokenizer_file=str(path), pad_token=self.pad_token)

        return one_instance(("tokenizer/fast", self.files["tokenizer"].sha256, self.pad_token), load)
