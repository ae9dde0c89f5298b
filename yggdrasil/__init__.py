"""YggDrasill: blocks, graphs, pipelines, stages and worlds that agents drive. Everything is imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_WHERE = {
    "Block": "yggdrasil.contract",
    "YggError": "yggdrasil.contract",
    "Artifact": "yggdrasil.contract",
    "FurtherCall": "yggdrasil.contract",
    "Stream": "yggdrasil.contract",
    "Outputs": "yggdrasil.contract",
    "Event": "yggdrasil.contract",
    "CancelToken": "yggdrasil.contract",
    "WiringError": "yggdrasil.contract",
    "WeightsError": "yggdrasil.contract",
    "TorchBlock": "yggdrasil.contract.torch_block",
    "UnknownType": "yggdrasil.contract",
    "PortError": "yggdrasil.contract",
    "Paused": "yggdrasil.contract",
    "NotStored": "yggdrasil.contract",
    "MissingFile": "yggdrasil.contract",
    "ManifestError": "yggdrasil.contract",
    "ConfigError": "yggdrasil.contract",
    "Cancelled": "yggdrasil.contract",
    "ArtifactError": "yggdrasil.contract",
    "Session": "yggdrasil.contract.session",
    "session": "yggdrasil.contract.context",
    "DurableSession": "yggdrasil.contract.durable",
    "sessions": "yggdrasil.levels.session.folder",
    "learning": "yggdrasil.contract.torch_mode",
    "twin": "yggdrasil.contract.trainable_copies",
    "unfreeze": "yggdrasil.contract.trainable_copies",
    "wearing": "yggdrasil.contract.torch_mode",
    "here": "yggdrasil.contract",
    "logged": "yggdrasil.contract.telemetry",
    "telemetry": "yggdrasil.contract.telemetry",
    "listening": "yggdrasil.contract",
    "Form": "yggdrasil.contract",
    "Kind": "yggdrasil.contract",
    "register_genre": "yggdrasil.contract",
    "register_kind": "yggdrasil.contract",
    "register_role": "yggdrasil.contract",
    "Role": "yggdrasil.contract",
    "block": "yggdrasil.contract.functions",
    "tool": "yggdrasil.contract.functions",
    "Graph": "yggdrasil.levels.graph",
    "Pipeline": "yggdrasil.levels.graph",
    "graph": "yggdrasil.levels.graph_function",
    "Stage": "yggdrasil.levels.stage.stage",
    "Creator": "yggdrasil.levels.stage.creator",
    "Aloud": "yggdrasil.levels.stage.aloud",
    "Attempts": "yggdrasil.levels.stage.attempts",
    "Cast": "yggdrasil.levels.stage.cast",
    "Philosopher": "yggdrasil.levels.stage.philosopher",
    "Step": "yggdrasil.levels.world.step",
    "Budget": "yggdrasil.levels.world.budget",
    "World": "yggdrasil.levels.world.world",
    "from_diffusers": "yggdrasil.store.from_diffusers",
    "from_template": "yggdrasil.store.templates",
    "choose": "yggdrasil.levels.choose",
    "loop": "yggdrasil.levels.loop",
    "retrying": "yggdrasil.levels.retrying",
    "mermaid": "yggdrasil.store.mermaid",
    "profile": "yggdrasil.store.profile",
    "estimate": "yggdrasil.store.estimate",
    "explain": "yggdrasil.store.explain",
    "Agent": "yggdrasil.agent.agent",
    "AskPerson": "yggdrasil.agent.ask_person",
    "Answer": "yggdrasil.agent.door",
    "InvalidOutput": "yggdrasil.agent.refusals",
    "LimitReached": "yggdrasil.agent.refusals",
    "Limits": "yggdrasil.agent.limits",
    "Deps": "yggdrasil.contract.deps",
    "RefusedOutput": "yggdrasil.agent.refusals",
    "Reply": "yggdrasil.agent.request",
    "Request": "yggdrasil.agent.request",
    "ToolUse": "yggdrasil.contract.tool_use",
    "messages_of": "yggdrasil.agent.one_run",
    "Retry": "yggdrasil.agent.refusals",
    "notes": "yggdrasil.agent.notes",
    "ToDo": "yggdrasil.agent.to_do",
    "ask": "yggdrasil.agent.ask_person",
    "LLM": "yggdrasil.store.language_models",
    "Solver": "yggdrasil.store.solvers",
    "load": "yggdrasil.store.load",
    "save": "yggdrasil.store.save",
    "set_cache": "yggdrasil.engine.flow.budget",
    "set_lanes": "yggdrasil.contract.lanes",
}
_MODULES = {"errors": "yggdrasil.errors", "ports": "yggdrasil.ports", "testing": "yggdrasil.testing"}

if TYPE_CHECKING:
    from yggdrasil import errors, ports, testing
    from yggdrasil.agent.agent import Agent
    from yggdrasil.agent.ask_person import AskPerson, ask
    from yggdrasil.agent.door import Answer
    from yggdrasil.agent.limits import Limits
    from yggdrasil.agent.notes import notes
    from yggdrasil.agent.one_run import messages_of
    from yggdrasil.agent.refusals import InvalidOutput, LimitReached, RefusedOutput, Retry
    from yggdrasil.agent.request import Reply, Request
    from yggdrasil.agent.to_do import ToDo
    from yggdrasil.contract import (
        Artifact,
        ArtifactError,
        Block,
        Cancelled,
        CancelToken,
        ConfigError,
        Event,
        Form,
        FurtherCall,
        Kind,
        ManifestError,
        MissingFile,
        NotStored,
        Outputs,
        Paused,
        PortError,
        Role,
        Stream,
        UnknownType,
        WeightsError,
        WiringError,
        YggError,
        here,
        listening,
        register_genre,
        register_kind,
        register_role,
    )
    from yggdrasil.contract.context import session
    from yggdrasil.contract.deps import Deps
    from yggdrasil.contract.durable import DurableSession
    from yggdrasil.contract.functions import block, tool
    from yggdrasil.contract.lanes import set_lanes
    from yggdrasil.contract.session import Session
    from yggdrasil.contract.telemetry import logged, telemetry
    from yggdrasil.contract.tool_use import ToolUse
    from yggdrasil.contract.torch_block import TorchBlock
    from yggdrasil.contract.torch_mode import learning, wearing
    from yggdrasil.contract.trainable_copies import twin, unfreeze
    from yggdrasil.engine.flow.budget import set_cache
    from yggdrasil.levels.choose import choose
    from yggdrasil.levels.graph import Graph, Pipeline
    from yggdrasil.levels.graph_function import graph
    from yggdrasil.levels.loop import loop
    from yggdrasil.levels.retrying import retrying
    from yggdrasil.levels.session.folder import sessions
    from yggdrasil.levels.stage.aloud import Aloud
    from yggdrasil.levels.stage.attempts import Attempts
    from yggdrasil.levels.stage.cast import Cast
    from yggdrasil.levels.stage.creator import Creator
    from yggdrasil.levels.stage.philosopher import Philosopher
    from yggdrasil.levels.stage.stage import Stage
    from yggdrasil.levels.world.budget import Budget
    from yggdrasil.levels.world.step import Step
    from yggdrasil.levels.world.world import World
    from yggdrasil.store.estimate import estimate
    from yggdrasil.store.explain import explain
    from yggdrasil.store.from_diffusers import from_diffusers
    from yggdrasil.store.language_models import LLM
    from yggdrasil.store.load import load
    from yggdrasil.store.mermaid import mermaid
    from yggdrasil.store.profile import profile
    from yggdrasil.store.save import save
    from yggdrasil.store.solvers import Solver
    from yggdrasil.store.templates import from_template

__all__ = [
    "LLM",
    "Agent",
    "Aloud",
    "Answer",
    "Artifact",
    "ArtifactError",
    "AskPerson",
    "Attempts",
    "Block",
    "Budget",
    "CancelToken",
    "Cancelled",
    "Cast",
    "ConfigError",
    "Creator",
    "Deps",
    "DurableSession",
    "Event",
    "Form",
    "FurtherCall",
    "Graph",
    "InvalidOutput",
    "Kind",
    "LimitReached",
    "Limits",
    "ManifestError",
    "MissingFile",
    "NotStored",
    "Outputs",
    "Paused",
    "Philosopher",
    "Pipeline",
    "PortError",
    "RefusedOutput",
    "Reply",
    "Request",
    "Retry",
    "Role",
    "Session",
    "Solver",
    "Stage",
    "Step",
    "Stream",
    "ToDo",
    "ToolUse",
    "TorchBlock",
    "UnknownType",
    "WeightsError",
    "WiringError",
    "World",
    "YggError",
    "ask",
    "block",
    "choose",
    "errors",
    "estimate",
    "explain",
    "from_diffusers",
    "from_template",
    "graph",
    "here",
    "learning",
    "listening",
    "load",
    "logged",
    "loop",
    "mermaid",
    "messages_of",
    "notes",
    "ports",
    "profile",
    "register_genre",
    "register_kind",
    "register_role",
    "retrying",
    "save",
    "session",
    "sessions",
    "set_cache",
    "set_lanes",
    "telemetry",
    "testing",
    "tool",
    "twin",
    "unfreeze",
    "wearing",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return import_module(_MODULES[name])
        if name not in _WHERE:
            raise AttributeError(f"module 'yggdrasil' has no attribute {name!r}")
        value = getattr(import_module(_WHERE[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
