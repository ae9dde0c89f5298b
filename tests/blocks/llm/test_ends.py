"""A turn ends at the tokens that a model's files name as its ends, wherever they name them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.blocks.llm.tiny import chained_files
from yggdrasil.blocks.llm.language_model import LanguageModel
from yggdrasil.blocks.llm.vllm_engine import EngineAnswer
from yggdrasil.blocks.llm.vllm_model import VllmModel
from yggdrasil.store.llm_folder import llm_of_folder

CHAIN = ["A", "B", "<|end|>", "<|user|>", "C", "D"]
ASK = [{"role": "user", "content": "go"}]
END = 257


def folder(tmp_path: Path, generation: Any = None, **settings: Any) -> Path:
    made = tmp_path / "model"
    chained_files(made, CHAIN)
    tokens = json.loads((made / "tokenizer.json").read_text())["added_tokens"]
    assert {token["content"]: token["id"] for token in tokens}["<|end|>"] == END
    if generation is not None:
        (made / "generation_config.json").write_text(json.dumps(generation))
    path = made / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
    return made


def turn(block: Any) -> tuple[str, str]:
    assert isinstance(block, LanguageModel)
    said = block.chat(ASK, max_tokens=12, temperature=0.0)
    return said.text, said.finish_reason


@pytest.mark.parametrize("named", [END, [END], [END, 256]])
def test_an_end_that_only_the_generation_config_names_ends_a_turn_also_after_save_and_load(
    tmp_path: Path, named: Any
) -> None:
    block = llm_of_folder(folder(tmp_path, {"eos_token_id": named}))
    assert turn(block) == ("AB", "stop")
    ygg.save(block, tmp_path / "saved")
    assert turn(ygg.load(tmp_path / "saved")) == ("AB", "stop")


@pytest.mark.parametrize("named", [["<|end|>"], {"end_of_turn": "<|end|>"}])
def test_an_end_that_only_the_extra_special_tokens_name_ends_a_turn(tmp_path: Path, named: Any) -> None:
    assert turn(llm_of_folder(folder(tmp_path, extra_special_tokens=named))) == ("AB", "stop")


def test_without_a_word_of_it_the_model_goes_on(tmp_path: Path) -> None:
    assert turn(llm_of_folder(folder(tmp_path)))[1] == "length"


def test_vllm_is_told_the_ends_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = VllmModel()
    block.files = dict(llm_of_folder(folder(tmp_path, {"eos_token_id": [END]})).files)
    asked: dict[str, Any] = {}

    class Engine:
        def write(self, ids: list[int], how: dict[str, Any], **rest: Any) -> EngineAnswer:
            asked.update(how)
            return EngineAnswer("AB", 2, "stop")

    monkeypatch.setitem(block.__dict__, "_engine", Engine())
    assert block.chat(ASK).text == "AB"
    assert asked["stop_token_ids"] == [256, END]
    links = tmp_path / "links"
    links.mkdir()
    block._lay_out(links)
    assert (links / "generation_config.json").exists()


def test_a_mark_at_the_beginning_of_the_configs_is_read_over(tmp_path: Path) -> None:
    made = folder(tmp_path, {"eos_token_id": END})
    for name in ("config.json", "generation_config.json", "tokenizer_config.json"):
        (made / name).write_bytes(b"\xef\xbb\xbf" + (made / name).read_bytes())
    assert turn(llm_of_folder(made)) == ("AB", "stop")
