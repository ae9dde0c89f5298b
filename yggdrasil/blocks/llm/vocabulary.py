"""A model's vocabulary: text to token ids and back, the ids that end a text, and the table for grammars."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from yggdrasil.blocks.llm.grammar import token_table
from yggdrasil.blocks.tokenizer.fast_tokenizer import fast_tokenizer


class Vocabulary:
    """A fast tokenizer as a decoder needs it; `size` is the padded width of the model's logits."""

    def __init__(self, tokenizer: Any, size: int, ends: list[int]) -> None:
        self.tokenizer = tokenizer
        self.size = size
        self.ends = frozenset({*ends, *tokenizer.all_special_ids})

    @cached_property
    def table(self) -> Any:
        """The vocabulary as llguidance reads it."""
        return token_table(self.tokenizer, self.size, sorted(self.ends))

    def encode(self, text: str, special: bool = False) -> list[int]:
        """Token ids of a bare text, nothing added; marks such as `<|im_end|>` are text unless `special`."""
        return self.tokenizer.encode(text, add_special_tokens=False, split_special_tokens=not special)

    def start(self, text: str, special: bool = False) -> list[int]:
        """Token ids of a prefix; an empty one becomes the token that begins texts."""
        begin = self.tokenizer.bos_token_id
        return self.encode(text, special) or [min(self.ends) if begin is None else begin]

    def bytes_of(self, token: int) -> bytes:
        return self.table.decode_bytes([token])

    def conversation(self, messages: list[dict[str, Any]]) -> str:
        """The messages as the model's chat template writes them, open for the assistant's turn."""
        return self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)


def read_tokenizer(tokenizer: Path, config: Path | None, template: Path | None) -> Any:
    """A fast tokenizer from its files alone; nothing of them is run."""
    settings: dict[str, Any] = json.loads(config.read_text(encoding="utf-8-sig")) if config else {}
    known = ("bos_token", "eos_token", "unk_token", "pad_token", "additional_special_tokens", "chat_template")
    chosen = {name: _plain(settings[name]) for name in known if settings.get(name)}
    more = settings.get("extra_special_tokens") or []
    extra = [_plain(token) for token in (more.values() if isinstance(more, dict) else more)]
    if extra:
        chosen["additional_special_tokens"] = [*chosen.get("additional_special_tokens", []), *extra]
    made = fast_tokenizer(tokenizer, **chosen)
    if template is not None:
        made.chat_template = template.read_text(encoding="utf-8")
    return made


def _plain(token: Any) -> Any:
    return token["content"] if isinstance(token, dict) and "content" in token else token
