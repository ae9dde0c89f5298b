"""A tiny random model with a tokenizer of its own, as files on disk."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from yggdrasil.blocks.llm.transformers import TransformersModel
from yggdrasil.contract import FileRef
from yggdrasil.contract.tensor_files import write_tensors

TEXT = ["the fox runs in the snow and the wolf sleeps", "a crown lies on the beach at night", '{"name": "Mira"}'] * 4
TEMPLATE = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}\n{% endfor %}<|assistant|>"


def tiny_files(folder: Path) -> dict[str, FileRef]:
    """The files of a random two-layer Llama."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"eos_token": "<end>", "bos_token": "<end>", "chat_template": TEMPLATE}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512, eos_token_id=0, bos_token_id=0,
        tie_word_embeddings=True, initializer_range=0.3,
    )  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config.to_dict(), default=str))
    torch.manual_seed(7)
    model: Any = LlamaForCausalLM(config)
    write_tensors(folder / "model.safetensors", dict(model.state_dict()))
    names = {"weights": "model.safetensors", "config": "config.json"}
    names |= {"tokenizer": "tokenizer.json", "tokenizer_config": "tokenizer_config.json"}
    return {role: _ref(folder / name) for role, name in names.items()}


def _ref(path: Path) -> FileRef:
    return FileRef(hashlib.sha256(path.read_bytes()).hexdigest(), path)


def model_of(files: dict[str, FileRef], **config: Any) -> TransformersModel:
    model = TransformersModel(**config)
    model.files = dict(files)
    return model


def chained_files(folder: Path, chain: list[str]) -> dict[str, FileRef]:
    """The files of a Llama that says the tokens of the chain one after the other, whatever it was asked.

    `<|end|>` and `<|user|>` are tokens of their own; its config names neither as an end.
    """
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    words = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({word: number for number, word in enumerate(words)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<end>", "<|end|>", "<|user|>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = [tokenizer.token_to_id(word) for word in chain]
    size, end = tokenizer.get_vocab_size(), tokenizer.token_to_id("<end>")
    settings = {"eos_token": "<end>", "bos_token": "<end>", "chat_template": TEMPLATE}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    config = LlamaConfig(
        vocab_size=size, hidden_size=size + size % 2, intermediate_size=4, num_hidden_layers=1, num_attention_heads=1,
        num_key_value_heads=1, max_position_embeddings=512, eos_token_id=end, bos_token_id=end,
        tie_word_embeddings=False,
    )  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config.to_dict(), default=str))
    model: Any = LlamaForCausalLM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.model.norm.weight.fill_(1)
        model.model.embed_tokens.weight[:, :size] = torch.eye(size)
        model.lm_head.weight[ids[0], :size] = 1
        for said, following in zip(ids, [*ids[1:], ids[-1]], strict=True):
            model.lm_head.weight[ids[0], said] = 0
            model.lm_head.weight[following, said] = 1
    write_tensors(folder / "model.safetensors", dict(model.state_dict()))
    names = {"weights": "model.safetensors", "config": "config.json"}
    names |= {"tokenizer": "tokenizer.json", "tokenizer_config": "tokenizer_config.json"}
    return {role: _ref(folder / name) for role, name in names.items()}
