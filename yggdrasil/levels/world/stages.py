"""The six stages of a world: each role has one, and a block that is none yet is made one."""

from __future__ import annotations

from typing import Any, cast

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import ConfigError, did_you_mean
from yggdrasil.engine.cycle.cycle_stages import ORDER
from yggdrasil.levels.stage.stage import Stage

_NAMES = [role.name for role in ORDER]


def stages_of(given: dict[str, Block | None], where: str) -> dict[str, Stage]:
    """The stages in canon's order. Raises ConfigError naming those that are absent."""
    if absent := ", ".join(name for name in _NAMES if given[name] is None):
        raise ConfigError(f"the world has no {absent}", where=where, mend="pass a stage for each role")
    return {name: _as_stage(name, cast(Block, given[name])) for name in _NAMES}


def parts_of(config: dict[str, Any], nodes: dict[str, Block]) -> dict[str, Any]:
    """What a manifest says of a world, as `World(…)` takes it. Raises ConfigError for a node that is no stage."""
    for name in nodes:
        if name not in _NAMES:
            raise ConfigError(f"a world has no stage {name!r}", mend=did_you_mean(name, _NAMES))
    return {**config, **nodes}


def _as_stage(name: str, part: Block) -> Stage:
    if part.kind != "stage":
        return Stage(part, plays=cast(Any, name))
    stage = cast(Stage, part)
    if stage.plays != name:
        what = f"the stage given as {name} plays {stage.plays}"
        raise ConfigError(what, where="world", mend=f"pass it as {stage.plays}=…")
    return stage
