"""Torch modules that somebody put into an attribute, also inside of its lists and dicts."""

from __future__ import annotations

from typing import Any, cast


def holds_module(value: Any, nn: Any) -> bool:
    """Whether a value is a module or a parameter, or a plain list, tuple or dict that holds one (`nn`: torch's)."""
    if isinstance(value, nn.Module | nn.Parameter):
        return True
    if isinstance(value, dict):
        return any(holds_module(part, nn) for part in cast(dict[Any, Any], value).values())
    return isinstance(value, list | tuple) and any(holds_module(part, nn) for part in cast(list[Any], value))
