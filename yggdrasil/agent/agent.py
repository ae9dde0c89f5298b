"""Agent: a model with tools and memory as one block; it goes on until it has an answer or meets a limit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, TypedDict, Unpack, cast

from pydantic import Field

from yggdrasil.agent.agent_run import DONE, LIMIT, AgentRun
from yggdrasil.agent.limits import Limits
from yggdrasil.agent.memory import Memory
from yggdrasil.agent.model import AgentModel, check_model
from yggdrasil.agent.toolbox import Toolbox
from yggdrasil.agent.turns import tool_notes
from yggdrasil.agent.window import Older, Window, room
from yggdrasil.agent.work import Task, Work, guide, loose, planned
from yggdrasil.blocks.llm.language_model import InvalidOutput, beside_schema
from yggdrasil.contract import Block, ConfigError, here, standing
from yggdrasil.contract.entry_points import VERBS
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
    instructions: str
    limits: Limits | dict[str, Any]
    strict: bool
    window: int
    context: int
    older: Older
    max_tokens: int
    temperature: float


class Agent(Block, type="agent", role="Agent"):
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

    def __init__(
        self,
        llm: Block | str | None = None,
        tools: Sequence[Given] | Mapping[str, Given] = (),
        *,
        about: str = "",
        **settings: Unpack[AgentSettings],
    ) -> None:
        super().__init__(**settings)
        if about:
            self.about = about
        self.llm = check_model(VERBS.find("language_model")(llm) if isinstance(llm, str) else llm, self.name)
        self.toolbox = Toolbox(tools, strict=self.strict)

    @property
    def memory(self) -> Memory:
        """What it remembers of the runs that began at it and were given no session."""
        return Memory.of(own_session(self).recall(ROOT), self.name)

    def forward(self, prompt: Text = "", task: Json | None = None, more: int = 0) -> Answered:
        """Answer `prompt`, or do `task` ({name, context, schema}); `more` goes on from a limit for so many turns."""
        memory = Memory.of(here().memory(), here().path)
        if more:
            return self._go_on(more, memory)
        if self.policy == "guided":
            return self._guided(Task.of(task or {"name": "reply", "context": {"prompt": prompt}}), memory)
        call = memory.calls
        if task is not None:
            work, messages = self._planned(task)
            return self._ran(work, fresh(messages), call, self.limits.steps, task)
        with counting() as spent:
            state = fresh(self._conversation(prompt, memory))
        state["tokens"], state["cost"] = spent.tokens, spent.cost
        return self._ran(self._work(memory.summary), state, call, self.limits.steps)

    def _work(self, summary: str = "") -> Work:
        toolbox = self.toolbox if self.policy == "tools" else Toolbox(())
        schemas = toolbox.schemas() if self.older else None
        tokens = room(self.llm, self.context, self.older, self.max_tokens, schemas)
        window = Window(self.window, tokens, self.older, summary)
        return Work(toolbox, max_tokens=self.max_tokens, temperature=self.temperature, window=window)

    def _planned(self, task: Any) -> tuple[Work, list[dict[str, Any]]]:
        return planned(Task.of(task), self.guide, self.toolbox, self.instructions, self._work())

    def _conversation(self, prompt: str, memory: Memory) -> list[dict[str, Any]]:
        earlier = [m for m in memory.messages if m["role"] != "system"]
        parts = [self.instructions]
        if self.policy == "tools" and self.toolbox and not self._native():
            parts.append(tool_notes(self.toolbox))
        told = "\n\n".join(part for part in parts if part)
        system = [{"role": "system", "content": told}] if told else []
        return [*system, *earlier, {"role": "user", "content": prompt}]

    def _native(self) -> bool:
        with standing(here().below(_LLM)):
            return AgentModel(self.llm).calls_natively()

    def _go_on(self, more: int, memory: Memory) -> Answered:
        halted = memory.halted
        if halted is None:
            raise ConfigError("no run of this agent met a limit", where=here().path, mend="call it with a prompt")
        state = cast(LoopState, {**fresh([]), **halted["state"], "over": "", "limit": {}})
        task = halted["task"]
        work = self._work(memory.summary) if task is None else self._planned(task)[0]
        return self._ran(work, state, halted["call"], state["turns"] + more, task)

    def _ran(self, work: Work, state: LoopState, call: int, steps: int, task: Any = None) -> Answered:
        running = AgentRun(AgentModel(self.llm), work, self.limits, call, steps)
        known = here().shared if task is None else {**here().shared, CONTEXT: Task.of(task).context}
        with standing(here().but(shared=known)):
            state = run_loop(running, state, steps)
        halted = {"state": dict(state), "call": call, "task": task} if state["over"] == LIMIT else None
        summary = {"summary": work.window.summary} if work.window.summary else {}
        here().remember({"messages": state["messages"], "calls": call + 1, "halted": halted, **summary})
        status = {"state": state["over"], **{k: state[k] for k in ("turns", "tokens", "cost")}, **state["limit"]}
        return {"response": state["response"], "result": state["result"], "status": status}

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
        return {"response": response, "result": result, "status": {"state": DONE, "turns": 0, **spent.to_json()}}

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
