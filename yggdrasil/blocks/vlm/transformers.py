"""Any model of transformers that takes a picture and writes text, in this process: a local eye."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from pydantic import AfterValidator, Field

from yggdrasil.blocks.llm.grammar import GrammarState, schema_grammar, token_table
from yggdrasil.blocks.llm.language_model import Turn, Usage, parse_object
from yggdrasil.blocks.llm.schemas import sound_schema
from yggdrasil.blocks.vlm.sight import QUESTION, as_seen, sight
from yggdrasil.contract import ConfigError, here
from yggdrasil.contract.libraries import IMPORTING
from yggdrasil.contract.shared_objects import one_instance
from yggdrasil.contract.torch_block import Dtype, TorchBlock
from yggdrasil.contract.torch_mode import moved
from yggdrasil.ports import Image, Json, Text

if TYPE_CHECKING:
    from torch import nn

NAMES = {
    "config": "config.json",
    "tokenizer": "tokenizer.json",
    "tokenizer_config": "tokenizer_config.json",
    "processor_config": "processor_config.json",
    "preprocessor_config": "preprocessor_config.json",
    "chat_template": "chat_template.jinja",
    "generation_config": "generation_config.json",
}
"""Role → the name by which transformers knows such a file, beside the weights."""
Words = Annotated[Sequence[str], AfterValidator(tuple)]


class Sighted(TypedDict):
    """`labels` is the object of the schema, or empty without one; `usage` is {prompt, completion}."""

    text: Text
    labels: Json
    usage: Json


class LocalVLM(TorchBlock, type="vlm/transformers", role="VLM"):
    """Look at a picture and say what it really shows, in words and, if `labelled`, as a seer does.

    Its labels are place, time, weather and things, each out of `places`, `times`, `weathers` and `things` if these
    name any. A `schema` of the caller's own takes the place of that. It writes the likeliest words, so that one
    picture is always seen alike. Its files are those of `NAMES` and `weights`.
    """

    dtype: Dtype = "auto"
    question: str = QUESTION
    labelled: bool = False
    things: Words = ()
    places: Words = ()
    times: Words = ()
    weathers: Words = ()

    _reader: tuple[Any, Any] | None = None
    _table: tuple[Any, Any] | None = None

    def build(self) -> nn.Module:
        """The empty model that the config file describes."""
        config = self._config()
        with IMPORTING:
            import transformers
            from transformers.initialization import no_init_weights

            with no_init_weights():
                return transformers.AutoModelForImageTextToText.from_config(config, dtype=self.torch_dtype)

    def forward(
        self,
        image: Image,
        prompt: Text = "",
        schema: Json | None = None,
        max_tokens: Annotated[int, Field(ge=1, le=100_000)] = 300,
    ) -> Sighted:
        """One look. Raises TruncatedOutput, InvalidOutput for an answer beside the schema."""
        sound_schema(schema or {})
        own = sight(self.things, self.places, self.times, self.weathers) if self.labelled and not prompt else None
        asked = schema or own
        turn = self._written(image.convert("RGB"), prompt or self.question, asked, max_tokens)
        usage = {"prompt": turn.usage.prompt, "completion": turn.usage.completion}
        if asked is None:
            return {"text": turn.text.strip(), "labels": {}, "usage": usage}
        text, labels = as_seen(parse_object(turn, max_tokens, asked), own=schema is None)
        return {"text": text, "labels": labels, "usage": usage}

    def _written(self, image: Any, question: str, schema: dict[str, Any] | None, max_tokens: int) -> Turn:
        """What the model writes about the picture, bound by the schema if one is given."""
        with IMPORTING:
            from transformers import LogitsProcessorList, StoppingCriteriaList

        processor = self._processor()
        with self.computing() as module:
            model: Any = module
            inputs = processor(images=image, text=_asked(processor, question), return_tensors="pt")
            inputs = inputs.to(self.device, self.torch_dtype)
            start = int(inputs["input_ids"].shape[1])
            bound = LogitsProcessorList([] if schema is None else [self._bound(model, schema, start)])
            stop = StoppingCriteriaList([_stopping(here().cancel)])
            ends = sorted(self._ends(model))
            how: dict[str, Any] = {"max_new_tokens": max_tokens, "do_sample": False, "num_beams": 1}
            how |= {"eos_token_id": ends, "pad_token_id": ends[0]} if ends else {}
            out = model.generate(**inputs, **how, logits_processor=bound, stopping_criteria=stop)
        here().check()
        ids = out[0][start:].tolist()
        ended = len(ids) < max_tokens or ids[-1] in ends
        text = processor.tokenizer.decode(ids, skip_special_tokens=True)
        return Turn(text, [], Usage(start, len(ids)), "stop" if ended else "length")

    def _bound(self, model: Any, schema: dict[str, Any], start: int) -> Any:
        """What lets the model write nothing but JSON of the schema, from the token `start` on."""
        import torch

        size = int(model.get_input_embeddings().weight.shape[0])
        ends = sorted(self._ends(model))
        key = (self.files["tokenizer"].sha256, size, *ends)
        if self._table is None or self._table[0] != key:
            self._table = key, token_table(self._processor().tokenizer, size, ends)
        state = GrammarState(self._table[1], schema_grammar(schema))

        def masked(ids: Any, scores: Any) -> Any:
            if ids.shape[1] > start:
                state.take(int(ids[0, -1]))
            legal = torch.from_numpy(state.mask()).to(scores.device)
            scores = scores.clone()
            scores[:, : len(legal)][:, ~legal] = float("-inf")
            scores[:, len(legal) :] = float("-inf")
            return scores

        return masked

    def _ends(self, model: Any) -> set[int]:
        named = getattr(model.generation_config, "eos_token_id", None)
        given: list[int] = named if isinstance(named, list) else [] if named is None else [named]
        own = self._processor().tokenizer.eos_token_id
        return {*given, *([] if own is None else [own])}

    def _processor(self) -> Any:
        """What makes a picture and words into the model's inputs, read from its files; nothing of them is run."""
        roles = [role for role in NAMES if role in self.files]

        def read() -> Any:
            with tempfile.TemporaryDirectory(prefix="yggdrasil-vlm-") as folder:
                for role in roles:
                    (Path(folder) / NAMES[role]).symlink_to(self.file(role))
                with IMPORTING:
                    from transformers import AutoProcessor

                    return AutoProcessor.from_pretrained(folder, local_files_only=True)

        key = ("processor", *(self.files[role].sha256 for role in roles))
        if self._reader is None or self._reader[0] != key:
            self._reader = key, one_instance(key, read)
        return self._reader[1]

    def _config(self) -> Any:
        described = json.loads(self.file("config").read_text(encoding="utf-8-sig"))
        with IMPORTING:
            from transformers import AutoConfig

            return AutoConfig.for_model(**described)

    def _identity(self) -> tuple[str, ...]:
        return (self.type_name, self._dtype_key(), self.device)

    def _load(self) -> nn.Module:
        """The model of its files, its tensors named as the library names them now."""
        config = self._config()
        with IMPORTING:
            from transformers import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING, GenerationConfig

            mapping: Any = MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
            if type(config) not in mapping:
                mend = "name a model that takes a picture and writes text"
                raise ConfigError(f"{config.model_type} looks at no picture", where=self.name, mend=mend)
            made = mapping[type(config)]
        how = {"config": config, "state_dict": self._tensors(), "dtype": self.torch_dtype}
        with IMPORTING, _unseen():
            module, found = made.from_pretrained(None, **how, output_loading_info=True)
        self._refuse(module, sorted(found["missing_keys"]), sorted(found["unexpected_keys"]))
        if "generation_config" in self.files:
            described = json.loads(self.file("generation_config").read_text(encoding="utf-8-sig"))
            module.generation_config = GenerationConfig.from_dict(described)
        _hooked(module)
        return moved(module, self.device, self.name).eval().requires_grad_(False)


def _hooked(module: Any) -> None:
    """Have the library put its hooks onto the parts now, not at the first run: a run changes no module."""
    with IMPORTING:
        from transformers import PreTrainedModel
        from transformers.utils.output_capturing import maybe_install_capturing_hooks

        for part in module.modules():
            if isinstance(part, PreTrainedModel):
                maybe_install_capturing_hooks(part)


def _asked(processor: Any, question: str) -> str:
    """The question beside the picture, as the model's chat template writes it, or after the mark of a picture."""
    if not getattr(processor, "chat_template", None):
        return f"{getattr(processor, 'image_token', '')}{question}"
    content = [{"type": "image"}, {"type": "text", "text": question}]
    messages = [{"role": "user", "content": content}]
    return processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)


@contextmanager
def _unseen() -> Generator[None]:
    """Without the library's own bars: what runs says how it goes by its events."""
    with IMPORTING:
        from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _stopping(cancel: Any) -> Any:
    """What ends the writing when the run is cancelled."""
    import torch

    def stopped(ids: Any, scores: Any, **more: Any) -> Any:
        del scores, more
        return torch.full((ids.shape[0],), bool(cancel.cancelled), dtype=torch.bool, device=ids.device)

    return stopped
