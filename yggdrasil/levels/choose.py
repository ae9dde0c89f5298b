"""A branch as a block: of several bodies with the same outputs the one runs that a value names."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypedDict, Unpack, cast, overload

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here
from yggdrasil.contract.edges import check_name
from yggdrasil.contract.errors import ConfigError, PortError, WiringError, YggError
from yggdrasil.contract.events import reason
from yggdrasil.contract.kinds import ANY, fits
from yggdrasil.contract.ports import Port, Ports
from yggdrasil.contract.running import drive_at
from yggdrasil.contract.tracing import Wire

_WHEN, _THEN, _OTHERWISE = "when", "then", "otherwise"


class ChoiceSettings(TypedDict, total=False):
    """What `ChoiceBlock(…)` takes beside its branches."""

    when: str
    cases: dict[str, str]


class ChoiceBlock(Block, type="choose"):
    """Run the branch that a value names, and no other; all branches give the same outputs.

    `when`: the input that decides. Without `cases` a true value runs `then`, another `otherwise`; with them
    (value → node) the branch of that value, or `otherwise`. A number or truth value is named as JSON writes it.
    """

    pure: ClassVar[bool] = True
    kind: ClassVar[str] = "graph"
    when: str = _WHEN
    cases: dict[str, str] = {}

    def __init__(self, branches: Mapping[str, Block] | None = None, **settings: Unpack[ChoiceSettings]) -> None:
        super().__init__(**settings)
        self.branches = dict(branches or {})
        lost = {*(self.cases.values() if self.cases else [_THEN])} - set(self.branches)
        if lost or not self.branches:
            raise ConfigError(f"a choice lacks the branch {', '.join(sorted(lost))}", mend="pass a block for each case")
        for name, branch in self.branches.items():
            check_name(name, self.name)
            if not isinstance(branch, Block):
                raise ConfigError(f"branch {name!r} is {branch!r:.60}", mend="pass a block, graph or pipeline")
        self._known: tuple[list[Ports], Ports, Ports] | None = None
        _ = self.inputs

    def children(self) -> Mapping[str, Block]:
        return self.branches

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        return cls(nodes, **config)

    @property
    def inputs(self) -> Ports:
        return self._ports()[1]

    @property
    def outputs(self) -> Ports:
        return self._ports()[2]

    def _ports(self) -> tuple[list[Ports], Ports, Ports]:
        """The branches' ports as they were last read, and the choice's own made of them."""
        read = [ports for branch in self.branches.values() for ports in (branch.inputs, branch.outputs)]
        known = self._known
        if known is None or any(now is not before for now, before in zip(read, known[0], strict=True)):
            known = self._known = (read, self._own_inputs(), self._own_outputs())
        return known

    def _own_inputs(self) -> Ports:
        """All that any branch takes; what not every branch needs may be absent."""
        found: Ports = {}
        owner: dict[str, str] = {}
        for branch, block in self.branches.items():
            for name, port in block.inputs.items():
                known = found.setdefault(name, port)
                if not fits(known.kind, port.kind) and not fits(port.kind, known.kind):
                    raise _unlike("input", name, (owner[name], known), (branch, port))
                owner.setdefault(name, branch)
                found[name] = port if port.required and not known.required else known
        for name, port in found.items():
            if not all(name in b.inputs and b.inputs[name] == port for b in self.branches.values()):
                found[name] = replace(port, optional=True, default=None)
        found.setdefault(self.when, Port(self.when, ANY, Any, about="Which branch to run."))
        return found

    def _own_outputs(self) -> Ports:
        (first, known), *others = ((name, block.outputs) for name, block in self.branches.items())
        for name, ports in others:
            for lost in (*(n for n in known if n not in ports), *(n for n in ports if n not in known)):
                has, lacks = (first, name) if lost in known else (name, first)
                raise WiringError(
                    f"branch {has!r} gives {lost!r}, branch {lacks!r} does not",
                    where=self.name,
                    mend="let every branch have the same outputs",
                )
            for out, port in ports.items():
                if port.kind.name != known[out].kind.name:
                    raise _unlike("output", out, (first, known[out]), (name, port))
        return {n: replace(p, optional=True, bare=False) for n, p in known.items()}

    def forward(self, *_: Any, **inputs: Any) -> dict[str, Any]:
        place, value = here(), inputs.get(self.when)
        chosen, said = self._branch(value, place.path)
        for name in self.branches:
            if name != chosen:
                place.below(name).emit("skipped", reason=reason("not_chosen", port=self.when, value=said))
        branch = self.branches.get(chosen)
        if branch is None:
            return dict.fromkeys(self.outputs)
        given = {n: v for n in branch.inputs if (v := inputs.get(n)) is not None}
        absent = [n for n, p in branch.inputs.items() if p.required and not p.optional and n not in given]
        if absent:
            place.below(chosen).emit("skipped", reason=reason("absent", port=absent[0]))
            return dict.fromkeys(self.outputs)
        return drive_at(branch, given, place.below(chosen))

    def _branch(self, value: Any, where: str) -> tuple[str, str]:
        """The node to run, and the deciding value in words."""
        if not self.cases:
            return (_THEN, "true") if value else (_OTHERWISE, "absent" if value is None else "false")
        said = value if isinstance(value, str) else json.dumps(value) if isinstance(value, bool | int) else None
        node = self.cases.get(said or "") or (_OTHERWISE if _OTHERWISE in self.branches else "")
        if not node:
            raise PortError(
                f"input {self.when!r} is {value!r:.80}, which no branch is for",
                where=where,
                mend=f"the cases are {', '.join(self.cases)}; give `otherwise=` for all else",
            )
        return node, repr(value)[:80]


def _unlike(side: str, name: str, one: tuple[str, Port], other: tuple[str, Port]) -> YggError:
    told = " and ".join(f"{port.kind.name} in branch {branch!r}" for branch, port in (one, other))
    return WiringError(f"{side} {name!r} is {told}", mend=f"give the {side}s different names, or the same kind")


@overload
def choose(
    when: str = _WHEN,
    cases: Mapping[Any, Block] | None = None,
    *,
    then: Block | None = None,
    otherwise: Block | None = None,
) -> ChoiceBlock: ...
@overload
def choose(
    when: Any,
    cases: Mapping[Any, Block] | None = None,
    *,
    then: Block | None = None,
    otherwise: Block | None = None,
) -> Callable[..., Any]: ...


def choose(
    when: str | Any = _WHEN,
    cases: Mapping[Any, Block] | None = None,
    *,
    then: Block | None = None,
    otherwise: Block | None = None,
) -> ChoiceBlock | Callable[..., Any]:
    """A block that runs one of several: `then` or `otherwise` by a truth value, or one of `cases` by its name.

    `when` is the input that decides (in a drawing it may be a wire). Raises WiringError if the branches differ in
    their outputs; at run time PortError for a value that no branch is for.
    """
    if (not cases) == (then is None):
        raise ConfigError("a choice has either `then` or cases", mend="choose(when, then=a) or choose(when, {'x': a})")
    port = _WHEN if isinstance(when, Wire) else when
    nodes = _nodes([value if isinstance(value, str) else json.dumps(value) for value in cases or {}])
    branches = dict(zip(nodes.values(), (cases or {}).values(), strict=True)) if cases else {_THEN: then}
    more = {} if otherwise is None else {_OTHERWISE: otherwise}
    made = ChoiceBlock(cast(Any, {**branches, **more}), when=port, cases=nodes)
    return functools.partial(made, **{_WHEN: when}) if isinstance(when, Wire) else made


def _nodes(cases: list[str]) -> dict[str, str]:
    """Value → name of its node: the value itself, or numbered ones where a value cannot be spelled as a name."""
    try:
        for case in cases:
            check_name(case, "")
    except WiringError:
        return {case: f"case{number}" for number, case in enumerate(cases, 1)}
    return {case: f"{case}_case" if case == _OTHERWISE else case for case in cases}
