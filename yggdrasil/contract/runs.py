"""What anybody does with a block of any level: run it, watch it, await it, draw with it; typed as its `forward` is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, Protocol, cast, overload

from yggdrasil.contract.errors import PortError

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block
    from yggdrasil.contract.durable import DurableSession
    from yggdrasil.contract.running import Outputs
    from yggdrasil.contract.stream import Stream

P = ParamSpec("P")


class Takes(Protocol[P]):
    """A block as far as its inputs go; one whose inputs are known only when it runs takes any."""

    def forward(self, *args: P.args, **kwargs: P.kwargs) -> Any: ...


class Runs:
    """The ways to run a block. An editor completes and checks the inputs that its `forward` names."""

    @overload
    def run(self: Takes[P], *args: P.args, **inputs: P.kwargs) -> Outputs: ...
    @overload
    def run(self, *args: Any, deps: Any, **inputs: Any) -> Outputs: ...
    def run(self, *args: Any, **inputs: Any) -> Outputs:
        """Compute once. Inputs are the ports by name (the first ones may be given by position).

        `deps`: anything; every agent and function inside that asks for it gets it, no model sees it.
        """
        from yggdrasil.contract.deps import handing
        from yggdrasil.contract.running import outputs_of

        block = cast("Block", self)
        with handing(block, inputs) as given:
            return outputs_of(block, bound(block, args, given))

    @overload
    def map(self, *, deps: Any = None, return_exceptions: Literal[False] = False, **inputs: Any) -> list[Outputs]: ...
    @overload
    def map(self, *, deps: Any = None, return_exceptions: bool, **inputs: Any) -> list[Outputs | Exception]: ...
    def map(self, *, deps: Any = None, return_exceptions: bool = False, **inputs: Any) -> Any:
        """A run for each value of the inputs that are lists, what is no list for all; each as a single run gives it.

        None knows what another one said. `deps` is for all, a list too. With `return_exceptions` a run that fails
        leaves its error in its place and the others go on, else the first error ends it.
        """
        from yggdrasil.contract.deps import handing
        from yggdrasil.contract.many_runs import mapped

        block = cast("Block", self)
        with handing(block, inputs if deps is None else {**inputs, "deps": deps}) as given:
            return mapped(block, bound(block, (), given), return_exceptions=return_exceptions)

    @overload
    def stream(self: Takes[P], *args: P.args, **inputs: P.kwargs) -> Stream: ...
    @overload
    def stream(self, *args: Any, tap: Iterable[str], **inputs: Any) -> Stream: ...
    @overload
    def stream(self, *args: Any, deps: Any, **inputs: Any) -> Stream: ...
    def stream(self, *args: Any, tap: Iterable[str] = (), **inputs: Any) -> Stream:
        """Compute in the background; iterate over the events by `for` or `async for`; closing it cancels the run.

        `tap`: outputs inside, as `node.port`, told in events of that kind whenever they are given.
        """
        from yggdrasil.contract.deps import handing
        from yggdrasil.contract.stream import Stream

        block = cast("Block", self)
        with handing(block, inputs) as given:
            return Stream(block, bound(block, args, given), tap=tap)

    @overload
    def astream(self: Takes[P], *args: P.args, **inputs: P.kwargs) -> Stream: ...
    @overload
    def astream(self, *args: Any, tap: Iterable[str], **inputs: Any) -> Stream: ...
    @overload
    def astream(self, *args: Any, deps: Any, **inputs: Any) -> Stream: ...
    def astream(self, *args: Any, **inputs: Any) -> Stream:
        """The same, for `async for`; asynchronous functions inside run on the event loop that reads."""
        from yggdrasil.contract.context import standing
        from yggdrasil.contract.coroutines import awaited_on, running

        loop = running()
        with standing(awaited_on(lambda: loop)):
            return self.stream(*args, **inputs)

    @overload
    async def arun(self: Takes[P], *args: P.args, **inputs: P.kwargs) -> Outputs: ...
    @overload
    async def arun(self, *args: Any, deps: Any, **inputs: Any) -> Outputs: ...
    async def arun(self, *args: Any, **inputs: Any) -> Outputs:
        """The same as `run`, awaited: the event loop goes on meanwhile; who is cancelled cancels the run."""
        async with cast("Block", self).astream(*args, **inputs) as stream:
            return await stream.result()

    def session(self, name: str, at: Path | str, *, adopt: bool = False, wait: float = 60.0) -> DurableSession:
        """What it says and does from now on under `name` outlives the process, in the folder `at`."""
        from yggdrasil.contract.entry_points import VERBS

        return VERBS.find("session")(self, name, Path(at), adopt=adopt, wait=wait)

    def __call__(self: Takes[P], *args: P.args, **inputs: P.kwargs) -> Any:
        """In a drawn graph: record a node. Elsewhere the same as `run`, a lone output given bare."""
        from yggdrasil.contract.tracing import draw

        block = cast("Block", self)
        return draw(block, bound(block, args, inputs))


def bound(block: Block, args: tuple[Any, ...], inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs by name; of what another run gave, the output that is called alike."""
    from yggdrasil.contract.running import Outputs

    given = _by_place(block, args, inputs) if args else inputs
    return {n: value[n] if isinstance(value, Outputs) and n in value else value for n, value in given.items()}


def _by_place(block: Block, args: tuple[Any, ...], inputs: dict[str, Any]) -> dict[str, Any]:
    names = list(block.inputs)
    if len(args) > len(names):
        raise PortError(f"{len(args)} inputs were given", where=block.name, mend=f"it takes {names}")
    twice = [n for n in names[: len(args)] if n in inputs]
    if twice:
        raise PortError(f"input {twice[0]!r} was given twice", where=block.name, mend="by position or by name, once")
    return {**dict(zip(names, args, strict=False)), **inputs}
