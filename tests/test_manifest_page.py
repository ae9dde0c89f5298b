"""The page of the manifest: its tables are the code's, and every example on it is read, built and migrated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import yggdrasil as ygg
from docs import manifest as page
from yggdrasil.contract.manifest import Manifest, parse_manifest
from yggdrasil.contract.tree import describe, migrated
from yggdrasil.store.load import load_manifest

TEXT = page.PAGE.read_text(encoding="utf-8")
EXAMPLES = [parse_manifest(text, page.PAGE.name) for text in re.findall(r"^```yaml\n(.*?)^```", TEXT, re.M | re.S)]


def _used(manifest: Manifest) -> set[str]:
    below = [_used(node) for node in manifest.nodes.values()]
    return set(manifest.model_fields_set).union(*below)


def test_the_tables_are_as_the_code_is() -> None:
    assert page.written(TEXT) == TEXT, "run: python docs/manifest.py"


def test_every_key_stands_in_an_example() -> None:
    assert set().union(*map(_used, EXAMPLES)) == set(Manifest.model_fields)


@pytest.mark.parametrize("example", EXAMPLES[:3], ids=["graph", "template", "files"])
def test_an_example_loads_with_the_digests_that_it_names(example: Manifest, tmp_path: Path) -> None:
    block = load_manifest(example, tmp_path)
    assert describe(block).structure_digest() and block.type_name == example.type
    if example.nodes.get("second"):
        assert isinstance(block, ygg.Graph) and block["first"] is block["second"]
        assert (example.digests or {})["structure"] == describe(block).structure_digest()


def test_the_template_takes_another_painter(tmp_path: Path) -> None:
    class Blank(ygg.Block, type="test_page/blank"):
        """Paint nothing."""

        def forward(self, prompt: str) -> ygg.ports.Text:
            return prompt

    (tmp_path / "manifest.yaml").write_text(
        EXAMPLES[1].dump().replace("paint.image -> self.image", "paint.text -> self.text")
    )
    made = ygg.from_template(str(tmp_path), painter=ygg.Graph("blank").add(Blank()))
    assert made.run(prompt="a fox").text == "a fox"


def test_the_world_of_format_1_becomes_the_one_of_format_2() -> None:
    old, new = EXAMPLES[3:]
    assert migrated(old).config == new.config and migrated(new) is new
