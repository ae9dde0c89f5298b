"""Graphs of manifests before format 3, whose networks gave the prediction without a condition beside the other one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from yggdrasil.contract.edges import SELF, Edge
from yggdrasil.contract.errors import WiringError
from yggdrasil.contract.manifest import Manifest

_GAVE_BOTH = ("backbone/unet", "backbone/stable_audio")
_NEGATIVE, _UNCOND, _SCALE = "negative", "pred_uncond", "scale"
_TAUGHT = "time_cond_proj_dim"


def called_apart(structure: dict[str, Any], nodes: Mapping[str, Manifest]) -> dict[str, Any]:
    """The structure in which each such network is called again for its second prediction; itself if it has none."""
    found = [name for name, node in nodes.items() if node.type in _GAVE_BOTH]
    for name in found:
        try:
            structure = _apart(structure, name, nodes)
        except (WiringError, AttributeError, TypeError):
            return structure  # not even edges: reading the structure says what is wrong
    return structure


def _apart(structure: dict[str, Any], node: str, nodes: Mapping[str, Manifest]) -> dict[str, Any]:
    taught = nodes[node].config.get("arch", {}).get(_TAUGHT) is not None
    edges = [Edge.parse(text) for text in structure.get("edges", [])]
    place = ""
    if not taught and any((e.target, e.into) == (node, _NEGATIVE) for e in edges):
        place = f"{node}_uncond"
        while place in nodes:
            place += "_"
    lost = {_NEGATIVE} if taught else {_NEGATIVE, _SCALE}

    def moved(edge: Edge) -> Edge | None:
        if place and (edge.target, edge.into) == (node, _NEGATIVE):
            return replace(edge, target=place, into="condition")
        if (edge.source, edge.out) == (node, _UNCOND):
            return replace(edge, source=place, out="pred") if place else None
        return None if edge.target == node and edge.into in lost else edge

    kept = [str(now) for edge in edges if (now := moved(edge)) is not None]
    asked = {Edge.parse(text).out for text in kept if text.startswith(f"{SELF}.")}
    own = {f"{node}.{port}" for port in lost}
    made = {
        **structure,
        "edges": kept,
        "loops": [_loop(loop, node, place, moved) for loop in structure.get("loops", [])],
        "joins": {at: how for at, how in structure.get("joins", {}).items() if at not in own},
        "constants": {at: value for at, value in structure.get("constants", {}).items() if at not in own},
        "defaults": {name: value for name, value in structure.get("defaults", {}).items() if name in asked},
        "again": {**structure.get("again", {}), **({place: node} if place else {})},
    }
    return {key: value for key, value in made.items() if value or key in structure}


def _loop(loop: dict[str, Any], node: str, place: str, moved: Any) -> dict[str, Any]:
    nodes: list[str] = [
        part for name in loop["nodes"] for part in ((name, place) if name == node and place else (name,))
    ]
    carry = [moved(Edge.parse(text)) for text in loop.get("carry", [])]
    return {**loop, "nodes": nodes, "carry": [str(edge) for edge in carry if edge is not None]}
