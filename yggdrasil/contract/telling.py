"""What a running block tells its readers: events of every kind, each in its own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Unpack, cast, overload

from yggdrasil.contract.callers_line import warn_caller
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.events import KINDS, EventKind

if TYPE_CHECKING:
    from yggdrasil.contract import events
    from yggdrasil.contract.readers import Audience


class Telling:
    """A place in a run, as far as it tells; nothing is built that nobody reads."""

    __slots__ = ()
    if TYPE_CHECKING:
        audience: Audience | None

        @property
        def path(self) -> str: ...

        def check(self) -> None: ...

    @property
    def listening(self) -> bool:
        """Whether anybody reads events."""
        return self.audience is not None

    def wants(self, kind: EventKind) -> bool:
        """Whether anybody reads events of this kind; build nothing costly if not."""
        return self.audience is not None and self.audience.wants(kind)

    @overload
    def emit(self, kind: Literal["started"], **data: Unpack[events.Started]) -> None: ...
    @overload
    def emit(self, kind: Literal["skipped"], **data: Unpack[events.Skipped]) -> None: ...
    @overload
    def emit(self, kind: Literal["progress"], **data: Unpack[events.Progress]) -> None: ...
    @overload
    def emit(self, kind: Literal["preview"], **data: Unpack[events.Preview]) -> None: ...
    @overload
    def emit(self, kind: Literal["tap"], **data: Unpack[events.Tapped]) -> None: ...
    @overload
    def emit(self, kind: Literal["token"], **data: Unpack[events.Token]) -> None: ...
    @overload
    def emit(self, kind: Literal["thought"], **data: Unpack[events.Thought]) -> None: ...
    @overload
    def emit(self, kind: Literal["text"], **data: Unpack[events.Said]) -> None: ...
    @overload
    def emit(self, kind: Literal["partial"], **data: Unpack[events.Partial]) -> None: ...
    @overload
    def emit(self, kind: Literal["tool_call"], **data: Unpack[events.ToolCall]) -> None: ...
    @overload
    def emit(self, kind: Literal["tool_result"], **data: Unpack[events.ToolResult]) -> None: ...
    @overload
    def emit(self, kind: Literal["artifact"], **data: Unpack[events.ArtifactMade]) -> None: ...
    @overload
    def emit(self, kind: Literal["note"], **data: Unpack[events.Note]) -> None: ...
    @overload
    def emit(self, kind: Literal["usage"], **data: Unpack[events.Used]) -> None: ...
    @overload
    def emit(self, kind: Literal["custom"], **data: Unpack[events.Custom]) -> None: ...
    @overload
    def emit(self, kind: Literal["paused"], **data: Unpack[events.PausedFor]) -> None: ...
    @overload
    def emit(self, kind: Literal["finished"], **data: Unpack[events.Finished]) -> None: ...
    @overload
    def emit(self, kind: Literal["failed"], **data: Unpack[events.Failed]) -> None: ...
    @overload
    def emit(self, kind: Literal["cancelled"], **data: Unpack[events.Stopped]) -> None: ...
    def emit(self, kind: EventKind, **data: Any) -> None:
        """Tell who reads this kind of event; `data` as `events.SCHEMAS` says.

        What no kind is for goes as `custom`: a `name` and a `value` of one's own. Raises ConfigError for another.
        """
        if kind not in KINDS:
            mend = f"emit('custom', name={str(kind)!r}, value=…), or one of {', '.join(sorted(KINDS))}"
            raise ConfigError(f"there is no kind of events {kind!r}", where=self.path, mend=mend)
        if self.audience is not None:
            self.audience.tell(kind, self, data)

    def progress(self, done: int, of: int | None = None, unit: str = "steps") -> None:
        """Say how far the work is; also the moment at which a cancelled run stops."""
        self.check()
        self.emit("progress", done=done, of=of, unit=unit)

    def preview(self, image: Any) -> None:
        """Show an unfinished picture (PIL image)."""
        self.emit("preview", image=image)

    def token(self, text: str) -> None:
        """Stream a piece of text; also the moment at which a cancelled run stops."""
        self.check()
        self.emit("token", text=text)

    def note(self, text: str, code: str = "", **args: Any) -> None:
        """Tell the reader something worth knowing that is no failure: in English, and as a code with arguments."""
        self.emit("note", text=text, **cast(Any, {"code": code, "args": args} if code else {}))

    def warn(self, text: str) -> None:
        """Tell of something lost: as a note if somebody listens to the run, else as a Python warning."""
        if not self.wants("note"):
            warn_caller(f"{self.path}: {text}" if self.path else text)
        self.note(text)
