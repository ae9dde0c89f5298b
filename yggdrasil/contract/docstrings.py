"""What a docstring says of each parameter, as Google, NumPy and Sphinx write it: a model is told it by the port."""

from __future__ import annotations

import inspect
import re
from functools import lru_cache
from typing import Any, Literal, NamedTuple

Style = Literal["google", "numpy", "sphinx"]
_STYLES: dict[Style, re.Pattern[str]] = {
    "google": re.compile(r"^(Args|Arguments|Params|Parameters):\s*$", re.MULTILINE),
    "numpy": re.compile(r"^Parameters\n-{3,}\s*$", re.MULTILINE),
    "sphinx": re.compile(r"^:(param|parameter|arg|argument)\b.*?:", re.MULTILINE),
}


class Told(NamedTuple):
    """The words before the first section, and what is said of each parameter."""

    about: str
    parameters: dict[str, str]


def told_in(docstring: str | None) -> Told:
    """The parts of a docstring; without a section of parameters it is all `about`."""
    return _parted(inspect.cleandoc(docstring or ""))


@lru_cache(maxsize=1024)
def _parted(text: str) -> Told:
    style = next((style for style, mark in _STYLES.items() if mark.search(text)), None)
    if style is None:
        return Told(text, {})
    from griffe import Docstring, DocstringSectionParameters, DocstringSectionText

    sections: list[Any] = Docstring(text).parse(style, warnings=False)  # pyright: ignore
    about = [section.value for section in sections if isinstance(section, DocstringSectionText)]
    parameters = {
        parameter.name: " ".join(parameter.description.split())
        for section in sections
        if isinstance(section, DocstringSectionParameters)
        for parameter in section.value
    }
    return Told("\n\n".join(about).strip(), parameters)
