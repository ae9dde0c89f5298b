"""A model too weak to be asked, led through a task by the code of a genre."""

from __future__ import annotations

import json
from typing import Any

from yggdrasil.agent.agent_run import DONE
from yggdrasil.agent.led import guided_past
from yggdrasil.agent.memory import Memory
from yggdrasil.agent.pieces import Content
from yggdrasil.agent.settings import Answered
from yggdrasil.agent.work import Task, Work, guide
from yggdrasil.blocks.llm.bounds import loose
from yggdrasil.blocks.llm.errors import InvalidOutput
from yggdrasil.blocks.llm.schemas import beside_schema
from yggdrasil.contract import Block, ConfigError, here
from yggdrasil.contract.spending import counting


def guided_task(prompt: Content, task: Any, work: Work) -> Task:
    """What a guide leads a model through. Raises ConfigError for what no guide reads."""
    done = None if task is None else Task.of(task)
    both = done is not None and prompt and not done.of_a_stage
    asked = {"result=": work.asked.result, "validate=": work.asked.checks, "before=": work.asked.before}
    asked |= {"after=": work.asked.after, "around=": work.asked.around}
    asked |= {"pictures": isinstance(prompt, list), "prompt beside a task": both, "messages": not (prompt or done)}
    unread = next((name for name, held in asked.items() if held), "")
    if unread:
        raise ConfigError(f"policy 'guided' takes no {unread}", where=here().path, mend="use policy 'tools'")
    if done is not None:
        guided_past(done.context, done.name)
    return done or Task("reply", {"prompt": prompt})


def guided(llm: Block, task: Task, memory: Memory, own: str) -> Answered:
    """What the genre of the task, else the agent's `own`, makes of the model's small answers; done once."""
    name, place = task.genre or own, here()
    leader = guide(name)
    inputs = {"task": task.name, "context": task.context, "call": memory.calls}
    with counting() as spent:
        result = place.once(f"guide {name}", inputs, lambda: leader.answer(llm, task.name, task.context, place.seed))
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
    status = {"state": DONE, "turns": 0, **spent.to_json(), "tool_errors": 0}
    return {"response": response, "result": result, "status": status}
