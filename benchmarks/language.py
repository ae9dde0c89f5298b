"""Loading a language model beside transformers: the same random llama, its weights and its tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.pairs import Row, main, timed


def saved(folder: Path) -> Path:
    """A llama of 30 million random parameters with a tokenizer of a thousand words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = {word: number for number, word in enumerate(["<s>", "</s>", *(f"w{n}" for n in range(998))])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()  # type: ignore[assignment]
    wrapped: Any = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    torch.manual_seed(6)
    config = LlamaConfig(
        vocab_size=1000, hidden_size=512, intermediate_size=1536, num_hidden_layers=8, num_attention_heads=8,
        num_key_value_heads=8, bos_token_id=0, eos_token_id=1,
    )  # fmt: skip
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)  # type: ignore[arg-type]
    wrapped.save_pretrained(folder)
    return folder


def loading() -> Iterator[Row]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from yggdrasil.store.llm_folder import llm_of_folder

    with TemporaryDirectory() as name:
        folder = saved(Path(name))

        def ours() -> Any:
            return (block := llm_of_folder(folder)), block.decoder  # type: ignore[attr-defined]

        def theirs() -> Any:
            return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16), AutoTokenizer.from_pretrained(
                folder
            )

        yield Row("load-llm", timed(ours, theirs), 0.7)


if __name__ == "__main__":
    main({"loading": loading})
