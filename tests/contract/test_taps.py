"""Taps: what a named place gives is told at each round, to who asked and to nobody else."""

from typing import Any, TypedDict

import pytest

import yggdrasil as ygg
from yggdrasil.contract import Artifact, ConfigError, Event, WiringError
from yggdrasil.contract.artifacts import MemoryArtifacts
from yggdrasil.ports import Json, Text


class Add(ygg.Block, type="test_taps/add"):
    """Add a letter."""

    pure = True

    def forward(self, text: Text) -> Text:
        return text + "a"


class Listed(TypedDict):
    found: Json
    length: int


class List(ygg.Block, type="test_taps/list"):
    """A text's letters."""

    def forward(self, text: Text) -> Listed:
        return {"found": list(text), "length": len(text)}


def line() -> ygg.Graph:
    graph = ygg.Graph("line").add(Add(), "add").add(List(), "list").connect("self.text", "add.text")
    return graph.connect("add.text", "list.text").connect("list.length", "self.length")


def taps(stream: ygg.Stream) -> list[Event]:
    return [event for event in stream if event.kind == "tap"]


def test_a_plain_node_is_tapped_also_when_its_result_was_kept() -> None:
    graph = line()
    graph.run(text="b")
    for _ in range(2):
        (told,) = taps(graph.stream(text="b", tap=["add.text"]))
        assert (told.path, told.data) == ("line/add", {"port": "text", "round": 1, "value": "ba"})
    assert not taps(graph.stream(text="b"))


def test_each_round_of_the_diffusion_gives_its_latent_and_the_picture_stays_the_same() -> None:
    painter = ygg.load("painter", ygg.Graph)
    plain = painter.run(prompt="a fox", steps=3, seed=2)
    stream = painter.stream(prompt="a fox", steps=3, seed=2, tap=["solver.next_latent", "backbone_uncond.pred"])
    told = taps(stream)
    latents = [e for e in told if e.path == "painter/solver"]
    unconditional = [e for e in told if e.path == "painter/backbone_uncond"]
    assert [e.data["round"] for e in latents] == [1, 2, 3, 4] and len(unconditional) == 3
    assert all(e.data["value"].shape == latents[0].data["value"].shape for e in (*latents, *unconditional))
    assert (latents[1].data["value"] != latents[2].data["value"]).any()
    assert stream.outputs.image.tobytes() == plain.image.tobytes()


def test_what_a_joined_call_gives_is_told_in_its_parts_once() -> None:
    painter = ygg.load("painter", ygg.Graph)
    stream = painter.stream(prompt="a fox", steps=2, tap=["backbone.pred", "backbone_uncond.pred"])
    told = taps(stream)
    assert sorted((e.path, e.data["round"]) for e in told) == [
        ("painter/backbone", 1), ("painter/backbone", 2), ("painter/backbone_uncond", 1), ("painter/backbone_uncond", 2)
    ]  # fmt: skip
    assert {e.data["value"].shape[0] for e in told} == {1}


def test_a_nested_place_and_the_rounds_of_a_loop_are_named_by_their_path() -> None:
    outer = ygg.Pipeline("outer").add(line(), "line").add(ygg.Graph("again").add(ygg.loop(Add(), times=3), "grow"))
    told = taps(outer.stream(text="b", tap=["line/add.text", "again/grow/body.text"]))
    assert [(e.path, e.data["round"], e.data["value"]) for e in told] == [
        ("outer/line/add", 1, "ba"),
        *((f"outer/again/grow/body#{n}", n, "b" + "a" * n) for n in (1, 2, 3)),
    ]


def test_a_value_is_the_readers_own_and_travels_over_the_wire() -> None:
    graph = line()
    stream = graph.stream(text="b", tap=["list.found"])
    (told,) = taps(stream)
    told.data["value"].clear()
    assert stream.outputs.length == 2
    painter = ygg.load("painter", ygg.Graph)
    latent = taps(painter.stream(prompt="a fox", steps=1, tap=["solver.next_latent"]))[0]
    again = Event.from_wire(latent.to_wire(MemoryArtifacts()))
    assert isinstance(again.data["value"], Artifact) and again.data["round"] == 1


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("ad.text", "'ad', which is no node.*did you mean 'add'"),
        ("add.txt", "'txt', which is no output.*did you mean 'text'"),
        ("line/add.text", "'line', which is no node"),
        ("text", "names no output of a node"),
    ],
)
def test_a_place_that_is_not_there_is_refused_with_what_is(place: str, said: str) -> None:
    with pytest.raises(WiringError, match=said):
        line().stream(text="b", tap=[place])


def test_a_text_is_no_list_of_places() -> None:
    with pytest.raises(ConfigError, match=r"tap=\['add.text'\]"):
        line().stream(text="b", tap="add.text")


def test_who_asks_for_nothing_pays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import yggdrasil.contract.running as running

    def told(*_: Any) -> None:
        raise AssertionError("nobody asked")

    monkeypatch.setattr(running, "tell_taps", told)
    assert line().run(text="b").length == 2
    assert [e.kind for e in line().stream(text="b")][-1] == "finished"
