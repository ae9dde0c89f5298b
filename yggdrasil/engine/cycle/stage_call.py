"""What the cycle and a world say to each other about one stage; the engine knows nothing else of worlds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.cycle_stages import StageRole


@dataclass(frozen=True)
class StageRequest:
    """A stage that is to run now: where in the history, what its state holds, the user's action if it may see it."""

    branch: Branch
    step: int
    position: int
    role: StageRole
    state: dict[str, Any]
    action: str | None = None
    fresh: bool = False
    """Whether this step never ran before, so that nothing is known of its calls."""
    settled: bool = True
    """Whether the state that was passed in changed the world within this step."""


@dataclass(frozen=True)
class StageResult:
    """What a stage gave: its block's value, what stands beside it, operations on the world, agents' memories."""

    output: Any = None
    beside: dict[str, Any] | None = None
    operations: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    memory: dict[str, Any] = field(default_factory=dict[str, Any])


class StageExecutor(Protocol):
    """A world, as the cycle sees it."""

    def act(self, moment: StageRequest) -> StageResult:
        """Run the stage's body. Called once for each stage that canon's rule lets run."""
        ...

    def content(self, branch: Branch, step: int) -> dict[str, Any]:
        """The world's content after `step`, as JSON."""
        ...
