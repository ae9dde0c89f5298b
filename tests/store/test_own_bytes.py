"""A save owns its bytes: it shares none with files that a user may write over, and copies only what is declared."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image as Pictures

import yggdrasil as ygg
from yggdrasil.contract import ArtifactError, Block, ConfigError, FileRef, WeightsError
from yggdrasil.contract.artifacts import FolderArtifacts
from yggdrasil.contract.digest import digest_bytes, digest_file
from yggdrasil.plugins.draw.block import Compose
from yggdrasil.plugins.draw.drawings import Drawings
from yggdrasil.plugins.draw.svg import rasterised
from yggdrasil.ports import Text

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="red"/></svg>'


class Named(Block, type="test_own_bytes/named"):
    """A block of one file."""

    def forward(self, text: Text) -> Text:
        return text


def named(path: Path) -> Named:
    block = Named()
    block.files["notes"] = FileRef(digest_file(path), path)
    return block


def test_a_save_stays_whole_when_the_user_writes_over_the_file_that_it_came_from(tmp_path: Path) -> None:
    source = tmp_path / "notes.txt"
    source.write_text("mine")
    folder = ygg.save(named(source), tmp_path / "saved")
    source.write_text("another")
    assert ygg.load(folder).file("notes").read_text() == "mine"


def test_only_a_file_of_our_own_store_is_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YGGDRASIL_HOME", str(tmp_path / "home"))
    stored = tmp_path / "home" / "models" / ("a" * 64) / "notes.txt"
    other = tmp_path / "notes.txt"
    stored.parent.mkdir(parents=True)
    for path in (stored, other):
        path.write_text(path.parent.name)
    kept = [ygg.load(ygg.save(named(path), tmp_path / f"s{n}")).file("notes") for n, path in enumerate((stored, other))]
    assert [path.samefile(source) for path, source in zip(kept, (stored, other), strict=True)] == [True, False]


def index(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    entries = {name: {"file": file, "sha256": digest_bytes(SVG), "set": "x"} for name, file in files.items()}
    (folder / "index.json").write_text(json.dumps(entries))
    return folder / "index.json"


def composing(path: Path) -> Compose:
    block = Compose()
    block.files["drawings"] = FileRef(digest_file(path), path)
    return block


def test_a_save_copies_of_a_folder_what_its_index_names_by_hash_and_the_licences(tmp_path: Path) -> None:
    path = index(tmp_path / "own", fox="fox.svg", owl="birds/owl.svg")
    (path.parent / "birds").mkdir()
    for name in ("fox.svg", "birds/owl.svg", "LICENSE.txt"):
        (path.parent / name).write_bytes(SVG)
    (path.parent / "diary.txt").write_text("private")
    (path.parent / "LICENSE-link").symlink_to("/etc/passwd")
    (path.parent / "passwd").symlink_to("/etc/passwd")
    folder = ygg.save(composing(path), tmp_path / "saved")
    kept = {file.name for file in folder.rglob("*") if file.is_file()}
    assert kept == {"manifest.yaml", "index.json", "fox.svg", "owl.svg", "LICENSE.txt"}
    assert Drawings(ygg.load(folder).file("drawings")).sprite("owl").getpixel((1, 1)) == (255, 0, 0, 255)


@pytest.mark.parametrize(
    "file", ["../outside.svg", "/etc/passwd", "link.svg", "links/fox.svg", "..", "a\x00b", "a" * 5000]
)
def test_a_side_file_lies_in_the_folder_of_its_index_and_no_link_leads_to_it(tmp_path: Path, file: str) -> None:
    path = index(tmp_path / "own", fox=file)
    outside = tmp_path / "outside.svg"
    outside.write_bytes(SVG)
    (path.parent / "link.svg").symlink_to(outside)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "fox.svg").write_bytes(SVG)
    (path.parent / "links").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WeightsError):
        Drawings(path).sprite("fox")
    with pytest.raises(WeightsError):
        ygg.save(composing(path), tmp_path / "saved")


@pytest.mark.parametrize("text", ["[]", '{"fox": 7}', '{"fox": {"file": 1}}', "{", '{"fox": {"file": "x"}}'])
def test_an_index_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    path = index(tmp_path / "own")
    path.write_text(text)
    with pytest.raises(ConfigError, match="no index"):
        Drawings(path)


@pytest.mark.parametrize(
    "inside",
    [
        '<image href="{secret}" width="9" height="9"/>',
        '<image xmlns:x="http://www.w3.org/1999/xlink" x:href="{secret}" width="9" height="9"/>',
        '<image href="secret.png" width="9" height="9"/>',
        '<image href="http://127.0.0.1:1/x.png" width="9" height="9"/>',
        '<image href="data:image/svg+xml;base64,AAAA" width="9" height="9"/>',
        '<style>@import "x.css";</style>',
        "<style>rect {{ fill: url(file:///etc/passwd) }}</style>",
        '<rect width="9" height="9" style="fill: url( \'{secret}\')"/>',
    ],
)
def test_a_drawing_that_asks_for_anything_outside_itself_is_refused(tmp_path: Path, inside: str) -> None:
    secret = tmp_path / "secret.png"
    Pictures.new("RGB", (9, 9), "red").save(secret)
    body = inside.format(secret=secret)
    data = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{body}</svg>'.encode()
    with pytest.raises(ConfigError, match=r"asks for|no SVG"):
        rasterised(data, 9, "here")
    doctype = b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SVG
    with pytest.raises(ConfigError, match="entities"):
        rasterised(doctype, 9, "here")


def test_a_drawing_of_shapes_and_references_to_itself_is_drawn() -> None:
    data = (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><defs><linearGradient id="g">'
        b'<stop stop-color="#f00"/></linearGradient><rect id="r" width="9" height="9" fill="url(#g)"/></defs>'
        b'<use href="#r" style="opacity: 1; fill: url(\'#g\')"/></svg>'
    )
    drawn = Pictures.open(io.BytesIO(rasterised(data, 9, "here")))
    assert drawn.convert("RGB").getpixel((4, 4)) == (255, 0, 0)


def test_an_artifact_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = FolderArtifacts(tmp_path / "elsewhere").put(b"secret", "image/png")
    store = FolderArtifacts(tmp_path / "artifacts")
    store.root.mkdir()
    (store.root / elsewhere.sha256[:2]).symlink_to(tmp_path / "elsewhere" / elsewhere.sha256[:2])
    for act in (store.get, store.path, lambda _: store.put(b"secret", "image/png")):
        with pytest.raises(ArtifactError, match="is a link"):
            act(elsewhere.sha256)
