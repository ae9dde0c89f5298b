"""The genre `tale`: worlds that are told and painted; what its stages ask, and the guide of a weak model.

It is brought by an entry point, as a stranger's genre is, and is an object with what it has to say:

- `languages`: those it can tell in; `setting`: what its worlds may set, with the defaults;
- `answer_schema(task, general, context)`: the schema of a stage's answer, narrowed to what can be painted;
- `plan(task, toolbox, instructions, work)`: how an agent with any chat model is asked;
- `answer(llm, task, context, seed)`: how a weak model is led; `unread(text)`: the words it would not understand.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import TYPE_CHECKING, Any

from yggdrasil.plugins.scenery import GROUNDS, HOURS, WEATHERS
from yggdrasil.storytelling.prompts import LANGUAGES

if TYPE_CHECKING:
    from yggdrasil.agent.toolbox import Toolbox
    from yggdrasil.agent.work import Message, Task, Work
    from yggdrasil.contract import Block

Schema = dict[str, Any]
languages = LANGUAGES
setting: dict[str, Any] = {"things": [], "scenes": list(GROUNDS)}
"""`things`: what the painter draws; `scenes`: the grounds that places may stand on."""


def answer_schema(task: str, general: Schema, context: dict[str, Any]) -> Schema:
    """The stage's own schema, the ground of a place, the hour and the weather being of those that can be painted.

    An update may name every operation that a world knows: how a model is asked bounds it, not this.
    """
    if task == "update":
        return _operations()
    made = copy.deepcopy(general)
    if task == "found":
        answer = made["properties"]
        scene = {"type": "string", "enum": list(context.get("scenes") or GROUNDS)}
        answer["places"]["items"]["properties"]["scene"] = scene
        answer["time"] = {"type": "string", "enum": list(HOURS)}
        answer["weather"] = {"type": "string", "enum": list(WEATHERS)}
    return made


@cache
def _operations() -> Schema:
    from pydantic import create_model

    from yggdrasil.state.operation_types import Operation

    return create_model("Update", operations=(list[Operation], ...)).model_json_schema()


def plan(task: Task, toolbox: Toolbox, instructions: str, work: Work) -> tuple[Work, list[Message]] | None:
    """How a model with tools is asked; None for a task that no stage asks."""
    from yggdrasil.storytelling import tasks

    return tasks.plan(task, toolbox, instructions, work)


def answer(llm: Block, task: str, context: dict[str, Any], seed: int) -> dict[str, Any]:
    """The result of a task, by small questions to a model that can score texts."""
    from yggdrasil.storytelling.tale_guide import guide

    return guide.answer(llm, task, context, seed)


def unread(text: str) -> list[str]:
    """The words of a wish or style that the guide, which reads English, does not understand."""
    from yggdrasil.storytelling.tale_guide.scribe import understood

    return understood(text)[1]
