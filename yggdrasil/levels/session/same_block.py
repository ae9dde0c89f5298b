"""Whether a session's block is the one that it was held with: its parts must be, other settings are told."""

from __future__ import annotations

from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.digest import digest
from yggdrasil.contract.tree import walk


def described(block: Block) -> dict[str, Any]:
    """What a session keeps of its block: a digest of its parts, and every part's settings by place (JSON)."""
    settings = {at: _settings(part) for at, part in walk(block)}
    return {"shape": digest(_shape(block, top=True)), "settings": {at: own for at, own in settings.items() if own}}


def touched(block: Block) -> Any:
    """Differs after any change of the block or of a part."""
    return [(part.serial, part.touched()) for _, part in walk(block)]


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What is set otherwise, each in words; [] if nothing is."""
    found: list[str] = []
    old, new = before["settings"], now["settings"]
    for at in sorted({*old, *new}):
        was, is_now = old.get(at, {}), new.get(at, {})
        for name in sorted({*was, *is_now}):
            if was.get(name) != is_now.get(name):
                place = f"{at}: " if at else ""
                found.append(f"{place}{name} {_short(was.get(name))} → {_short(is_now.get(name))}")
    return found


def _shape(block: Block, *, top: bool = False) -> dict[str, Any]:
    """Kinds and types of the tree; a leaf of a role stands for any that plays it, such as another model."""
    parts = block.children()
    fixed = top or parts or not block.role
    return {
        "kind": block.kind,
        "is": _type(block) if fixed else block.role,
        "structure": block.structure(),
        "nodes": {name: _shape(part) for name, part in parts.items()},
    }


def _type(block: Block) -> str:
    return block.type_name or block.__class__.__qualname__


def _settings(block: Block) -> dict[str, Any]:
    files = {f"file {role}": ref.sha256 for role, ref in block.files.items()}
    return {"type": _type(block), **block.config(), **files}


def _short(value: Any) -> str:
    text = "unset" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
