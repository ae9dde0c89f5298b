"""Graph and Pipeline: nodes and edges as one block; drawn by adding, by connecting, or by calling."""

from __future__ import annotations

import copy
import inspect
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from yggdrasil.contract.block import Block
from yggdrasil.contract.drawing import Wire, pen
from yggdrasil.contract.errors import WiringError, did_you_mean
from yggdrasil.contract.kinds import ANY
from yggdrasil.contract.ports import Port, Ports, input_ports, output_ports
from yggdrasil.contract.roles import Wirer, check_role
from yggdrasil.contract.running import Outputs
from yggdrasil.contract.wiring import SELF, Edge, Loop, Net, check_name
from yggdrasil.engine.flow.cache import Cache
from yggdrasil.engine.flow.plan import Plan, compile_plan
from yggdrasil.engine.flow.run import run_plan

_compiling = threading.RLock()


class Graph(Block, type="graph"):
    """A whole task made of blocks. Roles know their places: what is added without edges wires itself."""

    kind: ClassVar[str] = "graph"
    title: str = ""

    def __init__(self, title: str = "", **config: Any) -> None:
        super().__init__(title=title, **config)
        if title:
            self.name = title
        self.net = Net()
        self.about: str = ""
        self.cache: Cache | None = Cache()
        self.defaults: dict[str, Any] = {}
        self._plan: Plan | None = None
        self._drawn: tuple[list[Edge], list[Loop]] | None = None
        self._ports: tuple[dict[str, Any], Ports, Ports] | None = None
        self._explicit = False

    def touched(self) -> Any:
        return (self._changes, repr(self.defaults), len(self.net.nodes), len(self.net.edges), len(self.net.loops))

    def add(self, block: Block, name: str = "") -> Graph:
        """Put a block into a node. The name defaults to the role (or type) in lower case. Returns the graph."""
        name = name or self._free_name((block.role or block.name).lower())
        check_name(name, self.name)
        if name in self.net.nodes:
            mend = "give the new one another name"
            raise WiringError(f"there is a node {name!r} already", where=self.name, mend=mend)
        check_role(block, f"{self.name}/{name}")
        self._admit(block, name)
        self._reopen()
        self.net.nodes[name] = block
        return self

    def connect(self, source: str, target: str, join: str = "") -> Graph:
        """Add the edge `source -> target` (`node.port`; `self.port` is the graph's own). Returns the graph."""
        edge = Edge.parse(f"{source} -> {target}", self.name)
        self._reopen()
        self.net.edges.append(edge)
        if join:
            self.net.joins[f"{edge.target}.{edge.into}"] = join
        return self

    def loop(self, *nodes: str, carry: list[str], until: str = "", times: int = 0, preview: str = "") -> Graph:
        """Declare a cycle over `nodes`: run them in order until the output `until` is None, or `times` rounds."""
        edges = tuple(Edge.parse(e, self.name) for e in carry)
        self._reopen()
        self.net.loops.append(Loop(nodes, edges, until, times, preview))
        return self

    @property
    def plan(self) -> Plan:
        """The compiled plan; completes the wiring at the first call. Raises WiringError."""
        plan = self._plan
        return self._compiled() if plan is None else plan

    def _compiled(self) -> Plan:
        with _compiling:
            if self._plan is None:
                drawn = (list(self.net.edges), list(self.net.loops))
                try:
                    if not self._explicit:
                        Wirer(self.net, self.name).complete()
                    plan = compile_plan(self.net, self.name)
                except BaseException:
                    self.net.edges, self.net.loops = drawn
                    raise
                self._drawn, self._ports, self._plan = drawn, None, plan
            return self._plan

    def _reopen(self) -> None:
        """Take out what was wired by itself, so that it is wired anew around what is added now."""
        if self._drawn is not None:
            self.net.edges, self.net.loops = self._drawn
        self._drawn = self._plan = self._ports = None
        self._changes += 1

    @property
    def inputs(self) -> Ports:
        return self._own_ports()[0]

    @property
    def outputs(self) -> Ports:
        return self._own_ports()[1]

    def _own_ports(self) -> tuple[Ports, Ports]:
        _ = self.plan
        known = self._ports
        if known is None or known[0] != self.defaults:
            known = self._ports = (copy.deepcopy(self.defaults), self._read_inputs(), self._read_outputs())
        return known[1], known[2]

    def _read_inputs(self) -> Ports:
        found: Ports = {}
        for edge in self.net.edges:
            if edge.source == SELF:
                inner = self.net.nodes[edge.target].inputs[edge.into] if edge.target != SELF else _any_port(edge.out)
                found[edge.out] = _merged(found.get(edge.out), inner, edge.out)
        for name, value in self.defaults.items():
            if name not in found:
                what = f"a default names {name!r}, which is no input"
                raise WiringError(what, where=self.name, mend=did_you_mean(name, found))
            optional = found[name].optional or value is None
            default = found[name].check(value, self.name) if value is not None else None
            found[name] = replace(found[name], required=False, default=default, optional=optional)
        return found

    def _read_outputs(self) -> Ports:
        found: Ports = {}
        for edge in self.net.edges:
            if edge.target == SELF and edge.into not in found:
                inner = self.net.nodes[edge.source].outputs[edge.out] if edge.source != SELF else _any_port(edge.out)
                found[edge.into] = Port(edge.into, inner.kind, inner.annotation, optional=True, about=inner.about)
        return found

    def forward(self, **inputs: Any) -> dict[str, Any]:
        return self.watched(inputs)

    def watched(self, inputs: Mapping[str, Any], *ports: tuple[str, str]) -> dict[str, Any]:
        """What `forward` gives, and beside it what came out of (node, port) inside, as `node.port`."""
        given = {name: value for name, value in inputs.items() if value is not None}
        return run_plan(self.plan, {**copy.deepcopy(self.defaults), **given}, self.cache, ports)

    def children(self) -> Mapping[str, Block]:
        return self.net.nodes

    def structure(self) -> dict[str, Any]:
        _ = self.plan
        data: dict[str, Any] = {"edges": [str(e) for e in self.net.edges]}
        if self.net.loops:
            data["loops"] = [loop.to_json() for loop in self.net.loops]
        ports = self.inputs
        plain = {n: ports[n].adapter.dump_python(v, mode="json") for n, v in self.defaults.items()}
        extras = {"joins": dict(self.net.joins), "defaults": plain}
        return data | {name: value for name, value in extras.items() if value}

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        graph = cls(**config)
        unknown = set(structure) - {"edges", "loops", "joins", "defaults"}
        if unknown:
            raise WiringError(f"structure has no {sorted(unknown)}", mend="use edges, loops, joins, defaults")
        for name, block in nodes.items():
            graph.add(block, name)
        shapes = {"edges": list, "loops": list, "joins": dict, "defaults": dict}
        for key, value in structure.items():
            if not isinstance(value, shapes[key]):
                raise WiringError(f"{key} is {value!r:.60}", mend=f"write it as a {shapes[key].__name__}")
        graph.net.edges = [Edge.parse(str(e)) for e in structure.get("edges", [])]
        graph.net.loops = [Loop.from_json(data, graph.name) for data in structure.get("loops", [])]
        graph.net.joins = dict(structure.get("joins", {}))
        graph.defaults = dict(structure.get("defaults", {}))
        graph._explicit = True
        ports = graph.inputs
        graph.defaults = {name: ports[name].default for name in graph.defaults}
        return graph

    def __getitem__(self, name: str) -> Block:
        return self.net.nodes[name]

    def _admit(self, block: Block, name: str) -> None:
        """A pipeline refuses what is no graph; a graph takes all."""

    def _free_name(self, name: str) -> str:
        taken, number = name, 2
        while taken in self.net.nodes:
            taken, number = f"{name}{number}", number + 1
        return taken


class Pipeline(Graph, type="pipeline"):
    """A graph of graphs, for combined tasks: draft → repaint → upscale. It may hold a single one."""

    kind: ClassVar[str] = "pipeline"

    def _admit(self, block: Block, name: str) -> None:
        if block.kind not in ("graph", "pipeline"):
            raise WiringError(
                f"node {name!r} is a {block.kind}, a pipeline is made of graphs",
                where=self.name,
                mend=f"wrap it: Graph({name!r}).add(block)",
            )


def _any_port(name: str) -> Port:
    return Port(name, ANY)


def _merged(known: Port | None, inner: Port, name: str) -> Port:
    port = replace(inner, name=name, bare=False)
    if known is None or (inner.required and not known.required):
        return port
    return known


class _Recorder:
    """The pen of a drawing: each call of a block with wires becomes a node with edges."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def record(self, block: Block, inputs: dict[str, Any]) -> Any:
        name = self.graph._free_name(re.sub(r"[^\w-]+", "_", block.name)[:60] or "node")
        check_role(block, f"{self.graph.name}/{name}")
        self.graph.net.nodes[name] = block
        for port, value in inputs.items():
            if not isinstance(value, Wire):
                raise WiringError(
                    f"{name}.{port} was given {value!r} while drawing", where=self.graph.name,
                    mend="constants belong into the block's config or into a default of the drawn function",
                )  # fmt: skip
            self.graph.net.edges.append(Edge(value.node, value.port, name, port))
        wires = {port: Wire(name, port) for port in block.outputs}
        return next(iter(wires.values())) if len(wires) == 1 else Outputs(wires)


def graph(function: Callable[..., Any]) -> Graph:
    """Draw a graph: the function is called once with wires, each block it calls becomes a node.

    Its signature gives the graph's ports, its docstring what a model reads of it as a tool.
    Raises WiringError if it returns something that is no wire.
    """
    drawn = Graph(function.__name__)
    drawn.about = inspect.getdoc(function) or ""
    ports, outs = input_ports(function), output_ports(function)
    token = pen.set(_Recorder(drawn))
    try:
        result = function(**{name: Wire(SELF, name) for name in ports})
    finally:
        pen.reset(token)
    only = next(iter(outs), "value") if len(outs) <= 1 else ""
    wires = result if isinstance(result, dict) else {only or next(iter(outs)): result}
    if isinstance(result, Outputs) and only in result:
        wires = {only: result[only]}
    for name, wire in wires.items():
        if not isinstance(wire, Wire):
            what = f"{function.__name__} returned {wire!r}"
            raise WiringError(what, mend="return what a block gave, or a dict of it")
        drawn.net.edges.append(Edge(wire.node, wire.port, SELF, name))
    drawn._explicit = True
    drawn.defaults = {p.name: p.default for p in ports.values() if not p.required}
    unused = set(ports) - {e.out for e in drawn.net.edges if e.source == SELF}
    if unused:
        what = f"{function.__name__} does nothing with {', '.join(sorted(unused))}"
        raise WiringError(what, mend="give it to a block, or take it out of the signature")
    _ = drawn.inputs
    return drawn
