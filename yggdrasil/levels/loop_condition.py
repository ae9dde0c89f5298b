"""A body seen with one more output: the port inside it that a loop ends by."""

from __future__ import annotations

from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import WiringError, did_you_mean
from yggdrasil.contract.ports import Ports
from yggdrasil.levels.graph import Graph


def watched(body: Block, port: str) -> Block:
    """`body` so that its run also gives `port`: one of its outputs, or `node.port` of a graph.

    Raises WiringError if there is no such port.
    """
    if port in body.outputs:
        return body
    node, dot, out = port.partition(".")
    if not dot or not isinstance(body, Graph):
        mend = did_you_mean(port, body.outputs)
        raise WiringError(f"`until: {port}` names no output of the body", where=body.name, mend=mend)
    if node not in body.net.nodes:
        mend = did_you_mean(node, body.net.nodes)
        raise WiringError(f"`until: {port}`: there is no node {node!r}", where=body.name, mend=mend)
    if out not in body[node].outputs:
        mend = did_you_mean(out, body[node].outputs)
        raise WiringError(f"`until: {port}`: {node!r} has no output {out!r}", where=body.name, mend=mend)
    if any(node in loop.nodes for loop in body.net.loops):
        what = f"`until: {port}` stands inside a declared cycle of the body"
        raise WiringError(what, where=body.name, mend=f"connect('{port}', 'self.NAME') and name that output")
    return _Watched(body, node, out)


class _Watched(Block):
    """The graph itself, telling one port more."""

    def __init__(self, body: Graph, node: str, out: str) -> None:
        super().__init__()
        self.body, self.node, self.out = body, node, out
        self.name = body.name
        for word in ("type_name", "kind"):
            setattr(self, word, getattr(body, word))

    @property
    def inputs(self) -> Ports:
        return self.body.inputs

    @property
    def outputs(self) -> Ports:
        return {**self.body.outputs, f"{self.node}.{self.out}": self.body[self.node].outputs[self.out]}

    def forward(self, **inputs: Any) -> dict[str, Any]:
        return self.body.watched(inputs, (self.node, self.out))
