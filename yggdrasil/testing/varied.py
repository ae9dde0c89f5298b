"""Other inputs and other settings than those given, as legal as can be guessed: what a block must not confuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Literal, cast, get_args, get_origin

from yggdrasil.contract.block import Block
from yggdrasil.contract.config import config_model, validated_one
from yggdrasil.contract.errors import ConfigError


def other_inputs(inputs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Inputs that differ: all that can, then only the plain ones, then the same (for a block that draws)."""
    deep = {name: _other(value, deep=True) for name, value in inputs.items()}
    plain = {name: _other(value, deep=False) for name, value in inputs.items()}
    yield deep
    yield plain
    yield dict(inputs)


def other_settings(block: Block) -> Iterator[tuple[str, Any]]:
    """(setting, another value that its schema lets be) for each that has one: flags, numbers, members of an enum."""
    cls = type(block)
    for name, field in config_model(cls).model_fields.items():
        value = getattr(block, name)
        for candidate in (*_members(field.annotation), *_near(value)):
            try:
                legal = validated_one(cls, name, candidate)
            except ConfigError:
                continue
            if legal != value:
                yield name, legal
                break


def _members(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(annotation) if isinstance(annotation, type) and issubclass(annotation, Enum) else ()


def _near(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    return [value / 2, value + 0.5, value - 0.5] if isinstance(value, float) else []


def _other(value: Any, *, deep: bool) -> Any:
    """A value of the same kind that differs, or the same where none is known."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return f"{value} again"
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value / 2 if value else 0.5
    if not deep:
        return value
    if isinstance(value, list):
        return [_other(part, deep=True) for part in cast("list[Any]", value)]
    if isinstance(value, dict):
        known = cast("dict[str, Any]", value)
        return {name: part if name in ("role", "type") else _other(part, deep=True) for name, part in known.items()}
    return _other_object(value)


def _other_object(value: Any) -> Any:
    import torch
    from PIL import Image as Pictures

    if isinstance(value, torch.Tensor) and value.is_floating_point():
        return value * 0.5 if value.any() else value + 0.5
    if isinstance(value, Pictures.Image) and value.mode in ("L", "RGB"):
        return value.point(lambda level: 255 - level)
    return value
