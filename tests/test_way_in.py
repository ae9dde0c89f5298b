"""What an engineer met on the way in (blocks, graphs, types, words of errors), each mended for good."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from pydantic import BaseModel

import yggdrasil as ygg
from tests.blocks.diffusion.tiny import painter
from tests.cli.command import ygg as command
from tests.levels.scripted import scripted
from yggdrasil.blocks.solver.diffusers_solver import SchedulerSolver
from yggdrasil.contract.entry_points import opened
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Text
from yggdrasil.store.families.flux import FLUX
from yggdrasil.store.families.stable_audio import STABLE_AUDIO
from yggdrasil.store.families.stable_diffusion import STABLE_DIFFUSION
from yggdrasil.store.language_models import LLM
from yggdrasil.testing import ScriptedModel, calls, says


class Net(TorchBlock, type="test_way_in/net"):
    """A network of one layer."""

    pure = True

    def build(self) -> torch.nn.Module:
        return torch.nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with self.computing() as module:
            return module(x)


class Say(ygg.Block, type="test_way_in/say"):
    """Say a text."""

    def forward(self, text: Text) -> Text:
        return text


def without(graph: ygg.Graph, role: str) -> ygg.Graph:
    made = ygg.Graph("own")
    for name, block in graph.children().items():
        if block.role != role:
            made.add(block, name)
    return made


@pytest.mark.parametrize(("name", "model"), [("smollm2-135m", "smollm2-135m"), ("qwen2.5-coder", "qwen2.5-coder-1.5b")])
def test_1_a_model_that_is_loaded_like_a_block_says_how_it_is_made(name: str, model: str) -> None:
    with pytest.raises(ygg.ManifestError, match=re.escape(f"made by ygg.LLM({model!r})")):
        ygg.load(name)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("agents", ["ygg.Agent", "result=", "task=", "limit_reached", "approve", "`text`", "`partial`"]),
        ("weights", ["TorchBlock", ".module =", "pure", "unfreeze"]),
        ("values", ["torch.Tensor", "AnyTensor", "bytes"]),
        ("graphs", ["ygg.Solver", "graph.cache", "tap=", "map", "depth"]),
        ("devices", ["device", "cuda", "mps", "dtype", "offload", "ygg.estimate", "не измеряли"]),
        ("sessions", ["AskPerson", "answer", "yggdrasil ask", "once"]),
        ("worlds", ["content", "unfinished", "verify", "answer", "branch", "live_at", "variant"]),
    ],
)
def test_what_nobody_found_stands_on_its_page(page: str, words: list[str]) -> None:
    text = (Path(__file__).parent.parent / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert [word for word in words if word not in text] == []


def test_the_page_tells_what_a_graph_of_each_family_fills_by_itself() -> None:
    page = (Path(__file__).parent.parent / "docs" / "graphs.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| `")]
    table = {row[0].strip("`"): row[3:] for row in rows if len(row) == 6}
    for column, family in enumerate((STABLE_DIFFUSION, FLUX, STABLE_AUDIO)):
        told = {name: float(cells[column]) for name, cells in table.items() if cells[column]}
        assert told == family.defaults


def test_4_a_plain_block_with_a_module_is_refused_and_its_weights_are_never_lost(tmp_path: Path) -> None:
    class Held(ygg.Block, type="test_way_in/held"):
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Linear(2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.net(x)

    with pytest.raises(ygg.ManifestError, match=r"'net.weight' holds .*TorchBlock"):
        ygg.save(Held(), tmp_path / "held")
    net, x = Net(), torch.ones(1, 2)
    net.module = net.build()
    assert torch.equal(ygg.load(ygg.save(net, tmp_path / "net")).run(x=x).tensor, net.run(x=x).tensor)


def test_4_a_misspelt_setting_is_refused_with_the_right_one() -> None:
    solver: Any = SchedulerSolver()
    with pytest.raises(ygg.ConfigError, match=r"no setting 'schedulr'\. did you mean 'scheduler'"):
        solver.schedulr = "EulerDiscreteScheduler"
    with pytest.raises(ygg.ConfigError, match=r"no setting 'letter'"):
        solver.letter = 5


def test_4_a_strength_of_guidance_without_a_guidance_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ygg.PortError, match=r"'guidance_scale'.*add a Guidance"):
        without(painter(tmp_path), "Guidance").run(prompt="a fox", guidance_scale=7.5)


@pytest.mark.parametrize(("role", "said"), [("Tokenizer", "add a Tokenizer"), ("Backbone", "add a Backbone")])
def test_4_a_missing_role_is_named(tmp_path: Path, role: str, said: str) -> None:
    with pytest.raises((ygg.PortError, ygg.WiringError), match=said):
        without(painter(tmp_path), role).run(prompt="a fox")


def test_5_tensors_arrays_and_pictures_are_ports_of_their_own_kind() -> None:
    class Mixed(ygg.Block):
        def forward(self, x: torch.Tensor, y: np.ndarray[Any, Any], image: PIL.Image.Image) -> torch.Tensor:
            return x

    assert [port.kind.name for port in Mixed().inputs.values()] == ["tensor", "tensor", "image"]
    assert list(Mixed().outputs) == ["tensor"]
    with pytest.raises(ygg.PortError, match=r"'x' was given str, not a tensor") as caught:
        Mixed().run(x="no", y=np.ones(1), image=PIL.Image.new("L", (1, 1)))  # pyright: ignore[reportArgumentType]
    assert len(str(caught.value)) < 200


def test_5_a_block_whose_module_was_given_is_kept_once_it_is_saved(tmp_path: Path) -> None:
    net = Net()
    net.module = net.build()
    graph = ygg.Graph("g").add(net, "net")
    ygg.save(graph, tmp_path / "g")
    rows = [ygg.profile(graph, x=torch.ones(1, 2)).rows for _ in range(2)][1]
    assert [row.cached for row in rows] == [0, 1]


def test_6_what_a_block_gives_is_checked_by_its_kind() -> None:
    class Wrong(ygg.Block):
        def forward(self) -> Text:
            return 5  # type: ignore[return-value]  # the fault that is told

    with pytest.raises(ygg.PortError, match=r"wrong: output 'text' was given 5\. let forward return text"):
        Wrong().run()


def test_8_the_command_takes_numbers_as_a_tensor_and_runs_as_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net = Net()
    net.module = net.build()
    ygg.save(net, tmp_path / "net")
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, "run", "./net", "x=[[1.0, 2.0]]") == 0
    assert (tmp_path / "tensor.safetensors").exists()
    asked = [sys.executable, "-m", "yggdrasil", "--help"]
    shown = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert shown.returncode == 0 and "describe" in shown.stdout, shown.stderr


def test_9_a_schedulers_name_is_completed_not_told_by_diffusers() -> None:
    name: Any = "Euler"
    with pytest.raises(ygg.ConfigError, match=r"'Euler' is none of them: did you mean '.*Euler"):
        SchedulerSolver(scheduler=name)


def test_9_files_of_another_width_name_the_file_and_the_tensor(tmp_path: Path) -> None:
    class Wide(TorchBlock, type="test_way_in/wide"):
        hidden_size: int = 2

        def build(self) -> torch.nn.Module:
            return torch.nn.Linear(self.hidden_size, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with self.computing() as module:
                return module(x)

    wide = Wide()
    wide.module = wide.build()
    folder = ygg.save(wide, tmp_path / "wide")
    told = (
        (folder / "manifest.yaml")
        .read_text()
        .replace("type: test_way_in/wide", "type: test_way_in/wide\nconfig: {hidden_size: 3}")
    )
    (folder / "manifest.yaml").write_text("\n".join(x for x in told.splitlines() if "structure:" not in x))
    with pytest.raises(ygg.YggError) as caught:
        ygg.load(folder, Wide).run(x=torch.ones(1, 3))
    assert "wide" in str(caught.value) and len(str(caught.value).splitlines()) == 1


def test_9_what_names_no_language_model_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text("{}")
    for name, said in (
        ("./nosuch", "there is no such file or folder"),
        (str(tmp_path), "a folder of diffusers, which paints"),
        ("qwen2.5-coder", "did you mean 'qwen2.5-coder-1.5b'"),
    ):
        with pytest.raises(ygg.ConfigError, match=said):
            LLM(name)


def test_10_nodes_are_replaced_removed_renamed_and_tapped_and_a_graph_says_what_it_is(tmp_path: Path) -> None:
    graph = painter(tmp_path)
    graph["solver"] = SchedulerSolver(scheduler="DDIMScheduler", shape=(4, 8, 8))
    told = [e for e in graph.stream(prompt="a fox", steps=2, tap=["solver.next_latent"]) if e.kind == "tap"]
    assert len(told) == 3 and told[0].data["value"].shape == (1, 4, 8, 8)
    line = ygg.Graph("line", about="Say it.").add(Say(), "say").rename("say", "tell")
    assert line.about == "Say it." and line.remove("tell").children() == {}
    assert ygg.Pipeline("p").add(Say(), "say").run(text="hi").text == "hi"
    assert [out.text for out in Say().map(text=["a", "b"])] == ["a", "b"]
    assert "subgraph" not in ygg.mermaid(ygg.load("illustrate"), depth=1)


def test_11_a_load_is_typed_and_another_class_is_refused() -> None:
    with pytest.raises(ygg.ManifestError, match="'painter' holds a graph, no World"):
        ygg.load("painter", ygg.World)
    assert (Path(ygg.__file__).parent / "py.typed").exists()


def test_12_steps_and_replays_print_on_a_line(tmp_path: Path) -> None:
    world = scripted(tmp_path / "w")
    assert len(repr(world.step())) < 200 and len(repr(world.replay())) < 200


class Person(BaseModel):
    """Somebody who lives in a village."""

    name: str
    age: int


@pytest.mark.filterwarnings("ignore:__array")
def test_a_script_reads_as_a_python_programmer_expects(tmp_path: Path) -> None:
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    turns = [calls(("c", "add", {"a": 2, "b": 3})), says("Five."), says('{"name": "Ann", "age": 40}')]
    agent = ygg.Agent(
        ScriptedModel([*turns, *map(says, ["A fox.", "Bye."])]),
        tools=[add, ygg.tool(painter(tmp_path), about="Paint.")],
    )
    assert agent.run("What is 2 + 3?").response == "Five."
    assert agent.run("Invent a fisher.", result=Person).result == Person(name="Ann", age=40)
    assert "".join(e.data["text"] for e in agent.stream("Paint a fox") if e.kind == "text") == "A fox."
    chat = agent.session("anna", at=tmp_path / "chats")
    assert (chat.run("What is 2 + 3?").response, len(chat.history)) == ("Five.", 1)

    async def told() -> str:
        return "".join([e.data["text"] async for e in agent.astream("Bye?") if e.kind == "text"])

    assert asyncio.run(told()) == "Bye."
    graph = painter(tmp_path)
    graph["solver"] = ygg.Solver("EulerDiscreteScheduler", like=graph["solver"])
    latents = [e for e in graph.stream(prompt="a fox", steps=2, tap=["solver.next_latent"]) if e.kind == "tap"]
    assert len(latents) == 3
    assert ygg.load(ygg.save(scripted(tmp_path / "w"), tmp_path / "midgard"), ygg.World).step().status == "whole"


def test_what_misled_says_what_is_wrong_and_how_to_mend_it(tmp_path: Path) -> None:
    with pytest.raises(ygg.MissingFile, match=r"block.module = block.build\(\)"):
        Net().run(x=torch.ones(1, 2))
    graph = ygg.Graph("g").add(Say())
    graph.defaults = {"txt": "a"}
    with pytest.raises(ygg.WiringError, match=r"did you mean 'text'.*del graph.defaults\['txt'\]"):
        graph.run(text="a")
    graph.defaults = {}
    manifest = ygg.save(graph.connect("self.text", "say.text"), tmp_path / "g") / "manifest.yaml"
    manifest.write_text(manifest.read_text(encoding="utf-8").partition("structure:")[0], encoding="utf-8")
    with pytest.raises(ygg.WiringError, match="the manifest is cut off"):
        ygg.load(tmp_path / "g")
    with pytest.raises(ygg.ConfigError, match=r"not an object of Sequential"):
        ygg.Graph("g").add(torch.nn.Sequential(torch.nn.Linear(1, 1)))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ygg.ConfigError, match=r"ygg.Creator\(\[…\]\)"):
        scripted(creator=[Say()])


def test_a_life_that_nobody_saved_is_no_saved_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    world = scripted(tmp_path / "hb")
    world.found()
    world.close()
    assert command(monkeypatch, "history", "./hb") != 0
    assert 'hb: holds a world\'s life, but no saved world. in the script that made it: ygg.save(world, "hb")' in (
        capsys.readouterr().err
    )


def test_a_sentence_does_not_end_at_an_abbreviation() -> None:
    class Move(ygg.Block):
        """Move it (Ho & Salimans 2022, eq. 6). Then rest."""

        def forward(self, text: Text) -> Text:
            return text

    told = ygg.explain(ygg.Graph("g").add(Move(), "move"))
    assert "eq. 6)." in told and "Then rest" not in told


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        (ModuleNotFoundError("no", name="onnx"), "install onnx, which my-scorer may bring as an extra"),
        (ModuleNotFoundError("no", name="my_scorer.part"), "mend my_scorer.block:Scorer, its own code does not import"),
        (AttributeError("no Scorer"), "mend my_scorer.block:Scorer, its own code does not import"),
    ],
)
def test_a_package_that_does_not_import_says_whose_fault_it_is(error: Exception, mend: str) -> None:
    class Point:
        value, module, dist = "my_scorer.block:Scorer", "my_scorer.block", SimpleNamespace(name="my-scorer")

        def load(self) -> None:
            raise error

    point: Any = Point()
    with pytest.raises(ygg.UnknownType, match=re.escape(mend)):
        opened("block 'my/scorer'", point)
