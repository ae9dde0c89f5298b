"""What one run of an agent is to do, and how a stage's task becomes that: by its genre, or in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, Protocol

from yggdrasil.agent.asked import NOTHING, Asked
from yggdrasil.agent.led import Lead, guided_past, way, worded
from yggdrasil.agent.pieces import Content, joined
from yggdrasil.agent.toolbox import AUTO, Toolbox
from yggdrasil.agent.window import Window
from yggdrasil.blocks.llm.bounds import loose
from yggdrasil.contract import Block, ConfigError
from yggdrasil.contract.entry_points import GENRES
from yggdrasil.contract.errors import did_you_mean
from yggdrasil.state.json_as_text import outline

Message = dict[str, Any]
ToolErrors = Literal["tell", "raise"]
"""What becomes of a tool that breaks: the model is told, and the run says so, or the run ends by its error."""
_FOUNDING = "found"
"""The task at which no world is there yet, in which a tool could look something up."""
_CLOSING = "Give the result now."
"""Asks for the result after a turn in words, since a model cannot answer after itself."""


def _as_it_is(value: dict[str, Any]) -> Any:
    return value


def _flawless(value: Any) -> float:
    del value
    return 0.0


@dataclass(frozen=True)
class Task:
    """A stage's request: which piece, in which context, obeying which JSON schema, in which genre of world.

    `genre` is "" for a plain world, None where nobody said; `about` says in words what is wanted.
    """

    name: str
    context: dict[str, Any]
    schema: dict[str, Any] | None = None
    genre: str | None = None
    about: str = ""
    ask: dict[str, Any] | None = None
    """The same in the words of a genre that is data (`led`)."""

    @staticmethod
    def of(value: Any) -> Task:
        """Read the JSON form. Raises ConfigError."""
        if not isinstance(value, dict):
            mend = "pass task={'name': 'development', …}"
            raise ConfigError(f"the task is {value!r:.60}, no {{name, context, schema}}", mend=mend)
        known = [f.name for f in fields(Task)]
        if strange := next((name for name in value if name not in known), None):
            raise ConfigError(f"a task has no {strange!r}", where="task", mend=did_you_mean(str(strange), known))
        if not isinstance(value.get("name"), str):
            raise ConfigError(
                f"the task's name is {value.get('name')!r:.60}", mend="give it one: 'name': 'development'"
            )
        context, about = value.get("context") or {}, str(value.get("about") or "")
        if isinstance(context, str):
            context = {"text": context}
        if not isinstance(context, Mapping):
            raise ConfigError(f"the task's context is {context!r:.60}", mend="give an object, or a text")
        schema = value.get("schema")
        if schema is not None and not isinstance(schema, Mapping):
            raise ConfigError(f"the task's schema is {schema!r:.60}", mend="give a JSON schema, or run(…, result=TYPE)")
        bound = dict(schema) if schema is not None else None
        return Task(value["name"], dict(context), bound, value.get("genre"), about, value.get("ask"))

    @property
    def of_a_stage(self) -> bool:
        """Whether a stage of a world asks; a prompt that it gives beside says the same in words."""
        return self.genre is not None

    def to_json(self) -> dict[str, Any]:
        """What `of` reads."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True)
class Work:
    """What one run is to do. `schema` binds the answer; `closing` asks for it after the tools.

    `finish` turns what the model filled in into the result, which obeys `result`; `flaw` says how bad that is
    (0 = good): a flawed answer is asked again with another seed and the same words, and the best one is taken.
    """

    toolbox: Toolbox
    schema: dict[str, Any] | None = None
    needed: dict[str, Any] | None = None
    """What an answer must obey, where the schema's bounds on texts only steer a weak model."""
    wish: dict[str, Any] | None = None
    """What a good answer obeys: one beside it is told so and asked again, and at last taken as `needed` has it."""
    result: dict[str, Any] | None = None
    """What the finished result obeys: the schema of the task, if it has one, without its bounds on lengths."""
    closing: str = ""
    must_call: bool = False
    rounds: int | None = None
    """How many turns with tool calls a task wants before its answer; None leaves it to the model."""
    narrow: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    finish: Callable[[dict[str, Any]], Any] = _as_it_is
    flaw: Callable[[Any], float] = _flawless
    max_tokens: int = 512
    temperature: float = 0.7
    window: Window = field(default_factory=Window)
    asked: Asked = NOTHING
    """What Python objects say of the answer: its type and its validators."""
    retries: int = 1
    """How often a model is told what is wrong with its answer, and asked again."""
    approve: frozenset[str] = frozenset()
    """Names of the tools of which a person is asked before each call."""
    parallel: bool = False
    """Whether the calls of one turn are made at once."""
    tool_errors: ToolErrors = "tell"
    choice: str = AUTO
    """Whether the first turn is to call a tool: `auto`, `required`, the name of the one; `none` of no turn."""


class PlanningGenre(Protocol):
    """A genre as an agent sees it that plans tasks; both halves may be absent."""

    def plan(self, task: Task, toolbox: Toolbox, instructions: str, work: Work) -> tuple[Work, list[Message]] | None:
        """How the task is put to a model that has tools: the work, and the messages it begins with.

        None for a task that the genre has no words for: it is asked plainly.
        """
        ...


class GuidingGenre(Protocol):
    """A genre as an agent sees it that leads a weak model."""

    def answer(self, llm: Block, task: str, context: dict[str, Any], seed: int) -> dict[str, Any]:
        """The result of `task` in its context, obeying the task's schema."""
        ...


def planned(
    task: Task, genre: str, toolbox: Toolbox, instructions: str, work: Work, llm: Block, lead: Lead
) -> tuple[Work, list[Message]]:
    """The work that the task is, and the messages that it begins with, in its own genre or else in `genre`.

    A genre that is data words the task; where it names a guide, that one leads a small model.
    """
    work = replace(work, toolbox=toolbox, result=loose(task.schema), schema=None)
    if work.asked.result is not None:
        task = replace(task, schema=work.asked.result.schema)
    own = task.genre if task.genre is not None else genre
    plan = getattr(GENRES.find(own), "plan", None) if own else None
    brief = way(lead, llm) == "brief"
    if task.ask is not None:
        work = replace(work, toolbox=Toolbox(())) if task.name == _FOUNDING else work
        return worded(task.ask, instructions, work, llm, brief)
    made = plan(task, toolbox, instructions, work) if plan else None
    if made is not None:
        guided_past(task.context, task.name)
    return made or _plainly(task, instructions, work, brief=brief)


def guide(name: str) -> GuidingGenre:
    """The genre that leads a weak model. Raises UnknownType, ConfigError for one that leads none, and for no name."""
    if not name:
        known = " or ".join(map(repr, GENRES.names())) or "one that a package brings"
        raise ConfigError("no genre leads this agent", mend=f"name it, Agent(policy='guided', guide=…): {known}")
    found = GENRES.find(name)
    if not hasattr(found, "answer"):
        raise ConfigError(f"genre {name!r} leads no weak model", mend="use policy 'tools', or another guide")
    return found


def beside(message: Message, prompt: Content) -> Message:
    """The message that asks for a task, and below it what the caller says besides."""
    return {**message, "content": joined(message["content"], prompt)}


def _plainly(task: Task, instructions: str, work: Work, *, brief: bool) -> tuple[Work, list[Message]]:
    asked = "\n".join(part for part in (f"Task: {task.name}", task.about, outline(task.context)) if part)
    kind = work.asked.result
    told = "\n\n".join(part for part in (instructions, kind.told if kind else "") if part)
    system: list[Message] = [{"role": "system", "content": told}] if told else []
    schema = (task.schema if brief or task.genre is None else loose(task.schema)) or {"type": "object"}
    return replace(work, schema=schema, closing=_CLOSING), [*system, {"role": "user", "content": asked}]
