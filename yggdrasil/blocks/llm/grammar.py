"""Grammars over tokens: a regex or a JSON schema becomes a mask of the tokens that may come next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from yggdrasil.contract import ConfigError, WeightsError, here

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer

MAX_STRING = 400
"""Letters a JSON string may have where its schema sets no bound, so that a weak model comes to an end."""


def token_table(tokenizer: Any, vocabulary: int, end: list[int]) -> LLTokenizer:
    """The tokenizer as llguidance reads it (about a second); `vocabulary` is the model's padded size.

    Raises WeightsError for one that cannot turn its tokens into text.
    """
    from llguidance.hf import from_tokenizer

    try:
        return from_tokenizer(tokenizer, n_vocab=vocabulary, eos_token=end)
    except ValueError as error:
        what = f"its tokenizer does not say how tokens become text ({error})"
        raise WeightsError(what, where=here().path, mend="give its tokenizer.json a `decoder`, as ByteLevel") from None


def regex_grammar(pattern: str) -> str:
    """The grammar of texts that obey a regex (no look-around, no back-references)."""
    from llguidance import LLMatcher

    return LLMatcher.grammar_from_regex(pattern)


def schema_grammar(schema: dict[str, Any]) -> str:
    """The grammar of compact JSON that obeys a schema; strings without a bound get one."""
    from llguidance import LLMatcher

    options: Any = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
    return LLMatcher.grammar_from_json_schema(json.dumps(_bounded(schema)), defaults=options)


def _bounded(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_bounded(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: _bounded(part) for key, part in schema.items() if key not in ("enum", "const", "default")}
    out.update({key: schema[key] for key in ("enum", "const", "default") if key in schema})
    if out.get("type") == "string" and not {"maxLength", "pattern", "enum", "const", "format"} & set(out):
        out["maxLength"] = MAX_STRING
    return out


class GrammarState:
    """Where one text stands in its grammar."""

    def __init__(self, table: LLTokenizer, grammar: str) -> None:
        from llguidance import LLMatcher

        self._matcher: LLMatcher = LLMatcher(table, grammar)
        self._words = np.zeros((1, (table.vocab_size + 31) // 32), dtype=np.int32)
        self._size = table.vocab_size
        problem = self._matcher.get_error()
        if problem:
            raise ConfigError(
                f"the grammar cannot be used: {problem.splitlines()[0]}",
                where=here().path,
                mend="Write the pattern without look-around and back-references, the schema in plain JSON schema",
            )

    def copy(self) -> GrammarState:
        """Another text at the same place of the same grammar."""
        twin = object.__new__(GrammarState)
        twin._matcher = self._matcher.deep_copy()
        twin._words = self._words.copy()
        twin._size = self._size
        return twin

    def mask(self) -> NDArray[np.bool_]:
        """(vocabulary,) true where a token may come next; an end token where the text is whole."""
        from llguidance.numpy import fill_next_token_bitmask

        fill_next_token_bitmask(self._matcher, self._words)
        bits = np.unpackbits(self._words.view(np.uint8), bitorder="little")
        return bits[: self._size].astype(bool)

    def take(self, token: int) -> None:
        """Go on by a token that the mask allowed."""
        self._matcher.consume_token(token)

    @property
    def whole(self) -> bool:
        """Whether the text may end here."""
        return bool(self._matcher.is_accepting())

    @property
    def ended(self) -> bool:
        """Whether nothing may follow."""
        return bool(self._matcher.is_stopped())
