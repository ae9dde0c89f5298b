"""Commands on one block of any level: run it, describe it, validate it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from yggdrasil.cli import fetching
from yggdrasil.cli.live import watched
from yggdrasil.cli.output import visible, write
from yggdrasil.contract.block import Block, description
from yggdrasil.contract.errors import PortError, did_you_mean
from yggdrasil.contract.pictures import read_picture
from yggdrasil.contract.ports import Port, each_once
from yggdrasil.contract.tree import describe as describe_tree
from yggdrasil.contract.tree import walk
from yggdrasil.levels.media import encoded
from yggdrasil.store.load import load


def run(what: str, inputs: list[str], out: Path | None, *, yes: bool) -> dict[str, Any]:
    """Run a block once; large outputs go to files. Raises PortError for an input that does not fit."""
    block = load(what)
    if fetching.ensure(fetching.missing(block), yes=yes):
        block = load(what)
    values = dict(_value(block, text) for text in inputs)
    with watched(what, 1):
        outputs = block.run(**values)
    return {name: _shown(value, name, out) for name, value in each_once(block.outputs, outputs).items()}


def _value(block: Block, text: str) -> tuple[str, Any]:
    name, equals, raw = text.partition("=")
    if not equals or name not in block.inputs:
        raise PortError(f"{text!r} is no input", mend=f"write NAME=VALUE; {did_you_mean(name, block.inputs)}")
    return name, _parsed(block.inputs[name], raw)


def _parsed(port: Port, raw: str) -> Any:
    if raw.startswith("@"):
        data = Path(raw[1:]).read_bytes()
        return read_picture(data, raw[1:]) if port.kind.name == "image" else data.decode()
    if port.kind.name == "text":
        return raw
    if port.kind.large or port.kind.tensor:
        raise PortError(f"{port.name} takes {port.kind.name}", mend=f"read it from a file: {port.name}=@FILE")
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def _shown(value: Any, name: str, out: Path | None) -> Any:
    if isinstance(value, list) and value and _is_large(value[0]):
        paths = [out and out.with_stem(f"{out.stem}-{i}") for i in range(1, len(value) + 1)]
        return [_shown(part, f"{name}-{i}", path) for i, (part, path) in enumerate(zip(value, paths, strict=True), 1)]
    if not _is_large(value):
        return value
    data, media_type = encoded(value)
    target = out or Path(f"{name}.{ {'image/png': 'png', 'audio/wav': 'wav'}.get(media_type, 'bin') }")
    target.write_bytes(data)
    return {"path": str(target), "media_type": media_type, "bytes": len(data)}


def _is_large(value: Any) -> bool:
    return not isinstance(value, str | int | float | bool | None | dict | list)


def print_outputs(shown: dict[str, Any]) -> None:
    for name, value in shown.items():
        files = [part for part in (value if isinstance(value, list) else [value]) if _is_file(part)]
        if files:
            for file in files:
                write(visible(f"{name}: {file['path']}"))
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            write(visible(f"{name}: {text}"))


def _is_file(shown: Any) -> bool:
    return isinstance(shown, dict) and "path" in shown


def describe(what: str) -> dict[str, Any]:
    """Ports, nodes, edges and digests of a block, and its schema as a tool."""
    from yggdrasil.contract.registry import names, owner
    from yggdrasil.contract.schema import tool_schema

    block = load(what) if what not in names() or "/" not in what else None
    if block is None:
        from yggdrasil.contract.registry import find

        cls = find(what)
        return {
            "type": what,
            "kind": cls.kind,
            "role": cls.role,
            "about": (cls.__doc__ or "").strip(),
            "from": owner(what),
        }
    manifest = describe_tree(block)
    return {
        "name": what,
        "kind": block.kind,
        "type": block.type_name,
        "about": description(block),
        "inputs": {n: _port(p) for n, p in block.inputs.items()},
        "outputs": {n: p.kind.name for n, p in block.outputs.items()},
        "nodes": {n: c.type_name for n, c in block.children().items()},
        "edges": block.structure().get("edges", []),
        "parameters": parameters(block),
        "digests": {"structure": manifest.structure_digest(), "weights": manifest.weights_digest()},
        "schema": tool_schema(block.inputs),
    }


def parameters(block: Block) -> int:
    """Bytes of the distinct weights files of a tree that are on this machine."""
    files = {ref.sha256: ref.path for _, part in walk(block) for ref in part.files.values() if ref.path is not None}
    return sum(path.stat().st_size for path in files.values())


def _port(port: Port) -> dict[str, Any]:
    return {"kind": port.kind.name, "required": port.required} | (
        {} if port.required else {"default": repr(port.default)}
    )


def print_description(shown: dict[str, Any]) -> None:
    write(visible(f"{shown.get('name') or shown['type']}  ({shown['kind']}, {shown['type']})"))
    write(visible(str(shown["about"])))
    for name, port in shown.get("inputs", {}).items():
        needed = "" if port["required"] else f" = {port['default']}"
        write(visible(f"  → {name}: {port['kind']}{needed}"))
    for name, kind in shown.get("outputs", {}).items():
        write(visible(f"  ← {name}: {kind}"))
    for edge in shown.get("edges", []):
        write(visible(f"    {edge}"))
    for name, value in shown.get("digests", {}).items():
        write(f"  {name} {value}")


def validate(folder: Path) -> dict[str, Any]:
    """Load a saved block and check every file of it against its hash. Raises the first thing that is wrong."""
    path = str(folder) if "/" in str(folder) or str(folder).startswith(".") else f"./{folder}"
    block = load(path)
    for _, part in walk(block):
        for role in part.files:
            part.file(role)
    checks = getattr(block, "verify", None)
    found = {"valid": True, "kind": block.kind, "type": block.type_name, "blocks": sum(1 for _ in walk(block))}
    return {**found, **(checks() if checks is not None else {})}
