"""Chat models on vLLM's engine, started by this process: for an environment that holds vLLM (extra `vllm`)."""

from __future__ import annotations

from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from yggdrasil.blocks.llm.files import NAMES, ModelFiles
from yggdrasil.blocks.llm.language_model import LanguageModel, Message, NotAble, Schema, Turn, Usage
from yggdrasil.blocks.llm.vllm_engine import Engine
from yggdrasil.contract import MissingFile, here
from yggdrasil.contract.shared_objects import one_instance

_MAX_SEED = 2**31 - 1


class VllmModel(ModelFiles, LanguageModel, type="llm/vllm"):
    """Answer a conversation by vLLM: many at once, each bound to a schema where one is given.

    Its files are those of `llm/transformers`, so either runs the other's model.
    """

    senses = False

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    context: Annotated[int, Field(ge=256, le=1 << 20)] = 4096
    eager: bool = True
    repetition: Annotated[float, Field(ge=1.0, le=2.0)] = 1.05

    @cached_property
    def _engine(self) -> Engine:
        if find_spec("vllm") is None:
            mend = "install yggdrasill[vllm] into an environment of its own, or use its server: openai:MODEL@BASE_URL"
            raise MissingFile("vLLM is not installed here", where=self.name, mend=mend)
        settings = {"dtype": self.dtype, "max_model_len": self.context, "enforce_eager": self.eager}
        key = ("vllm", *(ref.sha256 for ref in self.files.values()), str(settings))
        return one_instance(key, lambda: Engine(self._lay_out, settings))

    @cached_property
    def _tokenizer(self) -> Any:
        return one_instance(("vllm-tokenizer", self.tokenizer_sha()), self.read_tokenizer)

    def _lay_out(self, folder: Path) -> None:
        """Put links there, under the names that vLLM looks for."""
        for role, name in NAMES.items():
            path = self.optional_part(role)
            if path is not None and role != "weights":
                (folder / name).symlink_to(path)
        pieces = [self.part(role) for role in self.pieces()]
        for number, path in enumerate(pieces, 1):
            name = NAMES["weights"] if len(pieces) == 1 else f"model-{number:05}-of-{len(pieces):05}.safetensors"
            (folder / name).symlink_to(path)

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
        """One turn under the model's chat template; its words stream as they come."""
        if tools:
            raise NotAble(self.type_name, "call tools by itself", "Bind its turn by a schema of the tools' calls")
        if not self._tokenizer.chat_template:
            raise NotAble(self.type_name, "chat", "Its tokenizer has no chat template: give the file `chat_template`")
        text = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        how: dict[str, Any] = {
            "max_tokens": max_tokens, "temperature": temperature, "top_p": 0.95, "min_p": 0.05,
            "repetition_penalty": 1.0 if schema else self.repetition, "seed": seed % _MAX_SEED, "schema": schema,
            "stop_token_ids": self.ends(),
        }  # fmt: skip
        place = here()
        written = self._engine.write(ids, how, cancel=place.cancel, where=place.path, token=place.token)
        return Turn(written.text, [], Usage(len(ids), written.tokens), written.finish_reason)

    def close(self) -> None:
        """End vLLM's processes; the next turn starts them again."""
        if "_engine" in self.__dict__:
            self._engine.close()
