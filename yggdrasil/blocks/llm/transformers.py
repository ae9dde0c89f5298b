"""Any causal language model on transformers, in this process: it scores, continues, chats and fills."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any

from yggdrasil.blocks.llm.decoder import CausalDecoder
from yggdrasil.blocks.llm.files import ModelFiles
from yggdrasil.blocks.llm.grammar import regex_grammar, schema_grammar
from yggdrasil.blocks.llm.language_model import LanguageModel, Message, NotAble, Schema, Turn, Usage
from yggdrasil.blocks.llm.sampling import Sampling
from yggdrasil.blocks.llm.vocabulary import Vocabulary
from yggdrasil.contract import FileRef, ManifestError, here
from yggdrasil.contract.building import materialise, unfilled
from yggdrasil.contract.errors import did_you_mean
from yggdrasil.contract.libraries import IMPORTING
from yggdrasil.contract.shared_objects import one_instance
from yggdrasil.contract.spending import spend
from yggdrasil.contract.torch_block import Dtype, TorchBlock
from yggdrasil.contract.torch_mode import moved
from yggdrasil.contract.weight_marks import mark

if TYPE_CHECKING:
    from torch import nn


_WORN = 8
"""Dresses of one model whose read prefixes are kept."""


class TransformersModel(ModelFiles, LanguageModel, TorchBlock, type="llm/transformers"):
    """Answer a conversation by a local language model. Its files are those of `ModelFiles`."""

    senses = False

    dtype: Dtype = "auto"
    context: int = 2048
    caches: int = 4

    _decoders: tuple[tuple[Any, CausalDecoder], ...] = ()

    def build(self) -> nn.Module:
        """The empty causal model that the config file describes."""
        described: dict[str, Any] = json.loads(self.part("config").read_text(encoding="utf-8-sig"))
        try:
            with IMPORTING:
                import transformers
                from transformers.initialization import no_init_weights

                config = transformers.AutoConfig.for_model(**described)
                with no_init_weights():
                    return transformers.AutoModelForCausalLM.from_config(config, dtype=self.torch_dtype)
        except ValueError as error:
            raise self._unknown(str(described.get("model_type")), error) from None

    def _unknown(self, kind: str, error: ValueError) -> ManifestError:
        with IMPORTING:
            from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as KNOWN

        what = f"a model of type {kind!r} cannot be built ({error!s:.120})"
        mend = f"{did_you_mean(kind, KNOWN)[:200]}; a newer transformers may know it, and a .gguf of it needs none"
        return ManifestError(what, where=str(self.part("config")), mend=mend)

    def choose(self, prefix: str, candidates: list[str]) -> list[float]:
        """Mean log-probability per token of each candidate text after the prefix."""
        return self.decoder.score(prefix, candidates) if candidates else []

    def continue_(
        self,
        prefix: str,
        n: int = 1,
        *,
        max_tokens: int = 40,
        pattern: str | None = None,
        temperature: float = 0.8,
        top_p: float = 0.9,
        min_p: float = 0.05,
        repetition: float = 1.1,
        seed: int = 0,
        ban: list[str] | None = None,
    ) -> list[str]:
        """n texts that go on after the prefix; with a pattern, only those that came to a whole end."""
        decoder = self.decoder
        start = decoder.vocabulary.start(prefix)
        texts = decoder.write(
            start,
            n,
            max_tokens=max_tokens,
            how=Sampling(temperature, top_p, min_p, repetition),
            seed=seed,
            grammar=regex_grammar(pattern) if pattern is not None else None,
            ban=ban,
        )
        spend(here(), {"prompt": len(start), "completion": sum(len(text.ids) for text in texts)})
        whole = [t for t in texts if pattern is None or t.finish == "stop" or (t.guide and t.guide.whole)]
        return [text.written.decode("utf-8", "ignore") for text in whole]

    def calls_tools(self) -> bool:
        """It calls none by itself: each turn of an agent is bound by a schema."""
        return False

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
        """One turn under the model's chat template, bound by the schema if one is given."""
        if tools:
            raise NotAble(self.type_name, "call tools by itself", "Bind its turn by a schema of the tools' calls")
        decoder = self.decoder
        prefix = decoder.vocabulary.start(self._conversation(messages), special=True)
        tell = codecs.getincrementaldecoder("utf-8")("ignore")
        (text,) = decoder.write(
            prefix,
            1,
            max_tokens=max_tokens,
            how=Sampling(temperature, 0.95, 0.05, 1.0 if schema else 1.1),
            seed=seed,
            grammar=schema_grammar(schema) if schema is not None else None,
            each=lambda data: here().token(piece) if (piece := tell.decode(data)) else None,
        )
        written = text.written.decode("utf-8", "ignore")
        return Turn(written, [], Usage(len(prefix), len(text.ids)), text.finish)

    def _conversation(self, messages: list[Message]) -> str:
        if not self.decoder.vocabulary.tokenizer.chat_template:
            raise NotAble(self.type_name, "chat", "Its tokenizer has no chat template: give the file `chat_template`")
        return self.decoder.vocabulary.conversation(messages)

    @property
    def decoder(self) -> CausalDecoder:
        """What computes here, with this block's own memory of prefixes: one of the last few, each of its weights."""
        module: Any = self.worn_module()
        now = (mark(module), self.context, self.caches, self.tokenizer_sha())
        known = self._decoders
        for seen, decoder in reversed(known):
            if decoder.model is module and seen == now:
                return decoder
        key = ("vocabulary", self.tokenizer_sha(), str(module.get_input_embeddings().weight.shape[0]))
        vocabulary = one_instance(key, lambda: self._read_vocabulary(module))
        made = CausalDecoder(module, vocabulary, self.context, self.caches)
        others = [pair for pair in known if pair[1].model is not module]
        self._decoders = (*others[1 - _WORN :], (now, made))
        return made

    def adopt(self, module: nn.Module) -> None:
        self.spell_out()
        super().adopt(module)

    def stored(self, ref: FileRef) -> None:
        self.spell_out()
        super().stored(ref)

    def _read_vocabulary(self, module: Any) -> Vocabulary:
        given = getattr(module.config.get_text_config(), "eos_token_id", None)
        ends: list[int] = given if isinstance(given, list) else [] if given is None else [given]
        size = int(module.get_input_embeddings().weight.shape[0])
        return Vocabulary(self.read_tokenizer(), size, sorted({*ends, *self.ends()}))

    def _identity(self) -> tuple[str, ...]:
        return (self.type_name, self._dtype_key(), self.device)

    def _load(self) -> nn.Module:
        tensors = self._tensors()
        with unfilled():
            module: Any = self.build()
        missing, unexpected = self._filled(module, tensors)
        module.tie_weights()
        now = dict(module.named_parameters(remove_duplicate=False))
        given = {id(value) for name, value in now.items() if name in tensors}
        absent = [name for name in missing if name in now and id(now[name]) not in given]
        self._refuse(module, absent, unexpected)
        materialise(module, self.build)
        return moved(module, self.device, self.name).eval().requires_grad_(False)
