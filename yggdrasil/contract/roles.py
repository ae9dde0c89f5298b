"""Roles: the ports that the canon fixes for each, and the wiring that follows from them without an edge."""

from __future__ import annotations

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import WiringError
from yggdrasil.contract.kinds import fits
from yggdrasil.contract.wiring import SELF, Edge, Loop, Net, check_edges

CONTRACTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Tokenizer": (("text",), ("token_ids", "attention_mask")),
    "Conditioner": ((), ("embedding",)),
    "Backbone": (("latent", "timestep"), ("pred",)),
    "Guidance": (("pred_cond", "pred_uncond"), ("pred_guided",)),
    "Solver": (("latent", "timestep", "pred"), ("next_latent", "next_timestep")),
    "LLM": (("messages",), ("text",)),
    "VLM": (("image",), ("text",)),
    "Scorer": ((), ("score",)),
    "Agent": (("prompt",), ("response",)),
}
"""Role → (inputs that must be there, outputs that must be there); an implementation may add ports."""

RULES: tuple[tuple[str, str, str, str], ...] = (
    ("Tokenizer", "token_ids", "Conditioner", "token_ids"),
    ("Tokenizer", "attention_mask", "Conditioner", "attention_mask"),
    ("Tokenizer", "negative_token_ids", "Conditioner", "negative_token_ids"),
    ("Tokenizer", "negative_attention_mask", "Conditioner", "negative_attention_mask"),
    ("Conditioner", "embedding", "Backbone", "condition"),
    ("Conditioner", "negative_embedding", "Backbone", "negative"),
    ("Conditioner", "pooled", "Backbone", "pooled"),
    ("Conditioner", "negative_pooled", "Backbone", "negative_pooled"),
    ("Solver", "model_latent", "Backbone", "latent"),
    ("Solver", "next_latent", "Backbone", "latent"),
    ("Solver", "next_timestep", "Backbone", "timestep"),
    ("Backbone", "pred", "Guidance", "pred_cond"),
    ("Backbone", "pred_uncond", "Guidance", "pred_uncond"),
    ("Codec", "latent", "Solver", "image_latent"),
    ("Solver", "next_latent", "Codec", "latent"),
    ("Codec", "size", "Codec", "size"),
)
CARRIED: tuple[tuple[str, str, str, str], ...] = (
    ("Guidance", "pred_guided", "Solver", "pred"),
    ("Backbone", "pred", "Solver", "pred"),
    ("Solver", "next_latent", "Solver", "latent"),
    ("Solver", "next_timestep", "Solver", "timestep"),
    ("Solver", "schedule", "Solver", "schedule"),
)
"""Edges that lead into the next round of a denoising loop; the first that can be had feeds a port."""

EXPOSED: dict[tuple[str, str], str] = {
    ("Tokenizer", "text"): "prompt",
    ("Tokenizer", "negative_text"): "negative_prompt",
    ("Guidance", "scale"): "guidance_scale",
    ("Backbone", "scale"): "guidance_scale",
    ("Conditioner", "scale"): "guidance_scale",
}
"""Names under which a graph shows inputs of its parts; the others keep their own."""


RESULTS: tuple[tuple[str, str], ...] = (("Solver", "seeds"), ("Solver", "steps_run"))
"""Outputs that a graph shows whatever its last node is: what is needed to make a result again."""


def check_role(block: Block, where: str) -> None:
    """A block that claims a role has its ports. Raises WiringError naming the first that lacks."""
    if block.role not in CONTRACTS:
        return
    needs, gives = CONTRACTS[block.role]
    for ports, wanted, side in ((block.inputs, needs, "input"), (block.outputs, gives, "output")):
        for name in wanted:
            if name not in ports:
                raise WiringError(
                    f"role {block.role} needs the {side} {name!r}, {block.type_name or block.name} has {sorted(ports)}",
                    where=where,
                    mend=f"add {name!r} to its forward, or declare no role",
                )


class Wirer:
    """Completes a net whose nodes were added without edges: by roles first, then by name and kind."""

    def __init__(self, net: Net, where: str) -> None:
        self.net = net
        self.where = where
        self.fed = {(e.target, e.into) for e in net.edges}
        self.fed |= {(e.target, e.into) for loop in net.loops for e in loop.carry}

    def complete(self) -> None:
        """Add the missing edges, the denoising loop and the graph's own ports. Raises WiringError if ambiguous."""
        check_edges(self.net, self.where)
        for rule in RULES:
            self._apply(*rule)
        self._denoising_loop()
        self._by_name()
        self._own_inputs()
        self._own_outputs()

    def _of_role(self, role: str, port: str, *, outputs: bool) -> list[str]:
        nodes = self.net.nodes
        return [n for n, b in nodes.items() if b.role == role and port in (b.outputs if outputs else b.inputs)]

    def _apply(self, role: str, out: str, to_role: str, into: str) -> None:
        for target in self._of_role(to_role, into, outputs=False):
            if (target, into) in self.fed:
                continue
            source = self._only(self._of_role(role, out, outputs=True), out, target, into)
            if source:
                self._add(Edge(source, out, target, into))

    def _only(self, sources: list[str], out: str, target: str, into: str) -> str:
        sources = [s for s in sources if s != target]
        if len(sources) > 1:
            names = ", ".join(f"{s}.{out}" for s in sources)
            raise WiringError(
                f"{target}.{into} could take {names}",
                where=self.where,
                mend=f"choose: connect('{sources[0]}.{out}', '{target}.{into}')",
            )
        return sources[0] if sources else ""

    def _add(self, edge: Edge) -> None:
        self.net.edges.append(edge)
        self.fed.add((edge.target, edge.into))

    def _denoising_loop(self) -> None:
        solvers = self._of_role("Solver", "next_latent", outputs=True)
        backbones = self._of_role("Backbone", "pred", outputs=True)
        inside = [n for loop in self.net.loops for n in loop.nodes]
        if not solvers or not backbones or any(n in inside for n in (*solvers, *backbones)):
            return
        for role, several in (("Solver", solvers), ("Backbone", backbones)):
            if len(several) > 1:
                raise WiringError(
                    f"the denoising loop could be over {role} {' or '.join(several)}",
                    where=self.where,
                    mend="declare it: loop(…, carry=[…], until=…), or keep one of them",
                )
        carry: list[Edge] = []
        for role, out, _, into in CARRIED:
            source = (
                solvers[0]
                if role == "Solver"
                else self._only(self._of_role(role, out, outputs=True), out, solvers[0], into)
            )
            ports = self.net.nodes[solvers[0]].inputs
            if source and into in ports and (solvers[0], into) not in self.fed:
                carry.append(Edge(source, out, solvers[0], into))
                self.fed.add((solvers[0], into))
        guidance = self._of_role("Guidance", "pred_guided", outputs=True)
        decoders = self._of_role("Codec", "latent", outputs=False)
        loop = Loop(
            (solvers[0], *backbones, *guidance),
            tuple(carry),
            f"{solvers[0]}.next_timestep",
            preview=(decoders or [""])[0],
        )
        self.net.loops.append(loop)

    def _by_name(self) -> None:
        earlier: list[str] = []
        for name, block in self.net.nodes.items():
            for port in block.inputs.values():
                if not port.required or (name, port.name) in self.fed or (block.role, port.name) in EXPOSED:
                    continue
                sources = [
                    n for n in earlier
                    if port.name in (outs := self.net.nodes[n].outputs) and fits(outs[port.name].kind, port.kind)
                ]  # fmt: skip
                source = self._only(sources, port.name, name, port.name)
                if source:
                    self._add(Edge(source, port.name, name, port.name))
            earlier.append(name)

    def _own_inputs(self) -> None:
        kinds = {e.out: self.net.nodes[e.target].inputs[e.into].kind for e in self.net.edges if e.source == SELF}
        for name, block in self.net.nodes.items():
            for port in block.inputs.values():
                if (name, port.name) in self.fed:
                    continue
                shown = EXPOSED.get((block.role, port.name), port.name)
                if shown in kinds and kinds[shown] != port.kind:
                    shown = f"{name}_{port.name}"
                kinds[shown] = port.kind
                self._add(Edge(SELF, shown, name, port.name))

    def _own_outputs(self) -> None:
        if any(e.target == SELF for e in self.net.edges):
            return
        used = {e.source for e in self.net.edges} | {e.source for loop in self.net.loops for e in loop.carry}
        taken: set[str] = set()
        for name, block in self.net.nodes.items():
            if name in used:
                continue
            for port in block.outputs:
                self._show(name, port, port, taken)
        if not taken:
            for name in self._of_role("Solver", "next_latent", outputs=True):
                self._show(name, "next_latent", "latent", taken)
        for role, port in RESULTS:
            for name in self._of_role(role, port, outputs=True):
                if Edge(name, port, SELF, port) not in self.net.edges:
                    self._show(name, port, port, taken)

    def _show(self, node: str, port: str, shown: str, taken: set[str]) -> None:
        """Make an output of a node one of the graph's own, under the node's name where the plain one is taken."""
        shown = shown if shown not in taken else f"{node}_{shown}"
        taken.add(shown)
        self._add(Edge(node, port, SELF, shown))
