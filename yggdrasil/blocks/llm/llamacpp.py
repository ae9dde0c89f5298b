"""GGUF chat models by llama.cpp, in a process of their own, with any answer bound to a JSON schema."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from yggdrasil.blocks.llm.language_model import LanguageModel, Message, RequestedCall, Schema, Turn, Usage
from yggdrasil.blocks.llm.llamacpp_link import Link
from yggdrasil.blocks.llm.probe import calls_tool
from yggdrasil.contract import here
from yggdrasil.contract.block import WEIGHTS
from yggdrasil.contract.shared_objects import one_instance
from yggdrasil.contract.weights import check_pieces

_COMPACT = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""JSON on one line: a weak model else spends up to half of its tokens on indentation."""
_JSON = "%llguidance {}\nstart: %json"
"""Begins a grammar of JSON; a schema that is sent as `response_format` lets in any white space."""
_MAX_SEED = 2**32 - 1


class LlamaCpp(LanguageModel, type="llm/llamacpp"):
    """A GGUF chat model (file `weights`, or pieces) on llama.cpp. It binds answers to a schema and scores no texts."""

    senses = False

    context: Annotated[int, Field(ge=256, le=131072)] = 4096
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    timeout: Annotated[float, Field(gt=0, le=86400)] = 600.0
    repetition: Annotated[float, Field(ge=1.0, le=2.0)] = 1.05
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.9
    native_tools: bool | None = None

    @cached_property
    def _link(self) -> Link:
        pieces = [self.file(role) for role in self.pieces() or (WEIGHTS,)]
        check_pieces(pieces)
        names = [ref.sha256 or str(ref.path) for ref in self.pieces().values()]
        key = ("llamacpp", *names, str(self.context), str(self.threads))
        return one_instance(key, lambda: Link(pieces, self.context, self.threads))

    def chat(
        self,
        messages: list[Message],
        *,
        tools: list[dict[str, Any]] | None = None,
        schema: Schema | None = None,
        max_tokens: int = 512,
        temperature: float = 0.7,
        seed: int = 0,
    ) -> Turn:
        request: dict[str, Any] = {
            "messages": messages,
            "max_tokens": max_tokens,
            "temperature": temperature,
            "top_p": self.top_p,
            "repeat_penalty": self.repetition,
            "seed": seed % _MAX_SEED,
        }
        if tools:
            request["tools"] = tools
        if schema is not None:
            compact = {"x-guidance": _COMPACT, **schema}
            request["grammar"] = f"{_JSON} {json.dumps(compact, ensure_ascii=False)}"
        place = here()
        done = self._link.chat(request, timeout=self.timeout, cancel=place.cancel, where=place.path, token=place.token)
        calls = [RequestedCall(c["id"], c["name"], c["arguments"]) for c in done["tool_calls"]]
        usage = Usage(done["usage"].get("prompt", 0), done["usage"].get("completion", 0))
        return Turn(done["text"], calls, usage, done["finish_reason"] or "stop")

    def calls_tools(self) -> bool:
        """Whether the model calls tools by its own template: as the config says, else found out once by a probe."""
        if self.native_tools is None:
            self.native_tools = calls_tool(self)
        return self.native_tools

    def close(self) -> None:
        """End the model's process; the next turn starts it again."""
        self._link.close()
