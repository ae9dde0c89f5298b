"""LangGraph around and inside: their graph calls our blocks as nodes; a compiled graph of theirs is our block.

python examples/langgraph_both_ways.py
"""

from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph

import yggdrasil as ygg
from yggdrasil.ports import Text


class State(TypedDict, total=False):
    wish: str
    seen: str


painter, seer = ygg.load("illustrate"), ygg.load("seer")


def paint_and_look(state: State) -> State:
    """A node of LangGraph that runs two graphs of ours."""
    image = painter.run(prompt=state.get("wish", ""), seed=1).image
    return {"seen": seer.run(image=image).text}


def shorten(state: State) -> State:
    """A node of plain Python."""
    return {"wish": " ".join(state.get("wish", "").split()[:8])}


theirs: Any = StateGraph(State)
theirs.add_node("shorten", shorten)
theirs.add_node("look", paint_and_look)
theirs.add_edge(START, "shorten")
theirs.add_edge("shorten", "look")
theirs.add_edge("look", END)
compiled: Any = theirs.compile()


class Seen(ygg.Block, type="examples/seen"):
    """Say what a picture of a wish really shows."""

    def forward(self, wish: Text) -> Text:
        return compiled.invoke({"wish": wish})["seen"]


@ygg.block
def shout(text: Text) -> Text:
    """Say a text in capitals."""
    return text.upper()


@ygg.graph
def loudly(wish: Text) -> Text:
    """A graph of ours around the graph of theirs, around graphs of ours."""
    return shout(Seen()(wish))


if __name__ == "__main__":
    print("around:", compiled.invoke({"wish": "a crown on a beach by day, as large as a house"}))
    print("inside:", loudly.run(wish="a fox in the snow at night").text)
