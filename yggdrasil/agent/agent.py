"""Agent: a model with tools and memory as one block; it goes on until it has an answer or meets a limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, Unpack, overload

from pydantic import Field
from typing_extensions import TypeForm

from yggdrasil.agent.agent_run import AgentRun
from yggdrasil.agent.asked import BY_TYPE, Asked, ByHand, Check, as_checks
from yggdrasil.agent.conversation import check_asked, kept_messages, opened
from yggdrasil.agent.door import R, T, TypedBlock, asked_of
from yggdrasil.agent.guided import guided, guided_task
from yggdrasil.agent.kept_call import called_again, kept_call
from yggdrasil.agent.led import Lead
from yggdrasil.agent.limits import Limits
from yggdrasil.agent.memory import Memory
from yggdrasil.agent.model import AgentModel, as_model
from yggdrasil.agent.one_call import as_called
from yggdrasil.agent.one_run import check_choice, check_deps, ended, resumed, went
from yggdrasil.agent.pieces import Content, beside_words, beyond_words
from yggdrasil.agent.settings import AgentSettings, Answered
from yggdrasil.agent.toolbox import AUTO, OwnTools, Toolbox
from yggdrasil.agent.turns import tool_notes
from yggdrasil.agent.window import Older, Window, room
from yggdrasil.agent.words import Words
from yggdrasil.agent.work import Task, ToolErrors, Work, beside, planned
from yggdrasil.contract import Block, ConfigError, here, standing
from yggdrasil.contract.kinds import IMAGE
from yggdrasil.contract.ports import Ports
from yggdrasil.contract.session import ROOT, own_session
from yggdrasil.contract.spending import counting
from yggdrasil.contract.tools import Given
from yggdrasil.engine.cycle.agent_loop import LoopState, fresh
from yggdrasil.ports import Audios, Images, Json, Messages, Text
from yggdrasil.state.task_context import CONTEXT

_LLM = "llm"


class Agent(TypedBlock[R], type="agent", role="Agent"):
    """Ask a model that has tools and remembers the conversation; it answers in words or by a schema."""

    heavy: ClassVar[bool] = True
    remembers: ClassVar[bool] = True

    policy: Literal["tools", "guided"] = "tools"
    guide: str = ""
    instructions: str = ""
    limits: Limits = Limits()
    strict: bool = False
    window: Annotated[int, Field(ge=0, le=100_000)] = 0
    context: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    older: Older = ""
    lead: Lead = ""
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] = 512
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.7
    retries: Annotated[int, Field(ge=0, le=100)] = 1
    approve: list[str] = []
    parallel_tools: bool = False
    tool_errors: ToolErrors = "tell"
    tool_choice: str = AUTO
    result: dict[str, Any] = {}

    validate = ByHand()
    before = ByHand()
    after = ByHand()
    around = ByHand()

    if TYPE_CHECKING:

        @overload
        def __new__(cls, *given: Any, result: type[T] | Callable[..., T], **settings: Any) -> Agent[T]: ...
        @overload
        def __new__(cls, *given: Any, result: TypeForm[T], **settings: Any) -> Agent[T]: ...
        @overload
        def __new__(cls, *given: Any, result: Any = ..., **settings: Any) -> Self: ...
        def __new__(cls, *given: Any, **settings: Any) -> Any: ...

    def __init__(
        self,
        llm: Block | str | Sequence[Block | str] | None = None,
        tools: Sequence[Given] | Mapping[str, Given] = (),
        *,
        about: str = "",
        validate: Check | None = None,
        before: Callable[..., Any] | None = None,
        after: Callable[..., Any] | None = None,
        around: Callable[..., Any] | None = None,
        **settings: Unpack[AgentSettings],
    ) -> None:
        """`instructions` may be a function of the deps, or of nothing; `result` a type or a JSON schema.

        Of several models as `llm` the next is asked where one fails or refuses. `before` is called with each `Request`
        before the model gets it, `after` with each `Reply`, and both may change it; `around(use, make)` gives what the
        model is told of a call of a tool, which `make()` makes. A type is saved as its schema; functions are not saved.
        """
        own = {"before": before, "after": after, "around": around}
        asked, held = Asked(checks=as_checks(validate)).called(own, {}), dict(settings)
        for name in BY_TYPE & held.keys():
            asked, held[name] = asked.with_setting(name, held[name])
        super().__init__(**held)
        self._by_hand = asked
        if about:
            self.about = about
        self._llm = as_model(llm, self.name)
        self.toolbox = Toolbox(tools, strict=self.strict)
        self.toolbox.known(self.limits.tools, "limits", self.name)
        self.approve = self.toolbox.to_approve(self.approve, self.name)

    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None:
            if name in BY_TYPE and "_by_hand" in vars(self):
                self._by_hand, value = self._by_hand.with_setting(name, value)
            super().__setattr__(name, value)

    @property
    def llm(self) -> Block:
        """Its model; another given here, a block or a name, takes its place. Raises ConfigError for what is none."""
        return self._llm

    @llm.setter
    def llm(self, given: Block | str | Sequence[Block | str]) -> None:
        self._llm = as_model(given, self.name)

    @property
    def tools(self) -> Mapping[str, Block]:
        """Its tools by name; others given here take their place, with whom of them a person is asked about."""
        return OwnTools({tool.name: tool.block for tool in self.toolbox.tools.values()})

    @tools.setter
    def tools(self, given: Sequence[Given] | Mapping[str, Given]) -> None:
        toolbox, own = Toolbox(given, strict=self.strict), self.toolbox.to_approve([], self.name)
        self.approve = toolbox.to_approve([name for name in self.approve if name not in own], self.name)
        self.toolbox = toolbox

    @property
    def tool_inputs(self) -> Ports:
        """What another agent's model is told that it takes as a tool: words alone."""
        return {"prompt": replace(self.inputs["prompt"], required=True)}

    @property
    def eyes(self) -> Literal["own", "tools", ""]:
        """How it looks at pictures: by a tool that takes one, by its own model, or not at all."""
        taken = [port for tool in self.toolbox.tools.values() for port in tool.block.inputs.values()]
        if any(port.kind.form is IMAGE.form for port in taken):
            return "tools"
        return "own" if getattr(self.llm, "senses", True) else ""

    @property
    def memory(self) -> Memory:
        """What it remembers of the runs that began at it, in the session around this place or, without one, its own."""
        given = here().session.given
        return Memory.of(own_session(self).recall(ROOT) if given is None else given.recall(self.name), self.name)

    def forward(
        self,
        prompt: Text = "",
        task: Json | None = None,
        more: int = 0,
        pictures: Images | None = None,
        sounds: Audios | None = None,
        messages: Messages | None = None,
    ) -> Answered:
        """Answer `prompt`, or do `task` ({name, context, schema}); `more` goes on from a limit for so many turns.

        A model that sees or hears gets `pictures` and `sounds` with the prompt; they stay in the conversation.
        `messages` are what was said so far, in place of what the agent remembers; the last may be the one to answer.
        Raises PortError where nothing is asked.
        """
        asked, halted = self._asked_here(), Memory.of(here().memory(), here().path).halted if more else None
        asked = called_again(asked, self._by_hand, halted.get("given", {}), here().path) if halted else asked
        shown = beside_words(prompt, pictures or [], sounds or [])
        return as_called(self, asked.changes)._answered(asked, task, more, shown, messages)

    def _answered(
        self, asked: Asked, task: Any, more: int, shown: Content, messages: list[dict[str, Any]] | None
    ) -> Answered:
        memory = Memory.of(here().memory(), here().path)
        work = self._work(asked, memory.summary if task is None else "")
        if more:
            return self._go_on(more, memory, work)
        if task is None:
            check_asked(shown, messages)
        if messages is not None:
            memory.messages = kept_messages(messages)
        if self.policy == "guided":
            return guided(self.llm, guided_task(shown, task, work), memory, self.guide)
        call = memory.calls
        if task is not None:
            return self._done(Task.of(task), shown, call, work)
        with counting() as spent:
            state = fresh(self._conversation(shown, memory, work))
        state["tokens"], state["cost"] = spent.tokens, spent.cost
        return self._ran(work, state, call, self.limits.steps)

    def _work(self, asked: Asked, summary: str = "") -> Work:
        toolbox = self.toolbox if self.policy == "tools" else Toolbox(())
        check_deps(asked, toolbox)
        check_choice(self.tool_choice, toolbox)
        schemas = toolbox.schemas() if self.older else None
        tokens = room(self.llm, self.context, self.older, self.max_tokens, schemas)
        return Work(
            toolbox,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            window=Window(self.window, tokens, self.older, summary),
            asked=asked,
            schema=asked.result.schema if asked.result is not None else None,
            retries=self.retries,
            approve=frozenset(self.approve),
            parallel=self.parallel_tools,
            tool_errors=self.tool_errors,
            choice=self.tool_choice,
        )

    def _done(self, task: Task, prompt: Content, call: int, work: Work) -> Answered:
        work, messages = self._planned(task, work)
        more = beyond_words(prompt) if task.of_a_stage else prompt
        if more:
            messages = [*messages[:-1], beside(messages[-1], more)]
        return self._ran(work, fresh(messages), call, self.limits.steps, task)

    def _planned(self, task: Task, work: Work) -> tuple[Work, list[dict[str, Any]]]:
        told = work.asked.instructions(self.instructions)
        return planned(task, self.guide, self.toolbox, told, work, self.llm, self.lead)

    def _conversation(self, prompt: Content, memory: Memory, work: Work) -> list[dict[str, Any]]:
        parts = [] if work.asked.result is None else [work.asked.result.told]
        if self.policy == "tools" and self.toolbox and not self._native():
            parts.append(tool_notes(self.toolbox))
        return opened(work.asked.instructions(self.instructions), parts, memory.messages, prompt)

    def _native(self) -> bool:
        with standing(here().below(_LLM)):
            return AgentModel(self.llm).calls_natively()

    def _go_on(self, more: int, memory: Memory, work: Work) -> Answered:
        halted = memory.halted
        if halted is None:
            raise ConfigError("no run of this agent met a limit", where=here().path, mend="call it with a prompt")
        state = resumed(halted["state"])
        task = None if halted["task"] is None else Task.of(halted["task"])
        work = work if task is None else self._planned(task, work)[0]
        return self._ran(work, state, halted["call"], state["turns"] + more, task)

    def _ran(self, work: Work, state: LoopState, call: int, steps: int, task: Task | None = None) -> Answered:
        heard = here().wants("text") or here().wants("partial")
        words = Words(here(), typed=work.asked.result is not None) if heard else None
        running = AgentRun(AgentModel(self.llm, words), work, self.limits, call, steps)
        known = {name: value for name, value in here().shared.items() if name != asked_of(self)}
        with standing(here().but(shared=known if task is None else {**known, CONTEXT: task.context})):
            state = went(running, state, steps)
        over = {"state": dict(state), "call": call, "task": task and task.to_json()}
        over["given"] = kept_call(work.asked, self._by_hand)
        kept: dict[str, Any] = {"halted": over if state["limit"] else None}
        kept |= {"summary": work.window.summary} if work.window.summary else {}
        here().remember({"messages": state["messages"], "calls": call + 1, **kept})
        return ended(state, raises=self.limits.raises, stepping=bool(work.asked.stepping))

    def unsaved(self) -> str:
        self._by_hand.refuse_saving(self.name)
        return super().unsaved()

    @classmethod
    def migrated(cls, config: dict[str, Any], format: int) -> dict[str, Any]:
        """Before format 3 an agent that named no guide was led by that of tales."""
        return config if format >= 3 else {"guide": "tale", **config}

    def children(self) -> Mapping[str, Block]:
        tools = {_node(wire): tool.block for wire, tool in self.toolbox.tools.items()}
        return {_LLM: self.llm, **tools}

    def structure(self) -> dict[str, Any]:
        names = {_node(wire): tool.name for wire, tool in self.toolbox.tools.items()}
        return {"tools": names} if names else {}

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        names = structure.get("tools", {})
        unknown = sorted((set(structure) - {"tools"}) | (set(names) - set(nodes)))
        if unknown:
            raise ConfigError(f"structure names {', '.join(unknown)}", mend="it holds `tools`: node name → tool name")
        tools = {names.get(node, node): block for node, block in nodes.items() if node != _LLM}
        return cls(nodes.get(_LLM), tools, **config)


def _node(wire: str) -> str:
    return wire if wire != _LLM else "llm_tool"
