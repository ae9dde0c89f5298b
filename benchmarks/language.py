"""Loading the storyteller's language model beside transformers: the same unpacked weights and the tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.pairs import Row, main, timed
from yggdrasil.blocks.llm.gguf import converted
from yggdrasil.contract.tree import walk
from yggdrasil.store.catalogue import files, model
from yggdrasil.store.load import load

NAME = "smollm2-135m"


def storyteller() -> Any:
    """The shelf's storyteller's language model, not yet loaded."""
    (block,) = (part for _, part in walk(load("storyteller")) if part.type_name == "llm/transformers")
    return block


def loading() -> Iterator[Row]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    (packed,) = files(NAME).values()
    folder = converted(packed, model(NAME).files[0].sha256)
    dtype = storyteller().torch_dtype

    def ours() -> Any:
        block = storyteller()
        return block, block.decoder

    def theirs() -> Any:
        return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype), AutoTokenizer.from_pretrained(folder)

    yield Row("load-llm", timed(ours, theirs), 0.7)


if __name__ == "__main__":
    main({"loading": loading})
