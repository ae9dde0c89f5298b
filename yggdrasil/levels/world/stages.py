"""The stages of one world: each name holds a stage, made of whatever is put there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast, overload

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import ConfigError, did_you_mean
from yggdrasil.contract.functions import as_block
from yggdrasil.engine.cycle.cycle_stages import ORDER
from yggdrasil.levels.stage.stage import Stage
from yggdrasil.levels.world.settings import WorldSettings

NAMES = tuple(role.name for role in ORDER)


class Stages(dict[str, Stage]):
    """Stage by name; a block or a typed function that is put there becomes the body of one."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__()
        if absent := ", ".join(name for name, part in given.items() if part is None):
            mend = f"pass one for each of {', '.join(NAMES)}; update may be left out"
            raise ConfigError(f"the world has no {absent}", where="world", mend=mend)
        for name, part in given.items():
            self[name] = part

    def __setitem__(self, name: str, part: Any) -> None:
        check_stage(name)
        super().__setitem__(name, as_stage(name, part))

    def __missing__(self, name: str) -> Stage:
        check_stage(name)
        raise KeyError(name)


class StageOf:
    """The attribute of a world that is one of its stages: a block put there takes the stage's place."""

    def __set_name__(self, owner: type[Staged], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, world: None, owner: type[Staged]) -> StageOf: ...
    @overload
    def __get__(self, world: Staged, owner: type[Staged]) -> Stage: ...
    def __get__(self, world: Staged | None, owner: type[Staged]) -> Stage | StageOf:
        return self if world is None else world.stages[self.name]

    def __set__(self, world: Staged, part: Block | Callable[..., Any]) -> None:
        world.stages[self.name] = part


class Staged:
    """What a block is whose parts are the six stages."""

    philosopher = StageOf()
    author = StageOf()
    update = StageOf()
    development = StageOf()
    architect = StageOf()
    creator = StageOf()
    if TYPE_CHECKING:
        stages: Stages

    def children(self) -> Mapping[str, Block]:
        return self.stages


def as_stage(name: str, part: Any) -> Stage:
    """The stage, or one whose body is the block or function. Raises ConfigError for one that plays another role."""
    body = as_block(part, f"world's {name}")
    if body.kind != "stage":
        return Stage(body, plays=cast(Any, name))
    stage = cast(Stage, body)
    if stage.plays != name:
        what = f"the stage given as {name} plays {stage.plays}"
        raise ConfigError(what, where="world", mend=f"pass it as {stage.plays}=…")
    return stage


def parts_of(config: dict[str, Any], nodes: Mapping[str, Block]) -> dict[str, Any]:
    """What a manifest says of a world, as `World(…)` takes it. Raises ConfigError for a node that is no stage."""
    for name in nodes:
        check_stage(name)
    return {**config, **nodes}


def check_stage(name: str) -> None:
    """A world has a stage of this name. Raises ConfigError that names the near ones."""
    if name not in NAMES:
        raise ConfigError(f"a world has no stage {name!r}", where="world", mend=did_you_mean(name, NAMES))


def check_settings(given: Mapping[str, Any]) -> None:
    """A setting that is nearly a stage's name is taken for one. Raises ConfigError with the name that was meant."""
    for name in given:
        near = get_close_matches(name, NAMES, n=1)
        if near and name not in WorldSettings.__annotations__:
            what = f"there is neither a stage nor a setting {name!r}"
            raise ConfigError(what, where="world", mend=f"did you mean {near[0]!r}?")
