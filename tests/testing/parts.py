"""The parts of a graph with what each was given in a run, and the surroundings that some blocks want.

So every part can be checked by itself, a tool that reads the world of its agent or asks a person, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from yggdrasil.contract import Block, Here, here, standing
from yggdrasil.contract.running import drive
from yggdrasil.contract.tree import walk
from yggdrasil.ports import Text
from yggdrasil.state.task_context import CONTEXT


def parts_of(whole: Block, inputs: dict[str, Any]) -> list[tuple[Block, dict[str, Any]]]:
    """Each leaf of `whole` that a run with `inputs` calls, with the inputs of its first call."""
    given: dict[int, tuple[Block, dict[str, Any]]] = {}
    with _heard(whole, given), standing(Here(seed=7)):
        whole.run(**inputs)
    return list(given.values())


@contextmanager
def _heard(whole: Block, given: dict[int, tuple[Block, dict[str, Any]]]) -> Iterator[None]:
    leaves = [part for _, part in walk(whole) if not part.children()]
    for leaf in leaves:

        def forward(*, own: Any = leaf.forward, part: Block = leaf, **values: Any) -> Any:
            given.setdefault(id(part), (part, values))
            return own(**values)

        vars(leaf)["forward"] = forward
    try:
        yield
    finally:
        for leaf in leaves:
            del vars(leaf)["forward"]


class Answering:
    """A journal in which every question has its answer already, as after a person has given it."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    def once(self, place: str, name: str, inputs: Any, act: Callable[[], Any], repeat: bool = True) -> Any:
        return self._answer if name == "ask" else act()


class Within(Block, type="test_parts/within"):
    """Call a tool with one text where a task of a world is being done and a person has answered."""

    context: dict[str, Any] = {}
    answer: str = ""

    def __init__(self, tool: Block, **config: Any) -> None:
        super().__init__(**config)
        self.tool = tool

    def children(self) -> Mapping[str, Block]:
        return {"tool": self.tool}

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        return cls(nodes["tool"], **config)

    def forward(self, text: Text) -> Text:
        (port,) = self.tool.inputs
        place = here().below("task")
        place.shared = {**place.shared, CONTEXT: self.context}
        place.journal = Answering(self.answer) if self.answer else place.journal
        with standing(place):
            (said,) = drive(self.tool, {port: text}, "tool").values()
            return said
