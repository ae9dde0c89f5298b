"""Guides by name: code that leads a weak model through a task by small questions it can answer."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

from yggdrasil.blocks.llm.abilities import LanguageModel
from yggdrasil.contract import ConfigError
from yggdrasil.contract.errors import did_you_mean

_OWN = {"tale": "yggdrasil.storytelling.guides.tale"}
_registered: dict[str, Guide] = {}


class Guide(Protocol):
    """Leads a model through the tasks that a stage may ask of an agent."""

    def answer(self, llm: LanguageModel, task: str, context: dict[str, Any], seed: int) -> dict[str, Any]:
        """The result of `task` in its context, obeying the task's schema."""
        ...


def register(name: str, guide: Guide) -> None:
    """Make `guide` known as `name`. Raises ConfigError if another one is."""
    if name in _OWN or _registered.get(name, guide) is not guide:
        raise ConfigError(f"there is a guide {name!r} already", mend="give yours another name")
    _registered[name] = guide


def find(name: str) -> Guide:
    """The guide of that name: a registered one, or the module of ours. Raises ConfigError."""
    if name in _registered:
        return _registered[name]
    if name in _OWN:
        module: Any = import_module(_OWN[name])
        return module
    raise ConfigError(f"there is no guide {name!r}", mend=did_you_mean(name, [*_OWN, *_registered]))
