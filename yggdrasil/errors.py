"""Every error that a script may want to catch, by its name alone: `from yggdrasil.errors import EndpointRefused`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.errors import (
    ArtifactError,
    Cancelled,
    ConfigError,
    ManifestError,
    MissingFile,
    NotStored,
    Paused,
    PortError,
    UnknownType,
    WeightsError,
    WiringError,
    YggError,
)

if TYPE_CHECKING:
    from yggdrasil.agent.memory import WindowTooSmall
    from yggdrasil.agent.refusals import AnswerFiltered, LimitReached, RefusedOutput, Retry
    from yggdrasil.blocks.endpoint.errors import (
        EndpointBrokeOff,
        EndpointError,
        EndpointNonsense,
        EndpointRefused,
        EndpointTooSlow,
        EndpointUnreachable,
    )
    from yggdrasil.blocks.llm.errors import InvalidOutput, NotAble, TruncatedOutput
    from yggdrasil.blocks.llm.fallback import NoModelAnswered
    from yggdrasil.contract.finite import NotFinite
    from yggdrasil.contract.session import SessionError
    from yggdrasil.engine.cycle.errors import CreatorFailure, CycleError, WorldBusy
    from yggdrasil.engine.cycle.tried_again import TooSlow
    from yggdrasil.levels.loop import EndlessLoop
    from yggdrasil.levels.stage.looker import NoEyes
    from yggdrasil.levels.stage.stage import StageError
    from yggdrasil.state.errors import OperationError

_WHERE = {
    "AnswerFiltered": "yggdrasil.agent.refusals",
    "CreatorFailure": "yggdrasil.engine.cycle.errors",
    "CycleError": "yggdrasil.engine.cycle.errors",
    "EndlessLoop": "yggdrasil.levels.loop",
    "EndpointBrokeOff": "yggdrasil.blocks.endpoint.errors",
    "EndpointError": "yggdrasil.blocks.endpoint.errors",
    "EndpointNonsense": "yggdrasil.blocks.endpoint.errors",
    "EndpointRefused": "yggdrasil.blocks.endpoint.errors",
    "EndpointTooSlow": "yggdrasil.blocks.endpoint.errors",
    "EndpointUnreachable": "yggdrasil.blocks.endpoint.errors",
    "InvalidOutput": "yggdrasil.blocks.llm.errors",
    "LimitReached": "yggdrasil.agent.refusals",
    "NoEyes": "yggdrasil.levels.stage.looker",
    "NoModelAnswered": "yggdrasil.blocks.llm.fallback",
    "NotAble": "yggdrasil.blocks.llm.errors",
    "NotFinite": "yggdrasil.contract.finite",
    "OperationError": "yggdrasil.state.errors",
    "RefusedOutput": "yggdrasil.agent.refusals",
    "Retry": "yggdrasil.agent.refusals",
    "SessionError": "yggdrasil.contract.session",
    "StageError": "yggdrasil.levels.stage.stage",
    "TooSlow": "yggdrasil.engine.cycle.tried_again",
    "TruncatedOutput": "yggdrasil.blocks.llm.errors",
    "WindowTooSmall": "yggdrasil.agent.memory",
    "WorldBusy": "yggdrasil.engine.cycle.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'yggdrasil.errors' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return __all__


__all__ = [
    "AnswerFiltered",
    "ArtifactError",
    "Cancelled",
    "ConfigError",
    "CreatorFailure",
    "CycleError",
    "EndlessLoop",
    "EndpointBrokeOff",
    "EndpointError",
    "EndpointNonsense",
    "EndpointRefused",
    "EndpointTooSlow",
    "EndpointUnreachable",
    "InvalidOutput",
    "LimitReached",
    "ManifestError",
    "MissingFile",
    "NoEyes",
    "NoModelAnswered",
    "NotAble",
    "NotFinite",
    "NotStored",
    "OperationError",
    "Paused",
    "PortError",
    "RefusedOutput",
    "Retry",
    "SessionError",
    "StageError",
    "TooSlow",
    "TruncatedOutput",
    "UnknownType",
    "WeightsError",
    "WindowTooSmall",
    "WiringError",
    "WorldBusy",
    "YggError",
]
