"""Blocks and results show themselves: briefly in a terminal, as pictures, sounds and trees in a notebook."""

import re
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import pytest
from PIL import Image as Pictures

import yggdrasil as ygg
from tests.levels.scripted import scripted
from yggdrasil.contract.clips import AudioClip
from yggdrasil.ports import Audio, Image, Images, Json, Text


class Made(TypedDict):
    image: Image
    images: Images
    audio: Audio
    text: Text
    value: Json


class Make(ygg.Block, type="test_shown/make"):
    """Make one of each."""

    def forward(self, text: Text) -> Made:
        picture = Pictures.new("RGB", (4, 3), "red")
        sound = AudioClip(np.zeros((80, 1), dtype=np.float32), 8000)
        return {"image": picture, "images": [picture] * 9, "audio": sound, "text": text, "value": list(range(999))}


def test_results_print_on_a_line_by_what_they_are() -> None:
    told = repr(Make().run(text="x" * 5000))
    assert "\n" not in told and len(told) < 500
    assert re.match(r"Outputs\(image=<.*4.*3.*>, images=\[<.*>, …\], audio=<", told)


def test_results_are_pictures_sounds_and_words_in_a_notebook() -> None:
    shown = Make().run(text="a <b>\nc")._repr_html_()
    assert shown.count('<img src="data:image/png;base64,') == 10 and '<audio controls src="data:audio/' in shown
    assert "a &lt;b&gt;<br>c" in shown


def test_a_graph_is_a_tree_with_the_edges_that_lead_to_each_part() -> None:
    shown = ygg.load("painter")._repr_html_()
    assert "<b>painter</b>" in shown and re.search(r"<li>decode <small>\S+ ← .*solver.next_latent", shown)


def test_a_world_shows_its_last_steps_with_their_pictures(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    assert "<img" not in world._repr_html_()
    step = world.step()
    assert "<img src=" in world._repr_html_() and "<img src=" in step._repr_html_()
    told = repr(step), repr(world.replay()), repr(world), repr(world.stages["author"])
    assert all(len(text) < 200 and "\n" not in text for text in told), told
    assert told[0].startswith("<step 1 of 'main', whole, 1 pictures") and told[1].startswith("<exact replay of ")


@pytest.mark.system
@pytest.mark.timeout(120)
def test_a_notebook_shows_a_picture_a_tree_and_a_table() -> None:
    import nbformat
    from nbclient import NotebookClient

    cells = [
        "import yggdrasil as ygg\npainter = ygg.load('painter')\npainter",
        "painter.run(prompt='a fox', steps=1)",
        "ygg.profile(painter, prompt='an owl', steps=1)",
        "ygg.estimate(painter, steps=1)",
    ]
    new: Any = nbformat.v4
    notebook = new.new_notebook(cells=[new.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=100, kernel_name="python3").execute()
    told = [cell["outputs"][-1]["data"]["text/html"] for cell in notebook["cells"]]
    assert "<b>painter</b>" in told[0] and "data:image/png;base64," in told[1]
    assert told[2].startswith("<table>") and told[3].startswith("<table>")
