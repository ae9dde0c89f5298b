"""How a model is led through a stage's task that a genre words: in full, or briefly where it is a small one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from yggdrasil.agent.told import fitted
from yggdrasil.agent.toolbox import Toolbox
from yggdrasil.agent.window import tokens_of
from yggdrasil.blocks.llm.asked import calls_tools
from yggdrasil.blocks.llm.bounds import loose, spaced
from yggdrasil.blocks.llm.language_model import reads
from yggdrasil.contract import here

if TYPE_CHECKING:
    from yggdrasil.agent.work import Message, Work
    from yggdrasil.contract import Block

Lead = Literal["", "brief", "free"]
_SMALL = 4_000_000_000
"""Parameters below which a model is led briefly, if it says how many it has."""
_READS = 8192
"""Tokens that a model is taken to read if it does not say it."""
_PER_LETTER = 2
"""Letters of prose to a token, so that an answer has room in any language."""
_STEERING = frozenset({"maxLength", "additionalProperties"})
"""What an answer may pass over; empty it may not be."""
_FRAME = 400
"""Tokens of an answer beside its longest text."""


def way(lead: Lead, llm: Block) -> Lead:
    """How the model is led: as the agent is set, else by how large it says that it is."""
    size = getattr(llm, "parameter_count", None)
    return lead or ("brief" if size is not None and size < _SMALL else "free")


def worded(ask: dict[str, Any], instructions: str, work: Work, llm: Block, brief: bool) -> tuple[Work, list[Message]]:
    """The work, and the messages that it begins with: what is always so first, what the world is, what is wanted.

    What is told fits the model's window; the bounds on texts steer a small model and bind no answer. A small one has
    one turn and no tools: asked in words first, it tells the same twice. One that a schema must bind to a tool looks
    one thing up, since it would look the same up again and again.
    """
    words = ask["brief" if brief else "free"]
    answer = max(work.max_tokens, words["letters"] // _PER_LETTER + _FRAME)
    system = "\n\n".join(part for part in (instructions, words["system"]) if part)
    fixed = [system, words["ask"], json.dumps(words["schema"], ensure_ascii=False), json.dumps(work.toolbox.schemas())]
    room = (reads(llm) or _READS) - answer - sum(map(tokens_of, fixed))
    world = fitted(ask["told"], max(room, 1))
    messages: list[Message] = [
        {"role": "system", "content": system},
        {"role": "user", "content": "\n\n".join(part for part in (world, words["ask"]) if part)},
    ]
    wish, needed = (loose(words[name], _STEERING) for name in ("schema", "needed"))
    bound: Any = {"schema": words["schema"], "wish": wish, "needed": needed, "result": needed}
    if brief:
        told = messages[-1]["content"]
        bound |= {"toolbox": Toolbox(()), "finish": lambda value: spaced(value, words["schema"])}
        bound["flaw"] = lambda value: float(_again(value, told))
    elif work.toolbox and not calls_tools(llm):
        bound["rounds"] = 1
    return replace(work, **bound, max_tokens=answer), messages


def _again(value: dict[str, Any], told: str) -> bool:
    """Whether the answer's text is one that the model was told: a small one says it again word for word."""
    text = str(value.get("text") or "").strip().rstrip(".")
    return bool(text) and text in told


def guided_past(context: Mapping[str, Any], task: str) -> None:
    """Say that a guide, which writes a line or two, passes over the length that the world was set to."""
    if task == "author" and context.get("length"):
        what = f"the length {context['length']!r} changes nothing: a guide leads this model, by a line or two a step"
        here().warn(f"{what}; lead='free' or a larger model obeys it")
