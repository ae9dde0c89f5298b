"""What can go wrong around a world's cycle and its log."""

from __future__ import annotations

from typing import Any, ClassVar

from yggdrasil.contract.errors import NotStored, YggError


class CycleError(YggError):
    """The cycle was asked for something that its rules or its history do not allow."""


class CreatorFailure(CycleError):
    """Not one call of the plan succeeded; the episode waits and can be resumed. `failures`: slot → error."""

    def __init__(self, failures: dict[str, Any], where: str = "") -> None:
        self.failures = failures
        told = "; ".join(f"{slot}: {_message(f)}" for slot, f in failures.items()) or "the plan gave no artifact"
        super().__init__(
            f"nothing of the plan could be made ({told})",
            where=where,
            mend="the plan stands: mend the tool and step again, nothing before it runs anew; for another plan "
            "world.give_up(), then step",
        )


def _message(failure: Any) -> str:
    return str(failure.get("message", failure)) if isinstance(failure, dict) else str(failure)  # pyright: ignore


def offer_ways(error: BaseException) -> None:
    """Let an error that met a stage for the second time say how the world gets on without it."""
    ways = "world.give_up() drops the step, then step with other words; or step with another model"
    if isinstance(error, YggError):
        error.mend = "; ".join(part for part in (error.mend, f"it failed so before: {ways}") if part)
    else:
        error.add_note(f"The stage failed so before: {ways}.")


class HeadMoved(CycleError):
    """The branch went on since the caller looked; `stands` is its last step, `expected` the one that was named."""

    def __init__(self, branch: str, stands: int, expected: int, path: str) -> None:
        self.stands, self.expected = stands, expected
        super().__init__(
            f"branch {branch!r} stands at step {stands}, not at step {expected}",
            where=path,
            mend="look at what happened since, then step again; nothing was changed",
        )


class LogError(CycleError):
    """The world's log is absent, broken, or does not hold what was asked of it."""


class LogNotStored(NotStored, LogError):
    """The log cannot be written: the disk is full, failing or read-only; what it acknowledged is whole."""


class ReadOnlyPlace(LogNotStored):
    """The world or session lives where nothing can be written: it can be read there, and nothing else."""

    def __init__(self, path: str) -> None:
        what = "the place is read-only: what lives there can be read, not stepped or changed"
        mend = "copy the folder to where it can be written, or make it writable"
        YggError.__init__(self, what, where=path, mend=mend)


class NewerLog(LogError):
    """The log was written by a later version; `found` and `highest` are formats, `path` the file."""

    def __init__(self, found: int, highest: int, path: str) -> None:
        self.found, self.highest, self.path = found, highest, path
        super().__init__(
            f"the log has format {found}, this version reads up to {highest}",
            where=path,
            mend="install a newer yggdrasill",
        )


class WorldBusy(CycleError):
    """Another process or thread is changing this world; `holder` says who."""

    thing: ClassVar[str] = "world"

    def __init__(self, holder: str, waited: float, path: str) -> None:
        self.holder = holder
        super().__init__(
            f"the {self.thing} is held by {holder}; waited {waited:g} s",
            where=path,
            mend="let it finish, or stop it",
        )


class SessionBusy(WorldBusy):
    """Another process or thread runs a turn of this session; `holder` says who."""

    thing: ClassVar[str] = "session"


class TurnOpen(CycleError):
    """A turn of other inputs is unfinished: it must be gone on with, or dropped, before another begins."""
