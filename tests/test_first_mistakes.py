"""What one writes at first, coming from torch or plain Python, is refused in words that say what to write instead."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import nn

import yggdrasil as ygg
from yggdrasil.blocks.tokenizer.fast_tokenizer import fast_tokenizer
from yggdrasil.contract.own_attributes import NoAttribute
from yggdrasil.errors import ConfigError, ManifestError, PortError, WeightsError, YggError
from yggdrasil.store.llm_folder import llm_of_folder
from yggdrasil.testing import ScriptedModel


class NoSuper(ygg.Block):
    """Forget to call what makes it a block."""

    def __init__(self) -> None:
        self.answer = 1

    def forward(self, x: int) -> int:
        return x


class Broken(ygg.Block):
    """Fail in a property."""

    @property
    def worth(self) -> Any:
        return self._gone  # type: ignore[attr-defined]  # the mistake under test

    def forward(self) -> int:
        return 1


def positional(a: int, /) -> int:
    """Give it back."""
    return a


def a_field_that_is_a_module() -> None:
    class Held(ygg.Block):
        size: int = 1
        net: nn.Module

        def forward(self, x: int) -> int:
            return x

    Held(net=nn.Linear(1, 1))


def with_tool_misspelt() -> None:
    agent: Any = ygg.Agent
    agent(ScriptedModel([]), tool=[positional])


def asked(thing: Any, name: str) -> None:
    getattr(thing, name)


MISTAKES: list[tuple[Callable[[], Any], type[YggError], str]] = [
    (a_field_that_is_a_module, ConfigError, r"Held: setting 'net' is a Module, .*`build` of a TorchBlock.*ClassVar"),
    (lambda: NoSuper().run(x=1), ConfigError, r"__init__ of NoSuper did not call that of Block. call super\(\)"),
    (lambda: ygg.save(NoSuper(), "nowhere"), ConfigError, r"__init__ of NoSuper .*super\(\)"),
    (lambda: ygg.block(positional), PortError, r"'a' stands before a `/`. take the `/` out"),
    (lambda: ygg.Agent(ScriptedModel([]), tools=[positional]), ConfigError, r"tool number 1 .*'a' stands before a `/`"),
    (
        lambda: ygg.Agent(ScriptedModel([]), tools=[len]),
        ConfigError,
        r"tool number 1 .*len does not say what it takes.*def",
    ),
    (lambda: ygg.block({}.get), ConfigError, r"get does not say what it takes"),
    (with_tool_misspelt, ConfigError, r"no setting 'tool'. did you mean 'tools'"),
    (lambda: asked(ygg.Graph("g"), "to"), ConfigError, r"g: has no 'to'.*\.device = 'cuda'"),
]


@pytest.mark.parametrize(("act", "kind", "told"), MISTAKES)
def test_a_first_mistake_says_what_to_write(act: Callable[[], Any], kind: type[YggError], told: str) -> None:
    with pytest.raises(kind, match=told) as caught:
        act()
    assert caught.value.mend


def test_what_is_not_there_is_still_no_attribute() -> None:
    assert not hasattr(ygg.Graph("g"), "state_dict")
    graph = ygg.Graph("g")
    with pytest.raises(NoAttribute, match="g: has no 'conect'") as caught:
        asked(graph, "conect")
    assert (caught.value.name, caught.value.obj) == ("conect", graph)
    with pytest.raises(AttributeError, match="_gone"):
        _ = Broken().worth


def test_a_broken_tokenizer_is_named_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    for text in ("{", '{"model": {"type": "none"}}'):
        path.write_text(text)
        with pytest.raises(WeightsError, match=r"is no tokenizer .*fetch it again") as caught:
            fast_tokenizer(path)
        assert caught.value.where == str(path)


def test_a_model_type_that_nobody_knows_is_named_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "lama"}))
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    block: Any = llm_of_folder(tmp_path)
    with pytest.raises(ManifestError, match=r"type 'lama' cannot be built.*did you mean 'llama'") as caught:
        block.build()
    assert caught.value.where == str(tmp_path / "config.json")
