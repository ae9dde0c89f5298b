"""What a tool says that it cannot take: the tokens that it reads, the things that it knows; told to whoever plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from yggdrasil.contract.block import Block
from yggdrasil.contract.tree import walk

_COUNTED = ("tokens", "letters")
_PER_TOKEN = 4
"""Letters of plain words to a token, and the space behind them."""
_SAID = "It reads at most {most} {unit} of a text, and says what it leaves out."


def bounds_of(tool: Block) -> dict[str, Any]:
    """What the tool and its parts declare as `bounds`; of two that declare the same, the outer one's counts.

    `tokens` and `letters` are numbers; every other is a list of the only words that it knows for that.
    """
    found: dict[str, Any] = {}
    for _, part in walk(tool):
        declared: Any = getattr(part, "bounds", None)
        if isinstance(declared, Mapping):
            found = {**cast("Mapping[str, Any]", declared), **found}
    return found


def letters_of(bounds: Mapping[str, Any]) -> int:
    """About how many letters the tool reads; 0 if it does not say it."""
    return int(bounds.get("letters") or bounds.get("tokens", 0) * _PER_TOKEN)


def vocabularies(bounds: Mapping[str, Any]) -> dict[str, list[str]]:
    """The lists of the only words that are known."""
    return {name: cast("list[str]", words) for name, words in bounds.items() if isinstance(words, list)}


def in_words(bounds: Mapping[str, Any]) -> str:
    """The bounds as a model is told them beside the tool's description."""
    counted = [_SAID.format(most=bounds[unit], unit=unit) for unit in _COUNTED if unit in bounds]
    known = [
        f"It knows these {name} and no others: {', '.join(words)}." for name, words in vocabularies(bounds).items()
    ]
    return " ".join([*counted, *known])
