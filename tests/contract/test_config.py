"""Settings are checked at the edge, by name, place and range, and what could not be saved is refused there."""

import datetime
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

import yggdrasil as ygg
from tests.contract.test_plain import nested
from yggdrasil.contract import Block, ConfigError, ManifestError, config
from yggdrasil.contract.config import open_settings
from yggdrasil.contract.digest import digest
from yggdrasil.contract.tree import describe
from yggdrasil.ports import Json, Text
from yggdrasil.testing import ScriptedModel


class Solve(Block, type="test_config/solve"):
    scheduler: str = "plain"
    strength: float = 0.5
    count: int = 1
    more: dict[str, Any] = {}
    only: set[str] = set()
    day: datetime.date | None = None

    def forward(self, text: Text) -> Json:
        return [self.scheduler, self.strength, self.count, self.more]


class Named(Block, type="test_config/named"):
    name: str = "nobody"

    def forward(self, text: Text) -> Text:
        return f"{self.name}: {text}"


def test_a_misspelt_setting_is_refused_after_construction_too() -> None:
    block = Solve()
    with pytest.raises(ConfigError, match=r"no setting 'schedulr'.*did you mean 'scheduler'") as caught:
        block.schedulr = "x"  # type: ignore[attr-defined]
    assert caught.value.where == "test_config/solve"
    assert describe(block).config == {}


def test_the_first_blocks_of_a_class_may_be_made_in_two_threads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fresh(Block):
        words: list[str] = []

    closed: Any = vars(config)["_closed"]

    def meanwhile(annotation: Any) -> bool:
        monkeypatch.setattr(config, "_closed", closed)
        with ThreadPoolExecutor(1) as other:
            assert other.submit(open_settings, Fresh).result() == ("words",)
        return closed(annotation)

    monkeypatch.setattr(config, "_closed", meanwhile)
    assert open_settings(Fresh) == ("words",)


def test_what_is_no_setting_only_the_block_itself_sets() -> None:
    class Counted(Solve):
        told: int
        limit: ClassVar[int]

        def __init__(self, **config: Any) -> None:
            super().__init__(**config)
            self.runs = 0

        @classmethod
        def primed(cls) -> Any:
            made: Any = cls(told=1)
            made.first = "set by its class"
            return made

        def forward(self, text: Text) -> Json:
            self.runs, self.last = self.runs + 1, text
            for name in ("kept",):
                (lambda: setattr(self, name, text))()
            return []

    block = Counted.primed()
    block.run(text="a")
    block.runs, block.last, block.limit, block._hidden = 5, "b", 3, 4
    assert (block.kept, block.first, block.runs, block.last, block.limit) == ("a", "set by its class", 5, "b", 3)
    for other in (Solve(), block):
        with pytest.raises(ConfigError, match=r"no setting 'letter'. set a setting.*: known here: .*strength"):
            other.letter = 5  # pyright: ignore[reportAttributeAccessIssue]
        with pytest.raises(ConfigError, match=r"no setting 'cout'.*did you mean 'count'"):
            other.cout = 5  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ConfigError, match=r"no setting 'letter'"):
        ygg.Graph("g").letter = 5  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=r"no setting 'temprature'.*did you mean 'temperature'"):
        ygg.Agent(ScriptedModel([])).temprature = 5  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scheduler", 5), ("strength", "much"), ("strength", float("nan")), ("strength", float("inf")),
        ("count", 1.5), ("more", {"a": b"x"}), ("more", {"a": datetime.date(2020, 1, 1)}), ("more", {"a": Path("x")}),
        ("more", {"a": {1, 2}}), ("more", {"a": float("nan")}), ("more", {(1, 2): 2}), ("more", {"a": object()}),
        ("more", nested(300)), ("more", nested(5000)),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_refused_with_name_and_place(name: str, value: Any) -> None:
    block = Solve()
    for refused in (lambda: Solve(**{name: value}), lambda: setattr(block, name, value)):
        with pytest.raises(ConfigError, match=rf"setting '{name}") as caught:
            refused()
        assert caught.value.where == "test_config/solve"
    assert describe(block).config == {}, "nothing was changed"


def test_numbers_of_numpy_become_plain_ones_and_declared_types_are_kept(tmp_path: Path) -> None:
    given: dict[str, Any] = {"strength": np.float32(0.25), "count": np.int64(3)}
    block = Solve(**given, more={"a": [np.int64(2)], "b": (1, 2), 5: "x"})  # type: ignore[dict-item]
    block.only, block.day = {"x"}, datetime.date(2020, 1, 1)
    assert block.more["a"] == [2] and type(block.more["a"][0]) is int and type(block.count) is int
    loaded: Any = ygg.load(ygg.save(block, tmp_path / "s"))
    assert loaded.run(text="a").value == ["plain", 0.25, 3, {"a": [2], "b": [1, 2], "5": "x"}]
    assert loaded.only == {"x"} and loaded.day == block.day


def test_a_setting_called_name_is_kept_inside_a_graph(tmp_path: Path) -> None:
    graph = ygg.Graph("g").add(Named(name="Ann"), "one").add(Named(), "two").connect("one.text", "two.text")
    assert graph.run(text="x").text == "nobody: Ann: x"
    loaded = ygg.load(ygg.save(graph, tmp_path / "g"))
    assert loaded.run(text="x").text == "nobody: Ann: x"
    alone = ygg.load(ygg.save(Named(name="Ann"), tmp_path / "n"))
    assert alone.run(text="x").text == "Ann: x"


@pytest.mark.parametrize("name", ["cls", "schema", "copy", "self", "files", "run"])
def test_a_setting_that_a_block_or_its_model_has_a_part_of_is_refused_by_name(name: str) -> None:
    made = type("Odd", (Block,), {"__annotations__": {name: int}, "__module__": __name__})
    with pytest.raises(ConfigError, match=rf"a setting cannot be called '{name}'"):
        made()


@pytest.mark.parametrize("seed", [2**53 - 1, 2**53, 2**60, 2**63 - 1, -(2**60)])
def test_a_large_whole_number_is_saved_and_told_apart(seed: int, tmp_path: Path) -> None:
    graph = ygg.Graph("g").add(Solve(count=seed))
    loaded: Any = ygg.load(ygg.save(graph, tmp_path / "g"))
    assert loaded["solve"].count == seed
    assert digest({"seed": seed}) != digest({"seed": seed - 1}) != digest({"seed": seed + 1})


def test_a_plain_block_with_a_torch_module_is_not_saved_without_its_weights(tmp_path: Path) -> None:
    class Net(Block, type="test_config/net"):
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Linear(1, 1)

        def forward(self, text: Text) -> Text:
            return text

    with pytest.raises(ManifestError, match=r"'net.weight' holds .*make its class a TorchBlock") as caught:
        ygg.save(ygg.Graph("g").add(Net(), "inner"), tmp_path / "g")
    assert caught.value.where == "inner" and not (tmp_path / "g" / "manifest.yaml").exists()


class Worded(Block, type="test_config/worded"):
    words: list[str] = []

    def forward(self, text: Text) -> Text:
        return text


def test_what_was_put_into_a_list_after_it_was_given_is_checked_by_the_save(tmp_path: Path) -> None:
    block = Worded(words=["a"])
    block.words.append("b")
    assert ygg.load(ygg.save(block, tmp_path / "good")).config() == {"words": ["a", "b"]}
    block.words.append(3)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"setting 'words.2'"):
        ygg.save(block, tmp_path / "bad")
