"""Blocks of every role; those that a script makes by hand are named here, and imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yggdrasil.blocks.endpoint.embedder import EndpointEmbedder
    from yggdrasil.blocks.endpoint.painter import EndpointPainter, EndpointRepainter
    from yggdrasil.blocks.endpoint.vlm import EndpointVLM
    from yggdrasil.blocks.endpoint.voice import EndpointVoice
    from yggdrasil.blocks.llm.language_model import LanguageModel
    from yggdrasil.blocks.llm.openai import OpenAIModel
    from yggdrasil.blocks.solver.diffusers_solver import SchedulerSolver
    from yggdrasil.blocks.vlm.transformers import LocalVLM
else:
    _WHERE = {
        "EndpointEmbedder": "endpoint.embedder",
        "EndpointVLM": "endpoint.vlm",
        "EndpointPainter": "endpoint.painter",
        "EndpointRepainter": "endpoint.painter",
        "EndpointVoice": "endpoint.voice",
        "LanguageModel": "llm.language_model",
        "LocalVLM": "vlm.transformers",
        "OpenAIModel": "llm.openai",
        "SchedulerSolver": "solver.diffusers_solver",
    }

    def __getattr__(name: str) -> Any:
        if name not in _WHERE:
            raise AttributeError(f"module 'yggdrasil.blocks' has no attribute {name!r}")
        return getattr(import_module(f"yggdrasil.blocks.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "EndpointEmbedder",
    "EndpointPainter",
    "EndpointRepainter",
    "EndpointVLM",
    "EndpointVoice",
    "LanguageModel",
    "LocalVLM",
    "OpenAIModel",
    "SchedulerSolver",
]
