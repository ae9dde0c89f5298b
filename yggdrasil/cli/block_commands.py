"""Commands on one block of any level: run it, describe it, validate it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from yggdrasil.cli import model_commands
from yggdrasil.cli.live import watched
from yggdrasil.cli.output import line, write
from yggdrasil.cli.question_commands import outputs_of
from yggdrasil.cli.results import Destination, destination
from yggdrasil.cli.targets import check_saved, open_block
from yggdrasil.contract.block import Block, description
from yggdrasil.contract.errors import PortError, did_you_mean
from yggdrasil.contract.finite import NotFinite
from yggdrasil.contract.known_digests import reading_anew
from yggdrasil.contract.missing_roles import lacking
from yggdrasil.contract.ports import Port, each_once
from yggdrasil.contract.safetensors_header import table_of
from yggdrasil.contract.tree import describe as describe_tree
from yggdrasil.contract.tree import walk
from yggdrasil.contract.value_forms import ARRAY
from yggdrasil.contract.values import decode
from yggdrasil.store.load import load


def run(
    what: str, inputs: list[str], out: str | None, *, yes: bool, session: str = "", at: Path | None = None
) -> tuple[Block, dict[str, Any]]:
    """Run a block once, or a turn of its `session` in the folder `at`; large outputs go to files, what is good of them
    too where a run fails by the rest.

    Raises PortError for an input or a file that does not fit.
    """
    block = open_block(what)
    if model_commands.ensure(model_commands.missing(block), yes=yes):
        block = open_block(what)
    values = _values(block, inputs, what)
    place = destination(block, out)
    try:
        with watched(what):
            outputs = outputs_of(block, values, session, at)
    except NotFinite as error:
        _kept(block, error.kept, place)
        raise
    return block, _kept(block, outputs, place)


def _kept(block: Block, outputs: Mapping[str, Any], place: Destination) -> dict[str, Any]:
    given = each_once(block.outputs, {name: value for name, value in dict(outputs).items() if name in block.outputs})
    return {name: place.keep(name, value) for name, value in given.items()}


def _values(block: Block, given: list[str], where: str) -> dict[str, Any]:
    """The inputs that are written as NAME=VALUE. Raises PortError for one that the block has not, or that is there
    twice.
    """
    values: dict[str, Any] = {}
    for text in given:
        name, equals, raw = text.partition("=")
        if not equals:
            example = f"{text}=…" if text in block.inputs else f"{next(iter(block.inputs), 'NAME')}={text!r}"
            raise PortError(f"{text!r} names no input", where=where, mend=f"write NAME=VALUE, e.g. {example}")
        if name not in block.inputs:
            mend = f"{did_you_mean(name, block.inputs)} (what it takes: yggdrasil describe {where})"
            raise PortError(f"there is no input {name!r}", where=where, mend=mend)
        if name in values:
            raise PortError(f"input {name!r} was given twice", where=where, mend="give it once")
        values[name] = _parsed(block.inputs[name], raw)
    return values


def _parsed(port: Port, raw: str) -> Any:
    if raw.startswith("@@"):
        return _plain(port, raw[1:])
    if raw.startswith("@"):
        return _read(port, Path(raw[1:]))
    return _plain(port, raw)


def _plain(port: Port, raw: str) -> Any:
    """The value that the words themselves are."""
    if port.kind.name == "text":
        return raw
    if port.kind.tensor and (given := _numbers(port, raw)) is not None:
        return given
    if port.kind.large or port.kind.tensor:
        file = raw if Path(raw).is_file() else "FILE"
        kind = "a picture" if port.kind.name == "image" else f"a value of kind {port.kind.name}"
        raise PortError(f"takes {kind} from a file", where=port.name, mend=f"write {port.name}=@{file}")
    return _json_or_words(raw)


def _json_or_words(raw: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def _numbers(port: Port, raw: str) -> Any:
    """The tensor that a number or nested lists of numbers make; None for other words."""
    import torch

    try:
        given = json.loads(raw)
    except ValueError:
        return None
    try:
        return torch.tensor(given)
    except (TypeError, ValueError, RuntimeError) as error:
        mend = "write a number or nested lists of numbers, as long in each row"
        raise PortError(f"makes no tensor ({error})", where=f"{port.name}={raw:.60}", mend=mend) from None


def _read(port: Port, path: Path) -> Any:
    try:
        data = path.read_bytes()
    except OSError as error:
        what = "there is no such file" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise PortError(what, where=f"{port.name}=@{path}", mend=_mend(port, path)) from None
    if port.kind.tensor:
        return _tensor(port, path, data)
    if port.kind.form is not None:
        return decode(data, kind=port.kind, where=str(path))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PortError("is not UTF-8 text", where=f"{port.name}=@{path}", mend="give a text file") from None
    return text if port.kind.name == "text" or port.kind.large else _json_or_words(text)


def _tensor(port: Port, path: Path, data: bytes) -> Any:
    """The tensor of a .safetensors or .npy file; what is unpickled is not read, since it could do anything."""
    if path.suffix in (".pt", ".pth", ".bin", ".pkl"):
        what = f"a {path.suffix} file is code that would be run"
        raise PortError(what, where=f"{port.name}=@{path}", mend="save the tensor as .safetensors or .npy")
    if path.suffix != ".npy":
        return decode(data, kind=port.kind, where=str(path))
    import torch

    return torch.from_numpy(ARRAY.decode(data))


def _mend(port: Port, path: Path) -> str:
    escape = f"; a text that begins with @ is written {port.name}=@@{path}" if port.kind.name == "text" else ""
    return _near_files(path) + escape


def _near_files(path: Path) -> str:
    beside = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, beside, n=3, cutoff=0.6)
    return "did you mean " + " or ".join(f"@{path.parent / name}" for name in near) + "?" if near else "check the path"


def describe(what: str) -> dict[str, Any]:
    """Ports, nodes, edges and digests of a block, and its schema as a tool."""
    from yggdrasil.contract.registry import names, owner
    from yggdrasil.contract.schema import tool_schema

    block = open_block(what) if what not in names() or "/" not in what else None
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
        "lacks": lacking(block),
        "nodes": {n: c.type_name for n, c in block.children().items()},
        "edges": block.structure().get("edges", []),
        "parameters": parameters(block),
        "digests": manifest.own_digests(),
        "schema": tool_schema(block.inputs),
    }


def drawing(what: str, depth: int) -> str:
    """A flowchart of what is inside, so many levels deep."""
    from yggdrasil.store.mermaid import mermaid

    return mermaid(open_block(what), depth).rstrip()


def parameters(block: Block) -> int:
    """Bytes of the distinct weights files of a tree that are on this machine."""
    files = {ref.sha256: ref.path for _, part in walk(block) for ref in part.files.values() if ref.path is not None}
    return sum(path.stat().st_size for path in files.values())


def _port(port: Port) -> dict[str, Any]:
    return {"kind": port.kind.name, "required": port.required} | (
        {} if port.required else {"default": repr(port.default)}
    )


def description_page(shown: dict[str, Any]) -> None:
    """Name, prose, ports, what it lacks, edges and digests."""
    line(f"{shown.get('name') or shown['type']}  ({shown['kind']}, {shown['type']})")
    line(str(shown["about"]))
    for name, port in shown.get("inputs", {}).items():
        line(f"  → {name}: {port['kind']}" + ("" if port["required"] else f" = {port['default']}"))
    for name, kind in shown.get("outputs", {}).items():
        line(f"  ← {name}: {kind}")
    for name, how in shown.get("lacks", {}).items():
        line(f"  ? {name}: {how}")
    for edge in shown.get("edges", []):
        line(f"    {edge}")
    for name, value in shown.get("digests", {}).items():
        write(f"  {name} {value}")


def validate(folder: Path) -> dict[str, Any]:
    """Load a saved block and read every file of it against its hash; `tensors` counts those of its safetensors files.

    Raises the first thing that is wrong.
    """
    if not folder.exists():
        check_saved(folder)
    with reading_anew():
        block = load(folder)
    files = {part.file(role) for _, part in walk(block) for role in part.files}
    tensors = sum(len(table_of(path).tensors) for path in files if path.suffix == ".safetensors")
    checks = getattr(block, "verify", None)
    found = {"valid": True, "kind": block.kind, "type": block.type_name, "blocks": sum(1 for _ in walk(block))}
    return {**found, "tensors": tensors, **(checks() if checks is not None else {})}
