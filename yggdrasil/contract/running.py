"""Running a block: one path for `run`, `stream` and the engines, with events, errors and cancellation."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.block_operations import operation_ports
from yggdrasil.contract.brief import shown_briefly
from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.context import Here, here, is_outside, leave, own_artifacts, stand, standing
from yggdrasil.contract.errors import Cancelled, Paused, PortError, YggError, did_you_mean
from yggdrasil.contract.events import USUAL, EventKind
from yggdrasil.contract.finite import check_finite, finite_kinds
from yggdrasil.contract.missing_roles import missing_role
from yggdrasil.contract.outputs import as_outputs
from yggdrasil.contract.ports import checked_inputs
from yggdrasil.contract.readers import PATIENCE, Audience, InlineReader, Listener, Reader, ThreadReader
from yggdrasil.contract.session import in_turn
from yggdrasil.contract.spending import spend
from yggdrasil.contract.taps import tell_taps
from yggdrasil.contract.torch_mode import as_learnable

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block

_MESSAGE = 4000
"""Characters of an error that an event tells; the error itself, which is raised, has them all."""


class NoOutput(PortError, KeyError, AttributeError):
    """A run was asked for an output that it did not give."""


class Outputs(dict[str, Any]):
    """What a run gave, by output port: `out["image"]`, or `out.image`.

    It is a dict: an output that is called as one of its methods, such as `items` or `keys`, is `out["items"]`.
    The artifacts that it refers to stay at least as long as it does.
    """

    def __reduce__(self) -> tuple[type[Outputs], tuple[dict[str, Any]]]:
        return Outputs, (dict(self),)

    def __getattr__(self, name: str) -> Any:
        return self[name]

    def __missing__(self, name: str) -> Any:
        raise NoOutput(f"this run gave no output {name!r}", mend=did_you_mean(name, self))

    def __repr__(self) -> str:
        return f"Outputs({', '.join(f'{name}={shown_briefly(value)}' for name, value in self.items())})"

    def _repr_html_(self) -> str:
        from yggdrasil.contract.shown_in_notebooks import outputs_as_html

        return outputs_as_html(self)


def drive(
    block: Block, inputs: dict[str, Any], name: str = "", *, begins: bool = True, ends: bool = True
) -> dict[str, Any]:
    """Run `block` below the place where this is called, checking what goes in and out.

    Each call under the block's own name draws from a seed of its own; the first from the place's.
    Emits started (with `begins`), then finished (with `ends`), failed, paused or cancelled.
    Raises what `forward` raises, the place added.
    """
    above = here()
    if not above.path:
        cancel = CancelToken(None if is_outside(above) else above.cancel)
        above = above.but(cancel=cancel, artifacts=own_artifacts(above, block))
    if above.audience is not None and not above.path:
        above = above.but(audience=above.audience.fresh())
    if above.mode.learning:
        inputs = {port: as_learnable(value) for port, value in inputs.items()}
    place = above.below(name) if name else above.below(block.name, above.turn(block.name))
    return perform(block, inputs, place, check=True, begins=begins, ends=ends)


def runner_of(block: Block) -> str:
    """Where in the surroundings stands who runs the block instead of `outputs_of`, as a durable session does."""
    return f"runner.{block.serial}"


def outputs_of(block: Block, inputs: dict[str, Any]) -> Outputs:
    """The same, as its caller gets it: with what it refers to kept."""
    if (shared := here().shared) and (runner := shared.get(runner_of(block))) is not None:
        with standing(here().but(shared={name: part for name, part in shared.items() if name != runner_of(block)})):
            return runner(block, inputs)
    made = Outputs(drive(block, inputs))
    made.__dict__["_store"] = own_artifacts(here(), block)
    return made


def drive_at(block: Block, inputs: dict[str, Any], place: Here) -> dict[str, Any]:
    """The same at a place that the caller made."""
    return perform(block, inputs, place, check=True)


def perform(
    block: Block,
    values: dict[str, Any],
    place: Here,
    *,
    check: bool = False,
    begins: bool = True,
    ends: bool = True,
    operation: str = "",
) -> dict[str, Any]:
    """Call `forward` at a place and tell how it went; the one path of `run`, `stream` and the engines.

    `operation` names another operation of the block that is called instead. With `check` the inputs are validated
    first. Where one part is called many times, `begins` and `ends` say whether this call is its first and its last;
    trouble is told in any. What a leaf gives as `usage` is told and counted.
    """
    began = 0.0
    if begins:
        if place.cancel.cancelled:
            place.check()
        if place.audience is not None:
            place.emit("started", type=block.type_name, block_kind=block.kind)
            began = time.perf_counter()
    if place.session.root is None:
        rooted = place.session.rooted(block)
        place = place.but(session=rooted) if is_outside(place) else place
        place.session = rooted
    before = stand(place)
    try:
        if not begins:
            place.check()
            began = time.perf_counter()
        if operation:
            result = _operated(block, operation, values)
        else:
            given = _checked(block, values, place.path) if check else values
            answer = in_turn(block, place, given) if block.remembers else block.forward(**given)
            result = as_outputs(answer, block.outputs, "")
        if check and not block.children() and (kinds := finite_kinds(block.outputs)):
            check_finite(result, kinds, lambda _: place.path)
        if "usage" in result and not block.children():
            spend(place, result["usage"], str(getattr(block, "model", "") or block.name))
    except BaseException as error:
        if not block.children() and not isinstance(error, YggError):
            _note_once(error, place.path, values)
        kind, data = end_by(error, place)
        place.emit(kind, **data)
        raise
    finally:
        leave(before)
    if place.audience is not None:
        if place.audience.watched:
            tell_taps(place, result, time.perf_counter() - began)
        if ends:
            place.emit("finished")
    return result


def _checked(block: Block, values: dict[str, Any], where: str) -> dict[str, Any]:
    ports = block.inputs
    if block.children() and (said := missing_role(block, [name for name in values if name not in ports])):
        raise PortError(said[0], where=where, mend=said[1])
    return checked_inputs(ports, values, where)


def _operated(block: Block, operation: str, values: dict[str, Any]) -> dict[str, Any]:
    _, outputs = operation_ports(block, operation)
    return as_outputs(getattr(block, operation)(**values), outputs, "")


def end_by(error: BaseException, place: Here) -> tuple[EventKind, dict[str, Any]]:
    """How a part says that it ended by this error, which takes the place with it if it is a failure."""
    if isinstance(error, Cancelled | KeyboardInterrupt):
        return "cancelled", {}
    if isinstance(error, Paused):
        return "paused", {"ask": error.ask, "id": error.id}
    locate(error, place.path)
    message = str(error)
    if len(message) > _MESSAGE:
        message = f"{message[:_MESSAGE]}… ({len(message)} characters)"
    return "failed", {"error": type(error).__name__, "message": message}


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


def _note_once(error: BaseException, path: str, given: Mapping[str, Any] | None = None) -> None:
    """Note the place in an error that is none of ours, and the shapes of the tensors that came there."""
    if not any(note.startswith("in block ") for note in getattr(error, "__notes__", [])):
        shapes = [f"{name}={shown_briefly(value)}" for name, value in (given or {}).items() if hasattr(value, "shape")]
        error.add_note(f"in block {path}" + (f", given {', '.join(shapes)}" if shapes else ""))


@contextmanager
def listening(
    listener: Listener,
    cancel: CancelToken | None = None,
    *,
    kinds: Iterable[EventKind] = USUAL,
    inline: bool = False,
    patience: float = PATIENCE,
) -> Generator[CancelToken]:
    """Every run inside sends its events to `listener`; the token given back cancels them all, as does an outer one.

    The listener hears `kinds`, in a thread of its own: whatever it does, the runs go on as if nobody listened. If
    it raises, that is told once and it hears no more. The end of the block waits until it has read everything, for
    `patience` seconds. With `inline` it is called in the run's own thread and sees the run stand still meanwhile.
    What the listener itself runs is no part of the run, and it does not hear that.
    """
    token = CancelToken(here().cancel) if cancel is None else cancel
    reader = InlineReader(_apart(listener), kinds) if inline else ThreadReader(listener, kinds)
    try:
        with heard(reader, token):
            yield token
    finally:
        reader.finish(patience)


def _apart(listener: Listener) -> Listener:
    """The listener in the surroundings of now: what it runs takes no seed, journal or reader of a run that it hears."""
    surroundings = contextvars.copy_context()
    return lambda event: surroundings.copy().run(listener, event)


@contextmanager
def heard(reader: Reader, cancel: CancelToken) -> Generator[None]:
    """Every run inside is read by `reader` too, besides those who read already, and stopped by `cancel`."""
    place = here()
    if place.audience is None:
        audience = Audience([reader])
    elif place.path:
        audience = place.audience.joined(reader)
    else:
        audience = Audience([*(seat.reader for seat in place.audience.seats), reader])
    with standing(place.but(audience=audience, cancel=cancel)):
        yield
