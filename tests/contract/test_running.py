"""What a run gave is a dict with attributes, whatever its outputs are called."""

import copy
import json
import pickle
from typing import Any, TypedDict

import pytest

from yggdrasil.contract import Block
from yggdrasil.contract.running import Outputs
from yggdrasil.ports import Json, Text


@pytest.mark.parametrize("names", [("items",), ("keys", "values"), ("items", "keys", "values", "copy"), ("image",)])
def test_outputs_called_as_the_methods_of_a_dict_are_copied_pickled_and_written(names: tuple[str, ...]) -> None:
    plain = {name: [name] for name in names}
    out = Outputs(plain)
    for twin in (out, copy.copy(out), copy.deepcopy(out), pickle.loads(pickle.dumps(out))):  # noqa: S301
        assert type(twin) is Outputs and dict(twin) == plain
        assert [twin[name] for name in names] == list(plain.values())
    assert dict(out) == {**out} == dict(**out) == plain
    assert list(out.items()) == list(plain.items()) and list(out.values()) == list(plain.values())


@pytest.mark.parametrize("how", [{}, {"indent": 1}, {"sort_keys": True}])
def test_outputs_called_items_are_written_as_json_by_each_of_its_writers(how: dict[str, Any]) -> None:
    plain = {"items": [1], "keys": "two", "values": 3}
    assert json.dumps([Outputs(plain)], **how) == json.dumps([plain], **how)
    assert json.loads("".join(json.JSONEncoder(**how).iterencode(Outputs(plain)))) == plain


class Listed(TypedDict):
    items: Json
    keys: Text
    image: int


class Lists(Block):
    """Give what is called as methods of a dict are."""

    def forward(self, n: int) -> Listed:
        return {"items": [n], "keys": "k", "image": n}


def test_an_output_called_as_a_method_of_a_dict_is_read_by_its_name_and_others_by_attribute_too() -> None:
    out = Lists().run(n=3)
    assert out["items"] == [3] and out["keys"] == "k" and out.image == out["image"] == 3
    assert sorted(out.keys()) == ["image", "items", "keys"] and dict(out.items()) == dict(out)


def test_no_output_of_that_name_is_told_with_those_that_there_are() -> None:
    with pytest.raises(AttributeError, match=r"no output 'picture'\. known here: image"):
        _ = Outputs(image=1).picture
