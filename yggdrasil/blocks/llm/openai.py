"""Chat models behind any OpenAI-compatible endpoint (vLLM, OpenAI, Ollama …); the secret stays in the environment."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from yggdrasil.blocks.endpoint.block import EndpointBlock
from yggdrasil.blocks.endpoint.chat import streamed
from yggdrasil.blocks.endpoint.errors import EndpointError, EndpointRefused
from yggdrasil.blocks.endpoint.listed import reads
from yggdrasil.blocks.endpoint.pictures import sendable
from yggdrasil.blocks.llm.language_model import LanguageModel, Message, Schema, Turn
from yggdrasil.blocks.llm.probe import called_tool, found_once, said
from yggdrasil.blocks.llm.unseen import from_tools, refuses_senses, without_senses
from yggdrasil.contract import here

_TOOLS = re.compile(r"tool|function", re.IGNORECASE)
"""What a server that knows no tools says of a request that has some."""
__all__ = ["EndpointError", "OpenAIModel"]


class OpenAIModel(EndpointBlock, LanguageModel, type="llm/openai"):
    """A chat model behind an OpenAI-compatible endpoint. `key` names the environment variable of its secret.

    `context` is how many tokens it reads; 0: what the endpoint's list of models says of it, if it says so.
    `extra` holds further fields of every request that this server knows, such as top_p or chat_template_kwargs.
    """

    chooses = True

    native_tools: bool | None = None
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"

    context: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    extra: dict[str, Any] = {}

    _found = None
    _blind = False

    def chat(
        self,
        messages: list[Message],
        *,
        tools: list[dict[str, Any]] | None = None,
        schema: Schema | None = None,
        max_tokens: int = 512,
        temperature: float = 0.7,
        seed: int = 0,
        tool_choice: str = "",
    ) -> Turn:
        """One turn; a picture in a message goes along as its bytes. Raises EndpointError by kind."""
        request: dict[str, Any] = {
            "model": self.model,
            "messages": [],
            self.limit: max_tokens,
            "temperature": temperature,
            "seed": seed % 2**31,
        }
        if self.extra:
            request["extra_body"] = self.extra
        if tools:
            request["tools"] = tools
        if tools and tool_choice:
            request["tool_choice"] = tool_choice
        if schema is not None:
            request["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        if self._blind:
            messages = without_senses(messages)
        try:
            return streamed(self, {**request, "messages": sendable(messages)}, max_tokens)
        except EndpointRefused as refusal:
            if not (from_tools(messages) and refuses_senses(refusal.status, refusal.said)):
                raise
            self._blind = True
            here().note(f"the model sees no pictures of tools, and is told of them in words: {refusal.said}")
            return streamed(self, {**request, "messages": sendable(without_senses(messages))}, max_tokens)

    def calls_tools(self) -> bool:
        """Whether the model behind the endpoint calls tools by itself: as the config says, else found out once.

        All blocks of one endpoint, secret and model share the answer, for as long as the process.
        """
        if self.native_tools is not None:
            return self.native_tools
        if self._found is None:
            why: list[str] = []
            known = (self.base_url, self.model, hash(self._secret()), repr(self.extra))
            self._found = said(found_once(known, lambda: self._calls_one(why)), *why)
        return self._found

    def _calls_one(self, why: list[str]) -> bool:
        try:
            return called_tool(self)
        except EndpointRefused as refusal:
            if refusal.untaken or not _TOOLS.search(f"{refusal.field} {refusal.said}"):
                raise
            why.append(f"the endpoint takes no tools ({refusal.said})")
            return False

    def reads(self) -> int:
        """How many tokens it reads, 0 if nobody says it; the endpoint is asked once in this process."""
        if self.context:
            return self.context
        known = ("reads", self.base_url, self.model, hash(self._secret()))
        return found_once(known, lambda: reads(self._connection(), self.model, self.concurrency))
