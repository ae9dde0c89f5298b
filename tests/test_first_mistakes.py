"""What one writes at first, coming from torch or plain Python, is refused in words that say what to write instead."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import yggdrasil as ygg
from yggdrasil import blocks
from yggdrasil.blocks.tokenizer.fast_tokenizer import fast_tokenizer
from yggdrasil.contract.own_attributes import NoAttribute
from yggdrasil.errors import ConfigError, ManifestError, PortError, WeightsError, WiringError, YggError
from yggdrasil.ports import Image
from yggdrasil.store.llm_folder import llm_of_folder
from yggdrasil.testing import ScriptedModel, calls, says

FACE: Any = ygg
"""The same, of which a type checker lets pass the mistakes under test."""


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


def up(text: str) -> str:
    """Say it loudly."""
    return text.upper()


def agent(**given: Any) -> Any:
    return FACE.Agent(ScriptedModel([says("ok")]), **{"tools": [up], **given})


def painter(name: str = "backbone") -> Any:
    return ygg.Graph("g").add(up, name)


def drawn() -> None:
    @ygg.graph
    def loud(text: str) -> str:
        """Say it loudly."""
        return up(text)


def a_block_that_is_a_module() -> None:
    class Both(ygg.Block, nn.Module):  # type: ignore[misc]
        pass


def a_block_that_is_called() -> None:
    class Called(ygg.Block):
        def __call__(self, x: int) -> int:  # type: ignore[override]
            return x


class Empty(ygg.Block):
    """Do nothing."""


class Net(ygg.TorchBlock):
    """Add up."""

    def build(self) -> nn.Module:
        return nn.Linear(2, 2)

    def forward(self, x: torch.Tensor, more: list[torch.Tensor] | None = None) -> torch.Tensor:
        with self.computing() as module:
            return module(x)


class Look(ygg.Block):
    """Look at it."""

    def forward(self, image: Image) -> int:
        return 1


def net(module: Any) -> Any:
    made = Net()
    made.module = module
    return made


def run_with_text(block: Any) -> None:
    block.run(image="a.png")


def set_tool() -> None:
    agent().tools["up"] = up


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
    (lambda: agent(system_prompt="x"), ConfigError, "no setting 'system_prompt'. here it is called 'instructions'"),
    (lambda: agent(response_format=int), ConfigError, "no setting 'response_format'. here it is called 'result'"),
    (lambda: agent(max_turns=3), ConfigError, r"no setting 'max_turns'. write limits=\{'steps'"),
    (lambda: agent(zzz=3), ConfigError, r"no setting 'zzz'. known here: .* and \d more"),
    (lambda: agent(approve=True), ConfigError, r"'approve'.*write a list: approve=\["),
    (lambda: agent(tools="painter"), ConfigError, r"tools is the text 'painter'.*ygg.load"),
    (
        lambda: agent(tools=[{"type": "function", "function": {"name": "up"}}]),
        ConfigError,
        "give the function itself",
    ),
    (lambda: agent().tools.append(up), ConfigError, r"agent.tools: .*only read.*agent.tools = \["),
    (set_tool, ConfigError, r"agent.tools: .*only read.*agent.tools = \["),
    (lambda: asked(agent(), "run_sync"), ConfigError, r"agent: has no 'run_sync'. run it by run\("),
    (lambda: asked(agent(), "model"), ConfigError, "agent: has no 'model'. here it is called 'llm'"),
    (lambda: agent().run("x")["output"], PortError, "no output 'output'. here it is 'result' by its type, 'response'"),
    (lambda: agent().run(messages=[{"role": "usr", "content": "x"}]), PortError, "has the role 'usr'. did .* 'user'"),
    (lambda: asked(painter(), "add_edge"), ConfigError, r"has no 'add_edge'. an edge is connect\("),
    (lambda: asked(painter(), "unet"), ConfigError, r"has no 'unet'. it is a part: graph\['backbone'\]"),
    (lambda: asked(painter("one"), "one"), ConfigError, r"has no 'one'. it is a part: graph\['one'\]"),
    (lambda: painter()["unet"], YggError, "no node 'unet'. here it is called 'backbone'"),
    (lambda: painter("decode")["vae"], YggError, "no node 'vae'. here it is two parts.*'encode' and 'decode'"),
    (lambda: painter().run({"text": "a"}), PortError, r"inputs are given by name: text=given\['text'\]"),
    (lambda: painter().run("a", callbacks=[]), PortError, r"no input 'callbacks'. what happens is told by stream"),
    (lambda: FACE.from_diffusers(".", torch_dtype=1), ConfigError, "no argument 'torch_dtype'.* 'dtype'"),
    (lambda: FACE.LLM(None), ConfigError, r"LLM: a model is named, not None. give .*openai:"),
    (lambda: FACE.block(up, purre=True), ConfigError, "block: there is no argument 'purre'. did .* 'pure'"),
    (
        drawn,
        WiringError,
        "loud: .*self.text has no 'upper' yet, as up would.*up is a plain function.*ygg.block",
    ),
    (a_block_that_is_a_module, ConfigError, "Both: a block is no module of torch. derive from ygg.TorchBlock"),
    (a_block_that_is_called, ConfigError, "Called: calls are made through `forward`. rename __call__"),
    (lambda: Empty().run(), ConfigError, "Empty has no forward. write forward"),
    (lambda: net(nn.Linear(1, 1).state_dict()), ConfigError, r"net.module: .*not OrderedDict. .*load_state_dict"),
    (lambda: net(nn.Linear), ConfigError, r"net.module: .*not the class Linear. give an object: Linear\("),
    (lambda: net(nn.Linear(2, 2)).run(x=np.ones((1, 2))), PortError, r"'x' .*array of numpy.*torch.from_numpy\("),
    (lambda: net(nn.Linear(2, 2)).run(x=torch.ones(2), more=[torch.ones(2)]), PortError, "nothing can be checked"),
    (lambda: run_with_text(Look()), PortError, r"'image' was given str.*PIL.Image.open\(path\)"),
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


def test_an_error_of_torch_says_what_came_to_the_block() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied") as caught:
        ygg.Graph("g").add(net(nn.Linear(2, 2)), "wide").run(x=torch.ones(1, 3))
    assert caught.value.__notes__ == ["in block g/wide, given x=<float32 1×3>"]


def test_a_function_that_nobody_named_is_called_by_its_name_and_may_say_that_it_is_pure() -> None:
    graph = ygg.Graph("g").add(up).add(ygg.block(up, pure=True))
    assert list(graph.children()) == ["up", "up2"]
    assert [block.pure for block in graph.children().values()] == [False, True]


def test_forward_may_be_asynchronous() -> None:
    class Later(ygg.Block):
        """Give it back, later."""

        async def forward(self, x: int) -> int:
            await asyncio.sleep(0)
            return x

    assert Later().run(x=1)["value"] == asyncio.run(Later().arun(x=1))["value"] == 1


def test_a_warning_stands_at_the_line_that_called() -> None:
    with pytest.warns(RuntimeWarning, match="stopped at the limit") as told:
        ygg.Agent(ScriptedModel([calls(("1", "up", {"text": "a"}))]), [up], limits={"steps": 1}).run("x")
    assert told[0].filename == __file__


def test_what_a_half_made_block_lacks_is_told_though_its_parts_are_not_there() -> None:
    class Half(ygg.Graph):
        """Ask too early."""

        def __init__(self) -> None:
            self.serial = 1
            _ = self.unet  # type: ignore[attr-defined]

    with pytest.raises(NoAttribute, match="Half: has no 'unet'"):
        Half()


def test_a_tool_that_failed_is_logged_without_our_own_lines(caplog: pytest.LogCaptureFixture) -> None:
    def broken(text: str) -> str:
        """Break."""
        raise ValueError(text)

    with caplog.at_level(logging.WARNING, "yggdrasil"):
        ygg.Agent(ScriptedModel([calls(("1", "broken", {"text": "a"})), says("no")]), [broken]).run("x")
    assert __file__ in caplog.text and str(Path(ygg.__file__).parent) not in caplog.text


def test_the_blocks_that_a_script_makes_are_listed() -> None:
    assert "OpenAIModel" in dir(blocks)


def test_what_else_may_be_done_is_said_after_the_near_name() -> None:
    with pytest.raises(ManifestError, match=r"did you mean 'painter'\? Else a path holds a slash"):
        ygg.load("paintr")
