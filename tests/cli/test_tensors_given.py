"""A tensor is given to the command as numbers or as a file, never as something that is run."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.cli.command import ygg
from yggdrasil.contract.block import Block
from yggdrasil.store.save import save


class Keys(Block, type="test_tensors_given/keys"):
    """The keys of a JSON object."""

    def forward(self, data: dict[str, int]) -> str:
        return " ".join(data)


class Total(Block, type="test_tensors_given/total"):
    """The sum of a tensor."""

    def forward(self, x: torch.Tensor) -> float:
        return float(x.sum())


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(tmp_path)
    save(Total(), tmp_path / "total")

    def run(*given: str, what: str = "./total") -> tuple[int, str]:
        code = ygg(monkeypatch, "run", what, *given)
        out = capsys.readouterr()
        return code, out.out + out.err

    return run


def test_numbers_and_nested_lists_are_a_tensor(told: Any) -> None:
    assert told("x=[[1, 2], [3, 4.5]]") == (0, "10.5\n")
    assert told("x=2") == (0, "2.0\n")


def test_files_of_safetensors_and_numpy_are_read(told: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1.0, 2.0]))
    save_file({"value": torch.tensor([3.0, 4.0])}, tmp_path / "x.safetensors")
    assert told("x=@x.npy") == (0, "3.0\n") and told("x=@x.safetensors") == (0, "7.0\n")


def test_a_json_file_is_the_value_that_the_same_words_are(told: Any, tmp_path: Path) -> None:
    save(Keys(), tmp_path / "keys")
    (tmp_path / "data.json").write_text('{"a": 1, "b": 2}', encoding="utf-8")
    assert told("data=@data.json", what="./keys") == told('data={"a": 1, "b": 2}', what="./keys") == (0, "a b\n")


def test_what_would_be_unpickled_is_refused_with_what_to_give(told: Any, tmp_path: Path) -> None:
    (tmp_path / "x.pt").write_bytes(pickle.dumps([1.0]))
    code, said = told("x=@x.pt")
    assert code != 0 and "code that would be run" in said and ".safetensors or .npy" in said


def test_an_input_that_is_not_there_or_is_there_twice_is_told(told: Any) -> None:
    assert "./total: there is no input 'y'. known here: x (what it takes: yggdrasil describe ./total)" in told("y=2")[1]
    assert "./total: input 'x' was given twice. give it once" in told("x=1", "x=2")[1]
    assert "'x' names no input. write NAME=VALUE, e.g. x=…" in told("x")[1]


@pytest.mark.parametrize("given", ["x=[[1], [2, 3]]", 'x={"a": 1}', "x=hello"])
def test_what_is_no_tensor_is_told_as_it_was_written(told: Any, given: str) -> None:
    code, said = told(given)
    assert code != 0 and "x" in said and ("tensor" in said)
