"""diffusers' schedulers, made once for each setting; every run gets a copy that shares nothing it changes."""

from __future__ import annotations

import copy
import inspect
import itertools
import json
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Literal, get_args

from yggdrasil.contract import ConfigError, here
from yggdrasil.contract.errors import did_you_mean
from yggdrasil.contract.libraries import IMPORTING

Name = Literal[
    "FlowMatchEulerDiscreteScheduler", "DDIMScheduler", "DPMSolverMultistepScheduler", "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler", "PNDMScheduler", "UniPCMultistepScheduler",
    "LMSDiscreteScheduler", "DDPMScheduler", "KDPM2DiscreteScheduler", "DEISMultistepScheduler",
    "DPMSolverSinglestepScheduler", "EDMDPMSolverMultistepScheduler", "EDMEulerScheduler",
]  # fmt: skip
FLOW = "FlowMatchEulerDiscreteScheduler"
STEPPING: tuple[Name, ...] = ("DDIMScheduler", "PNDMScheduler")
"""Schedulers that step back by one number of training steps, whatever the times between which they step."""
BENT: tuple[Name, ...] = (
    "DPMSolverMultistepScheduler", "UniPCMultistepScheduler", "DEISMultistepScheduler", "DPMSolverSinglestepScheduler",
)  # fmt: skip
"""Schedulers that solve flows too, told by `use_flow_sigmas`."""
_SHIFTS = ("base_shift", "max_shift", "base_image_seq_len", "max_image_seq_len")
"""What `set_timesteps` reads of a flow's settings, whatever its scheduler takes."""
NOISE: tuple[Name, ...] = tuple(name for name in get_args(Name) if name != FLOW and not name.startswith("EDM"))
"""Schedulers of models that predict noise or its velocity at a discrete time."""


def scheduler(name: Name, settings: dict[str, Any]) -> Any:
    """A scheduler of diffusers of one run's own."""
    made = copy.copy(_made(name, json.dumps(settings, sort_keys=True)))
    for key, value in vars(made).items():
        if isinstance(value, list | dict):
            setattr(made, key, copy.copy(value))
    return made


def class_of(name: str) -> Any:
    """The scheduler's class, as the library has it."""
    with IMPORTING:
        import diffusers

        return getattr(diffusers, name)


@lru_cache(maxsize=32)
def _made(name: str, settings: str) -> Any:
    given = json.loads(settings)
    _refuse_unknown(name, given)
    with _telling(name):
        return class_of(name).from_config(given)


@contextmanager
def _telling(name: str) -> Generator[None]:
    """What a scheduler does not take of its settings, whenever it finds out, as an error of ours."""
    try:
        yield
    except (ArithmeticError, AttributeError, NotImplementedError, TypeError, ValueError) as error:  # as each refuses
        why = str(error).partition("\n")[0][:200]
        mend = "correct that value in `settings`; which it takes says diffusers' page of the scheduler"
        raise ConfigError(f"{name} does not go with its settings ({why})", where=here().path, mend=mend) from error


def check(name: Name, settings: dict[str, Any]) -> None:
    """Raises ConfigError for settings by which the scheduler cannot be made, or cannot choose its timesteps."""
    set_timesteps(scheduler(name, settings), name, settings, 4, 64)


def own_settings(name: str, given: Iterable[str]) -> list[str]:
    """Those of the names that are settings of the scheduler itself."""
    return [one for one in given if one in _settings(name)]


def _refuse_unknown(name: str, settings: dict[str, Any]) -> None:
    """Refuse what the scheduler would ignore: diffusers drops it with a line in a log."""
    kept = known_only(name, settings)
    for key in settings.keys() - kept.keys():
        owners = [other for other in get_args(Name) if key in _settings(other)]
        what = f"{name} has no setting {key!r}" if owners else f"no scheduler has a setting {key!r}"
        where_it_is = f"{owners[0]} has it." if owners else ""
        near = did_you_mean(key, sorted(_settings(name)))
        mend = f"{where_it_is} {near} The number of steps and their order are inputs of the run, not settings".strip()
        raise ConfigError(what, where=here().path, mend=mend)


def known_only(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings without what the scheduler would ignore.

    A whole config of diffusers, which names its `_class_name`, may hold what any scheduler has: it follows its
    pipeline from one scheduler to the next.
    """
    follows = "_class_name" in settings
    known = frozenset[str]().union(*map(_settings, get_args(Name))) if follows else _settings(name)
    return {key: value for key, value in settings.items() if key.startswith("_") or key in known}


@lru_cache(maxsize=32)
def _settings(name: str) -> frozenset[str]:
    taken = inspect.signature(class_of(name).__init__).parameters.keys() - {"self", "kwargs"}
    return frozenset(taken | set(_SHIFTS if name in (FLOW, *BENT) else ()))


@lru_cache(maxsize=64)
def takes(call: Any, name: str) -> bool:
    """Whether a scheduler's function has a parameter of that name."""
    return name in inspect.signature(call).parameters


def is_flow(name: Name, settings: dict[str, Any]) -> bool:
    """Whether the scheduler solves a flow: from noise to image along straight lines."""
    return name == FLOW or bool(settings.get("use_flow_sigmas"))


def strays(name: Name, made: Any) -> bool:
    """Whether some step of the scheduler ends where the next does not begin, or the last not at the end.

    DDIM and PNDM step back by one number of training steps, rounded down, while the times may be spaced otherwise.
    """
    if name not in STEPPING or getattr(made.config, "skip_prk_steps", True) is False:
        return False
    times = _main_times(made.timesteps)
    apart = made.config.num_train_timesteps // made.num_inference_steps
    return any(a - apart != b for a, b in itertools.pairwise(times)) or times[-1] - apart >= 0


def on_own_times(name: Name, made: Any, timesteps: Any) -> tuple[Any, dict[int, int]]:
    """Have each step of DDIM or PNDM end where the next begins, and the last at the clean latent.

    Gives the timesteps to walk, and by which number the scheduler knows each: it is told of so many training steps as
    are walked, so that its own formulas step from one to the next. Raises ConfigError for PNDM's Runge-Kutta steps.
    """
    import torch

    if getattr(made.config, "skip_prk_steps", True) is False:
        mend = "set its setting skip_prk_steps to true"
        raise ConfigError("own_times does not hold for Runge-Kutta steps", where=here().path, mend=mend)
    times = _main_times(timesteps)
    made.register_to_config(num_train_timesteps=len(times))
    made.num_inference_steps = len(times)
    made.alphas_cumprod = made.alphas_cumprod[times[::-1]]
    made.final_alpha_cumprod = torch.tensor(1.0)
    walked = times if name != "PNDMScheduler" or len(times) < 2 else [times[0], times[1], *times[1:]]
    return torch.tensor(walked), {time: len(times) - 1 - at for at, time in enumerate(times)}


def _main_times(timesteps: Any) -> list[int]:
    """The times by their first places; PNDM takes its second twice."""
    return list(dict.fromkeys(timesteps.tolist()))


def set_timesteps(made: Any, name: Name, settings: dict[str, Any], steps: int, tokens: int) -> None:
    """Choose the timesteps as diffusers' pipelines do: a flow's evenly, shifted by the number of tokens if it says so.

    Flux's shift is linear in the number of tokens, from `base_shift` to `max_shift` (exponent of the time shift).
    """
    import numpy

    if not is_flow(name, settings):
        with _telling(name):
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
