"""Lists of prompts and seeds: a run each, with the bytes of a single run."""

import pytest

import yggdrasil as ygg
from yggdrasil.ports import Text


class Say(ygg.Block, type="test_many_runs/say"):
    """Repeat a text."""

    def forward(self, text: Text, times: int = 1) -> Text:
        return text * times


def test_each_of_a_list_of_prompts_and_seeds_is_painted_as_its_single_run_is() -> None:
    painter = ygg.load("painter", ygg.Graph)
    made = painter.map(prompt=["a fox", "a whale"], seed=[1, 2], steps=2)
    alone = [painter.run(prompt=p, seed=s, steps=2) for p, s in (("a fox", 1), ("a whale", 2))]
    assert [out.image.tobytes() for out in made] == [out.image.tobytes() for out in alone]
    assert [out.seeds for out in made] == [[1], [2]]


def test_what_is_no_list_is_given_to_all_and_an_empty_list_runs_nothing() -> None:
    assert [out.text for out in Say().map(text=("a", "b"), times=2)] == ["aa", "bb"]
    assert Say().map(text=[]) == []


def test_unequal_lists_and_no_list_are_refused_by_their_lengths() -> None:
    with pytest.raises(ygg.PortError, match="text has 2, times has 3"):
        Say().map(text=["a", "b"], times=[1, 2, 3])
    with pytest.raises(ygg.PortError, match="no list"):
        Say().map(text="a")


def test_a_wrong_value_is_told_with_its_number_before_anything_runs() -> None:
    said: list[str] = []

    class Heard(ygg.Block):
        def forward(self, times: int) -> int:
            said.append("ran")
            return times

    with pytest.raises(ygg.PortError, match=r"run 2 of 2.*'times'"):
        Heard().map(times=[1, "many"])
    assert not said


def test_a_list_where_one_value_belongs_says_how_many_are_run() -> None:
    with pytest.raises(ygg.PortError, match=r"map\(text=\[…\]\)"):
        Say().run(text=["a", "b"])  # pyright: ignore[reportArgumentType]
