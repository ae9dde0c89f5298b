"""The place that all handles on the branches of one world share: it opens the life there, moves it and keeps it."""

from __future__ import annotations

from pathlib import Path

from yggdrasil.contract.os_fork import rlock
from yggdrasil.engine.cycle.errors import LogError
from yggdrasil.engine.cycle.log import FILE, Log
from yggdrasil.levels.world.life import Life


class Home:
    """Opens a world's life when it is first needed, once for all threads, in its home or in a temporary folder."""

    def __init__(self, home: Path | None) -> None:
        self.home = home
        self._life: Life | None = None
        self._lock = rlock()

    def open(self) -> Life:
        with self._lock:
            if self._life is None:
                self._life = Life(self.home)
            return self._life

    def move(self, folder: Path) -> None:
        """Live in `folder` from now on: a life that is there goes on, else this one moves in."""
        with self._lock:
            if self.home is not None and self.home.resolve() == folder.resolve():
                return
            if self._life is not None and not (folder / FILE).exists():
                self._life.copy_to(folder)
            self.close()
            self.home = folder

    def keep(self, folder: Path) -> None:
        """Write this life into `folder`; one that had no lasting home lives there from now on.

        Raises LogError if another world lives there.
        """
        if self.home is not None and self.home.resolve() == folder.resolve():
            return
        with self._lock:
            life = self.open()
            if (folder / FILE).exists():
                _check_same(life.log, folder)
            life.copy_to(folder)
            if self.home is None:
                self.close()
                self.home = folder

    def close(self) -> None:
        with self._lock:
            if self._life is not None:
                self._life.close()
                self._life = None


def _check_same(log: Log, folder: Path) -> None:
    there = Log(folder)
    try:
        founded, lost = there.founded(), _only_there(there, log)
    finally:
        there.close()
    mend = "save into another folder, or delete this one"
    if founded not in ("", log.founded()):
        raise LogError("another world lives here", where=str(folder), mend=mend)
    if lost:
        raise LogError(f"the world lived on here: {lost} would be lost", where=str(folder), mend=mend)


def _only_there(there: Log, mine: Log) -> str:
    """The first branch of the log `there` of which a whole step is not in `mine`; '' if all are."""
    for name in there.branches.names():
        last = there.last_step(there.branches[name])
        if last < 0:
            continue
        own = mine.branches[name] if name in mine.branches.names() else None
        if own is None or mine.last_step(own) < last:
            return f"branch {name!r} up to step {last}"
        if mine.step(own, last).digest != there.step(there.branches[name], last).digest:
            return f"branch {name!r}"
    return ""
