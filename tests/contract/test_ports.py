"""Ports come from the signature of `forward`; their schema is what a model, a form or an endpoint is told."""

from enum import StrEnum
from typing import Any, Literal, TypedDict, cast

import numpy as np
import pytest
from PIL import Image as Pictures
from pydantic import BaseModel

import yggdrasil as ygg
from yggdrasil.contract import Block, ConfigError, PortError
from yggdrasil.contract.ports import each_once
from yggdrasil.contract.schema import tool_schema
from yggdrasil.levels.graph import Graph
from yggdrasil.ports import Image, Images, Json, Latent, Text


class Style(StrEnum):
    OIL = "oil"
    WATER = "water"


class Corner(BaseModel):
    x: int = 0
    title: str


class Box(BaseModel):
    corner: Corner
    label: str = "thing"
    default: int = 1


class Tree(BaseModel):
    branches: list["Tree"] = []


class Draw(Block):
    def forward(self, style: Style = Style.OIL, size: int | None = None, boxes: list[Box] = []) -> Json:  # noqa: B006
        boxes.append(Box(corner=Corner(title="added")))
        return {"value": [str(style), size, len(boxes)]}


class Ping(Block):
    def forward(self) -> Text:
        return "pong"


class Seen(TypedDict):
    text: Text
    score: float | None


class See(Block):
    def forward(self, image: Image, words: Text = "", mode: Literal["fast", "slow"] = "fast") -> Seen:
        return {"text": words + mode, "score": None}


def test_a_signature_becomes_ports() -> None:
    ports = See().inputs
    assert [p.name for p in ports.values() if p.required] == ["image"]
    assert ports["words"].default == "" and ports["image"].kind.name == "image"
    assert list(See().outputs) == ["text", "score"] and See().outputs["score"].optional
    assert list(Ping().outputs) == ["text"] and not Ping().inputs


def test_defaults_are_copied_for_each_call() -> None:
    draw = Draw()
    assert draw.run().value == {"value": ["oil", None, 1]}
    assert draw.run().value == {"value": ["oil", None, 1]}, "two calls must not share the default list"


def test_a_lone_json_output_is_not_mistaken_for_a_dict_of_outputs() -> None:
    draw: Any = Draw()
    assert draw.run(style="water").value["value"][0] == "water"


def test_null_stands_for_the_default_where_the_type_has_no_null() -> None:
    draw: Any = Draw()
    assert draw.run(style=None, boxes=None).value == {"value": ["oil", None, 1]}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"style": "pastel"}, ["style", "pastel", "'oil' or 'water'"]),
        ({"size": "big"}, ["size", "big", "integer"]),
        ({"boxes": [{"corner": {"title": 3}}]}, ["boxes.0.corner.title", "string"]),
        ({"styl": "oil"}, ["styl", "did you mean 'style'"]),
    ],
)
def test_a_bad_value_names_port_value_and_what_is_legal(given: dict[str, Any], told: list[str]) -> None:
    with pytest.raises(PortError) as caught:
        Draw().run(**given)
    for part in told:
        assert part in str(caught.value)
    assert caught.value.where.endswith("draw")


def test_missing_none_and_foreign_values_are_refused() -> None:
    see: Any = See()
    with pytest.raises(PortError, match=r"input 'image' \(image\) is missing.*pass image="):
        see.run()
    with pytest.raises(PortError, match=r"input 'image' is None"):
        see.run(image=None)
    with pytest.raises(PortError, match=r"was given str, not a PIL image"):
        see.run(image="cat.png")
    with pytest.raises(PortError, match=r"given twice"):
        see.run(Pictures.new("RGB", (1, 1)), image=Pictures.new("RGB", (1, 1)))
    with pytest.raises(PortError, match=r"4 inputs were given"):
        see.run(1, 2, 3, 4)


def test_star_arguments_and_wrong_returns_are_told() -> None:
    class Star(Block):
        def forward(self, *images: Image) -> Text:
            return ""

    class Poor(Block):
        def forward(self) -> Seen:
            return {"text": "only"}  # type: ignore[typeddict-item]  # the mistake under test

    with pytest.raises(PortError, match=r"\*images.*name every port"):
        _ = Star().inputs
    with pytest.raises(PortError, match=r"returned no score"):
        Poor().run()


def test_an_annotation_that_is_not_there_at_run_time_is_told() -> None:
    class Lost(Block):
        def forward(self, x: "Nowhere") -> Text:  # type: ignore[name-defined]  # noqa: F821 - the mistake under test
            return ""

    with pytest.raises(PortError, match=r"Nowhere.*TYPE_CHECKING"):
        _ = Lost().inputs


def test_plain_tool_schema() -> None:
    schema = tool_schema(Draw().inputs)
    assert schema["required"] == []
    assert schema["properties"]["style"]["enum"] == ["oil", "water"]
    assert schema["properties"]["style"]["default"] == "oil"
    assert {"type": "null"} in schema["properties"]["size"]["anyOf"]
    assert "$ref" not in repr(schema) and "$defs" not in repr(schema)
    box = schema["properties"]["boxes"]["items"]
    assert box["properties"]["corner"]["properties"]["title"] == {"type": "string"}
    assert tool_schema(Ping().inputs) == {
        "type": "object", "properties": {}, "required": [], "additionalProperties": False,
    }  # fmt: skip


def test_strict_tool_schema() -> None:
    schema = tool_schema(Draw().inputs, strict=True)
    assert schema["required"] == ["style", "size", "boxes"]
    assert {"type": "null"} in schema["properties"]["style"]["anyOf"]
    array = schema["properties"]["boxes"]["anyOf"][0]
    box = array["items"]
    assert box["required"] == ["corner", "label", "default"] and box["additionalProperties"] is False
    assert box["properties"]["corner"]["required"] == ["x", "title"]
    assert {"type": "null"} in box["properties"]["label"]["anyOf"]

    def no_default(part: Any, inside_properties: bool = False) -> None:
        if isinstance(part, dict):
            assert inside_properties or "default" not in part
            for key, value in part.items():
                no_default(value, key == "properties")
        elif isinstance(part, list):
            for item in part:
                no_default(item)

    no_default(schema)


def test_large_values_and_needed_tensors_are_named_by_hash() -> None:
    class Decode(Block):
        def forward(self, latent: Latent, like: Image | None = None) -> Image: ...

    schema = tool_schema(Decode().inputs)
    assert {name: part["type"] for name, part in schema["properties"].items()} == {"latent": "string", "like": "string"}


def test_a_type_that_contains_itself_is_told() -> None:
    class Grow(Block):
        def forward(self, tree: Tree) -> Text: ...

    with pytest.raises(ConfigError, match=r"tree: type 'Tree' contains itself"):
        tool_schema(Grow().inputs)


def test_config_is_checked_and_only_what_differs_is_kept() -> None:
    class Sepia(Block):
        strength: float = 0.8
        tags: list[str] = []
        style: Style = Style.OIL

        def forward(self, image: Image) -> Image:
            return image

    assert Sepia().config() == {} and Sepia(style=Style("water")).config() == {"style": "water"}
    assert Sepia().tags is not Sepia().tags
    with pytest.raises(ConfigError, match=r"no setting 'strenght'.*did you mean 'strength'"):
        Sepia(strenght=1)  # type: ignore[call-arg]
    with pytest.raises(ConfigError, match=r"'strength'.*number"):
        Sepia(strength="much")  # type: ignore[arg-type]


def test_a_setting_may_not_hide_a_part_of_the_block() -> None:
    class Bad(Block):
        inputs: int = 3  # type: ignore[assignment]  # the mistake under test

    with pytest.raises(ConfigError, match=r"cannot be called 'inputs'"):
        Bad()


def test_a_batch_is_a_list_of_its_kind_and_is_told_once() -> None:
    class Two(TypedDict):
        image: Image
        images: Images

    class Twice(Block):
        def forward(self, pictures: Images) -> Two:
            return {"image": pictures[0], "images": pictures}

    block, picture = Twice(), Pictures.new("RGB", (1, 1))
    assert tool_schema(block.inputs)["properties"]["pictures"]["items"] == {"type": "string"}
    assert set(each_once(block.outputs, block.run([picture]))) == {"image"}
    assert set(each_once(block.outputs, block.run([picture, picture]))) == {"images"}
    for wrong, told in ((picture, "not a list"), ([picture, "fox"], "was given str, not a PIL image")):
        with pytest.raises(PortError, match=told):
            block.run(wrong)  # pyright: ignore[reportArgumentType]


def test_a_schemas_references_lead_nowhere_outside() -> None:
    from yggdrasil.contract.schema import closed

    inside = {"$defs": {"a": {"type": "string"}}, "properties": {"x": {"$ref": "#/$defs/a"}}}
    assert closed(inside) is inside
    for outside in ("http://127.0.0.1:1/x#/nope", "file:///etc/private.json#/nope", "other.json"):
        with pytest.raises(ConfigError, match="leads outside"):
            closed({"properties": {"a": [{"$ref": outside}]}})


class Scaled(Block):
    def forward(self, scale: float = 1.0, other: float | None = None) -> float:
        return scale


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), "nan", "inf"])
@pytest.mark.parametrize("port", ["scale", "other"])
def test_a_number_at_a_port_is_finite(port: str, number: Any) -> None:
    with pytest.raises(PortError, match=r"(?s)'(scale|other)"):
        Scaled().run(**{port: number})


class Promised(TypedDict):
    words: Text
    number: float
    picture: Image | None
    latent: Latent | None
    flag: bool


class Measured(TypedDict):
    number: float
    flag: bool


class Giving(Block, type="test_ports/giving"):
    """Give what it is told to, under ports that promise more."""

    what: Json = {}

    def forward(self, n: int = 0) -> Promised:
        plain = {"words": "fine", "number": 1.0, "picture": None, "latent": None, "flag": True}
        return cast(Promised, plain | self.what)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ({"words": 5}, "output 'words' was given 5"),
        ({"words": ["a"]}, "output 'words' was given ['a']"),
        ({"number": "1"}, "output 'number' was given '1'"),
        ({"picture": "fox.png"}, "output 'picture' was given str, not a PIL image"),
        ({"latent": "x"}, "output 'latent' was given str, not a tensor"),
        ({"flag": "yes"}, "output 'flag' was given 'yes'"),
    ],
)
def test_what_forward_gives_is_what_its_ports_promise(what: dict[str, Any], told: str) -> None:
    giving, graph = Giving(), Graph("whole").add(Giving(), "inner")
    giving.what = what
    cast(Giving, graph["inner"]).what = what
    for block, place in ((giving, "giving"), (graph, "whole/inner")):
        with pytest.raises(PortError) as caught:
            block.run()
        assert caught.value.where == place
        assert told in str(caught.value)


class Scalars(Block, type="test_ports/scalars"):
    """Give what numpy computes."""

    def forward(self) -> Measured:
        return cast(Measured, {"number": np.float32(0.5), "flag": np.bool_(False)})


def test_numbers_of_numpy_leave_a_block_as_plain_ones() -> None:
    given = Scalars().run()
    assert (type(given.number), given.number, given.flag) == (float, 0.5, False)


def test_a_function_that_promises_text_gives_text() -> None:
    @ygg.block
    def count(text: Text) -> Text:
        return cast(Any, len(text))

    with pytest.raises(PortError, match=r"count: output 'text' was given 3. let forward return text"):
        count.run(text="abc")
