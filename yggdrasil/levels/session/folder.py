"""The folder where sessions live: one log for all, each a branch of it under its name, and one store of artifacts."""

from __future__ import annotations

import threading
import unicodedata
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from yggdrasil.contract.artifacts import FolderArtifacts, storing
from yggdrasil.contract.os_fork import lock
from yggdrasil.contract.session import SessionError
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.errors import LogError, ReadOnlyPlace, SessionBusy
from yggdrasil.engine.cycle.lock import holding
from yggdrasil.engine.cycle.log import Log
from yggdrasil.levels.world.life import refuse_links

FILE = "sessions.db"
LOCKS = "locks"
_ROOT = ""
"""The branch that a log begins with, which no session can be called: all sessions may be forgotten."""
_LONGEST = 400


class SessionFolder:
    """One folder of sessions, opened once for all that a process holds there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        refuse_links(home, (FILE,))
        _check_there(home)
        self.log = Log(home, FILE, _ROOT)
        self.artifacts = FolderArtifacts(home / "artifacts")
        self._file = (home / FILE).stat().st_ino
        self._holders: dict[int, int] = {}

    @property
    def stands(self) -> bool:
        """Whether its file is still the one that was opened."""
        with suppress(OSError):
            return (self.home / FILE).stat().st_ino == self._file
        return False

    def names(self) -> list[str]:
        return [name for name in self.log.branches.names() if name != _ROOT]

    @contextmanager
    def writing(self, branch: Branch, wait: float) -> Iterator[None]:
        """Be the one writer of a session. Raises SessionBusy after `wait` seconds."""
        if self.log.database.read_only:
            raise ReadOnlyPlace(str(self.home))
        path = self.home / LOCKS / f"{branch.id}.lock"
        if self._holders.get(branch.id) == threading.get_ident():
            raise SessionBusy("the turn that runs here", 0.0, str(path))
        if not path.exists():
            with storing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
        with holding(path, wait, SessionBusy):
            self._holders[branch.id] = threading.get_ident()
            try:
                yield
            finally:
                del self._holders[branch.id]

    def unlock(self, branch: Branch) -> None:
        """Remove the lock of a session that was deleted."""
        for path in (self.home / LOCKS).glob(f"{branch.id}.lock*"):
            path.unlink(missing_ok=True)


_known: weakref.WeakValueDictionary[Path, SessionFolder] = weakref.WeakValueDictionary()
_opening = lock()


def opened(home: Path) -> SessionFolder:
    """The folder, made if need be; the same object for all who use it in this process."""
    place = home.resolve()
    with _opening:
        found = _known.get(place)
        if found is None or not found.stands:
            found = _known[place] = SessionFolder(place)
        return found


def sessions(home: Path | str) -> list[str]:
    """The sessions that live in a folder, oldest first; [] where none ever did."""
    return opened(Path(home)).names() if has_sessions(Path(home)) else []


def has_sessions(home: Path) -> bool:
    """Whether sessions live there, or did."""
    return (home / FILE).exists() or (home / LOCKS).exists()


def checked_name(name: object) -> str:
    """The name as it is kept: any words, which never become a path. Raises SessionError for what is no name."""
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST:
        mend = f"give it 1 … {_LONGEST} characters"
        raise SessionError(f"{str(name)[:40]!r} cannot be the name of a session", where="session", mend=mend)
    try:
        name.encode()
    except UnicodeEncodeError:
        what = f"half a character stands in the name {ascii(name)[:40]}"
        raise SessionError(what, where="session", mend="give whole characters") from None
    return unicodedata.normalize("NFC", name)


def _check_there(home: Path) -> None:
    """Refuse a folder whose log is gone or empty though sessions lived there: they must not begin anew unsaid."""
    log = home / FILE
    empty = log.is_file() and not log.stat().st_size
    if (home / LOCKS).exists() and (empty or not log.exists()):
        what = "is empty" if empty else "is gone"
        mend = f"restore it from a copy; to begin anew, remove {LOCKS}"
        raise LogError(f"{what}, though sessions lived here", where=str(log), mend=mend)
