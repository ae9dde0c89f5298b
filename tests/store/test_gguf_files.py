"""A GGUF model in parts, under any name: all of it is found, saved and run, or the error says what is amiss."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

import yggdrasil as ygg
from tests.blocks.llm.test_llamacpp import STAND_IN
from yggdrasil.blocks.llm import llamacpp_link
from yggdrasil.blocks.llm.llamacpp import LlamaCpp
from yggdrasil.blocks.llm.llamacpp_link import ModelRefused
from yggdrasil.contract import ConfigError, FileRef, MissingFile, WeightsError
from yggdrasil.contract.digest import digest_file
from yggdrasil.store.language_models import language_model

ASK = [{"role": "user", "content": "hi"}]


def gguf(path: Path, files: int = 1, number: int = 0) -> Path:
    """A GGUF of no tensors that says in how many files its model lies."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    pairs = [text("general.architecture") + struct.pack("<I", 8) + text("toy")]
    if files > 1:
        pairs += [text("split.no") + struct.pack("<IH", 2, number), text("split.count") + struct.pack("<IH", 2, files)]
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + b"".join(pairs))
    return path


def parts(folder: Path, suffix: str = ".gguf") -> list[Path]:
    return [gguf(folder / f"x-{n:05}-of-00002{suffix}", 2, n - 1) for n in (1, 2)]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN.replace("take(); send(id=0, done={})", """
from pathlib import Path
first = take()["path"]
send(id=0, done={})
found = [Path(p).read_bytes()[-2:] for p in (first, first.replace("00001-of", "00002-of"))]
if first.count("-00001-of-00002.gguf") != 1 or len(found) != 2: os.abort()
"""))  # fmt: skip
    monkeypatch.setattr(llamacpp_link, "_COMMAND", (sys.executable, str(script)))


@pytest.mark.parametrize("named", [0, 1])
@pytest.mark.parametrize("suffix", [".gguf", ".GGUF"])
def test_a_model_in_parts_is_saved_whole_under_names_that_the_runtime_follows(
    tmp_path: Path, stand_in: None, named: int, suffix: str
) -> None:
    files = parts(tmp_path, suffix)
    block = language_model(str(files[named]))
    assert [ref.path for ref in block.files.values()] == files
    ygg.save(block, tmp_path / "saved")
    again = ygg.load(tmp_path / "saved")
    for file in files:
        file.unlink()
    assert isinstance(again, LlamaCpp)
    assert again.chat(ASK).text == "a fox"
    again.close()


def test_a_part_that_is_absent_is_named(tmp_path: Path) -> None:
    first, second = parts(tmp_path)
    second.unlink()
    with pytest.raises(MissingFile, match=r"x-00002-of-00002\.gguf"):
        language_model(str(first))


def test_one_part_alone_is_neither_saved_nor_run(tmp_path: Path) -> None:
    first, _ = parts(tmp_path)
    block = LlamaCpp()
    block.files["weights"] = FileRef(digest_file(first), first)
    with pytest.raises(WeightsError, match="one of 2 files"):
        ygg.save(block, tmp_path / "saved")
    with pytest.raises(WeightsError, match="one of 2 files"):
        block.chat(ASK)


def test_a_model_in_parts_is_no_model_for_transformers_and_the_error_says_how_to_merge_it(tmp_path: Path) -> None:
    block = language_model(f"vllm:{parts(tmp_path)[0]}")
    with pytest.raises(WeightsError, match="llama-gguf-split --merge"):
        block.part("weights")  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["MODEL.GGUF", "model.gguf", "blob", "b179c9523d0e", "model.part"])
def test_the_kind_is_told_by_the_first_bytes(tmp_path: Path, name: str) -> None:
    block = language_model(str(gguf(tmp_path / name)))
    assert isinstance(block, LlamaCpp)
    ygg.save(block, tmp_path / "saved")
    kept = [path.suffix for path in (tmp_path / "saved" / "weights").iterdir()]
    assert kept == [".gguf"]
    assert ygg.load(tmp_path / "saved").files["weights"].sha256 == block.files["weights"].sha256


def test_the_reason_of_the_runtime_reaches_the_user(tmp_path: Path) -> None:
    block = language_model(str(gguf(tmp_path / "toy.gguf")))
    assert isinstance(block, LlamaCpp)
    with pytest.raises(ModelRefused, match="toy") as failure:
        block.chat(ASK)
    assert "architecture" in str(failure.value) and str(tmp_path / "toy.gguf") in failure.value.where


def test_what_is_no_language_model_is_told_what_it_is(tmp_path: Path) -> None:
    def said(model: str) -> str:
        with pytest.raises(ConfigError, match="names no language model") as failure:
            language_model(model)
        return str(failure.value)

    painter, saved, other = tmp_path / "painter", tmp_path / "saved", tmp_path / "notes.txt"
    for folder, name in ((painter, "model_index.json"), (saved, "manifest.yaml")):
        folder.mkdir()
        (folder / name).write_text("{}")
    other.write_text("hello")
    assert "no such file or folder" in said(str(tmp_path / "nosuch")) and "no such file" in said("./nosuch")
    assert "diffusers" in said(str(painter)) and "--painter" in said(str(painter))
    assert "saved block" in said(str(saved))
    assert "without config.json" in said(str(tmp_path))
    assert "no GGUF" in said(str(other))
    assert "did you mean 'qwen2.5-coder-1.5b'" in said("qwen2.5-coder")
