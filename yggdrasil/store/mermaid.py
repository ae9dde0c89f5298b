"""A block of any level as a Mermaid flowchart: nodes as they are nested, edges with their ports, loops dotted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, cast

from yggdrasil.contract.block import Block
from yggdrasil.engine.cycle.cycle_stages import ORDER

_INDENT = "    "
Arrow = tuple[str, str, str, bool]
"""From node, to node, words on it, and whether it goes back for another round."""


def mermaid(block: Block, depth: int = 2) -> str:
    """The text of a flowchart, left to right; parts deeper than `depth` levels are drawn as one node each.

    What a graph holds at a node's inputs stands in the node.
    Shapes: a box is a block, a diamond the value that chooses a branch, a rounded box what comes in or goes out.
    """
    lines = ["flowchart LR", *_inside(block, "w", depth, 1)]
    return "\n".join(lines) + "\n"


def _inside(block: Block, place: str, depth: int, level: int) -> Iterator[str]:
    """The nodes of a container and the arrows between them; every node is known by its path."""
    pad = _INDENT * level
    arrows = list(_arrows(block))
    numbers = {name: f"{place}_{number}" for number, name in enumerate(block.children())}
    held: dict[str, Any] = block.structure().get("constants", {})
    for name, child in block.children().items():
        words = _words(name, child) + _values(name, held)
        if child.children() and depth > 1:
            yield f'{pad}subgraph {numbers[name]}["{words}"]'
            yield from _inside(child, numbers[name], depth - 1, level + 1)
            yield f"{pad}end"
        else:
            yield f'{pad}{numbers[name]}["{words}"]'
    for further, node in block.structure().get("again", {}).items():
        numbers[further] = f"{place}_{len(numbers)}"
        yield f'{pad}{numbers[further]}["{_safe(further)}{_values(further, held)}"]'
        yield f'{pad}{numbers[node]} ---|"again"| {numbers[further]}'
    for end, shape in {end: _shape(end) for arrow in arrows for end in arrow[:2] if end not in numbers}.items():
        numbers[end] = f"{place}_{len(numbers)}"
        yield f"{pad}{numbers[end]}{shape}"
    for start, end, words, back in arrows:
        line = "-.->" if back else "-->"
        yield f"{pad}{numbers[start]} {line}" + (f'|"{_safe(words)}"| ' if words else " ") + numbers[end]


def _arrows(block: Block) -> Iterator[Arrow]:
    """What leads from node to node, by the level's own kind of structure; edges between two nodes are one arrow."""
    if block.kind == "world":
        names = [role.name for role in ORDER]
        yield from ((start, end, "", False) for start, end in pairwise(names))
        yield names[-1], names[0], "", True
    elif block.type_name == "loop":
        config = block.config()
        yield "body", "body", ", ".join(f"{key} {config[key]}" for key in ("times", "until") if config.get(key)), True
    elif block.type_name == "choose":
        config = block.config()
        cases = {branch: value for value, branch in cast(dict[str, str], config.get("cases") or {}).items()}
        asked = f"? {config.get('when', 'when')}"
        yield from ((asked, name, cases.get(name, name), False) for name in block.children())
    else:
        yield from _edges(block.structure())


def _edges(structure: dict[str, Any]) -> Iterator[Arrow]:
    carried = [edge for loop in structure.get("loops", []) for edge in loop.get("carry", [])]
    for edges, back in ((structure.get("edges", []), False), (carried, True)):
        found: dict[tuple[str, str], list[str]] = {}
        for edge in edges:
            (start, out), (end, into) = (part.split(".") for part in edge.split(" -> "))
            names = ("in " + out if start == "self" else start, "out " + into if end == "self" else end)
            port = "" if "self" in (start, end) else out
            if port not in found.setdefault(names, []):
                found[names].append(port)
        for (start, end), ports in found.items():
            yield start, end, ", ".join(filter(None, ports)), back


def _shape(end: str) -> str:
    kind, _, name = end.partition(" ")
    return f'{{"{_safe(name)}"}}' if kind == "?" else f'("{_safe(name)}")'


def _words(name: str, block: Block) -> str:
    return (
        _safe(name) if block.type_name in ("", name) else f"{_safe(name)}<br/><small>{_safe(block.type_name)}</small>"
    )


def _values(name: str, held: dict[str, Any]) -> str:
    """What the graph holds at a node's inputs, long values cut."""
    own = {port: value for at, value in held.items() for node, _, port in [at.partition(".")] if node == name}
    lines = (f"{port} = {json.dumps(value, ensure_ascii=False)}" for port, value in own.items())
    return "".join(f"<br/><small>{_safe(line[:60])}</small>" for line in lines)


def _safe(text: str) -> str:
    """Letters that Mermaid would read as its own are written as entities."""
    return "".join(c if c.isalnum() or c in " _-./,∕" else f"#{ord(c)};" for c in text)
