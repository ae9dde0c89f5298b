"""A prompt as token ids of whole windows: cut aloud, or in as many windows as the longer of two prompts needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, TypedDict

from yggdrasil.blocks.tokenizer.files import read_tokenizer
from yggdrasil.contract import Block, ConfigError, here
from yggdrasil.ports import Mask, Text, TokenIds

if TYPE_CHECKING:
    import torch


class PromptIds(TypedDict):
    token_ids: TokenIds
    attention_mask: Mask


class Ids(PromptIds):
    negative_token_ids: TokenIds | None
    negative_attention_mask: Mask | None


class PromptTokenizer(Block, type="tokenizer/prompt", role="Tokenizer"):
    """Turn a prompt into token ids of shape (windows, window), int64, each window with its own marks and padding.

    Its file is `tokenizer` (a tokenizer.json), or the two of older CLIP models: `vocab` and `merges`. A prompt longer
    than one window is `cut`, with a warning that holds the dropped text and its number of tokens, or goes into
    as many windows (`chunks`) as it needs.
    """

    pure: ClassVar[bool] = True
    window: int = 77
    pad_token: str = "[PAD]"
    long: Literal["cut", "chunks"] = "cut"

    @property
    def bounds(self) -> dict[str, int]:
        """How many tokens it reads, if it cuts what is longer."""
        return {"tokens": self.window} if self.long == "cut" else {}

    def forward(self, text: Text) -> PromptIds:
        ids, mask = self._windows(self._pieces([text]))[0]
        return {"token_ids": ids, "attention_mask": mask}

    def _pieces(self, texts: list[str]) -> list[list[list[int]]]:
        """The content of each text as pieces that fit into a window, the same number of pieces for all."""
        room = self.window - sum(map(len, self._marks()))
        if room < 1:
            mend = f"use a window of more than {self.window}"
            raise ConfigError("the window has no room for a token of content", where=here().path, mend=mend)
        found: list[list[list[int]]] = []
        for text in texts:
            ids, offsets = self._content(text)
            if self.long == "cut":
                if len(ids) > room:
                    dropped = text[offsets[room][0] :]
                    here().warn(f"{len(ids) - room} tokens past the window of {self.window} were cut: {dropped!r}")
                ids = ids[:room]
            found.append([ids[at : at + room] for at in range(0, max(len(ids), 1), room)])
        longest = max(map(len, found))
        return [[*pieces, *([[]] * (longest - len(pieces)))] for pieces in found]

    def _windows(self, texts: list[list[list[int]]]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """The ids and the mask of each text: start mark, a piece, end mark, padding."""
        import torch

        before, after = self._marks()
        pad = read_tokenizer(self, self.pad_token)[0].pad_token_id
        made: list[tuple[torch.Tensor, torch.Tensor]] = []
        for pieces in texts:
            rows = [[*before, *piece, *after] for piece in pieces]
            ids = [row + [pad] * (self.window - len(row)) for row in rows]
            mask = [[1] * len(row) + [0] * (self.window - len(row)) for row in rows]
            made.append((torch.tensor(ids), torch.tensor(mask)))
        return made

    def _content(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """The tokens of a text without marks, and where each stands in it."""
        tokenizer, lock, _ = read_tokenizer(self, self.pad_token)
        with lock:
            whole = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        return whole["input_ids"], whole["offset_mapping"]

    def _marks(self) -> tuple[list[int], list[int]]:
        return read_tokenizer(self, self.pad_token)[2]


class FastTokenizer(PromptTokenizer, type="tokenizer/fast"):
    """Turn a prompt, and what must not be seen, into token ids of shape (windows, window), int64.

    Both have the same number of windows. An empty negative text is the empty text; where the family says that it
    is nothing at all (`empty_negative`: `absent`), there are no negative ids then.
    """

    pure: ClassVar[bool] = True
    empty_negative: Literal["encoded", "absent"] = "encoded"

    def forward(self, text: Text, negative_text: Text = "") -> Ids:  # pyright: ignore[reportIncompatibleMethodOverride]
        absent = not negative_text and self.empty_negative == "absent"
        (ids, mask), *rest = self._windows(self._pieces([text] if absent else [text, negative_text]))
        negative_ids, negative_mask = rest[0] if rest else (None, None)
        return {
            "token_ids": ids,
            "attention_mask": mask,
            "negative_token_ids": negative_ids,
            "negative_attention_mask": negative_mask,
        }
