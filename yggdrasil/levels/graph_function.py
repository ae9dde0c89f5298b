"""Drawing a graph: a function is called once with wires, and each block that it calls becomes a node."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

from yggdrasil.contract.block import Block
from yggdrasil.contract.callers_line import is_library
from yggdrasil.contract.edges import SELF, Edge
from yggdrasil.contract.errors import WiringError
from yggdrasil.contract.functions import node_name
from yggdrasil.contract.ports import input_ports, output_ports
from yggdrasil.contract.roles import check_role
from yggdrasil.contract.running import Outputs
from yggdrasil.contract.tracing import NoValue, Wire, pen
from yggdrasil.levels.graph import Graph

P = ParamSpec("P")
R = TypeVar("R")


class _Recorder:
    """The pen of a drawing: each call of a block with wires becomes a node with edges."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def record(self, block: Block, inputs: dict[str, Any]) -> Any:
        name = self.graph.free_name(node_name(block.name))
        check_role(block, f"{self.graph.name}/{name}")
        self.graph.net.nodes[name] = block
        for port, value in inputs.items():
            if isinstance(value, Wire):
                self.graph.net.edges.append(Edge(value.node, value.port, name, port))
            elif value is not None:
                self.graph.set(f"{name}.{port}", value)
        wires = {port: Wire(name, port) for port in block.outputs}
        return next(iter(wires.values())) if len(wires) == 1 else Outputs(wires)


if TYPE_CHECKING:

    class Drawn(Graph, Generic[P, R]):
        """A graph that takes and gives what the function does that drew it."""

        def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
            self, *args: P.args, **kwargs: P.kwargs
        ) -> R: ...
        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...


def graph(function: Callable[P, R]) -> Drawn[P, R]:
    """Draw a graph: the function is called once with wires, each block it calls becomes a node.

    Its signature gives the graph's ports, its docstring what a model reads of it as a tool.
    Raises WiringError if it returns something that is no wire.
    """
    drawn = Graph(function.__name__)
    drawn.about = inspect.getdoc(function) or ""
    ports, outs = input_ports(function), output_ports(function)
    token = pen.set(_Recorder(drawn))
    try:
        result: Any = cast("Callable[..., Any]", function)(**{name: Wire(SELF, name) for name in ports})
    except NoValue as error:
        raise _by_plain_function(error, function).at(function.__name__) from None
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
    drawn.explicit = True
    drawn.defaults = {p.name: p.default for p in ports.values() if not p.required}
    unused = set(ports) - {e.out for e in drawn.net.edges if e.source == SELF}
    if unused:
        what = f"{function.__name__} does nothing with {', '.join(sorted(unused))}"
        raise WiringError(what, mend="give it to a block, or take it out of the signature")
    _ = drawn.inputs
    return cast("Drawn[P, R]", drawn)


def _by_plain_function(error: NoValue, drawn: Callable[..., Any]) -> NoValue:
    """The error, which names the function that the drawing called as it is, where one asked for the value."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    codes = [frame.f_code for frame in frames if not is_library(frame.f_code.co_filename)]
    called = codes[codes.index(drawn.__code__) + 1 :] if drawn.__code__ in codes else []
    if called:
        name = called[0].co_name
        error.what += f", as {name} would have it"
        error.mend = f"{name} is a plain function: make it a block, @ygg.block, so that it is a node; else {error.mend}"
    return error
