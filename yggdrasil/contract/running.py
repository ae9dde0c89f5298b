"""Running a block: one path for `run`, `stream` and the engines, with events, errors and cancellation."""

from __future__ import annotations

import contextvars
import queue
import threading
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.computing import as_learnable
from yggdrasil.contract.context import Here, here, leave, stand, standing
from yggdrasil.contract.errors import Cancelled, Paused, YggError
from yggdrasil.contract.events import CancelToken, Event, Listener
from yggdrasil.contract.ports import as_outputs, checked_inputs
from yggdrasil.contract.session import in_turn

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block


class Outputs(dict[str, Any]):
    """What a run gave, by output port: `out["image"]` or `out.image`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no output {name!r}; this run gave {', '.join(self)}") from None


def drive(block: Block, inputs: dict[str, Any], name: str = "") -> dict[str, Any]:
    """Run `block` below the place where this is called, checking what goes in and out.

    Emits started, then finished, failed, paused or cancelled. Raises what `forward` raises, the place added.
    """
    place = here().below(name or block.name)
    if place.mode.learning:
        inputs = {port: as_learnable(value) for port, value in inputs.items()}
    return drive_at(block, inputs, place)


def drive_at(block: Block, inputs: dict[str, Any], place: Here) -> dict[str, Any]:
    """The same at a place that the caller made."""
    return perform(block, inputs, place, check=True)


def perform(
    block: Block, values: dict[str, Any], place: Here, *, check: bool = False, quiet: bool = False
) -> dict[str, Any]:
    """Call `forward` at a place and tell how it went; the one path of `run`, `stream` and the engines.

    With `check` the inputs are validated first; `quiet` tells neither beginning nor end, only trouble.
    """
    place.check()
    tells = place.listener is not None and not quiet
    if tells:
        place.emit("started", type=block.type_name, block_kind=block.kind)
    if place.session.root is None:
        place.session = place.session.rooted(block)
    before = stand(place)
    try:
        given = checked_inputs(block.inputs, values, place.path) if check else values
        answer = in_turn(block, place, given) if block.remembers else block.forward(**given)
        result = as_outputs(answer, block.outputs, "")
    except (Cancelled, KeyboardInterrupt):
        place.emit("cancelled")
        raise
    except Paused as pause:
        place.emit("paused", ask=pause.ask, id=pause.id)
        raise
    except BaseException as error:
        locate(error, place.path)
        place.emit("failed", error=type(error).__name__, message=str(error))
        raise
    finally:
        leave(before)
    if tells:
        place.emit("finished")
    return result


def locate(error: BaseException, path: str) -> None:
    """Add the place `path` to an error that rises from it; what is known of the place already stays."""
    if isinstance(error, YggError):
        if not error.where or error.where == path.rpartition("/")[2]:
            error.where = path
        elif not error.where.startswith(path):
            if "/" not in error.where:
                error.where = f"{path}/{error.where}"
            else:
                _note_once(error, path)
    else:
        _note_once(error, path)


def _note_once(error: BaseException, path: str) -> None:
    if not any(note.startswith("in block ") for note in getattr(error, "__notes__", [])):
        error.add_note(f"in block {path}")


@contextmanager
def listening(listener: Listener, cancel: CancelToken | None = None) -> Generator[CancelToken]:
    """Every run inside sends its events to `listener`; the token given back cancels them all, as does an outer one."""
    token = CancelToken(here().cancel) if cancel is None else cancel
    with standing(here().but(listener=listener, cancel=token)):
        yield token


def _both(first: Listener, second: Listener | None) -> Listener:
    """A stream within a run is part of the run's own stream, so both hear it."""
    if second is None:
        return first
    outer = second

    def tell(event: Event) -> None:
        first(event)
        outer(event)

    return tell


class _Work:
    """What the thread of a stream holds; it knows nothing of the stream, so that a dropped one can go."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.cancel = CancelToken(here().cancel)
        self.outputs: Outputs | None = None
        self.error: BaseException | None = None

    def do(self, block: Block, inputs: dict[str, Any]) -> None:
        try:
            with listening(_both(self.events.put, here().listener), self.cancel):
                self.outputs = Outputs(drive(block, inputs))
        except BaseException as error:
            self.error = error
        finally:
            self.events.put(None)


class Stream:
    """The events of one run in the background; iterate, then read `outputs`.

    Closing it cancels the run, and so does dropping it: a run that nobody hears does not go on.
    """

    def __init__(self, block: Block, inputs: dict[str, Any]) -> None:
        self._work = _Work()
        self._over = False
        surroundings = contextvars.copy_context()
        work = (self._work.do, block, inputs)
        self._thread = threading.Thread(target=surroundings.run, args=work, name="yggdrasil-run", daemon=True)
        self._thread.start()
        weakref.finalize(self, self._work.cancel.cancel)

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Event:
        if self._over:
            raise StopIteration
        event = self._work.events.get()
        if event is None:
            self._over = True
            if self._work.error is not None and not isinstance(self._work.error, Cancelled):
                raise self._work.error
            raise StopIteration
        return event

    def close(self) -> None:
        """Cancel the run and wait until it has stopped (it looks at the flag at each step and token)."""
        self._work.cancel.cancel()
        self._thread.join()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def outputs(self) -> Outputs:
        """What the run gave; reads the stream to its end first. Raises what the run raised."""
        for _ in self:
            pass
        self._thread.join()
        if self._work.outputs is None:
            raise self._work.error or Cancelled()
        return self._work.outputs
