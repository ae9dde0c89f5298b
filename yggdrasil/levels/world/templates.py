"""The seam through which the store gives templates to worlds, so that no noun imports a verb."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import ConfigError

Source = Callable[[str, dict[str, Any]], Block]
"""(template's name or path, its parameters) → the block that it makes."""

_sources: list[Source] = []


def provide(source: Source) -> None:
    """Let `source` make templates from now on; the store calls this when it is imported."""
    _sources[:] = [source]


def make(name: str, parameters: dict[str, Any]) -> Block:
    """Make the template `name`. Raises ConfigError if nothing provides templates."""
    if not _sources:
        raise ConfigError("no store provides templates", mend="import yggdrasil, not a part of it")
    return _sources[0](name, parameters)
