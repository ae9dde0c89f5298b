"""diffusers' schedulers, made once for each setting; every run gets a copy that shares nothing it changes."""

from __future__ import annotations

import copy
import inspect
import json
from functools import lru_cache
from typing import Any, Literal, get_args

from yggdrasil.contract import ConfigError, here
from yggdrasil.contract.errors import did_you_mean

Name = Literal[
    "FlowMatchEulerDiscreteScheduler", "DDIMScheduler", "DPMSolverMultistepScheduler", "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler", "PNDMScheduler", "UniPCMultistepScheduler",
    "LMSDiscreteScheduler", "DDPMScheduler", "KDPM2DiscreteScheduler", "DEISMultistepScheduler",
    "DPMSolverSinglestepScheduler", "EDMDPMSolverMultistepScheduler", "EDMEulerScheduler",
]  # fmt: skip
FLOW = "FlowMatchEulerDiscreteScheduler"
BENT: tuple[Name, ...] = (
    "DPMSolverMultistepScheduler", "UniPCMultistepScheduler", "DEISMultistepScheduler", "DPMSolverSinglestepScheduler",
)  # fmt: skip
"""Schedulers that solve flows too, told by `use_flow_sigmas`."""
NOISE: tuple[Name, ...] = tuple(name for name in get_args(Name) if name != FLOW and not name.startswith("EDM"))
"""Schedulers of models that predict noise or its velocity at a discrete time."""


def scheduler(name: Name, settings: dict[str, Any]) -> Any:
    """A scheduler of diffusers of one run's own."""
    made = copy.copy(_made(name, json.dumps(settings, sort_keys=True)))
    for key, value in vars(made).items():
        if isinstance(value, list | dict):
            setattr(made, key, copy.copy(value))
    return made


@lru_cache(maxsize=32)
def _made(name: str, settings: str) -> Any:
    import diffusers

    given = json.loads(settings)
    _refuse_unknown(given)
    return getattr(diffusers, name).from_config(given)


def _refuse_unknown(settings: dict[str, Any]) -> None:
    """Refuse what no scheduler knows: diffusers would drop it with a line in a log.

    A setting of another scheduler passes, since a pipeline's config follows it from one scheduler to the next.
    """
    for key in settings:
        if key not in known_only(settings):
            near = did_you_mean(key, _settings())
            mend = f"{near} The number of steps and their order are inputs of the run, not settings"
            raise ConfigError(f"no scheduler has a setting {key!r}", where=here().path, mend=mend)


def known_only(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings without what no scheduler has."""
    return {key: value for key, value in settings.items() if key.startswith("_") or key in _settings()}


@lru_cache(maxsize=1)
def _settings() -> frozenset[str]:
    import diffusers

    signatures = (inspect.signature(getattr(diffusers, name).__init__) for name in get_args(Name))
    return frozenset(key for signature in signatures for key in signature.parameters if key not in ("self", "kwargs"))


@lru_cache(maxsize=64)
def takes(call: Any, name: str) -> bool:
    """Whether a scheduler's function has a parameter of that name."""
    return name in inspect.signature(call).parameters


def is_flow(name: Name, settings: dict[str, Any]) -> bool:
    """Whether the scheduler solves a flow: from noise to image along straight lines."""
    return name == FLOW or bool(settings.get("use_flow_sigmas"))


def set_timesteps(made: Any, name: Name, settings: dict[str, Any], steps: int, tokens: int) -> None:
    """Choose the timesteps as diffusers' pipelines do: a flow's evenly, shifted by the number of tokens if it says so.

    Flux's shift is linear in the number of tokens, from `base_shift` to `max_shift` (exponent of the time shift).
    """
    import numpy

    if not is_flow(name, settings):
        made.set_timesteps(steps)
        return
    more: dict[str, Any] = {}
    if settings.get("use_dynamic_shifting"):
        few, many = settings.get("base_image_seq_len", 256), settings.get("max_image_seq_len", 4096)
        low, high = settings.get("base_shift", 0.5), settings.get("max_shift", 1.15)
        slope = (high - low) / (many - few)
        more["mu"] = tokens * slope + (low - slope * few)
    if settings.get("use_flow_sigmas"):
        made.set_timesteps(steps, **more)
    else:
        made.set_timesteps(sigmas=numpy.linspace(1.0, 1 / steps, steps), **more)
    made.set_begin_index(0)
