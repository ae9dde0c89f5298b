"""G3: a negative prompt of another length, an empty one, and prompts over the window."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.blocks.diffusion.tiny import CLIP, seeded
from tests.store.tiny_flux import t5
from tests.store.tiny_pipeline import vocabulary
from yggdrasil.blocks.conditioner.encoder import PromptEncoder, TextEncoder
from yggdrasil.blocks.tokenizer.fast import FastTokenizer, PromptTokenizer
from yggdrasil.contract import ConfigError, FileRef, listening
from yggdrasil.contract.digest import digest_file

PAIRS = [(10, 100), (100, 10), (75, 76), (76, 0), (0, 0)]
LONG = {"arch": {**CLIP, "vocab_size": 60, "max_position_embeddings": 77}, "masked": False}


def words(count: int, letter: str = "a") -> str:
    """A prompt of so many tokens of content."""
    return " ".join([letter] * count)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FileRef]:
    folder = tmp_path_factory.mktemp("clip")
    known, merges = vocabulary()
    (folder / "vocab.json").write_text(json.dumps(known))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(pair) for pair in merges) + "\n")
    paths = {"vocab": folder / "vocab.json", "merges": folder / "merges.txt"}
    return {role: FileRef(digest_file(path), path) for role, path in paths.items()}


def tokenizer(files: dict[str, FileRef], cls: Any = FastTokenizer, **settings: Any) -> Any:
    block = cls(pad_token="<|endoftext|>", **settings)
    block.files = dict(files)
    return block


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return seeded(TextEncoder(**LONG))


def encoded(ids: Any, encoder: TextEncoder) -> Any:
    return encoder.run(**ids, scale=7.5)


@pytest.mark.parametrize(("positive", "negative"), PAIRS)
def test_g3_chunks_make_both_as_long_as_the_longer(
    positive: int, negative: int, files: dict[str, FileRef], encoder: TextEncoder
) -> None:
    ids = tokenizer(files, long="chunks").run(text=words(positive), negative_text=words(negative, "b"))
    made = encoded(ids, encoder)
    length = 77 * max(1, math.ceil(max(positive, negative) / 75))
    assert length == {(10, 100): 154, (100, 10): 154, (75, 76): 154, (76, 0): 154, (0, 0): 77}[positive, negative]
    assert made.embedding.shape == made.negative_embedding.shape == (1, length, 16)
    content = sum(int(row.sum()) - 2 for row in ids.attention_mask)
    assert content == positive, "every token is there"


@pytest.mark.parametrize(("positive", "negative"), PAIRS)
def test_g3_without_chunks_the_tail_is_dropped_aloud(
    positive: int, negative: int, files: dict[str, FileRef], encoder: TextEncoder
) -> None:
    block = tokenizer(files)
    events: list[Any] = []
    with listening(events.append):
        ids = block.run(text=words(positive), negative_text=words(negative, "b"))
    made = encoded(ids, encoder)
    assert made.embedding.shape == made.negative_embedding.shape == (1, 77, 16)
    told = [e.data["text"] for e in events if e.kind == "note"]
    over = [(n, letter) for n, letter in ((positive, "a"), (negative, "b")) if n > 75]
    wanted = [f"{n - 75} tokens past the window of 77 were cut: {words(n - 75, letter)!r}" for n, letter in over]
    assert told == wanted
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        block.run(text=words(positive), negative_text=words(negative, "b"))
    assert [str(warning.message).partition(": ")[2] for warning in caught] == wanted, "heard without a listener too"


def test_g3_an_empty_negative_is_the_encoded_empty_text(files: dict[str, FileRef], encoder: TextEncoder) -> None:
    block = tokenizer(files, long="chunks")
    empty = encoded(block.run(text=""), encoder).embedding
    short, long = (encoded(block.run(text=words(n)), encoder).negative_embedding for n in (0, 76))
    assert torch.equal(short, empty) and empty.abs().max() > 0
    assert torch.equal(long, torch.cat([empty, empty], dim=1)), "a window does not depend on those beside it"


def test_g3_a_family_may_declare_that_an_empty_negative_is_nothing(
    files: dict[str, FileRef], encoder: TextEncoder
) -> None:
    block = tokenizer(files, empty_negative="absent")
    assert encoded(block.run(text="a"), encoder).negative_embedding is None
    assert encoded(block.run(text="a", negative_text="b"), encoder).negative_embedding is not None


def test_g3_one_long_window_of_t5(tmp_path: Path) -> None:
    model, made = t5(512)
    made.save_pretrained(tmp_path)
    path = tmp_path / "tokenizer.json"
    block = PromptTokenizer(window=512, pad_token="<pad>")
    block.files = {"tokenizer": FileRef(digest_file(path), path)}
    encoder = PromptEncoder(arch=model.config.to_dict(), masked=False)
    encoder.module = model
    for count, dropped in ((10, 0), (511, 0), (600, 89)):
        events: list[Any] = []
        text = words(count, "fox")
        with listening(events.append):
            ids = block.run(text=text)
        assert encoder.run(**ids).embedding.shape == (1, 512, 24)
        wanted = made(text, padding="max_length", max_length=512, truncation=True, return_tensors="pt")["input_ids"]
        assert torch.equal(ids.token_ids, wanted)
        told = [e.data["text"] for e in events if e.kind == "note"]
        assert told == ([f"89 tokens past the window of 512 were cut: {words(89, 'fox')!r}"] if dropped else [])


def test_ids_are_those_of_transformers(files: dict[str, FileRef]) -> None:
    from transformers import CLIPTokenizer

    known, merges = vocabulary()
    theirs: Any = CLIPTokenizer(vocab=known, merges=merges)  # type: ignore[arg-type]
    for text in ("", "A fox  in SNOW", words(75), words(76), "ёж, fox! 狐"):
        wanted = theirs(text, padding="max_length", max_length=77, truncation=True, return_tensors="pt")
        with listening(lambda _: None):
            ids = tokenizer(files, PromptTokenizer).run(text=text)
        assert torch.equal(ids.token_ids, wanted["input_ids"])
        assert torch.equal(ids.attention_mask, wanted["attention_mask"])


def test_a_window_without_room_is_told(files: dict[str, FileRef]) -> None:
    with pytest.raises(ConfigError, match="no room for a token"):
        tokenizer(files, window=2).run(text="a")


def test_at_scale_one_nothing_is_encoded_for_the_negative(files: dict[str, FileRef], encoder: TextEncoder) -> None:
    ids = tokenizer(files).run(text="a", negative_text="b")
    calls: list[Any] = []
    hook: Any = encoder.module.register_forward_hook(lambda *_: calls.append(1))
    assert encoder.run(**ids, scale=1.0).negative_embedding is None and len(calls) == 1
    hook.remove()
