"""What a node costs: a chain of pass-through nodes beside diffusers and langgraph, and the cached chain's growth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, TypedDict

from benchmarks.pairs import Row, main, timed
from yggdrasil import Block, Graph

NODES = 400


class Pass(Block, type="bench/pass"):
    """Hand a number on."""

    def forward(self, n: int) -> int:
        return n


def chain(length: int, cached: bool = False) -> Callable[[], Any]:
    graph = Graph("chain")
    for i in range(length):
        graph.add(Pass(), f"n{i}").connect(f"n{i - 1}.value" if i else "self.n", f"n{i}.n")
    graph.connect(f"n{length - 1}.value", "self.n")
    if not cached:
        graph.cache = None
    assert graph.run(n=7).n == 7
    return lambda: graph.run(n=7)


def of_diffusers(length: int) -> Callable[[], Any]:
    """The same chain as blocks of a ModularPipeline."""
    import diffusers
    from diffusers.modular_pipelines.modular_pipeline_utils import InputParam, OutputParam

    library: Any = diffusers

    class PassBlock(library.ModularPipelineBlocks):
        def __init__(self, number: int) -> None:
            super().__init__()
            self.reads, self.writes = f"n{number}", f"n{number + 1}"

        @property
        def inputs(self) -> list[Any]:
            return [InputParam(self.reads)]

        @property
        def intermediate_outputs(self) -> list[Any]:
            return [OutputParam(self.writes)]

        def __call__(self, components: Any, state: Any) -> Any:
            block_state: Any = self.get_block_state(state)
            setattr(block_state, self.writes, getattr(block_state, self.reads))
            self.set_block_state(state, block_state)
            return components, state

    blocks = library.SequentialPipelineBlocks.from_blocks_dict({f"b{i}": PassBlock(i) for i in range(length)})
    pipeline = library.ModularPipeline(blocks)
    last = f"n{length}"
    assert pipeline(n0=7, output=last) == 7
    return lambda: pipeline(n0=7, output=last)


def of_langgraph(length: int) -> Callable[[], Any]:
    """The same chain as a compiled StateGraph."""
    from langgraph.graph import END, START, StateGraph

    class State(TypedDict):
        n: int

    builder: Any = StateGraph(State)
    for i in range(length):
        builder.add_node(f"n{i}", lambda state: {"n": state["n"]})
        builder.add_edge(f"n{i - 1}" if i else START, f"n{i}")
    builder.add_edge(f"n{length - 1}", END)
    compiled = builder.compile()
    settings = {"recursion_limit": length + 2}
    assert compiled.invoke({"n": 7}, settings)["n"] == 7
    return lambda: compiled.invoke({"n": 7}, settings)


@cache
def _ours() -> Callable[[], Any]:
    return chain(NODES)


def beside_diffusers() -> Iterator[Row]:
    pairs = timed(_ours(), of_diffusers(NODES))
    yield Row("nodes-diffusers", tuple((a / NODES, b / NODES) for a, b in pairs), 0.5)


def beside_langgraph() -> Iterator[Row]:
    pairs = timed(_ours(), of_langgraph(NODES))
    yield Row("nodes-langgraph", tuple((a / NODES, b / NODES) for a, b in pairs), 0.03)


def unchanged() -> Iterator[Row]:
    """A node of 400 and of 1600 unchanged nodes beside one of 100, and 400 of them beside 5 ms."""
    small, middle, large = (chain(n, cached=True) for n in (100, 400, 1600))
    for length, work in ((400, middle), (1600, large)):
        pairs = timed(work, small, 31)
        yield Row(f"cached-growth-{length}", tuple((a / length, b / 100) for a, b in pairs), 1.1)
    yield Row("cached-400", tuple((a, 0.005) for a, _ in timed(middle, small)), 1.0)


if __name__ == "__main__":
    main({"diffusers": beside_diffusers, "langgraph": beside_langgraph, "cached": unchanged})
