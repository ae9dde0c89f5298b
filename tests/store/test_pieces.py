"""What files lack or hold too much of is told by tensor and file: at opening if an index says it, else before a run."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import yggdrasil as ygg
from tests.blocks.llm.tiny import tiny_files
from tests.store.tiny_pipeline import pipeline, saved
from yggdrasil.cli.block_commands import validate
from yggdrasil.contract import WeightsError
from yggdrasil.contract.tensor_files import read_tensors, write_tensors
from yggdrasil.store.llm_folder import llm_of_folder

TIED = ("lm_head.weight",)
Names = dict[str, list[str]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama in three files and their index."""
    folder = tmp_path_factory.mktemp("llama")
    tiny_files(folder)
    path = folder / "model.safetensors"
    tensors = {name: value for name, value in read_tensors(path).items() if name not in TIED}
    path.unlink()
    for number, names in enumerate(thirds(sorted(tensors)), 1):
        write_tensors(folder / f"model-{number}.safetensors", {name: tensors[name] for name in names})
    indexed(folder)
    return folder


def thirds(names: list[str]) -> list[list[str]]:
    return [names[start::3] for start in range(3)]


def held(folder: Path) -> Names:
    return {path.name: sorted(read_tensors(path)) for path in sorted(folder.glob("model-*.safetensors"))}


def indexed(folder: Path) -> None:
    table = {tensor: file for file, tensors in held(folder).items() for tensor in tensors}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": table}))


@pytest.fixture
def llama(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "llama")


def without(folder: Path, file: str, tensor: str) -> None:
    tensors = {name: value.clone() for name, value in read_tensors(folder / file).items() if name != tensor}
    write_tensors(folder / file, tensors)


def test_n23_each_tensor_that_the_index_places_where_it_is_not_is_told_at_opening(llama: Path) -> None:
    for file, tensors in held(llama).items():
        original = (llama / file).read_bytes()
        for tensor in tensors:
            without(llama, file, tensor)
            with pytest.raises(WeightsError, match=rf"lacks the tensor '{tensor}'.*index") as caught:
                llm_of_folder(llama)
            assert caught.value.where == str(llama / file)
            (llama / file).write_bytes(original)


def test_n23_each_tensor_that_no_piece_has_is_told_before_anything_is_run(llama: Path) -> None:
    for file, tensors in held(llama).items():
        original = (llama / file).read_bytes()
        for tensor in tensors:
            without(llama, file, tensor)
            indexed(llama)
            model: Any = llm_of_folder(llama)
            told = rf"of \d+ tensors are there, [12] tensors missing .*{tensor}"
            with pytest.raises(WeightsError, match=told) as caught:
                model.choose("a", ["b"])
            assert all(name in caught.value.where for name in held(llama))
            (llama / file).write_bytes(original)


def test_n23_a_tensor_too_many_and_one_of_another_shape_are_told_with_their_piece(llama: Path) -> None:
    extra = read_tensors(llama / "model-2.safetensors")
    write_tensors(llama / "model-2.safetensors", {**extra, "model.odd": torch.ones(3)})
    model: Any = llm_of_folder(llama)
    with pytest.raises(WeightsError, match=r"0 tensors missing .*1 unknown \['model.odd'\]") as caught:
        model.choose("a", ["b"])
    assert caught.value.where == str(llama / "model-2.safetensors")
    name = next(iter(extra))
    write_tensors(llama / "model-2.safetensors", {**extra, name: torch.ones(3)})
    model = llm_of_folder(llama)
    with pytest.raises(WeightsError, match=rf"size mismatch for {name}") as caught:
        model.choose("a", ["b"])
    assert caught.value.where == str(llama / "model-2.safetensors")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def test_n23_a_cut_piece_is_told_by_import_save_and_validate(llama: Path, tmp_path: Path) -> None:
    whole, count = llm_of_folder(llama), sum(map(len, held(llama).values()))
    kept = ygg.save(whole, tmp_path / "kept")
    cut(llama / "model-2.safetensors")
    for act in (lambda: llm_of_folder(llama), lambda: ygg.save(whole, tmp_path / "other")):
        with pytest.raises(WeightsError, match="is broken") as caught:
            act()
        assert caught.value.where == str(llama / "model-2.safetensors")
    assert not (tmp_path / "other" / "manifest.yaml").exists()
    assert validate(kept)["tensors"] == count
    piece = next((kept / "weights").glob("*.safetensors"))
    cut(piece)
    with pytest.raises(WeightsError, match="is broken") as caught:
        validate(kept)
    assert piece.name in str(caught.value)


def test_a_foreign_file_that_was_changed_since_it_was_taken_is_not_saved_as_what_it_was(
    llama: Path, tmp_path: Path
) -> None:
    taken = llm_of_folder(llama)
    path = llama / "model-1.safetensors"
    write_tensors(path, {name: value + 1 for name, value in read_tensors(path).items()})
    with pytest.raises(WeightsError, match="was changed since") as caught:
        ygg.save(taken, tmp_path / "saved")
    assert caught.value.where == str(path)


def test_n23_the_same_for_a_diffusion_model(tmp_path: Path) -> None:
    pipe = pipeline("DDIMScheduler", steps_offset=1, clip_sample=False)
    folder = saved(pipe, tmp_path / "sd")
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    lost = sorted(read_tensors(path))[5]
    without(folder / "unet", path.name, lost)
    graph = ygg.from_diffusers(folder)
    with pytest.raises(WeightsError, match=rf"of \d+ tensors are there, 1 tensors missing \['{lost}'\]") as caught:
        graph.run(prompt="a fox", steps=1)
    assert str(path) in caught.value.where
    cut(path)
    with pytest.raises(WeightsError, match="is broken"):
        ygg.from_diffusers(folder)
