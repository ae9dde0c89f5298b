"""Loops and branches: blocks like any other, saved, drawn, nested, bounded, and seeded round by round."""

from pathlib import Path
from typing import Any, ClassVar, TypedDict

import pytest

import yggdrasil as ygg
from yggdrasil.contract import Block, ConfigError, PortError, WiringError, YggError, here, listening, reason
from yggdrasil.contract.events import Event
from yggdrasil.levels.loop import EndlessLoop
from yggdrasil.ports import Image, Text

RAN: list[str] = []


class Add(Block, type="test_loops/add"):
    by: int = 1

    def forward(self, value: int) -> int:
        RAN.append("add")
        return value + self.by


class Grown(TypedDict):
    text: Text
    long: bool


class Grow(Block, type="test_loops/grow"):
    """Add a letter and say whether the text is long."""

    letter: str = "x"
    limit: int = 4

    def forward(self, text: Text) -> Grown:
        RAN.append("grow")
        return {"text": text + self.letter, "long": len(text) + 1 >= self.limit}


class Long(Block, type="test_loops/long"):
    pure: ClassVar[bool] = True
    limit: int = 4

    def forward(self, text: Text) -> bool:
        return len(text) >= self.limit


class Letter(Block, type="test_loops/letter"):
    pure: ClassVar[bool] = True
    letter: str = "x"

    def forward(self, text: Text) -> Text:
        RAN.append(self.letter)
        return text + self.letter


class Drawn(Block, type="test_loops/drawn"):
    """Add a random letter of this call's own seed."""

    def forward(self, text: Text) -> Text:
        return text + chr(97 + here().seed % 26)


class Numbered(Block, type="test_loops/numbered"):
    def forward(self, text: Text, number: int) -> Text:
        return f"{text}{number}"


class Parity(Block, type="test_loops/parity"):
    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        return "even" if len(text) % 2 == 0 else "odd"


class Never(Block, type="test_loops/never"):
    def forward(self, text: Text) -> Grown:
        return {"text": text, "long": False}


class Blank(Block, type="test_loops/blank"):
    def forward(self, text: Text) -> Image:
        raise AssertionError("never run")


class Nothing(Block, type="test_loops/nothing"):
    def forward(self, text: Text) -> Text | None:
        return None


def told(block: Block, **inputs: Any) -> tuple[dict[str, Any], list[Event]]:
    events: list[Event] = []
    with listening(events.append):
        return block.run(**inputs), events


def judged() -> ygg.Graph:
    """A body whose condition is no output of its own."""
    graph = ygg.Graph("judged").add(Letter(), "grow").add(Long(), "judge")
    graph.connect("self.text", "grow.text").connect("grow.text", "judge.text")
    return graph.connect("grow.text", "self.text")


def test_a_fixed_number_of_rounds_carries_by_name() -> None:
    assert ygg.loop(Add(by=3), times=5).run(value=1).value == 16
    assert ygg.loop(Numbered(), times=3, index="number").run(text="a").text == "a123"
    swapped = ygg.loop(Numbered(), times=2, carry={"text": "text"}, index="number")
    assert list(swapped.inputs) == ["text"] and swapped.run(text="").text == "12"
    assert ygg.loop(Add(), times=4, carry={}).run(value=1).value == 2, "nothing is carried if so declared"


def test_the_number_of_rounds_may_come_from_a_port() -> None:
    loop = ygg.loop(Add(), times="n", most=10)
    assert [loop.run(value=1, n=n).value for n in (0, 1, 7)] == [1, 2, 8]
    for wrong in (11, -1):
        with pytest.raises(PortError, match=rf"asks for {wrong} rounds.*0 … 10") as caught:
            loop.run(value=1, n=wrong)
        assert caught.value.where == "loop"
    graph = ygg.Graph("g").add(Add(), "count").add(ygg.loop(Add(), times="n"), "rounds")
    graph.connect("self.n", "count.value").connect("count.value", "rounds.n").connect("self.value", "rounds.value")
    assert graph.connect("rounds.value", "self.value").run(n=2, value=0).value == 3


@pytest.mark.parametrize("until", ["long", "judge.value"])
def test_until_is_an_output_or_a_port_inside(until: str) -> None:
    loop = ygg.loop(Grow() if until == "long" else judged(), until=until)
    outputs, events = told(loop, text="")
    assert outputs["text"] == "xxxx" and "judge.value" not in outputs
    rounds = [e.data["done"] for e in events if e.kind == "progress"]
    assert rounds == [1, 2, 3, 4]
    assert ygg.loop(Grow(), until="long", times=2).run(text="").text == "xx", "whichever comes first"


def test_a_loop_that_never_ends_names_its_place_and_bound() -> None:
    graph = ygg.Graph("g").add(ygg.loop(Never(), until="long", most=7), "wait")
    with pytest.raises(EndlessLoop, match=r"not ended after 7 rounds: long was never true.*most") as caught:
        graph.run(text="a")
    assert caught.value.where == "g/wait"
    with pytest.raises(WiringError, match="never ends"):
        ygg.loop(Never())


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: ygg.loop(Grow(), until="lnog"), "names no output.*did you mean 'long'"),
        (lambda: ygg.loop(judged(), until="jugde.value"), "no node 'jugde'.*did you mean 'judge'"),
        (lambda: ygg.loop(judged(), until="judge.valeu"), "no output 'valeu'.*did you mean 'value'"),
        (lambda: ygg.loop(Grow(), times=2, carry={"txt": "text"}), "carry names 'txt'"),
        (lambda: ygg.loop(Grow(), times=2, carry={"long": "text"}), "gives boolean.*takes text"),
        (lambda: ygg.loop(Grow(), times=2, index="i"), "index names 'i'"),
        (lambda: ygg.loop(Grow(), times="text"), "takes text.*integer"),
        (lambda: ygg.loop(Grow(), times=0), "times"),
        (lambda: ygg.loop("grow", times=2), "goes round a block"),  # type: ignore[arg-type]
        (lambda: ygg.choose("when", then=Letter(), otherwise=Blank()), "gives 'text', branch 'otherwise' does not"),
        (lambda: ygg.choose("when", then=Letter(), otherwise=Grow()), "branch 'otherwise' gives 'long'"),
        (lambda: ygg.choose("when", then=Add(), otherwise=Kinds()), "input 'value' is integer in branch 'then' and"),
        (lambda: ygg.choose("when"), "either `then` or cases"),
        (lambda: ygg.choose("when", {}), "either `then` or cases"),
        (lambda: ygg.choose("when", {"a": None}), "branch 'a' is None"),  # type: ignore[dict-item]
    ],
)
def test_a_wrong_structure_is_refused_when_it_is_built(make: Any, why: str) -> None:
    with pytest.raises(YggError, match=why):
        make()


class Kinds(Block, type="test_loops/kinds"):
    def forward(self, value: Image) -> int:
        return 1


def test_each_round_draws_from_a_seed_of_its_own_and_repeats_it() -> None:
    loop = ygg.Graph("g").add(ygg.loop(Drawn(), times=8), "rounds")
    first = loop.run(text="").text
    assert len(set(first)) > 1 and loop.run(text="").text == first
    assert ygg.Graph("g").add(ygg.loop(Drawn(), times=3), "rounds").run(text="").text == first[:3]
    ring = ygg.Graph("g").add(Drawn(), "draw").connect("self.text", "draw.text").connect("draw.text", "self.text")
    ring.loop("draw", carry=["draw.text -> draw.text"], times=8)
    letters = ring.run(text="").text
    assert len(set(letters)) > 1 and ring.run(text="").text == letters


def test_only_the_chosen_branch_runs_and_the_others_say_why_not() -> None:
    RAN.clear()
    either = ygg.choose("good", then=Letter(letter="a"), otherwise=Letter(letter="b"))
    outputs, events = told(either, good=False, text="-")
    assert outputs == {"text": "-b"} and RAN == ["b"]
    assert [(e.path, e.data["reason"]) for e in events if e.kind == "skipped"] == [
        ("choose/then", reason("not_chosen", port="good", value="false"))
    ]
    alone = ygg.choose("good", then=Letter(letter="a"))
    assert alone.run(good=True, text="-").text == "-a" and alone.run(good=False, text="-").text is None


def test_cases_by_name() -> None:
    kinds = ygg.choose("animal", {"cat": Letter(letter="c"), "dog": Letter(letter="d")}, otherwise=Letter(letter="?"))
    assert [kinds.run(animal=a, text="").text for a in ("cat", "dog", "bird")] == ["c", "d", "?"]
    strict = ygg.choose("animal", {"big cat": Letter(letter="c"), 2: Letter(letter="d")})
    assert [strict.run(animal=a, text="").text for a in ("big cat", 2)] == ["c", "d"]
    with pytest.raises(PortError, match=r"'bird', which no branch is for.*big cat, 2; give `otherwise=`"):
        strict.run(animal="bird", text="")


def test_a_branch_without_its_value_is_skipped_and_others_may_lack_theirs() -> None:
    mixed = ygg.choose("when", then=Letter(), otherwise=Numbered())
    assert mixed.inputs["number"].optional and not mixed.inputs["text"].optional
    assert mixed.run(when=True, text="a", number=None).text == "ax"
    graph = ygg.Graph("g").add(Nothing(), "none").add(ygg.choose(then=Letter(), otherwise=Letter()), "route")
    graph.connect("self.text", "none.text").connect("none.text", "route.text").connect("self.when", "route.when")
    outputs, events = told(graph.connect("route.text", "self.text"), when=True, text="a")
    assert outputs == {"text": None}
    assert [e.path for e in events if e.kind == "skipped"] == ["g/route"]


def nested() -> ygg.Graph:
    """A loop within a choice within a loop: an even text grows by two letters, an odd one by one."""
    two = ygg.loop(Letter(letter="e"), times=2)
    route = ygg.choose("parity", {"even": two, "odd": Letter(letter="o")})
    body = ygg.Graph("body").add(Parity(), "look").add(route, "route").add(Long(limit=6), "judge")
    body.connect("self.text", "look.text").connect("look.text", "route.parity").connect("self.text", "route.text")
    body.connect("route.text", "judge.text").connect("route.text", "self.text")
    return ygg.Graph("nested").add(ygg.loop(body, until="judge.value", most=20), "outer")


def test_a_loop_within_a_choice_within_a_loop(tmp_path: Path) -> None:
    graph = nested()
    assert graph.run(text="").text == "eeeeee" and graph.run(text="a").text == "aoeeee"
    _, events = told(nested(), text="a")
    started = [e.path for e in events if e.kind == "started"]
    assert "nested/outer/body#2/route/even/body#1" in started and "nested/outer/body#1/route/odd" in started
    skipped = [e.path for e in events if e.kind == "skipped" and "route" in e.path]
    assert skipped[:2] == ["nested/outer/body#1/route/even", "nested/outer/body#2/route/odd"]
    loaded = ygg.load(ygg.save(graph, tmp_path / "nested"))
    assert loaded.run(text="a").text == "aoeeee"
    assert (tmp_path / "nested/manifest.yaml").read_bytes() == (
        ygg.save(loaded, tmp_path / "again") / "manifest.yaml"
    ).read_bytes()


def test_loops_and_choices_stand_in_pipelines() -> None:
    part = ygg.Graph("part").add(Letter(letter="p"))
    line = ygg.Pipeline("line").add(ygg.loop(part, times=3), "more").add(ygg.choose(then=part, otherwise=part), "route")
    line.connect("self.text", "more.text").connect("more.text", "route.text").connect("self.when", "route.when")
    assert line.connect("route.text", "self.text").run(text="", when=True).text == "pppp"


def test_they_are_drawn_with_wires(tmp_path: Path) -> None:
    grow, even, odd, parity = Letter(letter="g"), Letter(letter="e"), Letter(letter="o"), Parity()

    @ygg.graph
    def tale(text: Text, rounds: int = 2) -> Text:
        """Grow a text and close it by its length."""
        grown = ygg.loop(grow, times=rounds)(text)
        return ygg.choose(parity(grown), {"even": even, "odd": odd})(text=grown)

    assert tale.run(text="").text == "gge" and tale.run(text="", rounds=3).text == "gggo"
    assert ygg.load(ygg.save(tale, tmp_path / "tale")).run(text="", rounds=3).text == "gggo"


def test_an_unchanged_loop_is_answered_from_the_cache_with_the_same_bytes() -> None:
    graph = nested()
    RAN.clear()
    first = graph.run(text="a").text
    ran = len(RAN)
    assert graph.run(text="a").text == first and len(RAN) == ran
    route: Any = graph["outer"].children()["body"].children()["route"]
    route.children()["odd"].letter = "O"
    assert graph.run(text="a").text == "aOeeee", "a change inside is seen"
    with pytest.raises(ConfigError, match="one node"):
        type(graph["outer"]).assemble({"times": 2}, {}, {})
