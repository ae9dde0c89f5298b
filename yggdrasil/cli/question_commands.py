"""Commands on what waits for a person: the questions of worlds and sessions below a path, and their answers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yggdrasil.agent.ask_person import APPROVAL
from yggdrasil.cli.output import line, short, tell
from yggdrasil.cli.pages import go_on
from yggdrasil.cli.translations import say
from yggdrasil.contract.block import Block
from yggdrasil.contract.durable import DurableSession
from yggdrasil.contract.errors import ConfigError, ManifestError, Paused, YggError, did_you_mean
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.journal import answer as give
from yggdrasil.engine.cycle.journal import questions
from yggdrasil.engine.cycle.log import FILE as WORLD
from yggdrasil.engine.cycle.log import Log
from yggdrasil.levels.session.folder import FILE as SESSIONS
from yggdrasil.levels.session.folder import opened

_SKIPPED = ("artifacts", "locks", "node_modules", "__pycache__")


@dataclass(frozen=True)
class Waiting:
    """A question that has no answer yet: in whose folder, by which session or branch, and how to go on then."""

    kind: str
    folder: Path
    of: str
    id: str
    question: str
    place: str

    def shown(self) -> dict[str, Any]:
        told = {"kind": self.kind, "folder": str(self.folder), "of": self.of, "id": self.id}
        return {**told, "question": self.question, "place": self.place, "go_on": self.go_on()}

    def go_on(self) -> str:
        folder = str(self.folder)
        if self.kind == "world":
            return go_on(folder, self.of)
        return f"yggdrasil run … --session {shlex.quote(self.of)} --at {shlex.quote(short(folder))}"

    @contextmanager
    def log(self) -> Iterator[tuple[Log, Branch]]:
        """The log in which it stands, and the branch that asks."""
        with _opened(self.folder, self.kind) as log:
            yield log, log.branches[self.of]


def waiting(path: Path) -> list[Waiting]:
    """Every open question below `path`. Raises ManifestError where there is no such folder."""
    if not path.is_dir():
        raise ManifestError("there is no such folder", where=str(path), mend="name a folder of worlds or sessions")
    return [question for folder, kind in _homes(path) for question in _asked(folder, kind)]


def answer(path: Path, text: str, id: str, of: str) -> Waiting:
    """Give the one question below `path` (of that id, session or branch) its answer. Raises ConfigError."""
    open_now = waiting(path)
    fit = [w for w in open_now if id in ("", w.id) and of in ("", w.of)]
    if len(fit) != 1:
        known = {w.id for w in open_now}
        mend = f"name one: --id {' or '.join(sorted(w.id for w in fit))}, or --of NAME" if fit else ""
        mend = mend or (did_you_mean(id, known) if id else "yggdrasil ask PATH lists what waits")
        raise ConfigError(f"{len(fit)} questions wait for this answer", where=str(path), mend=mend)
    with fit[0].log() as (log, branch):
        give(log.database, branch, fit[0].id, read_answer(text, fit[0].id))
    return fit[0]


def read_answer(text: str, id: str) -> Any:
    """What a person wrote: words, or to an approval the arguments that the call is made with instead.

    Raises ConfigError for an object that is no JSON.
    """
    if not id.startswith(f"{APPROVAL}_") or not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        mend = """write it as JSON: '{"name": "value"}', or answer yes or no"""
        raise ConfigError(f"the arguments are no JSON ({error})", where=id, mend=mend) from None


def page(found: list[Waiting]) -> None:
    """The questions for people."""
    if not found:
        line(say("nothing_waits"))
    for question in found:
        line(f"{short(question.folder)} · {question.of} · {question.place}")
        line(f"  {say('asks')} {question.question}", hang=2)
        line(f"  yggdrasil answer {shlex.quote(short(question.folder))} --id {question.id} …")


def outputs_of(block: Block, values: dict[str, Any], name: str, at: Path | None) -> Any:
    """What one run gave; in a session it is a turn, and without inputs the unfinished turn is gone on with."""
    if not name and at is None:
        return block.run(**values)
    if not name or at is None:
        raise ConfigError("a session has a name and a folder", where="run", mend="give both --session and --at")
    session = block.session(name, at)
    try:
        return session.resume() if not values and session.unfinished else session.run(**values)
    except Paused:
        _tell(session, at)
        raise


def _tell(session: DurableSession, at: Path) -> None:
    for question in session.questions:
        again = f"yggdrasil answer {shlex.quote(short(at))} --id {question.id} …"
        tell(f"{say('asks')} {question.question}\n{say('answer_by')} {again}")


def _homes(path: Path) -> Iterator[tuple[Path, str]]:
    for kind, file in (("world", WORLD), ("session", SESSIONS)):
        if (path / file).is_file():
            yield path, kind
    for below in sorted(path.iterdir()):
        if below.is_dir() and not below.is_symlink() and below.name not in _SKIPPED and below.name[0] != ".":
            yield from _homes(below)


@contextmanager
def _opened(folder: Path, kind: str) -> Iterator[Log]:
    if kind == "session":
        yield opened(folder).log
        return
    log = Log(folder)
    try:
        yield log
    finally:
        log.close()


def _asked(folder: Path, kind: str) -> list[Waiting]:
    """The open questions of one folder; one that cannot be read is told, and the others are asked on."""
    found: list[Waiting] = []
    try:
        with _opened(folder, kind) as log:
            for name in log.branches.names():
                branch = log.branches[name]
                step = log.open_step(branch)
                for q in questions(log.database, branch, step.step) if step else ():
                    if not q["answered"]:
                        found.append(Waiting(kind, folder, name, q["id"], q["ask"], q["place"] or "."))
    except YggError as error:
        tell(f"{say('error')}: {error}")
    return found
