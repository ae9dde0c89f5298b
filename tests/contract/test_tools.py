"""What goes through a tool as JSON: large values by reference at any depth, and nothing raw, odd or not finite."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from PIL import Image as Pictures
from pydantic import BaseModel, ConfigDict

from yggdrasil.agent.toolbox import Toolbox
from yggdrasil.contract import Block, Here, MemoryArtifacts, standing, values
from yggdrasil.contract.errors import ArtifactError, PortError
from yggdrasil.contract.tools import ArgumentError, Tool
from yggdrasil.levels.stage.creator import Creator
from yggdrasil.ports import AnyTensor, Json, Numbers

RED = Pictures.new("RGB", (3, 2), "red")


class Gives(Block, role="Tool"):
    """Give it."""

    def __init__(self, value: Any = None) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Json | None = None) -> Json:
        return self.value if x is None else x


class Holder(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    picture: Any
    score: float = 0.5


@dataclass
class Row:
    rows: Any


@pytest.fixture
def store() -> Iterator[MemoryArtifacts]:
    artifacts = MemoryArtifacts()
    with standing(Here(artifacts=artifacts)):
        yield artifacts


def told(value: Any) -> Any:
    return Tool("give", "give", Gives()).result({next(iter(Gives().outputs)): value})


def only(value: Any) -> Any:
    shown = told(value)
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    return next(iter(shown.values()))


def opened(reference: dict[str, Any], store: MemoryArtifacts) -> Any:
    return values.decode(store.get(reference["sha256"]), reference["media_type"])


@pytest.mark.parametrize(
    ("value", "way"),
    [
        ([RED], (0,)),
        ({"rows": [{"picture": RED}]}, ("rows", 0, "picture")),
        ((1, RED), (1,)),
        (Holder(picture=RED), ("picture",)),
        ([Row([RED])], (0, "rows", 0)),
    ],
)
def test_a_picture_at_any_depth_of_a_result_is_a_reference(value: Any, way: tuple[Any, ...], store: Any) -> None:
    found = only(value)
    for step in way:
        found = found[step]
    assert found["media_type"] == "image/png"
    assert opened(found, store).tobytes() == RED.tobytes()


@pytest.mark.parametrize("numbers", [torch.tensor([1.5, 2.5]), numpy.array([1.5, 2.5]), torch.tensor([float("nan")])])
def test_a_tensor_or_an_array_inside_a_result_is_a_reference_with_every_bit(numbers: Any, store: Any) -> None:
    back = opened(only({"at": numbers})["at"], store)
    assert type(back) is type(numbers) and bytes(numpy.asarray(back).data) == bytes(numpy.asarray(numbers).data)


def test_what_json_can_say_is_said(store: Any) -> None:
    given = {
        "day": datetime.date(2020, 2, 29), "at": Path("/a/b"), "all": {"c", "a", "b"}, 3: numpy.float64(0.5),
        "count": numpy.int64(7), "fine": numpy.bool_(True), "none": None,
    }  # fmt: skip
    assert only(given) == {
        "day": "2020-02-29", "at": "/a/b", "all": ["a", "b", "c"], "3": 0.5, "count": 7, "fine": True, "none": None
    }  # fmt: skip


class Looped(list[Any]):
    """A list that holds itself."""

    def __init__(self) -> None:
        super().__init__([self])


@pytest.mark.parametrize(
    ("value", "place", "what"),
    [
        ({"rows": [1.0, {"x": float("nan")}]}, "rows.1.x", "is nan"),
        ([float("inf")], "0", "is inf"),
        (float("-inf"), "", "is -inf"),
        (numpy.float32("nan"), "", "is nan"),
        (Holder(picture=None, score=float("nan")), "score", "is nan"),
        ({"raw": bytearray(b"abc")}, "raw", "holds bytearray"),
        ({"raw": object()}, "raw", "holds a object"),
        ({"f": [len]}, "f.0", "holds a builtin_function_or_method"),
        ({(1, 2): 3}, "", "has the name (1, 2), a tuple"),
        ({1: "a", "1": "b"}, "", "has two names that are '1'"),
        (Looped(), "", "holds itself"),
    ],
)
def test_what_no_json_holds_is_told_by_tool_place_and_mend(value: Any, place: str, what: str, store: Any) -> None:
    with pytest.raises(PortError) as caught:
        told(value)
    error = caught.value
    port = next(iter(Gives().outputs))
    assert error.where == "give" and error.what.startswith(f"output {'.'.join(filter(None, (port, place)))!r} {what}")
    assert error.mend
    answer = Toolbox({"give": Gives(value)}).call("give", {}, mark="1")
    assert isinstance(answer, str) and answer.startswith("PortError: ") and what in answer


def test_a_large_value_that_no_file_holds_is_told_by_its_place(store: Any) -> None:
    with pytest.raises(ArtifactError, match=r"output '\w+\.at\.0': a tensor of complex128") as caught:
        told({"at": [torch.zeros(2, dtype=torch.complex128)]})
    assert caught.value.where == "give"


def test_declared_outputs_are_written_as_they_are_declared(store: Any) -> None:
    class Days(Block, role="Tool"):
        """Give days."""

        def forward(self) -> list[datetime.date]:
            return [datetime.date(2020, 1, 2)]

    class Raw(Block, role="Tool"):
        """Give bytes."""

        def forward(self) -> bytes:
            return b"\xff"

    class Many(Block, role="Tool"):
        """Give numbers."""

        def forward(self) -> Numbers:
            return numpy.array([1.0, 2.0])  # pyright: ignore[reportReturnType]

    assert list(Tool("d", "d", Days()).result(Days().run()).values()) == [["2020-01-02"]]
    assert list(Tool("m", "m", Many()).result(Many().run()).values()) == [[1.0, 2.0]]
    assert opened(Tool("r", "r", Raw()).result(Raw().run())["value"], store) == b"\xff"
    assert opened(only({"raw": [b"abc"]})["raw"][0], store) == b"abc"


@pytest.mark.parametrize(
    "written", ['{"x": [1, NaN]}', '{"x": [1, 1e999]}', '{"x": [1, -Infinity]}', {"x": [1, float("nan")]}]
)
def test_arguments_that_are_not_finite_are_refused_by_tool_and_place(written: Any) -> None:
    with pytest.raises(ArgumentError, match=r"NaN or infinity at 'x\.1'") as caught:
        Tool("give", "give", Gives()).arguments(written)
    assert caught.value.where == "give"


def test_arguments_whose_names_are_no_texts_and_numbers_that_are_no_tensor_are_refused() -> None:
    class Takes(Block, role="Tool"):
        """Take it."""

        def forward(self, x: AnyTensor) -> Json:
            return 1

    with pytest.raises(ArgumentError, match="have the name 1"):
        Tool("give", "give", Gives()).arguments({1: 2})
    for odd in ([[1], [1, 2]], [10**40], ["a"], [{"a": 1}]):
        with pytest.raises(PortError, match="is no tensor") as caught:
            Tool("take", "take", Takes()).arguments({"x": odd})
        assert caught.value.where == "take"


def test_an_artifact_of_a_creator_holds_pictures_by_reference_and_tells_what_it_cannot_hold(store: Any) -> None:
    plan = {"a": {"tool": "t", "arguments": {}}}
    made = Creator({"t": Gives({"rows": [RED]})}).run(plan=plan)
    artifact = made["artifacts"]["a"]
    inner = values.decode(store.get(artifact["sha256"]), artifact["media_type"])["rows"][0]
    assert opened(inner, store).tobytes() == RED.tobytes()
    failed = Creator({"t": Gives({"rows": [float("nan")]})}).run(plan=plan)["failures"]["a"]
    assert failed["error"] == "PortError" and "rows.0" in failed["message"]


def test_an_output_that_holds_itself_is_refused_by_its_place() -> None:
    with pytest.raises(PortError, match="holds itself") as caught:
        Gives(Looped()).run()
    assert caught.value.where == "gives"
