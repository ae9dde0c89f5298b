"""The wiring that follows from roles without an edge: by what each role takes and carries, then by name and kind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from yggdrasil.contract.calls_as_nodes import spelled_out
from yggdrasil.contract.edges import SELF, Edge, Loop, Wiring, check_acyclic, check_edges, fed_ports
from yggdrasil.contract.errors import WiringError
from yggdrasil.contract.further_call import FurtherCall
from yggdrasil.contract.kinds import fits
from yggdrasil.contract.roles import Role, Sources, find_role, hint, in_order
from yggdrasil.contract.ways import reached


class Wirer:
    """Completes a net whose nodes were added without edges: by roles first, then by name and kind.

    With `only`, what is wired already is meant so: these nodes alone are wired into it.
    """

    def __init__(self, net: Wiring, where: str, only: frozenset[str] | None = None) -> None:
        self.net = net
        self.where = where
        self.only: Collection[str] = net.nodes if only is None else only & net.nodes.keys()
        self._new = only is None
        self._kept = {*net.nodes, *net.again}
        self.fed = fed_ports(net)
        self.roles = in_order({block.role for block in net.nodes.values() if block.role})

    def complete(self) -> None:
        """Add the missing edges, the loops that roles drive and the graph's own ports.

        Raises WiringError if ambiguous, or if what a role cannot do without is absent.
        """
        if not self.only:
            return
        for role in self.roles:
            self._feed(role)
        self.ask()
        check_edges(spelled_out(self.net), self.where)
        for role in self.roles:
            if role.until:
                self._widen(role)
                self._loop(role)
        self._by_name()
        self._own_inputs()
        self._own_outputs()

    def _of_role(self, role: str, port: str, *, outputs: bool) -> list[str]:
        nodes = self.net.nodes
        return [n for n, b in nodes.items() if b.role == role and port in (b.outputs if outputs else b.inputs)]

    def _feed(self, role: Role) -> None:
        for into, sources in role.takes.items():
            for target in self._of_role(role.name, into, outputs=False):
                if (target, into) in self.fed:
                    continue
                for source in self._sources(sources, target, into, join=role.joins.get(into, "")):
                    self._add(Edge(*source, target, into))

    def ask(self) -> None:
        """Add the further calls that blocks ask for, each in the loops of its node, after it."""
        for name, block in list(self.net.nodes.items()):
            for port, ask in block.further_calls.items():
                if (name, port) not in self.fed:
                    self._ask(name, port, ask)
                elif not self._new:
                    self._feed_again(name, port, ask)

    def _feed_again(self, name: str, port: str, ask: FurtherCall) -> None:
        """What was added feeds what differs in a further call that is there already."""
        for place in {place for place, _ in self._feeding(name, port)} & self._kept:
            for into, sources in ask.instead.items():
                if (place, into) not in self.fed and into in self._inputs(self.net.again[place]):
                    for source in self._sources(sources, place, into):
                        self._add(Edge(*source, place, into))

    def _ask(self, name: str, port: str, ask: FurtherCall) -> None:
        first = next((e for e in self.net.edges if (e.target, e.into) == (name, ask.like)), None)
        node = self.net.again.get(first.source, first.source) if first is not None else SELF
        if first is None or node not in self.net.nodes or ask.unless in self.net.nodes[node].inputs:
            return
        what = port.removeprefix("pred_")
        place = self._again(node, what)
        other = {into: self._differing(node, place, into, ask) for into in ask.instead if into in self._inputs(node)}
        self._adapters(node, what, {into: source for into, source in other.items() if source is not None})
        self._add(Edge(place, first.out, name, port))

    def _inputs(self, node: str) -> Collection[str]:
        return self.net.nodes[node].inputs

    def _differing(self, node: str, place: str, into: str, ask: FurtherCall) -> tuple[str, str] | None:
        """What feeds an input of a further call; None if it is what feeds the first."""
        if (place, into) not in self.fed:
            found = self._sources(ask.instead[into], place, into, near={n for n, _ in self._feeding(node, into)})
            for source in found or ([(SELF, ask.shown[into])] if into in ask.shown else []):
                self._add(Edge(*source, place, into))
        return next(iter(self._feeding(place, into)), None)

    def _feeding(self, node: str, into: str) -> list[tuple[str, str]]:
        return [(e.source, e.out) for e in self.net.edges if (e.target, e.into) == (node, into)]

    def _adapters(self, node: str, what: str, other: Mapping[str, tuple[str, str]]) -> None:
        """Adapters of a node that read what differs in its further call are called again too."""
        place = f"{node}_{what}"
        before = {into: self._feeding(node, into) for into in other}
        called: dict[str, str] = {}
        for name in dict.fromkeys(e.source for e in self.net.edges if e.target == node):
            if name in self.net.nodes and self.net.nodes[name].role == "Adapter":
                reads = {port: self._feeding(name, port) for port in self._inputs(name)}
                for into, source in other.items():
                    for port in (p for p, fed in reads.items() if fed == before[into] and (fed or p == into)):
                        called[name] = self._again(name, what)
                        if (called[name], port) not in self.fed:
                            self._add(Edge(*source, called[name], port))
        for into in dict.fromkeys(e.into for e in self.net.edges if e.target == node and e.source in called):
            if (place, into) not in self.fed:
                for source, out in self._feeding(node, into):
                    self._add(Edge(called.get(source, source), out, place, into))
                if how := self.net.joins.get(f"{node}.{into}"):
                    self.net.joins[f"{place}.{into}"] = how

    def _again(self, node: str, what: str) -> str:
        """A further place of a node's block; one that is there already stays."""
        place = f"{node}_{what}"
        if place in self.net.nodes:
            mend = "rename that node"
            raise WiringError(f"{node} is called again as {place!r}, which is a node", where=self.where, mend=mend)
        self.net.again.setdefault(place, node)
        for number, loop in enumerate(self.net.loops):
            if node in loop.nodes and place not in loop.nodes:
                at = loop.nodes.index(node) + 1
                self.net.loops[number] = replace(loop, nodes=(*loop.nodes[:at], place, *loop.nodes[at:]))
        return place

    def _sources(
        self, wanted: Sources, target: str, into: str, *, join: str = "", near: Iterable[str] = ()
    ) -> list[tuple[str, str]]:
        """The outputs that feed an input: those of the first role that has any; several only where they are joined,
        one of several that is `near` before the others.
        """
        for role, _, out in (source.partition(".") for source in wanted):
            free = self.only if target not in self.only and target in self._kept else self.net.nodes
            found = [n for n in self._of_role(role, out, outputs=True) if n != target and n in free]
            if join and found:
                self.net.joins.setdefault(f"{target}.{into}", join)
            elif found:
                found = [self._only([n for n in found if n in near] or found, out, target, into)]
            if found:
                return [(node, out) for node in found]
        return []

    def _only(self, sources: list[str], out: str, target: str, into: str) -> str:
        if len(sources) > 1:
            names = ", ".join(f"{s}.{out}" for s in sources)
            raise WiringError(
                f"{target}.{into} could take {names}",
                where=self.where,
                mend=f"choose: connect('{sources[0]}.{out}', '{target}.{into}')",
            )
        return sources[0]

    def _add(self, edge: Edge) -> None:
        self.net.edges.append(edge)
        self.fed.add((edge.target, edge.into))

    def _loop(self, role: Role) -> None:
        """The loop that the one block of this role drives; none where nothing comes back to it."""
        inside = {n for loop in self.net.loops for n in loop.nodes}
        drivers = [n for n in self._of_role(role.name, role.until, outputs=True) if n not in inside and n in self.only]
        if len(drivers) > 1:
            raise WiringError(
                f"the loop could be over {role.name} {' or '.join(drivers)}",
                where=self.where,
                mend="declare it: loop(…, carry=[…], until=…), or keep one of them",
            )
        carry = [edge for driver in drivers for edge in self._carried(role, driver)]
        if all(edge.source in drivers for edge in carry):
            return
        body = self._between(drivers[0], {edge.source for edge in carry})
        if inside.intersection(body):
            return
        self.fed |= {(edge.target, edge.into) for edge in carry}
        shows = [n for r, _, p in (s.partition(".") for s in role.previews) for n in self._of_role(r, p, outputs=False)]
        until = f"{drivers[0]}.{role.until}"
        self.net.loops.append(Loop(body, tuple(carry), until, preview=(shows or [""])[0]))

    def _widen(self, role: Role) -> None:
        """Take what was added between the driver of a loop and what comes back to it into that loop."""
        for number, loop in enumerate([] if self._new else self.net.loops):
            driver = loop.until.partition(".")[0]
            if driver not in self.net.nodes or self.net.nodes[driver].role != role.name:
                continue
            carry = (*loop.carry, *self._carried(role, driver))
            self.fed |= {(edge.target, edge.into) for edge in carry}
            body = self._between(driver, {edge.source for edge in carry})
            if not set(loop.nodes).issuperset(body):
                self.net.loops[number] = replace(loop, nodes=body, carry=carry)

    def _carried(self, role: Role, driver: str) -> Iterable[Edge]:
        ports = self.net.nodes[driver].inputs
        for into, wanted in role.carries.items():
            if into not in ports or (driver, into) in self.fed:
                continue
            own = [s.partition(".")[2] for s in wanted if s.startswith(f"{role.name}.")]
            for out in own:
                if out in self.net.nodes[driver].outputs:
                    yield Edge(driver, out, driver, into)
            if not own:
                yield from (Edge(*source, driver, into) for source in self._sources(wanted, driver, into))

    def _between(self, driver: str, ends: set[str]) -> tuple[str, ...]:
        """The nodes of the loop in the order of their edges: all that lie between its driver and what it carries."""
        whole = spelled_out(self.net)
        order = check_acyclic(whole, self.where)
        forth: dict[str, set[str]] = {}
        back: dict[str, set[str]] = {}
        for edge in whole.edges:
            if SELF not in (edge.source, edge.target):
                forth.setdefault(edge.source, set()).add(edge.target)
                back.setdefault(edge.target, set()).add(edge.source)
        body = (reached({driver}, forth) & reached(ends, back)) | ends
        return (driver, *(n for n in order if n in body and n != driver))

    def _shown(self, node: str, port: str) -> str:
        role = find_role(self.net.nodes[node].role)
        return port if role is None else role.shown.get(port, port)

    def _by_name(self) -> None:
        earlier: list[str] = []
        for name, block in self.net.nodes.items():
            for port in block.inputs.values() if name in self.only else ():
                if not port.required or (name, port.name) in self.fed or self._shown(name, port.name) != port.name:
                    continue
                sources = [
                    n for n in earlier
                    if port.name in (outs := self.net.nodes[n].outputs) and fits(outs[port.name].kind, port.kind)
                ]  # fmt: skip
                if sources:
                    self._add(Edge(self._only(sources, port.name, name, port.name), port.name, name, port.name))
            earlier.append(name)

    def _own_inputs(self) -> None:
        places = self.net.places
        kinds = {e.out: places[e.target].inputs[e.into].kind for e in self.net.edges if e.source == SELF}
        for name, block in self.net.nodes.items():
            for port in block.inputs.values():
                if name not in self.only or (name, port.name) in self.fed or self._within(name, port.name):
                    continue
                self._refuse_inner(name, port.name)
                shown = self._shown(name, port.name)
                if shown in kinds and kinds[shown] != port.kind:
                    shown = f"{name}_{port.name}"
                kinds[shown] = port.kind
                self._add(Edge(SELF, shown, name, port.name))

    def _within(self, node: str, port: str) -> bool:
        role = find_role(self.net.nodes[node].role)
        if role is None or port not in role.serves:
            return role is not None and port in role.within
        return not any((e.source, e.out) == (node, role.serves[port]) for e in self.net.edges)

    def _refuse_inner(self, node: str, port: str) -> None:
        block = self.net.nodes[node]
        role = find_role(block.role)
        if role is not None and port in role.inner:
            raise WiringError(
                f"{node}.{port} has no source, and nobody outside of a graph could give it",
                where=self.where,
                mend=f"{hint(block, port)}, or say that it is asked for: connect('self.{port}', '{node}.{port}')",
            )

    def _own_outputs(self) -> None:
        taken = {e.into for e in self.net.edges if e.target == SELF}
        if taken and (self._new or {e.source for e in self.net.edges if e.target == SELF} & set(self.only)):
            return
        used = {e.source for e in self.net.edges} | {e.source for loop in self.net.loops for e in loop.carry}
        for name, block in self.net.nodes.items():
            if name in used or name not in self.only:
                continue
            for port in block.outputs:
                self._show(name, port, port, taken)
        if not taken:
            self._show_all(taken, ((role, port, shown) for role in self.roles for port, shown in role.ends.items()))
        self._show_all(taken, ((role, port, port) for role in self.roles for port in role.results))

    def _show_all(self, taken: set[str], wanted: Iterable[tuple[Role, str, str]]) -> None:
        for role, port, shown in wanted:
            for name in self._of_role(role.name, port, outputs=True):
                shown_as = ((e.source, e.out, e.target) for e in self.net.edges)
                if name in self.only and (name, port, SELF) not in shown_as:
                    self._show(name, port, shown, taken)

    def _show(self, node: str, port: str, shown: str, taken: set[str]) -> None:
        """Make an output of a node one of the graph's own, under the node's name where the plain one is taken."""
        shown = shown if shown not in taken else f"{node}_{shown}"
        taken.add(shown)
        self._add(Edge(node, port, SELF, shown))
