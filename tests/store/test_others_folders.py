"""A folder that others saved says how it is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

import yggdrasil as ygg


@pytest.mark.parametrize(("file", "way"), [("model_index.json", "from_diffusers"), ("config.json", "LLM")])
def test_a_folder_of_others_says_how_it_is_opened(tmp_path: Path, file: str, way: str) -> None:
    (tmp_path / file).write_text("{}")
    with pytest.raises(ygg.YggError, match=rf"there is no manifest.*ygg\.{way}\("):
        ygg.load(tmp_path)
