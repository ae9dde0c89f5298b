"""What a running block may ask of its surroundings: its place, seed, events, journal and artifacts."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from yggdrasil.contract.artifacts import ArtifactStore, MemoryArtifacts, SessionArtifacts
from yggdrasil.contract.cancel import CancelToken, IdleToken
from yggdrasil.contract.errors import Cancelled
from yggdrasil.contract.journal import Journal
from yggdrasil.contract.lanes import lane
from yggdrasil.contract.readers import Audience
from yggdrasil.contract.run_mode import INFER, Mode
from yggdrasil.contract.seeds import derive_seed
from yggdrasil.contract.session import NO_RUN, RunSession, Session, SessionError, own_session
from yggdrasil.contract.telling import Telling
from yggdrasil.contract.tool_use import OfCall

if TYPE_CHECKING:
    import torch

    from yggdrasil.contract.block import Block

Form = TypeVar("Form")


class Here(Telling):
    """The surroundings of one call. `seed` belongs to this place and call alone (0 … 2**63 − 1)."""

    __slots__ = (
        "_above", "_name", "_path", "_seed", "_turns", "artifacts", "audience", "cancel", "journal", "mode",
        "remembers", "session", "shared",
    )  # fmt: skip
    tool_use = OfCall()

    def __init__(
        self,
        path: str = "",
        seed: int = 0,
        audience: Audience | None = None,
        cancel: CancelToken | None = None,
        artifacts: ArtifactStore | None = None,
        journal: Journal | None = None,
        shared: dict[str, Any] | None = None,
        session: RunSession = NO_RUN,
        remembers: Block | None = None,
        mode: Mode = INFER,
    ) -> None:
        self._path: str | None = path
        self._seed: int | None = seed
        self._above: Here | None = None
        self._name: str | tuple[str, int] = ""
        self._turns: dict[str, int] | None = None
        self.audience = audience
        self.cancel = cancel or CancelToken()
        self.artifacts: ArtifactStore = MemoryArtifacts() if artifacts is None else artifacts
        self.journal = journal
        self.shared: dict[str, Any] = {} if shared is None else shared
        self.session = session
        self.remembers = remembers
        self.mode = mode

    @property
    def path(self) -> str:
        """The place in the tree, the names from the top joined by slashes."""
        if self._path is None:
            name = self._name if isinstance(self._name, str) else self._name[0]
            above = cast("Here", self._above).path
            self._path = f"{above}/{name}" if above else name
        return self._path

    @property
    def call(self) -> int:
        """Which call of its place, or of one above, runs here, from 1."""
        return self._name[1] if isinstance(self._name, tuple) else 1 if self._above is None else self._above.call

    @property
    def seed(self) -> int:
        """The seed of this place and call, derived from those above when first asked for."""
        if self._seed is None:
            name = self._name if isinstance(self._name, str) else "#".join(map(str, self._name))
            self._seed = derive_seed(cast("Here", self._above).seed, name)
        return self._seed

    def but(self, **changes: Any) -> Here:
        """The same surroundings with some parts exchanged (`path`, `seed`, `cancel` …)."""
        parts: dict[str, Any] = {
            n: getattr(self, n)
            for n in ("path", "audience", "cancel", "artifacts", "journal", "shared", "session", "remembers", "mode")
        }
        parts |= {"seed": self.seed} | changes
        made = Here(**parts)
        if self.session.root is not None and not changes.keys() & {"seed", "path"}:
            self._turns = made._turns = {} if self._turns is None else self._turns
        return made

    @property
    def deps(self) -> Any:
        """What the caller of the run around this place gave as `deps=`; None if nothing."""
        return self.shared.get("contract.deps")

    def below(self, name: str, number: int = 1) -> Here:
        """The surroundings of a part named `name`: deeper path, a seed of its own for each call, the rest shared."""
        new = Here.__new__(Here)
        new._path = new._seed = new._turns = None
        new._above = self
        new._name = name if number == 1 else (name, number)
        new.audience = self.audience
        new.cancel = self.cancel
        new.artifacts = self.artifacts
        new.journal = self.journal
        new.shared = self.shared
        new.session = self.session
        new.remembers = self.remembers
        new.mode = self.mode
        return new

    def turn(self, name: str) -> int:
        """The number of this call of a part by the block that runs here, from 1; outside of a run each is the first."""
        if self.session.root is None:
            return 1
        if self._turns is None:
            self._turns = {}
        self._turns[name] = self._turns.get(name, 0) + 1
        return self._turns[name]

    def lane(self, device: str = "cpu") -> AbstractContextManager[None]:
        """Compute inside of it: so many runs at once as the device has lanes; a cancelled one leaves the line.

        A torch module's `computing` takes it by itself; a block that waits for others' answers needs none.
        """
        return lane(device).turn(self.cancel, self.path)

    def check(self) -> None:
        """Raise Cancelled if the reader has closed the stream."""
        if self.cancel.cancelled:
            raise Cancelled(self.path)

    def once(self, name: str, inputs: Any, act: Callable[[], Any], *, repeat: bool = True) -> Any:
        """Do `act` (which returns JSON) once for this place, name and inputs, also over restarts.

        Who was killed between an act and its record acts again, unless `repeat` says that this would do harm: then
        it is written down before it is done, and if its end is not known the run pauses and asks.
        """
        self.check()
        if self.journal is None:
            return act()
        return self.journal.once(self.path, name, inputs, act, repeat)

    @overload
    def memory(self) -> Any: ...
    @overload
    def memory(self, form: type[Form]) -> Form | None: ...
    def memory(self, form: type[Any] | None = None) -> Any:
        """What the block that runs here remembered when it was last called in this session (JSON); None at first.

        Raises SessionError for a memory of another `form` (list, dict …), such as a broken file brings.
        """
        found = self.session.session.recall(self._memory_place())
        if form is not None and found is not None and not isinstance(found, form):
            what = f"its memory cannot be rebuilt (it is a {type(found).__name__}, not a {form.__name__})"
            raise SessionError(what, where=self.path, mend="restore it from a copy, or begin a new session")
        return found

    def remember(self, state: Any) -> None:
        """Let the block that runs here remember `state` (JSON) in this session, instead of what it did."""
        self.session.session.remember(self._memory_place(), state)

    def _memory_place(self) -> str:
        if self.remembers is None:
            mend = "declare `remembers: ClassVar[bool] = True` in the block's class"
            raise SessionError("no block that remembers runs here", where=self.path, mend=mend)
        return self.session.place(self.remembers, self.path)

    def generator(self, seed: int | None = None) -> torch.Generator:
        """A CPU generator of this call's own, from `seed` if given."""
        import torch

        return torch.Generator().manual_seed(self.seed if seed is None else seed)


_here: contextvars.ContextVar[Here] = contextvars.ContextVar("yggdrasil_here")
stand = _here.set
leave = _here.reset
_nowhere = Here(artifacts=SessionArtifacts(), cancel=IdleToken())


def is_outside(place: Here) -> bool:
    """Whether `place` is that of no run: one that begins there has a cancel token of its own."""
    return place is _nowhere


def own_artifacts(place: Here, root: Block) -> ArtifactStore:
    """Where a run of `root` that begins at `place` puts artifacts: what it was given, else its session's own store."""
    if place.artifacts is not _nowhere.artifacts:
        return place.artifacts
    return (place.session.given or own_session(root)).artifacts


def here() -> Here:
    """The surroundings of the call that runs now; outside of any run, an empty one."""
    return _here.get(_nowhere)


@contextmanager
def standing(place: Here) -> Generator[Here]:
    """Make `place` the answer of `here()` inside the block."""
    token = _here.set(place)
    try:
        yield place
    finally:
        _here.reset(token)


@contextmanager
def session(kept: Session | None = None) -> Generator[Session]:
    """Let every run inside remember in `kept` (a new session): a server gives each conversation one of its own.

    Streams that begin inside go on in it. Two blocks that run in one session are told apart by their names.
    """
    given = Session() if kept is None else kept
    with standing(here().but(session=RunSession(given=given))):
        yield given
