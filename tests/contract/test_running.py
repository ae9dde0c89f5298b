"""What a run gave is a dict with attributes, whatever its outputs are called."""

import copy
import json
import pickle
from typing import Any

import pytest

from yggdrasil.contract.running import Outputs


@pytest.mark.parametrize("names", [("items",), ("keys", "values"), ("items", "keys", "values", "copy"), ("image",)])
def test_outputs_called_as_the_methods_of_a_dict_are_copied_pickled_and_written(names: tuple[str, ...]) -> None:
    plain = {name: [name] for name in names}
    out = Outputs(plain)
    for twin in (out, copy.copy(out), copy.deepcopy(out), pickle.loads(pickle.dumps(out))):  # noqa: S301
        assert type(twin) is Outputs and dict(twin) == plain
        assert [getattr(twin, name) for name in names] == list(plain.values())
    assert dict(out) == {**out} == dict(**out) == plain
    assert list(dict.items(out)) == list(plain.items())


@pytest.mark.parametrize("how", [{}, {"indent": 1}, {"sort_keys": True}])
def test_outputs_called_items_are_written_as_json_by_each_of_its_writers(how: dict[str, Any]) -> None:
    plain = {"items": [1], "keys": "two", "values": 3}
    assert json.dumps([Outputs(plain)], **how) == json.dumps([plain], **how)
    assert json.loads("".join(json.JSONEncoder(**how).iterencode(Outputs(plain)))) == plain


def test_outputs_without_one_called_items_keep_the_method() -> None:
    assert list(Outputs(image=1).items()) == [("image", 1)]
