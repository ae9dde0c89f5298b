"""A local model that looks: words, or labels bound by a schema; saved and loaded it sees the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image as Pictures

import yggdrasil as ygg
from tests.blocks.vlm.tiny import tiny_folder
from tests.levels.genre.capable import Capable, told, world_of
from yggdrasil.blocks.vlm.sight import as_seen, sight
from yggdrasil.contract import Block, ManifestError, MissingFile
from yggdrasil.store.templates import stand_in

RED, BLUE = (Pictures.new("RGB", (20, 12), colour) for colour in ("red", "blue"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("vlm"))


@pytest.fixture(scope="module")
def eye(folder: Path) -> Block:
    return stand_in("eye", str(folder))


def test_a_folder_of_transformers_is_an_eye(eye: Block) -> None:
    assert eye.type_name == "vlm/transformers" and eye.role == "VLM"
    seen = eye.run(image=RED, max_tokens=12)
    assert seen["labels"] == {} and seen["usage"]["completion"] <= 12 and seen["usage"]["prompt"] > 4
    assert eye.run(image=RED, max_tokens=12)["text"] == seen["text"], "one picture is always seen alike"
    assert eye.run(image=BLUE, max_tokens=12)["text"] != seen["text"], "it is the picture that it looks at"


def test_with_labels_it_says_what_a_seer_says(eye: Block) -> None:
    asked = sight(["fox", "ship"], ["sea", "snow"], ["day"], ["none"])
    asked["properties"]["text"]["maxLength"] = 6
    seen = eye.run(image=RED, schema=asked)
    text, labels = as_seen(seen["labels"], own=True)
    assert text == seen["text"] and labels["place"] in ("sea", "snow") and labels["time"] == "day"
    assert {thing["name"] for thing in labels["things"]} <= {"fox", "ship"}


def test_a_world_with_a_local_eye_tells_its_author_plain_words(eye: Block, tmp_path: Path) -> None:
    llm = Capable()
    world = world_of(llm, tmp_path / "w")
    world.philosopher = eye
    eye_text = world.step().perception
    (look,) = eye_text.values()
    author = next(r for r in llm.requests if "You are Author" in told(r))
    assert look["text"][:20] in told(author) and "'labels'" not in told(author)
    ygg.save(world.stages["philosopher"].body, tmp_path / "eye", standalone=True)
    again = ygg.load(tmp_path / "eye")
    assert again.run(image=RED, max_tokens=8)["text"] == eye.run(image=RED, max_tokens=8)["text"]


def test_what_no_library_reads_is_refused(folder: Path, tmp_path: Path) -> None:
    import json
    import shutil

    for name, change in (("own", {"auto_map": {"AutoModel": "x.py"}}), ("quantised", {"quantization_config": {}})):
        copied = shutil.copytree(folder, tmp_path / name)
        config = json.loads((copied / "config.json").read_text())
        (copied / "config.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(ManifestError):
            stand_in("eye", str(copied))
    (tmp_path / "own" / "tokenizer.json").unlink()
    shutil.copy(folder / "config.json", tmp_path / "own" / "config.json")
    with pytest.raises(MissingFile, match=r"tokenizer\.json"):
        stand_in("eye", str(tmp_path / "own"))
