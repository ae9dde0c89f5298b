"""Errors that teach: each says what is wrong, where in the tree, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from yggdrasil.contract.foreign_names import ours

_SHOWN = 20


class YggError(Exception):
    """Root of every error that the framework raises on purpose."""

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what = what
        self.where = where
        self.mend = mend
        super().__init__(what)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}. {self.mend}" if self.mend else head

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, also in another process, is the same class with the same fields, whatever its constructor takes."""
        return _again, (type(self), self.args, self.__dict__.copy())

    def at(self, where: str) -> YggError:
        """Prefix the place by the name of a level above, so that the path grows as the error rises."""
        self.where = f"{where}/{self.where}" if self.where else where
        return self


def _again(kind: type[YggError], args: tuple[Any, ...], fields: dict[str, Any]) -> YggError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(fields)
    return error


class ConfigError(YggError):
    """A block was given a setting that it has not, or of a wrong type or range."""


class PortError(YggError):
    """A value does not fit the port that it was given to, or a port is missing."""


class WiringError(YggError):
    """Edges of a graph are missing, mistyped, ambiguous or make an undeclared cycle."""


class ManifestError(YggError):
    """A manifest cannot be read, is of a newer format, or does not say what it must."""


class UnknownType(ManifestError):
    """A manifest names a type that no installed package registers."""


class WeightsError(YggError):
    """A weights file is of a kind that is not allowed, is broken, or has another hash."""


class MissingFile(WeightsError):
    """A file that the manifest names is not on this machine."""


class ArtifactError(YggError):
    """An artifact is absent from its store or its bytes do not match its name."""


class NotStored(YggError):
    """What must be kept cannot be written: the disk is full, failing or read-only. What was there before is whole."""

    def __init__(self, reason: object, where: str) -> None:
        mend = "make room on the disk, or the folder writable, and do it again: nothing that was there is lost"
        super().__init__(f"cannot be written ({reason})", where=where, mend=mend)


class Cancelled(YggError):
    """The reader of the stream closed it; not a failure."""

    def __init__(self, where: str = "") -> None:
        super().__init__("the run was cancelled", where=where)


class Paused(YggError):
    """The run stopped to ask; it goes on when the question `id` is answered."""

    recorded = False
    """Whether it stands in a journal; the calls around the one that asks then leave it to that one."""

    def __init__(self, ask: str, *, id: str, where: str = "", mend: str = "") -> None:
        self.ask = ask
        self.id = id
        super().__init__(f"waits for an answer to {ask!r} (id {id})", where=where, mend=mend)


CONTROL = (Cancelled, Paused, NotStored)
"""Exceptions that steer a run, or end it for want of a disk, and are never turned into results of a tool."""


def did_you_mean(name: str, known: Iterable[str], also: str = "") -> str:
    """The mend for a mistyped name: ours for a word of another library, the nearest known one, else all of them.

    `also` is what else may be done.
    """
    told = _meant(name, known)
    return f"{told}{' Else ' if told.endswith('?') else '; '}{also}" if also else told


def _meant(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    if own := ours(name, names):
        return own
    near = get_close_matches(name, names, n=3, cutoff=0.6) or _holding(name, names)
    if near:
        return "did you mean " + " or ".join(repr(n) for n in near) + "?"
    if not names:
        return "there are none here"
    more = len(names) - _SHOWN
    shown = get_close_matches(name, names, n=_SHOWN, cutoff=0) if more > 0 else names
    return f"known here: {', '.join(shown)}{f' and {more} more' if more > 0 else ''}"


def _holding(name: str, names: list[str]) -> list[str]:
    """The shortest names in which a part was left out, as `Euler` is `EulerDiscreteScheduler`."""
    part = name.casefold()
    return sorted((n for n in names if len(part) > 3 and part in n.casefold()), key=len)[:3]
