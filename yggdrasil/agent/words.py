"""What a reader hears of an agent's answer as it is written: its words alone, and a result so far; never raw JSON."""

from __future__ import annotations

from typing import Any, cast

from yggdrasil.agent.result_type import WRAP
from yggdrasil.contract import Here
from yggdrasil.contract.events import EventKind
from yggdrasil.contract.readers import Reader, ReaderSeat, Word

_TEXT = "text"
_CHOICE = "tool"
_TOKENS: tuple[EventKind, ...] = ("token",)


class Words(Reader):
    """The ear of one run: it hears the tokens of the model and tells `text` and `partial` at the agent's place.

    Each request is begun by saying how it answers: in words (`""`), by an object that is the result (`"result"`), or
    by one that chooses a tool or the answer, which is then called so.
    """

    def __init__(self, place: Here, *, typed: bool) -> None:
        super().__init__(_TOKENS)
        self._place, self._typed = place, typed
        self._how = self._buffer = self._sent = ""
        self._void = False
        self._last: Any = None

    def begin(self, how: str) -> None:
        """Another request: what it says begins anew."""
        self._how, self._buffer, self._last = how, "", None
        self._void = self._void or bool(self._sent)
        self._sent = ""

    def hearing(self, place: Here) -> Here:
        """The surroundings of a request that is heard."""
        return place if place.audience is None else place.but(audience=place.audience.joined(self))

    def end(self, text: str, result: Any) -> None:
        """The answer is known: tell what was not told yet. `result` is None where the answer is words alone."""
        if result is not None:
            self._tell(result)
            own = cast(dict[str, Any], result).get(_TEXT) if isinstance(result, dict) else result
            text = own if isinstance(own, str) else ""
        if text.startswith(self._sent):
            self._say(text[len(self._sent) :])
        elif text.strip() != self._sent.strip():
            self._void, self._sent = True, ""
            self._say(text)

    def accept(self, seat: ReaderSeat, word: Word) -> None:
        del seat
        piece = cast(str, word[2]["text"])
        if not self._how:
            begun = self._typed and not self._sent and begins_json(piece)
            if not begun:
                self._say(piece)
                return
            self._how = "result"
        self._buffer += piece
        self._hear_object()

    def leave(self) -> None:
        """It hears as long as its run asks."""

    def _hear_object(self) -> None:
        value = _so_far(self._buffer)
        if not isinstance(value, dict):
            return
        known = cast(dict[str, Any], value)
        if self._how == "result":
            result = known[WRAP] if self._typed and set(known) == {WRAP} else known
            self._tell(result)
            own = cast(dict[str, Any], result).get(_TEXT) if isinstance(result, dict) else result
        else:
            own = known.get(_TEXT) if known.get(_CHOICE) == self._how else None
        if isinstance(own, str) and own.startswith(self._sent):
            whole = own.rfind(" ") + 1  # the last word may be cut yet: a bound ends a text at a word
            self._say(own[len(self._sent) : whole])

    def _say(self, text: str) -> None:
        if not text:
            return
        self._sent += text
        if self._void:
            self._void = False
            self._place.emit("text", text=text, again=True)
        else:
            self._place.emit("text", text=text)

    def _tell(self, result: Any) -> None:
        if result != self._last and self._place.wants("partial"):
            self._last = result
            self._place.emit("partial", result=result)


def begins_json(text: str) -> bool:
    """Whether the text is an attempt at JSON rather than words."""
    return text.lstrip()[:1] in ("{", "[", "`")


def _so_far(written: str) -> Any:
    """The object that the text begins to be, its last text as far as it goes; None before there is one."""
    from pydantic_core import from_json

    at = written.find("{")
    if at < 0:
        return None
    try:
        return from_json(written[at:], allow_partial="trailing-strings")
    except ValueError:
        return None
