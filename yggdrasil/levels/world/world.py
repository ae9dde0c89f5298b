"""World: a cyclic graph of stages with state, memory and history; itself a block."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Unpack

from yggdrasil.contract.artifacts import FolderArtifacts
from yggdrasil.contract.block import Block
from yggdrasil.contract.entry_points import VERBS
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.known_arguments import known_arguments
from yggdrasil.engine.cycle.branches import MAIN, Branch
from yggdrasil.engine.cycle.journal import answer, questions
from yggdrasil.engine.cycle.log import FILE
from yggdrasil.levels.stage.genre import of_format_1
from yggdrasil.levels.stage.update import PlainUpdate
from yggdrasil.levels.world.again import again
from yggdrasil.levels.world.budget import Budget
from yggdrasil.levels.world.difference import Difference, difference
from yggdrasil.levels.world.edits import Edit, edit, undo
from yggdrasil.levels.world.fork import forget, fork
from yggdrasil.levels.world.given_state import Given, passed
from yggdrasil.levels.world.home import Home
from yggdrasil.levels.world.life import check_there
from yggdrasil.levels.world.replay import Replay, replay
from yggdrasil.levels.world.run_step import begin, cycle, run_steps
from yggdrasil.levels.world.settings import Count, WorldOutputs, WorldSettings, rounds
from yggdrasil.levels.world.stages import NAMES, Staged, Stages, check_settings, parts_of
from yggdrasil.levels.world.step import Step
from yggdrasil.levels.world.summary import shown
from yggdrasil.ports import Json, Text
from yggdrasil.state.content import Content
from yggdrasil.state.operations import Operation
from yggdrasil.state.state import StateSchema


class World(Staged, Block, type="world"):
    """Live step by step: a user's action, or none, becomes a plan, pictures, and what really happened."""

    kind: ClassVar[str] = "world"
    name: str = "world"
    wish: str = ""
    style: str = ""
    language: str = "en"
    seed: int = 0
    beginning: dict[str, Any] = {}
    genre: str = ""
    setting: dict[str, Any] = {}
    fields: list[str] = []
    wait: float = 30.0
    budget: Budget = Budget()

    def __init__(
        self,
        home: Path | str | None = None,
        *,
        philosopher: Block | Callable[..., Any] | None = None,
        author: Block | Callable[..., Any] | None = None,
        update: Block | Callable[..., Any] | None = None,
        development: Block | Callable[..., Any] | None = None,
        architect: Block | Callable[..., Any] | None = None,
        creator: Block | Callable[..., Any] | None = None,
        **settings: Unpack[WorldSettings],
    ) -> None:
        check_settings(settings)
        super().__init__(**settings)
        given = (philosopher, author, update or PlainUpdate(), development, architect, creator)
        self.stages = Stages(dict(zip(NAMES, given, strict=True)))
        _ = self.schema
        self.beginning = copy.deepcopy(self.beginning)
        self._branch = MAIN
        self._home = Home(Path(home) if home else None)

    @classmethod
    def from_template(cls, name: str, /, home: Path | str | None = None, **params: Any) -> World:
        """A new world from the template `name` of the shelf, or of a path that holds a slash or a dot."""
        world = VERBS.find("from_template")(name, **params)
        if world.kind != "world":
            raise ConfigError(f"{name!r} is a {world.kind}, not a world", mend="name a world's template")
        if home is not None:
            world.live_at(home)
        return world

    @classmethod
    def migrated(cls, config: dict[str, Any], format: int) -> dict[str, Any]:
        return config if format >= 2 else of_format_1(config)

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        return cls(None, **parts_of(config, nodes))

    @property
    def schema(self) -> StateSchema:
        """What its states hold beside the five blocks."""
        return StateSchema(fields=self.fields)

    def forward(
        self, action: Text | None = None, count: Count = 1, state: Json | None = None, expect: int | None = None
    ) -> WorldOutputs:
        """Run `count` steps; the action, the state and what is expected belong to the first of them."""
        life = self._home.open()
        with life.writing(self.wait):
            done = run_steps(self, life, self._own_branch(), count, action, state, expect)
        return {"chronicle": done[-1].chronicle if done else "", "steps": [step.to_json() for step in done]}

    @known_arguments
    def step(
        self, action: str | None = None, state: Given = None, expect: int | None = None, *, deps: Any = None
    ) -> Step:
        """Settle the state that is passed in or left over, then run one whole episode.

        A step that was interrupted is finished first, and is the one given back unless another action is named;
        a state that is passed in takes its place: what it left is settled by canon's rule. `expect`: the last step
        that the caller has seen. Raises HeadMoved, and changes nothing, if the branch stands elsewhere.
        """
        life = self._home.open()
        given = None if state is None else passed(state, self.schema, life.artifacts)
        done = self.run(action=action, state=given, expect=expect, deps=deps)["steps"][-1]
        return Step(life.log.just_finished(self._own_branch(), done["step"]), life.home)

    @known_arguments
    def steps(self, count: int | None = None, action: str | None = None, *, deps: Any = None) -> Iterator[Step]:
        """Step again and again, for ever without `count`; the action belongs to the first step."""
        for number in rounds(count, self.name):
            yield self.step(None if number else action, deps=deps)

    def found(self) -> Content:
        """Make the starting content, if it is not there yet; a step does so by itself."""
        life = self._home.open()
        with life.writing(self.wait):
            begin(self, life)
        return self.content(at=0)

    def content(self, at: int | None = None) -> Content:
        """The world's content after step `at` (the last one)."""
        life, branch = self._home.open(), self._own_branch()
        step = life.log.last_step(branch) if at is None else life.log.step(branch, at).step
        return life.content(branch, step).copied()

    @property
    def last_step(self) -> int:
        """The number of the branch's last whole step: 0 when only founded, −1 before."""
        return self._home.open().log.last_step(self._own_branch())

    def history(self, branch: str | None = None) -> list[Step]:
        """Whole steps of a branch (this one), oldest first; what is not finished is not in it."""
        life = self._home.open()
        return [Step(r, life.home) for r in life.log.history(life.log.branches[branch or self._branch])]

    def unfinished(self) -> Step | None:
        """The step that was begun and not finished: failed, cancelled, paused, or cut off."""
        life = self._home.open()
        record = life.log.open_step(self._own_branch())
        return Step(record, life.home) if record else None

    def give_up(self) -> Step:
        """Drop the unfinished step for good, if it cannot be finished; it stays in the history as dropped."""
        life, branch = self._home.open(), self._own_branch()
        with life.writing(self.wait):
            return Step(cycle(self, life).give_up(branch), life.home)

    def fork(self, at: int, name: str, variant: str | None = None, question: str | None = None) -> World:
        """A new branch after step `at` (0: before the first), given back as a world that stands on it.

        It shares everything before, copies nothing, and waits for no step that runs. `variant` (its name) enters
        its seeds: two branches of one variant draw alike. With `question`, it leaves the unfinished step `at` + 1
        where that was asked.
        """
        life = self._home.open()
        fork(life.log, self._branch, at, name, name if variant is None else variant, question)
        return self.branch(name)

    def branch(self, name: str) -> World:
        """This world, standing on another of its branches. Raises LogError that names the near ones."""
        self._home.open().log.branches[name]
        other = copy.copy(self)
        other._branch = name
        other.stages = Stages(self.stages)
        return other

    def branches(self) -> list[str]:
        """The names of all branches, oldest first."""
        return self._home.open().log.branches.names()

    def delete_branch(self, name: str) -> None:
        """Forget a branch; no other changes by it. Raises LogError for the one that this world stands on."""
        life = self._home.open()
        with life.writing(self.wait):
            forget(life, name, self._branch)

    def edit(self, *operations: Operation | Mapping[str, Any]) -> Edit:
        """Change the world by hand: all of the operations, or none. It takes the branch's next number, as a step does.

        So `content(at=…)` and a fork tell before from after. Raises OperationError or EditError.
        """
        return edit(self._home.open(), self._own_branch(), self.wait, operations)

    def undo(self) -> Edit:
        """Take back the last edit that still stands, as if it had not been made; gives it. Raises EditError."""
        return undo(self._home.open(), self._own_branch(), self.wait)

    def again(self, step: int, name: str = "") -> World:
        """Do a step again on a branch beside this one, with other seeds; gives the world that stands there."""
        return again(self, self._home.open().log, step, name)

    def diff(self, a: str, b: str) -> Difference:
        """What differs between two branches: where they part, what is in them, prose and pictures since."""
        return difference(self, self._home.open().log, a, b)

    def questions(self) -> list[dict[str, Any]]:
        """What the unfinished step has asked: id, ask, answered."""
        life, branch = self._home.open(), self._own_branch()
        return questions(life.log.database, branch, life.log.last_step(branch) + 1)

    def answer(self, question: str, value: Any, ahead: bool = False) -> bool:
        """Answer a question, then step again; False if it has this answer already and nothing was changed.

        `ahead`: the unfinished step did not ask it yet; it goes on without a pause when it does.
        """
        log, branch = self._home.open().log, self._own_branch()
        return answer(log.database, branch, question, value, log.last_step(branch) + 1 if ahead else None)

    def replay(self) -> Replay:
        """Live this branch again out of its log; checks every hash, calls no model, and is exact or raises."""
        return replay(self._home.open(), self._own_branch())

    def verify(self) -> dict[str, Any]:
        """Replay every branch of the life in this world's lasting home; gives how many steps each has.

        Raises LogError, ReplayError or ArtifactError for the first thing that is not as it was recorded.
        """
        if self._home.home is None or not self.founding():
            return {}
        return {"branches": {name: len(self.branch(name).replay().steps) for name in self.branches()}}

    def show(self) -> dict[str, Any]:
        """Everything about this branch as JSON: what `yggdrasil show --json` prints."""
        return shown(self, self._home.open())

    def note(self, text: str) -> None:
        """Write into the history what was done to the world itself, such as an exchange of its models."""
        life = self._home.open()
        with life.writing(self.wait):
            life.log.note(text)

    @property
    def artifacts(self) -> FolderArtifacts:
        """The store of this world's pictures and sounds."""
        return self._home.open().artifacts

    @property
    def home(self) -> Path:
        """The folder where the world lives; a temporary one until `live_at` gives it a lasting one."""
        return self._home.open().home

    @property
    def branch_name(self) -> str:
        return self._branch

    def live_at(self, folder: Path | str) -> None:
        """Live in `folder` from now on: a life that is there already goes on, else this world's own moves in."""
        self._home.move(Path(folder))

    def copy_life(self, folder: Path | str) -> None:
        """Copy log and artifacts into `folder`, as they are now; this world stays where it lives."""
        self._home.open().copy_to(Path(folder))

    def lived(self) -> dict[str, Any]:
        """What its agents are to know when it is founded; from then on their memories stand in its log."""
        return {} if self.founding() else super().lived()

    def keep(self, folder: Path) -> None:
        """Write the life into `folder`; a world without a lasting home lives there from now on."""
        self._home.keep(folder)

    def founding(self) -> str:
        """The digest of its step 0; '' before its founding."""
        return self._home.open().log.founded()

    def revive(self, folder: Path, founding: str = "") -> None:
        """Live in `folder` if a life was kept there; a mere template on a shelf is no home."""
        check_there(folder, founding)
        if (folder / FILE).exists():
            self._home.move(folder)

    def prune(self) -> list[str]:
        """Remove artifacts that no step names; gives their sha256."""
        life = self._home.open()
        with life.writing(self.wait):
            return life.prune()

    def close(self) -> None:
        """Close the world's files; the next use opens them again."""
        self._home.close()

    def _own_branch(self) -> Branch:
        return self._home.open().log.branches[self._branch]
