"""Graph and Pipeline: nodes and edges as one block, put together and changed node by node."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict, Unpack, cast

from yggdrasil.contract.auto_wiring import Wirer
from yggdrasil.contract.block import Block, description
from yggdrasil.contract.calls_as_nodes import spelled_out
from yggdrasil.contract.config import validated
from yggdrasil.contract.edges import Edge, Loop, Wiring, check_edges, check_name, checked_constant
from yggdrasil.contract.errors import WiringError, YggError, did_you_mean
from yggdrasil.contract.functions import Given, as_block, called_after
from yggdrasil.contract.manifest import Manifest
from yggdrasil.contract.os_fork import rlock
from yggdrasil.contract.ports import Ports
from yggdrasil.contract.roles import check_role
from yggdrasil.engine.flow.cache import Cache, CacheSetting
from yggdrasil.engine.flow.declared_loops import check_declared
from yggdrasil.engine.flow.plan import Plan, compile_plan
from yggdrasil.engine.flow.run import run_plan
from yggdrasil.levels import edit
from yggdrasil.levels.graph_ports import own_inputs, own_outputs
from yggdrasil.levels.graph_structure import read_structure, structure_of
from yggdrasil.levels.migrate_format_2 import called_apart
from yggdrasil.levels.unheard import Readers, check_heard, idle_readers

if TYPE_CHECKING:
    from yggdrasil.contract.own_attributes import Part

_compiling = rlock()
_WIRED = ("edges", "loops", "joins", "again")
"""Parts of a net to which the wiring by roles adds."""


class GraphSettings(TypedDict, total=False):
    """A graph has no setting but its title; another name is refused as a setting of any block is."""


class Graph(Block, type="graph"):
    """A whole task made of blocks. Roles know their places: what is added without edges wires itself."""

    pure: ClassVar[bool] = True
    kind: ClassVar[str] = "graph"
    cache = CacheSetting()
    title: str = ""

    def __init__(self, title: str = "", *, about: str = "", **settings: Unpack[GraphSettings]) -> None:
        super().__init__(title=title, **settings)
        if title:
            self.name = title
        self.about: str = about
        self.net, self.cache = Wiring(), Cache()
        self.defaults: dict[str, Any] = {}
        self._plan: Plan | None = None
        self._unheard: Readers = {}
        self._drawn: dict[str, Any] | None = None
        self._ports: tuple[dict[str, Any], Ports, Ports] | None = None
        self.explicit = False
        self._added: frozenset[str] = frozenset()

    def touched(self) -> Any:
        return (super().touched(), repr(self.defaults), len(self.net.nodes), len(self.net.edges), len(self.net.loops))

    def add(self, block: Given, name: str = "", **values: Any) -> Graph:
        """Put a block into a node. Its name defaults to the role, type or function. Returns the graph.

        `values` stand at inputs of the block by name, as `set` puts them there.
        """
        block = as_block(block, "node")
        name = name or self.free_name(called_after(block))
        self._unknown(name, f"give the new one another name, or put it in its place: graph[{name!r}] = block")
        admitted = self._admit(block, name)
        check_role(admitted, f"{self.name}/{name}")
        with self._changed() as net:
            net.nodes[name] = admitted
            self._added |= {name} if self.explicit else set()
            for port, value in values.items():
                net.constants[f"{name}.{port}"] = checked_constant(net, f"{name}.{port}", value, self.name)
        return self

    def set(self, place: str, value: Any) -> Graph:
        """Let the input `node.port` have a value that the graph holds and is saved with; None takes it out again.

        Raises WiringError for no such port or one whose values no manifest holds, PortError for an illegal value.
        """
        with self._changed() as net:
            if value is not None:
                net.constants[place] = checked_constant(net, place, value, self.name)
            elif net.constants.pop(place, None) is None:
                raise WiringError(f"no value is at {place!r}", where=self.name, mend=did_you_mean(place, net.constants))
        return self

    def __setitem__(self, name: str, block: Given) -> None:
        """Put another block into a node; its edges and values stay, those too that nobody drew. Where a block is called
        again, what the new one asks for is called, and what only the old one asked for no more. Raises WiringError for
        one that they do not fit.
        """
        self._known(name)
        admitted = self._admit(block, name)
        check_role(admitted, f"{self.name}/{name}")
        wired = self._wired_by_itself(name)
        with self._changed() as net:
            net.nodes[name] = admitted
            edit.check_ports(wired, admitted, name, self.name)
            self.net = edit.unasked(net, name, self.name)
            if self.explicit:
                Wirer(self.net, self.name).ask()
            check_edges(spelled_out(self.net), self.name)
            if wired:
                edit.check_kept(wired, self.plan and self.net, name, self.name)

    def _wired_by_itself(self, name: str) -> list[Edge]:
        """The edges of a node in a graph whose roles wire it; none where something is missing yet."""
        with suppress(YggError):
            return [] if self.explicit else edit.edges_of(self.plan and self.net, name)
        return []

    def again(self, node: str, name: str) -> Graph:
        """Call the block of a node once more, at a further place: it takes what the node takes where no edge of its
        own leads, has no weights of its own, and is the same block whatever is put into the node.
        """
        self._known(node)
        self._unknown(name, "choose another name")
        with self._changed() as net:
            net.again[name] = node
        return self

    def remove(self, name: str) -> Graph:
        """Take a node out with its edges and values; what they fed says at the next run what it lacks."""
        self._known(name, self.net.places)
        with self._changed() as net:
            self.net = edit.removed(net, name, self.name)
        return self

    __delitem__ = remove

    def rename(self, old: str, new: str) -> Graph:
        """Give a node another name, in its edges too. What it draws from its place's seed becomes another."""
        self._known(old, self.net.places)
        self._unknown(new, "choose another name")
        with self._changed() as net:
            self.net = edit.renamed(net, old, new)
        return self

    def disconnect(self, source: str, target: str) -> Graph:
        """Take the edge `source -> target` out. Raises WiringError if nobody drew it."""
        edge = Edge.parse(f"{source} -> {target}", self.name)
        with self._changed() as net:
            self.net = edit.disconnected(net, edge, self.name)
        return self

    def _known(self, name: str, among: Mapping[str, Block] | None = None) -> None:
        if name not in (nodes := self.net.nodes if among is None else among):
            raise WiringError(f"there is no node {name!r}", where=self.name, mend=did_you_mean(name, nodes))

    def _unknown(self, name: str, mend: str) -> None:
        check_name(name, self.name)
        if name in self.net.places:
            raise WiringError(f"there is a node {name!r} already", where=self.name, mend=mend)

    @contextmanager
    def _changed(self) -> Generator[Wiring]:
        """A change of the net that is made whole or not at all; what was wired by itself is wired anew after it."""
        self._reopen()
        before = edit.copied(self.net)
        try:
            yield self.net
        except BaseException:
            self.net = before
            self._drawn = self._plan = self._ports = None
            raise

    def connect(self, source: str, target: str, join: str = "") -> Graph:
        """Add the edge `source -> target` (`node.port`; `self.port`: the graph's own). Raises WiringError if unfit."""
        edge = Edge.parse(f"{source} -> {target}", self.name)
        with self._changed() as net:
            net.edges.append(edge)
            net.joins |= {f"{edge.target}.{edge.into}": join} if join else {}
            edit.check_edge(net, edge, self.name)
        return self

    def loop(self, *nodes: str, carry: list[str], until: str = "", times: int = 0, preview: str = "") -> Graph:
        """Declare a cycle over `nodes`: run them in order until the output `until` is None, or `times` rounds."""
        with self._changed() as net:
            net.loops.append(Loop(nodes, tuple(Edge.parse(e, self.name) for e in carry), until, times, preview))
            check_declared(net, self.name)
        return self

    @property
    def plan(self) -> Plan:
        """The compiled plan; completes the wiring at the first call. Raises WiringError."""
        return self._compiled() if self._plan is None else self._plan

    def _compiled(self) -> Plan:
        with _compiling:
            if self._plan is None:
                drawn = {part: copy.copy(getattr(self.net, part)) for part in _WIRED}
                try:
                    Wirer(self.net, self.name, self._added if self.explicit else None).complete()
                    plan = compile_plan(self.net, self.name)
                except BaseException:
                    vars(self.net).update(drawn)
                    raise
                self._drawn, self._ports, self._plan = drawn, None, plan
                self._unheard = idle_readers(self.net)
            return self._plan

    def _reopen(self) -> None:
        """Take out what was wired by itself, so that it is wired anew around what is added now."""
        if self._drawn is not None:
            vars(self.net).update(self._drawn)
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
            inputs = own_inputs(self.net, self.defaults, self.name)
            known = self._ports = (copy.deepcopy(self.defaults), inputs, own_outputs(self.net))
        return known[1], known[2]

    def forward(self, *_: Any, **inputs: Any) -> dict[str, Any]:
        return self.watched(inputs)

    def watched(self, inputs: Mapping[str, Any], *ports: tuple[str, str]) -> dict[str, Any]:
        """What `forward` gives, and beside it what came out of (node, port) inside, as `node.port`."""
        given = {name: value for name, value in inputs.items() if value is not None}
        plan = self.plan
        check_heard(self._unheard, given, self.defaults, self.inputs, self.name)
        return run_plan(plan, {**copy.deepcopy(self.defaults), **given}, self.cache, ports)

    def children(self) -> Mapping[str, Block]:
        return self.net.nodes

    def structure(self) -> dict[str, Any]:
        _ = self.plan
        return structure_of(self.net, self.defaults, self.inputs)

    @classmethod
    def restructured(cls, structure: dict[str, Any], nodes: Mapping[str, Manifest], format: int) -> dict[str, Any]:
        return structure if format >= 3 else called_apart(structure, nodes)

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        graph = cls(**validated(cls, config))
        for name, block in nodes.items():
            graph.add(block, name)
        read_structure(graph.net, structure, graph.name)
        graph.defaults = dict(structure.get("defaults", {}))
        graph.explicit = True
        ports = graph.inputs
        graph.defaults = {name: ports[name].default for name in graph.defaults}
        return graph

    def __getitem__(self, name: str) -> Part:
        self._known(name)
        return cast("Part", self.net.nodes[name])

    def _admit(self, given: Given, name: str) -> Block:
        """What stands in the node: a graph takes all as it is, but nothing that holds the graph."""
        block = as_block(given, "node")
        edit.check_apart(self, block, name)
        return block

    def free_name(self, name: str) -> str:
        numbered = (f"{name}{number}" for number in itertools.count(2))
        return next(free for free in itertools.chain([name], numbered) if free not in self.net.nodes)


class Pipeline(Graph, type="pipeline", init=False):
    """A graph of graphs, for combined tasks: draft → repaint → upscale. It may hold a single one."""

    kind: ClassVar[str] = "pipeline"

    def _admit(self, given: Given, name: str) -> Block:
        """A lone block becomes a graph of one node; what is larger than a pipeline is refused."""
        block = super()._admit(given, name)
        if block.kind in ("graph", "pipeline"):
            return block
        if block.kind == "block":
            return Graph(name, about=description(block)).add(block)
        raise WiringError(
            f"node {name!r} is a {block.kind}, a pipeline is made of graphs",
            where=self.name,
            mend="a stage is made of pipelines, a world of stages: put it there",
        )
