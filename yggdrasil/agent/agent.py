"""Agent: a model with tools and memory as one block; it goes on until it has an answer or meets a limit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, TypedDict, Unpack, cast, overload

from pydantic import Field

from yggdrasil.agent.agent_run import DONE, AgentRun
from yggdrasil.agent.asked import Asked, Check, as_checks
from yggdrasil.agent.door import R, T, TypedBlock, asked_of
from yggdrasil.agent.limits import Limits
from yggdrasil.agent.memory import Memory
from yggdrasil.agent.model import AgentModel, check_model
from yggdrasil.agent.refusals import at_limit
from yggdrasil.agent.result_type import ResultType
from yggdrasil.agent.toolbox import Toolbox
from yggdrasil.agent.turns import tool_notes
from yggdrasil.agent.window import Older, Window, room
from yggdrasil.agent.words import Words
from yggdrasil.agent.work import Task, Work, beside, guide, loose, planned
from yggdrasil.blocks.llm.language_model import InvalidOutput, beside_schema
from yggdrasil.contract import Block, ConfigError, here, standing
from yggdrasil.contract.entry_points import VERBS
from yggdrasil.contract.ports import Ports
from yggdrasil.contract.session import ROOT, own_session
from yggdrasil.contract.spending import counting
from yggdrasil.contract.tools import Given
from yggdrasil.engine.cycle.agent_loop import LoopState, fresh, run_loop
from yggdrasil.ports import Json, Text
from yggdrasil.state.task_context import CONTEXT

_LLM = "llm"


class Answered(TypedDict):
    """`status` is {"state": "done" | "limit_reached", "turns", "tokens", "cost"}; at a limit its "kind", "limit"."""

    response: Text
    result: Json
    status: Json


class AgentSettings(TypedDict, total=False):
    """What `Agent(…)` takes beside its model, its tools and what they are about."""

    policy: Literal["tools", "guided"]
    guide: str
    instructions: str | Callable[..., str]
    limits: Limits | dict[str, Any]
    strict: bool
    window: int
    context: int
    older: Older
    max_tokens: int
    temperature: float
    retries: int
    approve: list[str]
    result: dict[str, Any] | Any


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
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] = 512
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.7
    retries: Annotated[int, Field(ge=0, le=100)] = 1
    approve: list[str] = []
    result: dict[str, Any] = {}

    if TYPE_CHECKING:

        @overload
        def __new__(cls, *given: Any, result: type[T], **settings: Any) -> Agent[T]: ...
        @overload
        def __new__(cls, *given: Any, result: Any = ..., **settings: Any) -> Self: ...
        def __new__(cls, *given: Any, **settings: Any) -> Any: ...

    def __init__(
        self,
        llm: Block | str | None = None,
        tools: Sequence[Given] | Mapping[str, Given] = (),
        *,
        about: str = "",
        validate: Check | None = None,
        **settings: Unpack[AgentSettings],
    ) -> None:
        """`instructions` may be a function of the deps, or of nothing; `result` a type or a JSON schema.

        A type is saved as its schema; functions are not saved.
        """
        told = settings.pop("instructions", "")
        result = settings.pop("result", None)
        words = None if isinstance(told, str) else told
        kind = ResultType(result) if result else None
        held: dict[str, Any] = {"instructions": told} if words is None else {}
        super().__init__(**held, **settings, **({"result": kind.own} if kind else {}))
        self._by_hand = Asked(kind, as_checks(validate), words)
        if about:
            self.about = about
        self.llm = check_model(VERBS.find("language_model")(llm) if isinstance(llm, str) else llm, self.name)
        self.toolbox = Toolbox(tools, strict=self.strict)
        self.approve = self.toolbox.to_approve(self.approve, self.name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "result" and "_by_hand" in vars(self):
            kind = ResultType(value) if value else None
            self._by_hand = replace(self._by_hand, result=kind)
            value = kind.own if kind else {}
        if name == "llm":
            value = check_model(VERBS.find("language_model")(value) if isinstance(value, str) else value, self.name)
        super().__setattr__(name, value)

    @property
    def tools(self) -> dict[str, Block]:
        """Its tools by name; others given here take their place, with whom of them a person is asked about."""
        return {tool.name: tool.block for tool in self.toolbox.tools.values()}

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
    def memory(self) -> Memory:
        """What it remembers of the runs that began at it and were given no session."""
        return Memory.of(own_session(self).recall(ROOT), self.name)

    def forward(self, prompt: Text = "", task: Json | None = None, more: int = 0) -> Answered:
        """Answer `prompt`, or do `task` ({name, context, schema}); `more` goes on from a limit for so many turns."""
        memory = Memory.of(here().memory(), here().path)
        work = self._work(memory.summary if task is None else "")
        if more:
            return self._go_on(more, memory, work)
        if self.policy == "guided":
            return self._guided(self._guided_task(prompt, task, work), memory)
        call = memory.calls
        if task is not None:
            return self._done(Task.of(task), prompt, call, work)
        with counting() as spent:
            state = fresh(self._conversation(prompt, memory, work))
        state["tokens"], state["cost"] = spent.tokens, spent.cost
        return self._ran(work, state, call, self.limits.steps)

    def _work(self, summary: str = "") -> Work:
        asked: Asked = here().shared.get(asked_of(self), self._by_hand)
        toolbox = self.toolbox if self.policy == "tools" else Toolbox(())
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
        )

    def _done(self, task: Task, prompt: str, call: int, work: Work) -> Answered:
        work, messages = self._planned(task, work)
        if prompt and not task.of_a_stage:
            messages = [*messages[:-1], beside(messages[-1], prompt)]
        return self._ran(work, fresh(messages), call, self.limits.steps, task)

    def _planned(self, task: Task, work: Work) -> tuple[Work, list[dict[str, Any]]]:
        return planned(task, self.guide, self.toolbox, work.asked.instructions(self.instructions), work)

    def _conversation(self, prompt: str, memory: Memory, work: Work) -> list[dict[str, Any]]:
        earlier = [m for m in memory.messages if m["role"] != "system"]
        parts = [work.asked.instructions(self.instructions)]
        if work.asked.result is not None:
            parts.append(work.asked.result.told)
        if self.policy == "tools" and self.toolbox and not self._native():
            parts.append(tool_notes(self.toolbox))
        told = "\n\n".join(part for part in parts if part)
        system = [{"role": "system", "content": told}] if told else []
        return [*system, *earlier, {"role": "user", "content": prompt}]

    def _native(self) -> bool:
        with standing(here().below(_LLM)):
            return AgentModel(self.llm).calls_natively()

    def _go_on(self, more: int, memory: Memory, work: Work) -> Answered:
        halted = memory.halted
        if halted is None:
            raise ConfigError("no run of this agent met a limit", where=here().path, mend="call it with a prompt")
        state = cast(LoopState, {**fresh([]), **halted["state"], "over": "", "limit": {}})
        task = None if halted["task"] is None else Task.of(halted["task"])
        work = work if task is None else self._planned(task, work)[0]
        return self._ran(work, state, halted["call"], state["turns"] + more, task)

    def _ran(self, work: Work, state: LoopState, call: int, steps: int, task: Task | None = None) -> Answered:
        heard = here().wants("text") or here().wants("partial")
        words = Words(here(), typed=work.asked.result is not None) if heard else None
        running = AgentRun(AgentModel(self.llm, words), work, self.limits, call, steps)
        known = {name: value for name, value in here().shared.items() if name != asked_of(self)}
        with standing(here().but(shared=known if task is None else {**known, CONTEXT: task.context})):
            state = run_loop(running, state, steps + work.retries)
        over = {"state": dict(state), "call": call, "task": task and task.to_json()}
        kept: dict[str, Any] = {"halted": over if state["limit"] else None}
        kept |= {"summary": work.window.summary} if work.window.summary else {}
        here().remember({"messages": state["messages"], "calls": call + 1, **kept})
        status = {"state": state["over"], **{k: state[k] for k in ("turns", "tokens", "cost")}, **state["limit"]}
        if state["limit"]:
            at_limit(status, raises=self.limits.raises)
        return {"response": state["response"], "result": state["result"], "status": status}

    def _guided_task(self, prompt: str, task: Any, work: Work) -> Task:
        """What a guide leads a model through. Raises ConfigError for what no guide reads."""
        done = None if task is None else Task.of(task)
        both = done is not None and prompt and not done.of_a_stage
        unread = "result=" if work.asked.result else "validate=" if work.asked.checks else "prompt beside a task"
        if both or work.asked.result or work.asked.checks:
            raise ConfigError(f"policy 'guided' takes no {unread}", where=here().path, mend="use policy 'tools'")
        return done or Task("reply", {"prompt": prompt})

    def _guided(self, task: Task, memory: Memory) -> Answered:
        name = task.genre or self.guide
        leader = guide(name)
        place = here()
        inputs = {"task": task.name, "context": task.context, "call": memory.calls}
        with counting() as spent:
            result = place.once(
                f"guide {name}", inputs, lambda: leader.answer(self.llm, task.name, task.context, place.seed)
            )
        wrong = beside_schema(result, loose(task.schema) or {})
        if wrong:
            raise InvalidOutput(wrong, json.dumps(result, ensure_ascii=False), place.path)
        memory.calls += 1
        place.remember(memory.state())
        text = result.get("text")
        response = text if isinstance(text, str) else json.dumps(result, ensure_ascii=False)
        if isinstance(text, str):
            place.token(text)
            place.emit("text", text=text)
        return {"response": response, "result": result, "status": {"state": DONE, "turns": 0, **spent.to_json()}}

    def unsaved(self) -> list[str]:
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
