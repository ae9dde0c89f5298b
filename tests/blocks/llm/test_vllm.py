"""The block that runs vLLM inside, as far as it is known without vLLM; a step: benchmarks/vllm_world.py --inside."""

from pathlib import Path
from typing import Any

import pytest

from tests.blocks.llm.tiny import tiny_files
from yggdrasil.blocks.llm.language_model import NotAble
from yggdrasil.blocks.llm.vllm_model import VllmModel
from yggdrasil.contract import MissingFile
from yggdrasil.store.llm_folder import llm_of_folder

ASKED: list[dict[str, Any]] = [{"role": "user", "content": "the fox"}]


@pytest.fixture
def block(tmp_path: Path) -> VllmModel:
    tiny_files(tmp_path / "llama")
    made = VllmModel()
    made.files = dict(llm_of_folder(tmp_path / "llama").files)
    return made


def test_without_vllm_it_says_how_to_get_it(block: VllmModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yggdrasil.blocks.llm.vllm_model.find_spec", lambda _: None)
    with pytest.raises(MissingFile, match=r"yggdrasill\[vllm\].*environment of its own.*openai:"):
        block.chat(ASKED)


def test_its_files_are_those_of_transformers(block: VllmModel, tmp_path: Path) -> None:
    folder, pieces = tmp_path / "links", tmp_path / "pieces"
    folder.mkdir()
    pieces.mkdir()
    block._lay_out(folder)
    for link in folder.iterdir():
        assert link.is_symlink() and link.read_bytes() == (tmp_path / "llama" / link.name).read_bytes()
    assert {link.name for link in folder.iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}
    block.files["weights-2"] = block.files["weights"]
    block._lay_out(pieces)
    assert (pieces / "model-00002-of-00002.safetensors").exists()


def test_tools_are_bound_by_a_schema_instead(block: VllmModel) -> None:
    with pytest.raises(NotAble, match="schema"):
        block.chat(ASKED, tools=[{}])
    assert block.calls_tools() is False
