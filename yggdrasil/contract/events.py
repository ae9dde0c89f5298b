"""The one stream of events: every run, at every level, tells what it does in these words."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict, get_args, get_origin, get_type_hints

from yggdrasil.contract.errors import ConfigError

if TYPE_CHECKING:
    from yggdrasil.contract.artifacts import ArtifactStore

EventKind = Literal[
    "started", "skipped", "progress", "preview", "tap", "token", "thought", "text", "partial",
    "tool_call", "tool_result", "artifact", "note", "custom", "usage", "paused", "finished", "failed", "cancelled",
]  # fmt: skip
KINDS: frozenset[EventKind] = frozenset(get_args(EventKind))
"""Every kind of event."""
USUAL: frozenset[EventKind] = KINDS - {"preview", "tap"}
"""What a reader hears that names no kinds: all but what costs the run time and is made only on request."""
PASSING: frozenset[EventKind] = frozenset(("progress", "preview", "token", "thought", "text", "partial"))
"""What a reader that cannot keep up loses first: the next one, or the result, says it again."""
ENDS: frozenset[EventKind] = frozenset(("finished", "failed", "cancelled", "paused"))
"""How a part that was started ends: with exactly one of these."""


class Reason(TypedDict):
    """Why something happened, for programs: a code, and what a sentence about it needs (JSON)."""

    code: str
    args: dict[str, Any]


def reason(code: str, **args: Any) -> Reason:
    """A reason of that code."""
    return {"code": code, "args": args}


class Started(TypedDict):
    """A part begins."""

    type: str
    """The registered name of its type; '' if it has none."""
    block_kind: str
    """block, graph, pipeline, stage, world …"""
    step: NotRequired[int]
    """Of a world: which step."""
    recorded: NotRequired[bool]
    """Whether a log is read again, and nothing runs."""


class Skipped(TypedDict):
    """A part does not run."""

    reason: Reason
    """absent, unread, unchanged, not_chosen, journalled; a stage: needs, filled, no_state, dropped, given_up,
    passed_over.
    """
    step: NotRequired[int]


class Progress(TypedDict):
    """So much of a part's work is done."""

    done: int
    of: int | None
    """How much there is; null if nobody knows."""
    unit: str


class Preview(TypedDict):
    """An unfinished result. Made only for a reader that names this kind."""

    image: Any
    """The picture so far (PIL); over the wire an artifact."""
    done: NotRequired[int]
    """Rounds that it took."""


class Tapped(TypedDict):
    """A part has given a value for which `stream(tap=[…])` asked; a copy of it, the reader's own."""

    port: str
    round: int
    """Which round of its loop, or call of its place, from 1."""
    value: Any


class Token(TypedDict):
    """A piece of a text that is being written."""

    text: str


class Thought(TypedDict):
    """A piece of what a model thinks before it answers; it is no part of the answer, nor of what is remembered."""

    text: str


class Said(TypedDict):
    """A piece of an agent's answer: its words alone, also where the model writes an object."""

    text: str
    again: NotRequired[bool]
    """The words before it were no answer, such as those before a tool call: it begins anew here."""


class Partial(TypedDict):
    """The result of an agent as far as it is written."""

    result: Any
    """As JSON; the last one is whole."""


class ToolCall(TypedDict):
    """A tool is called."""

    tool: str
    arguments: Any
    """By name; what a model wrote that is no JSON stays a text."""
    id: NotRequired[str]
    """The same in the call and its result."""


class ToolResult(TypedDict):
    """A tool has answered."""

    tool: str
    result: Any
    id: NotRequired[str]


class ArtifactMade(TypedDict):
    """A result was stored: a large one under its hash, a text in the state itself."""

    media_type: str
    sha256: NotRequired[str]
    size: NotRequired[int]
    """Bytes."""
    slot: NotRequired[str]


def made_known(artifact: Mapping[str, Any]) -> dict[str, Any]:
    """What the event of a stored artifact says of its reference; a text of a state may have neither hash nor size."""
    known = {name: artifact[name] for name in ("sha256", "size") if artifact.get(name) is not None}
    return {"media_type": artifact.get("media_type", ""), **known}


class Note(TypedDict):
    """Something worth knowing that is no failure."""

    text: str
    """In English, for who knows no words for the code."""
    code: NotRequired[str]
    args: NotRequired[dict[str, Any]]


class Custom(TypedDict):
    """Whatever a block of one's own has to tell that no other kind is for."""

    name: str
    """What it is, in the block's own words."""
    value: Any
    """JSON, or a value of a known kind."""


class Used(TypedDict):
    """A request to a model has been answered, and this is what it took; a probe's too."""

    prompt: int
    """Tokens read."""
    completion: int
    """Tokens written."""
    cost: float
    """In the currency of the model's prices; 0 where it has none."""
    model: NotRequired[str]
    """Its name."""


class PausedFor(TypedDict):
    """The run stops to ask, and goes on when the question is answered."""

    ask: str
    id: str
    step: NotRequired[int]
    recorded: NotRequired[bool]


class Finished(TypedDict):
    """A part has ended, and its result stands; of a stage: is durable."""

    seconds: NotRequired[float]
    step: NotRequired[int]
    recorded: NotRequired[bool]


class Failed(TypedDict):
    """A part has ended by an error."""

    error: str
    """The name of its class."""
    message: str
    step: NotRequired[int]
    recorded: NotRequired[bool]


class Stopped(TypedDict):
    """A part has ended because its reader, its user, or a failure beside it wanted so."""

    step: NotRequired[int]
    recorded: NotRequired[bool]


SCHEMAS: Mapping[EventKind, type[Any]] = {
    "started": Started, "skipped": Skipped, "progress": Progress, "preview": Preview, "tap": Tapped, "token": Token,
    "thought": Thought, "text": Said, "partial": Partial,
    "tool_call": ToolCall, "tool_result": ToolResult, "artifact": ArtifactMade, "note": Note, "custom": Custom,
    "paused": PausedFor, "usage": Used, "finished": Finished, "failed": Failed, "cancelled": Stopped,
}  # fmt: skip
"""What `data` holds, by kind. A reader takes keys that it does not know as well: later versions may add some."""


def wanted(kinds: Iterable[EventKind]) -> frozenset[EventKind]:
    """The kinds that a reader names. Raises ConfigError for one that is none: it would wait for it in vain."""
    named: list[Any] = [kinds] if isinstance(kinds, str) else list(kinds)
    unknown = [kind for kind in named if kind not in KINDS]
    if unknown or isinstance(kinds, str):
        what = f"there is no kind of events {unknown[0]!r}" if unknown else f"kinds is the text {kinds!r}"
        raise ConfigError(what, mend=f"name kinds in a list, out of {', '.join(sorted(KINDS))}")
    return frozenset(named)


def keys(schema: type[Any]) -> dict[str, tuple[Any, bool]]:
    """Key → its type, and whether it is always there."""
    hints = get_type_hints(schema, include_extras=True)
    return {
        name: (get_args(hint)[0], False) if get_origin(hint) is NotRequired else (hint, True)
        for name, hint in hints.items()
    }


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `path`: the place in the tree; `data`: as SCHEMAS says; `time`: seconds since the epoch; `run`: which run;
    `seq`: 1, 2, 3 … of what this reader gets of the run; `dropped`: how many before this one the reader lost.
    """

    kind: EventKind
    path: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    time: float = field(default_factory=time.time)
    run: str = ""
    seq: int = 0
    dropped: int = 0
    artifacts: ArtifactStore | None = field(default=None, repr=False, compare=False)
    """The store of the run, where large values go when the event is sent elsewhere."""

    def to_wire(self, artifacts: ArtifactStore | None = None) -> dict[str, Any]:
        """The event as JSON: large values go into the store (by default the run's own), references stay.

        Raises PortError for a value that has no JSON form.
        """
        from yggdrasil.contract.event_json import event_to_wire

        return event_to_wire(self, artifacts if artifacts is not None else self.artifacts)

    @staticmethod
    def from_wire(wire: Mapping[str, Any], artifacts: ArtifactStore | None = None) -> Event:
        """The event that `to_wire` wrote; references are opened from the store, and stay `Artifact`s without one.

        Raises PortError for what is no event: a stranger may have sent it. Unknown keys of `data` are kept.
        """
        from yggdrasil.contract.event_json import event_from_wire

        return event_from_wire(wire, artifacts)
