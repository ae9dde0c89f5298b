"""A durable session of one block: it remembers, pauses, is answered and goes on, in whichever process holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here, standing
from yggdrasil.contract.errors import did_you_mean
from yggdrasil.contract.ports import checked_inputs
from yggdrasil.contract.running import Outputs, runner_of
from yggdrasil.contract.session import ROOT, SessionError
from yggdrasil.contract.stream import Stream
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.errors import CycleError, TurnOpen
from yggdrasil.engine.cycle.journal import NobodyAsks, answer, questions
from yggdrasil.engine.cycle.log import Head, as_stored
from yggdrasil.engine.cycle.records import StepRecord
from yggdrasil.levels.session.folder import SessionFolder, checked_name, has_sessions, opened
from yggdrasil.levels.session.replay import replayed
from yggdrasil.levels.session.run_turn import Going, begun, dropped, ran
from yggdrasil.levels.session.same_block import described, differences, touched
from yggdrasil.levels.session.turn import Question, Turn, call_of, given_as, inputs_of, kept, same_inputs
from yggdrasil.levels.world.fork import fork


class Durable:
    """See DurableSession, which says what each method does; nothing is written before the first turn."""

    def __init__(self, block: Block, name: str, at: Path, *, adopt: bool = False, wait: float = 60.0) -> None:
        if block.kind == "world":
            raise SessionError("a world has a log of its own", where=name, mend="world.live_at(folder), then step it")
        self.block = block
        self.name = checked_name(name)
        self.folder = Path(at)
        self.wait = wait
        self._adopt = adopt
        self._home: SessionFolder | None = None
        self._known: tuple[str, dict[str, Any], Any] = ("", {}, None)
        self._facts()

    def run(self, *args: Any, **inputs: Any) -> Outputs:
        with self._lasting():
            return self.block.run(*args, **inputs)

    def stream(self, *args: Any, **inputs: Any) -> Stream:
        with self._lasting():
            return self.block.stream(*args, **inputs)

    def astream(self, *args: Any, **inputs: Any) -> Stream:
        with self._lasting():
            return self.block.astream(*args, **inputs)

    async def arun(self, *args: Any, **inputs: Any) -> Outputs:
        async with self.astream(*args, **inputs) as stream:
            return await stream.result()

    @contextmanager
    def _lasting(self, step: int = 0, answered: tuple[str, Any] | None = None) -> Iterator[None]:
        """A run of the block that begins inside is a turn; with `step`, the open one of that number.

        `answered`: the question of it that is answered first, and what was said.
        """
        place = here()
        shared = {**place.shared, runner_of(self.block): partial(self._run, step=step, answered=answered)}
        with standing(place.but(shared=shared)):
            yield

    def _run(
        self, block: Block, inputs: dict[str, Any], step: int = 0, answered: tuple[str, Any] | None = None
    ) -> Outputs:
        place = f"{here().path}/{block.name}".strip("/")
        checked_inputs(block.inputs, inputs, place)
        home = self._opened()
        branch = home.log.branches.begin(self.name, self.name)
        with home.writing(branch, self.wait):
            head = home.log.head(branch)
            if step and (head.waiting is None or head.waiting.step != step):
                raise self._none_open()
            if head.waiting is None:
                return self._ran(self._begun(home, branch, head, inputs))
            if not step and not same_inputs(head.waiting, self._given(home, inputs)):
                raise self._is_open(head.waiting)
            here().note(f"going on with turn {head.waiting.step}", "going_on", step=head.waiting.step)
            shared = {**here().shared, **self.block.called_again(call_of(head.waiting))}
            if answered is not None:
                self._answer(home, branch, *answered)
            with standing(here().but(shared=shared)):
                return self._ran(self._going(home, branch, head, head.waiting, inputs))

    def _begun(self, home: SessionFolder, branch: Branch, head: Head, inputs: dict[str, Any]) -> Going:
        given = self._given(home, inputs)
        record = StepRecord(branch.name, max(head.last, 0) + 1, "open", None, given, "")
        going = self._going(home, branch, head, record, inputs)
        begun(going)
        return going

    def _given(self, home: SessionFolder, inputs: dict[str, Any]) -> dict[str, Any]:
        return given_as(as_stored(kept(inputs, home.artifacts, "input", self.name)), as_stored(self.block.kept_call()))

    def _none_open(self) -> CycleError:
        return CycleError(f"no turn of {self.name!r} is open", where=str(self.folder), mend="run(…) begins one")

    def _is_open(self, waiting: StepRecord) -> TurnOpen:
        asked = self.waiting
        stands = f"waits for an answer to {asked.question!r}" if asked else "is unfinished"
        mend = "answer(…) or " if asked else ""
        what = f"turn {waiting.step} {stands}, and was given other inputs"
        return TurnOpen(what, where=self.name, mend=f"{mend}resume() goes on with it, drop() leaves it out")

    def resume(self, **more: Any) -> Outputs:
        return self._gone_on(None, more)

    def _gone_on(self, answered: tuple[str, Any] | None, more: dict[str, Any]) -> Outputs:
        home, branch = self._there()
        waiting = home.log.head(branch).waiting
        if waiting is None:
            raise self._none_open()
        with self._lasting(waiting.step, answered):
            return self.block.run(**inputs_of(waiting, home.artifacts), **more)

    def _going(
        self, home: SessionFolder, branch: Branch, head: Head, record: StepRecord, inputs: dict[str, Any]
    ) -> Going:
        digest, memories, _ = self._known
        known = memories if digest == head.digest else {}
        facts, changed = self._facts(head)
        fresh = head.waiting is None
        return Going(self.block, home, branch, record, head.digest, inputs, fresh, known, facts, changed)

    def _ran(self, going: Going) -> Outputs:
        outputs = ran(going)
        self._known = (going.record.digest, going.known, touched(self.block))
        outputs.__dict__["_store"] = going.folder.artifacts
        return outputs

    def _facts(self, head: Head | None = None) -> tuple[dict[str, Any] | None, list[str]]:
        """What is new about the block, if anything, and in words. Raises SessionError if it is another one."""
        branch = self._branch()
        if branch is None:
            return None, []
        log = self._opened().log
        head = head or log.head(branch)
        if head.last < 0 or (head.digest, touched(self.block)) == self._known[::2]:
            return None, []
        before, now = log.snapshots.nearest(branch, head.last)[1], described(self.block)
        if before["shape"] == now["shape"]:
            return (None, []) if before == now else (now, differences(before, now))
        if not self._adopt:
            what = f"the session is held with another block than this {self.block.kind} {self.block.name!r}"
            raise SessionError(what, where=self.name, mend="give the one that it began with, or adopt=True to take it")
        return now, [f"another block: {self.block.name}", *differences(before, now)]

    @property
    def changed(self) -> list[str]:
        return self._facts()[1]

    @property
    def waiting(self) -> Question | None:
        return next(iter(self.questions), None)

    @property
    def questions(self) -> list[Question]:
        branch = self._branch()
        log = self._opened().log if branch is not None else None
        if log is None or branch is None or (step := log.head(branch).waiting) is None:
            return []
        asked = questions(log.database, branch, step.step)
        return [
            Question(q["id"], q["ask"], f"{self.block.name}/{q['place']}".rstrip("/"))
            for q in asked
            if not q["answered"]
        ]

    def answer(self, value: Any, id: str = "", *, go_on: bool = True, **more: Any) -> Outputs | None:
        home, branch = self._there()
        answered = (id or self._asked(), value)
        if go_on:
            return self._gone_on(answered, more)
        with home.writing(branch, self.wait):
            self._answer(home, branch, *answered)
        return None

    def _answer(self, home: SessionFolder, branch: Branch, id: str, value: Any) -> None:
        try:
            answer(home.log.database, branch, id, value)
        except NobodyAsks:
            mend = did_you_mean(id, [question.id for question in self.questions])
            raise CycleError(f"no question {id!r} waits for an answer", where=self.name, mend=mend) from None

    def _asked(self) -> str:
        asked = [question.id for question in self.questions]
        if len(asked) != 1:
            mend = f"name one: id={' or '.join(map(repr, asked))}" if asked else "run(…) or resume() goes on"
            raise CycleError(f"{len(asked)} questions wait for an answer", where=self.name, mend=mend)
        return asked[0]

    def drop(self) -> None:
        home, branch = self._there()
        with home.writing(branch, self.wait):
            dropped(home, branch, home.log.head(branch))

    @property
    def unfinished(self) -> Turn | None:
        branch = self._branch()
        if branch is None:
            return None
        home = self._opened()
        record = home.log.open_step(branch)
        return Turn.of(record, home.log.begun(branch)[record.step], home.artifacts) if record else None

    @property
    def history(self) -> list[Turn]:
        branch = self._branch()
        if branch is None:
            return []
        home = self._opened()
        began = home.log.begun(branch)
        return [Turn.of(record, began[record.step], home.artifacts) for record in home.log.history(branch)]

    @property
    def messages(self) -> list[dict[str, Any]]:
        branch = self._branch()
        if branch is None:
            return []
        log = self._opened().log
        kept = log.snapshots.memory(branch, log.last_step(branch) + 1, 0, ROOT)
        return list(cast("dict[str, Any]", kept).get("messages", [])) if isinstance(kept, dict) else []

    def fork(self, name: str, at: int | None = None) -> Durable:
        home, branch = self._there()
        made = checked_name(name)
        fork(home.log, branch.name, home.log.last_step(branch) if at is None else at, made, made, None)
        return Durable(self.block, made, self.folder, adopt=self._adopt, wait=self.wait)

    def replay(self) -> list[Turn]:
        return self._replayed(told=True)[0]

    def verify(self) -> dict[str, int]:
        turns, artifacts = self._replayed(told=False)
        return {"turns": len(turns), "artifacts": artifacts}

    def _replayed(self, *, told: bool) -> tuple[list[Turn], int]:
        branch = self._branch()
        if branch is None:
            return [], 0
        return replayed(self._opened(), branch, self.history, told=told)

    def forget(self) -> None:
        branch = self._branch()
        if branch is not None:
            home = self._opened()
            with home.writing(branch, self.wait):
                home.log.branches.delete(branch)
            home.unlock(branch)

    def close(self) -> None:
        self._home = None

    def _opened(self) -> SessionFolder:
        if self._home is None or not self._home.stands:
            self._home = opened(self.folder)
        return self._home

    def _branch(self) -> Branch | None:
        """The session in the log; None while it has no turn."""
        if not has_sessions(self.folder):
            return None
        return self._opened().log.branches.find(self.name)

    def _there(self) -> tuple[SessionFolder, Branch]:
        branch = self._branch()
        if branch is None:
            mend = did_you_mean(self.name, self._opened().names() if has_sessions(self.folder) else [])
            raise SessionError(f"there is no session {self.name!r} yet", where=str(self.folder), mend=mend)
        return self._opened(), branch

    def __repr__(self) -> str:
        return f"<session {self.name!r} of {self.block.name!r} at {str(self.folder)!r}>"
