"""A loop as a block: one body runs round after round, each round at a place and with a seed of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypedDict, Unpack, overload

from pydantic import PositiveInt

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import Here, here, standing
from yggdrasil.contract.errors import ConfigError, PortError, WiringError, YggError, did_you_mean
from yggdrasil.contract.events import reason
from yggdrasil.contract.journal_effects import remembered
from yggdrasil.contract.kinds import INTEGER, fits
from yggdrasil.contract.ports import Port, Ports
from yggdrasil.contract.running import drive_at
from yggdrasil.contract.tracing import Wire
from yggdrasil.engine.flow.cache import value_key
from yggdrasil.levels.loop_condition import watched
from yggdrasil.levels.round_journal import Unrecordable, record, recorded

Values = dict[str, Any]
_TIMES = "times"


class EndlessLoop(YggError):
    """A loop reached its upper bound and its condition never came true."""


class LoopSettings(TypedDict, total=False):
    """What `LoopBlock(…)` takes beside its body."""

    times: int | str | None
    until: str
    most: int
    carry: dict[str, str] | None
    index: str


class LoopBlock(Block, type="loop"):
    """Run a body again and again; what it gives is carried by name into the next round.

    `times`: rounds, or the input that says how many. `until`: an output of the body, or `node.port` inside a
    body that is a graph; the loop ends after the first round in which it is true. `most`: the upper bound where
    `times` is no fixed number. `carry`: output → input; by default each output that an input is named like.
    `index`: the body's integer input that is told the number of the round, from 1.
    """

    pure: ClassVar[bool] = True
    kind: ClassVar[str] = "graph"
    times: PositiveInt | str | None = None
    until: str = ""
    most: PositiveInt = 1000
    carry: dict[str, str] | None = None
    index: str = ""

    def __init__(self, body: Block | None = None, **settings: Unpack[LoopSettings]) -> None:
        super().__init__(**settings)
        if not isinstance(body, Block):
            raise ConfigError(f"a loop goes round a block, not {body!r:.60}", mend="pass a block, graph or pipeline")
        if self.times is None and not self.until:
            raise WiringError(f"the loop over {body.name} never ends", mend="give it `times` or `until`")
        self.body = body
        self._seen = watched(body, self.until) if self.until else body
        self._known: tuple[Ports, Ports, Ports, Ports, dict[str, str]] | None = None
        _ = self.inputs

    def children(self) -> Mapping[str, Block]:
        return {"body": self.body}

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        if set(nodes) != {"body"}:
            raise ConfigError(f"a loop has one node, not {', '.join(nodes) or 'none'}", mend="name it `body`")
        return cls(nodes["body"], **config)

    @property
    def inputs(self) -> Ports:
        return self._ports()[2]

    @property
    def outputs(self) -> Ports:
        return self._ports()[3]

    def _ports(self) -> tuple[Ports, Ports, Ports, Ports, dict[str, str]]:
        """The body's ports as they were last read, the loop's own made of them, and what is carried."""
        given, gives = self.body.inputs, self.body.outputs
        known = self._known
        if known is None or known[0] is not given or known[1] is not gives:
            outputs = {n: replace(p, optional=True, bare=False) for n, p in gives.items()}
            known = self._known = (given, gives, self._own_inputs(given), outputs, self._carried(given, gives))
        return known

    def _own_inputs(self, given: Ports) -> Ports:
        for name in filter(None, (self.index, self.times if isinstance(self.times, str) else "")):
            if name in given and given[name].kind != INTEGER:
                what = f"{name!r} of the loop's body takes {given[name].kind.name}"
                raise WiringError(what, where=self.body.name, mend="a number of rounds is an integer")
        if self.index and self.index not in given:
            what = f"index names {self.index!r}, which is no input of the body"
            raise WiringError(what, where=self.body.name, mend=did_you_mean(self.index, given))
        own = {n: p for n, p in given.items() if n != self.index}
        if isinstance(self.times, str):
            own.setdefault(self.times, Port(self.times, INTEGER, int, about="How many rounds to run."))
        return own

    def _carried(self, given: Ports, gives: Ports) -> dict[str, str]:
        carry = {n: n for n in gives if n in given and n != self.index} if self.carry is None else self.carry
        for out, into in carry.items():
            for name, ports, side in ((out, gives, "output"), (into, given, "input")):
                if name not in ports or name == self.index:
                    what = f"carry names {name!r}, which is no {side} of the body to be carried"
                    raise WiringError(what, where=self.body.name, mend=did_you_mean(name, ports))
            if not fits(gives[out].kind, given[into].kind):
                what = f"{out!r} gives {gives[out].kind.name}, the next round's {into!r} takes {given[into].kind.name}"
                raise WiringError(what, where=self.body.name, mend="say with carry={output: input} what is carried")
        return carry

    def forward(self, *_: Any, **inputs: Any) -> Values:
        place, rounds, carry = here(), self._rounds(inputs), self._ports()[4]
        values = {n: inputs.get(n) for n in self.body.inputs if n != self.index}
        outputs: Values = {out: inputs.get(carry.get(out, "")) for out in self.body.outputs}
        for number in range(1, (self.most if rounds is None else rounds) + 1):
            outputs = self._round(place.below(f"body#{number}"), number, values)
            place.progress(number, rounds, "rounds")
            if self.until and outputs[self.until]:
                return self._own(outputs)
            values |= {into: outputs[out] for out, into in carry.items()}
        if rounds is None:
            raise EndlessLoop(
                f"the loop has not ended after {self.most} rounds: {self.until} was never true",
                where=place.path,
                mend="raise its `most`, or see that the body makes it true",
            )
        return self._own(outputs)

    def _own(self, outputs: Values) -> Values:
        return {name: outputs.get(name) for name in self.body.outputs}

    def _rounds(self, inputs: Values) -> int | None:
        """How many rounds there are to be; None where only `until` ends the loop."""
        if not isinstance(self.times, str):
            return self.times
        wanted = inputs.get(self.times)
        if not isinstance(wanted, int) or not 0 <= wanted <= self.most:
            raise PortError(
                f"input {self.times!r} asks for {wanted!r} rounds",
                where=here().path,
                mend=f"0 … {self.most} can be had; the bound is the loop's `most`",
            )
        return wanted

    def _round(self, place: Here, number: int, values: Values) -> Values:
        """One round; where there is a journal, one that it holds is not run again."""
        given = values | ({self.index: number} if self.index else {})
        if place.journal is None:
            return drive_at(self._seen, given, place)
        keys = {name: value_key(value, as_given=False) for name, value in given.items()}
        odd = next((name for name, key in keys.items() if key is None), None)
        if odd is not None:
            place.note(f"this round is run again after a restart: its input {odd!r} has no digest")
            return drive_at(self._seen, given, place)
        with standing(place):
            return self._once(place, given, keys)

    def _once(self, place: Here, given: Values, keys: Mapping[str, Any]) -> Values:
        """What the journal keeps of the round, also where it ran just now: a loop that is resumed has no more."""
        made: list[Values] = []

        def act() -> Any:
            made.append(drive_at(self._seen, given, place))
            return record(made[0], place.artifacts)

        try:
            kept = remembered("round", keys, "outputs", self.body, act)
        except Unrecordable as odd:
            place.note(f"this round is run again after a restart: it gave {odd}")
            return made[0]
        if not made:
            place.emit("skipped", reason=reason("journalled"))
        return recorded(kept, place.artifacts)


@overload
def loop(
    body: Block,
    times: Wire,
    until: str = "",
    *,
    most: int = 1000,
    carry: dict[str, str] | None = None,
    index: str = "",
) -> Callable[..., Any]: ...
@overload
def loop(
    body: Block,
    times: int | str | None = None,
    until: str = "",
    *,
    most: int = 1000,
    carry: dict[str, str] | None = None,
    index: str = "",
) -> LoopBlock: ...


def loop(
    body: Block,
    times: Wire | int | str | None = None,
    until: str = "",
    *,
    most: int = 1000,
    carry: dict[str, str] | None = None,
    index: str = "",
) -> LoopBlock | Callable[..., Any]:
    """A block that runs `body` for `times` rounds, or until its output `until` is true (see LoopBlock).

    In a drawing `times` may be a wire: what is given back is then called like the block, and has that input.
    Raises WiringError for a loop that could never end and for names that the body lacks; at run time EndlessLoop after
    `most` rounds in which `until` stayed false.
    """
    more: Values = {"until": until, "most": most, "carry": carry, "index": index}
    if not isinstance(times, Wire):
        return LoopBlock(body, times=times, **more)
    return functools.partial(LoopBlock(body, times=_TIMES, **more), **{_TIMES: times})
