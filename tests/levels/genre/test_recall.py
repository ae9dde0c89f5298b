"""What is told of a story that outgrew the window: by meaning where the world has an embedder, else by its words."""

from __future__ import annotations

from pathlib import Path

from tests.levels.genre.capable import Capable, told, world_of
from yggdrasil.contract import Block
from yggdrasil.levels.genre.recall import by_words, ranks_of
from yggdrasil.levels.world.tools import Search
from yggdrasil.ports import Json, Text

SENSES = {"cellar": 0, "basement": 0, "sail": 1, "voyage": 1}
TIDE = "Day {}: the tide came and went, and the gulls cried over the pier all day. "
FILLER = [TIDE.format(number) * 3 for number in range(60)]


class Meaning(Block, type="embed/test", role="Tool"):
    """A unit vector by what a text is about."""

    def forward(self, text: Text) -> Json:
        self.asked = [*getattr(self, "asked", []), text]
        axis = next((at for word, at in SENSES.items() if word in text), 2)
        return [float(at == axis) for at in range(3)]


def test_lines_are_ranked_by_meaning_and_each_is_embedded_once() -> None:
    embedder = Meaning()
    ranks = ranks_of(Search(embedder))
    lines = ["Maud walled the crown up in the cellar.", *FILLER]
    found = ranks("they search the basement", lines)
    assert found[0] == 800 and not any(found[1:])
    assert by_words("they search the basement", lines)[0] < max(by_words("they search the basement", FILLER) or [0]) + 2
    asked = len(embedder.asked)
    ranks("they search the basement", [*lines, "They set sail."])
    assert len(embedder.asked) == asked + 1


def test_what_every_window_holds_is_not_embedded() -> None:
    embedder = Meaning()
    assert ranks_of(Search(embedder))("the pier", ["a pier", "a reef"]) == by_words("the pier", ["a pier", "a reef"])
    assert not hasattr(embedder, "asked")
    assert ranks_of(Meaning()) is not by_words and ranks_of(Capable()) is by_words


def test_a_world_recalls_what_its_words_would_miss(tmp_path: Path) -> None:
    story = ["Maud walled the crown up in the cellar.", *FILLER * 3]
    for name, tools in (("by words", {}), ("by meaning", {"search": Search(Meaning())})):
        llm = Capable(context=8_000)
        world = world_of(llm, tmp_path / name, beginning={"story": story, "places": [{"name": "Pier"}]})
        agent = world.stages["development"].body
        agent.tools = tools  # pyright: ignore[reportAttributeAccessIssue]
        world.step("they break into the basement")
        recalled = told(llm.requests[0]).partition("FROM EARLIER")[2]
        assert (story[0] in recalled) == bool(tools)
