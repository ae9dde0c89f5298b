"""What blocks remember between calls: it belongs to the run that calls them, so that one block serves many at once."""

from __future__ import annotations

import json
import weakref
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, cast

from yggdrasil.contract.artifacts import SessionArtifacts
from yggdrasil.contract.errors import YggError
from yggdrasil.contract.lanes import DeviceQueue
from yggdrasil.contract.os_fork import lock

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block
    from yggdrasil.contract.cancel import CancelToken
    from yggdrasil.contract.context import Here

ROOT = "."
"""The place of the block whose tree a session belongs to."""


class SessionError(YggError):
    """What a block wants to remember is no JSON, or no block that remembers runs here."""


class Memories(Protocol):
    """Where a session keeps its memories, by place; a dict is one."""

    def get(self, place: str, /) -> Any: ...

    def __setitem__(self, place: str, state: Any, /) -> None: ...


class Session:
    """What the blocks of one conversation, user or world remember: place → JSON, copied in and out.

    Any number of threads may run blocks on one session: the calls of one place come one after the other, each
    finding what the one before it left. Calls on two sessions know nothing of each other.
    """

    def __init__(self, memories: Memories | None = None) -> None:
        self._memories: Memories = {} if memories is None else memories
        self._turns: dict[str, DeviceQueue] = {}
        self._blocks: dict[str, weakref.ref[Block]] = {}
        self._lock = lock()
        self._artifacts: SessionArtifacts | None = None

    @property
    def artifacts(self) -> SessionArtifacts:
        """Where runs of this session that are given no other store put what is large."""
        if self._artifacts is None:
            with self._lock:
                self._artifacts = self._artifacts or SessionArtifacts()
        return self._artifacts

    def keep(self, value: Any) -> str:
        """Put a picture, a sound … among this session's artifacts; gives the sha256 by which a model may name it.

        Raises ArtifactError for what no kind keeps.
        """
        from yggdrasil.contract.values import store

        return store(value, self.artifacts)["sha256"]

    def recall(self, place: str) -> Any:
        """What was remembered at `place`; None if nothing."""
        with self._lock:
            return _copied(self._memories.get(place))

    def remember(self, place: str, state: Any) -> None:
        """Remember `state` at `place` instead of what was. Raises SessionError for what is no JSON."""
        kept = _copied(state)
        with self._lock:
            self._memories[place] = kept

    def heard_by(self, block: Block) -> None:
        """Note in whose run something remembers. Raises SessionError if an unlike block of its name was there."""
        with self._lock:
            known = self._blocks.get(block.name)
            other = None if known is None else known()
            if other is None:
                self._blocks[block.name] = weakref.ref(block)
        if other is not None and other is not block and _alike(other) != _alike(block):
            what = f"two unlike blocks called {block.name!r} run in one session and would share a memory"
            raise SessionError(what, mend="give each a name of its own: block.called('cook')")

    def to_json(self) -> dict[str, Any]:
        """Every memory by place, of a session that keeps them in a dict."""
        with self._lock:
            known: Any = self._memories
            items = cast("dict[str, Any]", known).items() if isinstance(known, dict) else ()
            return {place: _copied(state) for place, state in items if state is not None}

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._memories = {}

    def turn(self, place: str, cancel: CancelToken, where: str = "") -> AbstractContextManager[None]:
        """Have `place` for oneself inside. Raises Cancelled, with `where`, as soon as `cancel` is set."""
        with self._lock:
            line = self._turns.get(place)
            if line is None:
                line = self._turns[place] = DeviceQueue()
        return line.turn(cancel, where)

    def __deepcopy__(self, memo: dict[int, Any]) -> Session:
        """A copied block remembers what the first one did, and from then on for itself."""
        made = Session(self.to_json())
        made._artifacts = self._artifacts
        return made


class RunSession:
    """The session of one run, and the block in whose tree its places are named.

    An object that stands at two places of the tree remembers under the first of them. Where no session is given
    (`given`), the one kept on the run's topmost block is used.
    """

    __slots__ = ("_places", "given", "prefix", "root")

    def __init__(self, root: Block | None = None, given: Session | None = None, prefix: str = "") -> None:
        self.root = root
        self.given = given
        self.prefix = prefix
        self._places: dict[int, str] | None = None

    def rooted(self, block: Block) -> RunSession:
        """The same session for a run that begins at `block`, told from other blocks' runs by its name."""
        return RunSession(block, self.given, "" if self.given is None else block.name)

    @property
    def session(self) -> Session:
        if self.given is not None:
            return self.given
        if self.root is None:
            raise SessionError("nothing runs here that could remember", mend="call it inside a block's forward")
        return own_session(self.root)

    def place(self, block: Block, path: str) -> str:
        """Where `block`, which runs at `path`, remembers; `path` itself for a block that no tree holds."""
        found = self._found(block) or path
        if not self.prefix:
            return found
        if self.given is not None and self.root is not None:
            self.given.heard_by(self.root)
        return self.prefix if found == ROOT else f"{self.prefix}/{found}"

    def _found(self, block: Block) -> str:
        if block is self.root or self.root is None:
            return ROOT
        if self._places is None:
            from yggdrasil.contract.tree import walk

            self._places = {id(part): at for at, part in walk(self.root)}
        return self._places.get(id(block), "")

    def states(self, block: Block, path: str) -> dict[str, Any]:
        """What every part of `block` remembers, by its path below `block`."""
        places = {at: self.place(part, f"{path}/{at}") for at, part in _remembering(block)}
        found = {at: self.session.recall(place) for at, place in places.items()}
        return {at: state for at, state in found.items() if state is not None}

    def restore(self, block: Block, path: str, states: Mapping[str, Any]) -> None:
        """Let the parts of `block` remember what `states` gave. Raises SessionError for a part that there is not."""
        parts = dict(_remembering(block))
        for at, state in states.items():
            if at not in parts:
                mend = "give the block the parts that it had then"
                raise SessionError(f"there is a memory of {at!r}, which is no part of it", where=path, mend=mend)
            self.session.remember(self.place(parts[at], f"{path}/{at}"), state)


NO_RUN = RunSession()
"""What stands outside of every run: the first block that runs is the root."""

_founding = lock()


def own_session(block: Block) -> Session:
    """The session kept on `block` itself, for runs that begin at it and are given no other."""
    kept = vars(block)
    if "_session" not in kept:
        with _founding:
            kept.setdefault("_session", Session())
    return kept["_session"]


def in_turn(block: Block, place: Here, inputs: dict[str, Any]) -> Any:
    """Call `forward` of a block that remembers, while no other call of its place runs in this session."""
    place.remembers = block
    session = place.session
    with session.session.turn(session.place(block, place.path), place.cancel, place.path):
        return block.forward(**inputs)


def _remembering(block: Block) -> list[tuple[str, Block]]:
    from yggdrasil.contract.tree import walk

    return [(at or ROOT, part) for at, part in walk(block) if part.remembers]


def _alike(block: Block) -> str:
    from yggdrasil.contract.tree import describe

    return describe(block).structure_digest()


def _copied(state: Any) -> Any:
    if state is None:
        return None
    try:
        return json.loads(json.dumps(state, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        mend = "remember plain data, and what is large as an artifact"
        raise SessionError(f"what it remembers is not JSON ({error})", mend=mend) from None
