"""What `forward` gives is held against its annotation, and refused by port, place and value."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import numpy as np
import pytest
from annotated_types import Ge

import yggdrasil as ygg
from yggdrasil.errors import PortError
from yggdrasil.ports import Image, Json, Latent, Messages, Numbers, Text


class Row(TypedDict):
    a: int
    b: NotRequired[str]


@dataclass
class Point:
    x: int = 1


class Own:
    """A class that pydantic does not know."""


def giving(annotation: Any, value: Any) -> ygg.Block:
    def give() -> Any:
        return value

    give.__annotations__["return"] = annotation
    return ygg.block(give)


@pytest.mark.parametrize(
    ("annotation", "value", "told"),
    [
        (Text, None, "'text' was given None"),
        (Image, None, "'image' was given None"),
        (Latent, None, "'latent' was given None"),
        (int, True, "'value' was given True"),
        (list[int], ["a"], "'value.0' was given 'a'"),
        (tuple[int, int], [1, 2], "'value' was given [1, 2]"),
        (Literal["a", "b"], "c", "'value' was given 'c'"),
        (dict[str, int], {"a": "b"}, "'value.a' was given 'b'"),
        (Annotated[int, Ge(0)], -1, "'value' was given -1"),
        (datetime.date, "2000-01-01", "'value' was given '2000-01-01'"),
        (Own, 5, "'value' was given 5"),
        (Point, {"x": 1}, "'value' was given {'x': 1}"),
        (list[Row], [{"a": 1, "c": 2}], "'value.0.c' was given 2"),
        (list[Row], [{"b": "x"}], "'value.0' was given {'b': 'x'}"),
        (list[Image], [5], "'value.0' was given 5"),
        (Image | Text, 5, "'value' was given 5"),
        (Messages, "hi", "'messages' was given 'hi'"),
        (Numbers, ["a"], "'numbers.0' was given 'a'"),
        (Json, object(), "'value' holds a object"),
        (Json, {"a": [object()]}, "'value.a.0' holds a object"),
        (Iterable[int], (n for n in [1]), "'value' was given a generator"),
        (Any, (n for n in [1]), "'value' was given a generator"),
        (type(None), 5, "forward promised None and returned 5"),
        (Row, {"a": 1, "c": 2}, "forward returned 'c', which is no output"),
        (Row, {"b": "x"}, "forward returned no a"),
    ],
)
def test_what_an_annotation_does_not_allow_is_refused_by_port_and_place(annotation: Any, value: Any, told: str) -> None:
    graph = ygg.Graph("outer").add(giving(annotation, value), "inner")
    for block, place in ((giving(annotation, value), "give"), (graph, "outer/inner")):
        with pytest.raises(PortError) as caught:
            block.run()
        assert (caught.value.where, bool(caught.value.mend)) == (place, True)
        assert told in str(caught.value)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Text | None, None),
        (float, 1),
        (list[int], [1, np.int64(2)]),
        (set[int], {1}),
        (Own, Own()),
        (Point, Point()),
        (list[Row], [{"a": 1}]),
        (Image | Text, "words"),
        (Numbers, np.ones(2)),
        (Json, {"a": [np.float32(1), np.ones(2), datetime.date(2000, 1, 1)]}),
        (type(None), None),
    ],
)
def test_what_an_annotation_allows_goes_out_as_it_is(annotation: Any, value: Any) -> None:
    block = giving(annotation, value)
    given = [*block.run().values(), *block.run().values()]
    assert given == [] if value is None and not block.outputs else all(one is value or one == value for one in given)


def test_an_output_that_may_be_left_out_is_none() -> None:
    assert giving(Row, {"a": 1}).run() == {"a": 1, "b": None}


@pytest.mark.parametrize("annotation", [Iterator[str], Any])
def test_a_forward_that_yields_is_refused_before_it_runs(annotation: Any) -> None:
    class Yielding(ygg.Block):
        def forward(self) -> Any:
            yield "word"

    Yielding.forward.__annotations__["return"] = annotation
    with pytest.raises(PortError, match=r"Yielding.forward: forward gives an iterator.*return a list"):
        _ = Yielding().outputs


def test_rows_of_typing_are_checked_at_inputs_too() -> None:
    @ygg.block
    def first(rows: list[Row]) -> int:
        return rows[0]["a"]

    assert first.run(rows=[{"a": 3}]).value == 3
    wrong: list[Any] = [{"a": "x"}]
    with pytest.raises(PortError, match=r"'rows.0.a' was given"):
        first.run(rows=wrong)
