"""What a block holds and would do, before it runs: parameters, bytes on disk and in memory, calls a part."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import PortError, did_you_mean
from yggdrasil.contract.safetensors_header import table_of
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.engine.flow.plan import PlannedCall, Round
from yggdrasil.levels.graph import Graph
from yggdrasil.store.profile import as_html, as_text

_BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}
_FLOATS = ("F32", "F16", "BF16")
HEADS = ("part", "calls", "parameters", "on disk", "in memory", "dtype")


@dataclass
class Estimated:
    """One part: `calls` is None where only the run will tell; weights that several parts share stand at the first.

    `disk` and `memory` are bytes of weights; what the run itself needs beside them is not in it.
    """

    path: str
    calls: int | None
    parameters: int = 0
    disk: int = 0
    memory: int = 0
    dtypes: dict[str, int] = field(default_factory=dict[str, int])
    """dtype in memory → bytes."""


class Estimate:
    """The parts of a block as they stand in it, and the sums; `unknown` says in words what cannot be known."""

    def __init__(self, rows: list[Estimated], unknown: list[str]) -> None:
        self.rows = rows
        self.unknown = unknown
        self.parameters = sum(row.parameters for row in rows)
        self.disk = sum(row.disk for row in rows)
        self.memory = sum(row.memory for row in rows)

    def __str__(self) -> str:
        return "\n".join((as_text(HEADS, self._cells()), *self.unknown))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return as_html(HEADS, self._cells())

    def _cells(self) -> list[tuple[str, ...]]:
        whole = Estimated("all", None, self.parameters, self.disk, self.memory)
        return [_cells(row) for row in (*self.rows, whole)]


def _cells(row: Estimated) -> tuple[str, ...]:
    name = "  " * row.path.count("/") + row.path.rpartition("/")[2]
    calls = "?" if row.calls is None else str(row.calls)
    return name, calls, f"{row.parameters:,}", f"{row.disk:,}", f"{row.memory:,}", ", ".join(row.dtypes)


def estimate(block: Block, **inputs: Any) -> Estimate:
    """What the parts of a block weigh and how often each is called with these inputs; nothing is run or loaded.

    A loop that its own output ends has as many rounds as the input `steps` of the part that drives it says; where
    there is none, or a scheduler may ask twice a step, the calls below are told as unknown or as the least.
    """
    for name in inputs:
        if name not in block.inputs:
            mend = did_you_mean(name, block.inputs)
            raise PortError(f"there is no input {name!r}", where=block.name, mend=mend)
    rows: list[Estimated] = []
    seen: set[str] = set()
    unknown: list[str] = []
    _add(block, block.name, 1, inputs, rows, seen, unknown)
    return Estimate(rows, unknown)


def _add(
    block: Block, path: str, calls: int | None, inputs: Mapping[str, Any], rows: list[Estimated], seen: set[str],
    unknown: list[str],
) -> None:  # fmt: skip
    row = Estimated(path, calls)
    _weigh(block, row, seen, unknown)
    rows.append(row)
    if isinstance(block, Graph):
        for name, (part, number, given) in _calls(block, inputs, path, unknown).items():
            _add(part, f"{path}/{name}", _times(calls, number), given, rows, seen, unknown)
        return
    if block.children():
        unknown.append(f"{path}: how often a {block.kind} calls its parts, only the run tells")
    for name, part in block.children().items():
        _add(part, f"{path}/{name}", None, {}, rows, seen, unknown)


def _times(calls: int | None, number: int | None) -> int | None:
    return None if calls is None or number is None else calls * number


def _weigh(block: Block, row: Estimated, seen: set[str], unknown: list[str]) -> None:
    for ref in block.pieces().values():
        if ref.sha256 in seen:
            continue
        seen.add(ref.sha256)
        if ref.path is None or not ref.path.exists():
            unknown.append(f"{row.path}: a file of its weights is not here")
            continue
        row.disk += ref.path.stat().st_size
        if ref.path.suffix != ".safetensors":
            unknown.append(f"{row.path}: what {ref.path.suffix} takes in memory is not told by its header")
            continue
        for told in table_of(ref.path).tensors.values():
            _count(block, row, math.prod(told["shape"]), str(told["dtype"]))


def _count(block: Block, row: Estimated, many: int, dtype: str) -> None:
    row.parameters += many
    if dtype in _FLOATS and isinstance(block, TorchBlock) and block.dtype != "stored":
        name = str(block.torch_dtype).removeprefix("torch.")
        size = many * block.torch_dtype.itemsize
    else:
        name, size = dtype.lower(), many * _BYTES.get(dtype, 1)
    row.memory += size
    row.dtypes[name] = row.dtypes.get(name, 0) + size


def _calls(
    graph: Graph, inputs: Mapping[str, Any], path: str, unknown: list[str]
) -> dict[str, tuple[Block, int | None, dict[str, Any]]]:
    """Place → its block, how often it is called, and what of the inputs reaches it."""
    known = {n: p.default for n, p in graph.inputs.items() if p.default is not None} | dict(inputs)
    found: dict[str, tuple[Block, int | None, dict[str, Any]]] = {}
    for step in graph.plan.steps:
        each = step.calls if isinstance(step, Round) else [step]
        rounds = _rounds(graph, step, known, path, unknown) if isinstance(step, Round) else 1
        for call in each:
            last = isinstance(step, Round) and step.until is not None and call.name == step.until[0]
            number = rounds + 1 if rounds is not None and last else rounds
            found[call.name] = call.block, number, _reaching(graph, call, known)
    return found


def _rounds(graph: Graph, step: Round, known: Mapping[str, Any], path: str, unknown: list[str]) -> int | None:
    if step.until is None:
        return step.loop.times
    driver = next(call for call in step.calls if call.name == step.until[0])
    steps = _reaching(graph, driver, known).get("steps")
    if not isinstance(steps, int):
        unknown.append(f"{path}: how many rounds {step.name} takes, only the run tells")
        return None
    unknown.append(f"{path}: {step.name} runs {steps} rounds, or as many as its scheduler makes of {steps} steps")
    return steps


def _reaching(graph: Graph, call: PlannedCall, known: Mapping[str, Any]) -> dict[str, Any]:
    held = graph.net.constants
    own = {n: p.default for n, p in call.block.inputs.items() if p.default is not None}
    fed = {p: known[s[0][1]] for p, s, _ in call.feeds if s and s[0][0] == "self" and s[0][1] in known}
    return own | {p: held[f"{call.name}.{p}"] for p, _, _ in call.feeds if f"{call.name}.{p}" in held} | fed
