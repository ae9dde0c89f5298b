"""An agent's language model: any block of role LLM, asked through its ports, each request a run of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yggdrasil.agent.words import Words
from yggdrasil.blocks.llm.asked import calls_tools, inputs_of, is_llm
from yggdrasil.blocks.llm.language_model import Turn, as_turn
from yggdrasil.blocks.llm.thoughts import thoughts_apart
from yggdrasil.contract import Block, ConfigError, here, standing
from yggdrasil.contract.entry_points import VERBS
from yggdrasil.contract.running import perform

Message = dict[str, Any]


class AgentModel:
    """The block as one run of an agent asks it; every call is made at the place where the agent stands for it."""

    def __init__(self, block: Block, words: Words | None = None) -> None:
        self.block = block
        self.words = words
        self._native: bool | None = None

    def calls_natively(self) -> bool:
        """Whether it calls tools by itself: as the block says, by its config or a probe, else if it has the ports."""
        if self._native is None:
            self._native = calls_tools(self.block)
        return self._native

    @property
    def chooses(self) -> bool:
        """Whether it can be told to call a tool; else a schema binds it to one."""
        return "tool_choice" in self.block.inputs and bool(getattr(self.block, "chooses", True))

    def turn(self, messages: list[Message], *, aloud: str = "", **asked: Any) -> Turn:
        """One turn: a run of the block with those of `tools`, `schema`, `max_tokens` … that it has ports for.

        `aloud` says how a reader is told of it (`Words.begin`).
        """
        given = inputs_of(self.block, messages, asked)
        place = here()
        if self.words is not None:
            self.words.begin(aloud)
            place = self.words.hearing(place)
        with standing(place), thoughts_apart():
            return as_turn(perform(self.block, given, here(), check=True))


def check_model(block: Any, where: str) -> Block:
    """The block, if it is one that an agent can ask. Raises ConfigError."""
    if is_llm(block):
        return block
    found = f"{type(block).__name__} of role {block.role!r}" if isinstance(block, Block) else type(block).__name__
    raise ConfigError(
        f"an agent needs a language model, not {found}",
        where=where,
        mend="pass llm=…, a block of role LLM (messages → text), or the name of a model (yggdrasil models list)",
    )


def as_model(given: object, where: str) -> Block:
    """The block of a model that is given as one, by its name, or as several of which the next one helps out."""
    return check_model(VERBS.find("language_model")(given) if isinstance(given, Sequence) else given, where)
