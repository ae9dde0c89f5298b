"""What agents know over all their sessions: notes in one file, kept and found by two tools, whosoever's they are."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from yggdrasil.contract import Block, NotStored
from yggdrasil.ports import Text
from yggdrasil.state.task_context import stems

_TABLE = "CREATE TABLE IF NOT EXISTS notes(whose TEXT, note TEXT, made REAL, PRIMARY KEY(whose, note))"
_FOUND = 8
_HEAD = 4
_WAIT = 30.0


class NoteTool(Block):
    """A tool of one notebook: the file `at`, and in it the notes of `whose`, be that a user, a team, or nobody."""

    at: str
    whose: str = ""

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The file as one transaction. Raises NotStored."""
        try:
            Path(self.at).parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.at, timeout=_WAIT)) as file, file:
                file.execute(_TABLE)
                yield file
        except (sqlite3.Error, OSError) as error:
            raise NotStored(f"the notes: {error}", self.at) from error

    def notes(self) -> list[str]:
        """All of them, oldest first."""
        with self._opened() as file:
            rows = file.execute("SELECT note FROM notes WHERE whose = ? ORDER BY made, rowid", (self.whose,))
            return [note for (note,) in rows.fetchall()]


class KeepNote(NoteTool, type="keep_note", role="Tool"):
    """Keep a fact, a wish or a rule that will be of use in other conversations too: one whole sentence that names whom
    or what it is about. With `instead_of`, an older note, word for word, it takes that one's place."""

    def forward(self, note: Text, instead_of: Text = "") -> Text:
        with self._opened() as file:
            gone = file.execute("DELETE FROM notes WHERE whose = ? AND note = ?", (self.whose, instead_of)).rowcount
            if note:
                file.execute("INSERT OR IGNORE INTO notes VALUES(?, ?, ?)", (self.whose, note, time.time()))
        return "kept" if gone or not instead_of else f"kept; there was no note {instead_of!r}"


class FindNotes(NoteTool, type="find_notes", role="Tool"):
    """Find what was kept in earlier conversations, by words that may stand in it; without words the newest notes."""

    def forward(self, words: Text = "") -> Text:
        wanted, notes = stems(words), self.notes()[::-1]
        best = sorted(notes, key=lambda note: -_shared(wanted, note))
        found = [note for note in best if not words or _shared(wanted, note)]
        return "\n".join(found[:_FOUND]) or "nothing was kept about that"


def _shared(wanted: set[str], note: str) -> int:
    """How many of the words stand in the note, in whatever form: they begin alike."""
    known = stems(note)
    return sum(any(_alike(word, other) for other in known) for word in wanted)


def _alike(one: str, other: str) -> bool:
    head = min(len(one), len(other), _HEAD)
    return one[:head] == other[:head]


def notes(at: str | Path, whose: str = "") -> list[Block]:
    """The tools `keep_note` and `find_notes` over one file: `Agent(…, [*ygg.notes("./notes.db", whose="anna")])`.

    What one conversation keeps, every other finds that has the same file and owner, also after a restart.
    """
    return [KeepNote(at=str(at), whose=whose), FindNotes(at=str(at), whose=whose)]
