"""The files of a local chat model by role, the same for every runtime that reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from yggdrasil.blocks.llm.gguf import converted
from yggdrasil.blocks.llm.vocabulary import read_tokenizer
from yggdrasil.contract.block import WEIGHTS, Block, FileRef
from yggdrasil.contract.errors import WeightsError
from yggdrasil.contract.known_digests import digest_of_version
from yggdrasil.contract.weights import suffix_of

NAMES = {
    "config": "config.json",
    "weights": "model.safetensors",
    "tokenizer": "tokenizer.json",
    "tokenizer_config": "tokenizer_config.json",
    "chat_template": "chat_template.jinja",
    "generation_config": "generation_config.json",
}
"""Role → the name by which transformers knows such a file."""


class ModelFiles(Block):
    """Roles: `weights` (a GGUF alone is enough, it is unpacked once beside itself) or, for safetensors, `weights`
    (and its pieces), `config`, `tokenizer` and, if it has them, `tokenizer_config`, `chat_template`,
    `generation_config` (which may name more tokens that end a turn)."""

    def part(self, role: str) -> Path:
        """The path of a part; out of the unpacked GGUF where the weights are one. Raises MissingFile."""
        if self._is_gguf() and (role == WEIGHTS or role not in self.files):
            return converted(self.file(), self.files[WEIGHTS].sha256) / NAMES[role]
        return self.file(role)

    def weights_paths(self) -> list[Path]:
        return [self.part(role) for role in self.pieces()]

    def optional_part(self, role: str) -> Path | None:
        if role not in self.files and not self._is_gguf():
            return None
        path = self.part(role)
        return path if path.exists() else None

    def read_tokenizer(self) -> Any:
        """The fast tokenizer with its chat template."""
        return read_tokenizer(
            self.part("tokenizer"), self.optional_part("tokenizer_config"), self.optional_part("chat_template")
        )

    def ends(self) -> list[int]:
        """The ids of the tokens that end a turn, of config and generation config together."""
        described: list[dict[str, Any]] = []
        for role in ("config", "generation_config"):
            path = self.optional_part(role)
            described.append(json.loads(path.read_text(encoding="utf-8-sig")) if path else {})
        text = described[0].get("text_config")
        if isinstance(text, dict):
            described.append(text)
        named = [settings.get("eos_token_id") for settings in described]
        flat = [end for given in named for end in (given if isinstance(given, list) else [given])]
        return sorted({end for end in flat if isinstance(end, int) and end >= 0})

    def tokenizer_sha(self) -> str:
        """What tells this tokenizer, and the tokens that end its turns, from others."""
        named = ("tokenizer", "tokenizer_config", "chat_template", "config", "generation_config")
        roles = [role for role in named if role in self.files]
        return "+".join(self.files[role].sha256 for role in roles or [WEIGHTS])

    def spell_out(self) -> None:
        """Name the parts that only a GGUF holds as files of their own, so that other weights can stand beside them."""
        if self._is_gguf():
            found = {role: path for role in NAMES if role != WEIGHTS and (path := self.optional_part(role))}
            self.files = {
                **{role: FileRef(digest_of_version(path), path) for role, path in found.items()},
                **self.files,
            }

    def _is_gguf(self) -> bool:
        if WEIGHTS not in self.files or suffix_of(self.file()) != ".gguf":
            return False
        if len(self.pieces()) > 1:
            mend = "use it by llm/llamacpp, or make it one by: llama-gguf-split --merge PART_1 WHOLE.gguf"
            raise WeightsError(f"lies in {len(self.pieces())} files", where=str(self.file()), mend=mend)
        return True
