"""One door to a torch module: the run's mode, what the place wears, and weights that nobody changes for others."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import yggdrasil as ygg
from yggdrasil.contract import ConfigError, here
from yggdrasil.contract.building import unfilled
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.contract.trainable_copies import twin
from yggdrasil.contract.weight_marks import mark
from yggdrasil.ports import Latent


class Line(TorchBlock, type="test/line"):
    """One linear layer."""

    def build(self) -> nn.Module:
        return nn.Linear(3, 3)

    def forward(self, latent: Latent) -> Latent:
        with self.computing() as module:
            return module(latent)


class Dressing(ygg.Block, type="test/dressing"):
    """Call a leaf that it shares with others, dressed as this place has it."""

    _leaf: Any = None
    _worn: Any = None

    def forward(self, latent: Latent) -> Latent:
        with ygg.wearing({self._leaf: self._worn} if self._worn is not None else {}):
            return self._leaf.run(latent=latent)["latent"]


class Scaled:
    """A variant that computes `factor` times the base."""

    def __init__(self, factor: float, meeting: threading.Barrier | None = None) -> None:
        self.factor, self.meeting = factor, meeting

    @property
    def key(self) -> str:
        return f"scaled {self.factor}"

    def over(self, module: nn.Module) -> nn.Module:
        def scale(_module: nn.Module, _given: Any, made: torch.Tensor) -> torch.Tensor:
            if self.meeting is not None:
                self.meeting.wait(10)
            return made * self.factor

        worn = twin(module)
        worn.register_forward_hook(scale)
        return worn


ONES = torch.ones(1, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    block = Line()
    block.module = nn.Linear(3, 3)
    return ygg.save(block, tmp_path / "line")


def out(block: ygg.Block) -> torch.Tensor:
    return block.run(latent=ONES)["latent"].clone()


def test_a_run_infers_unless_it_is_told_to_learn(folder: Path) -> None:
    line = ygg.load(folder)
    assert line.run(latent=ONES)["latent"].is_inference()
    parameters = ygg.unfreeze(line)
    assert list(parameters) == [":weight", ":bias"]
    with ygg.learning():
        assert here().mode.learning
        line.run(latent=ONES)["latent"].sum().backward()
    assert all(p.grad is not None for p in parameters.values())
    assert line.run(latent=ONES)["latent"].is_inference()


def test_the_loaded_parameters_are_no_inference_tensors_even_if_inference_loads_them(folder: Path) -> None:
    line: Any = ygg.load(folder)
    with torch.inference_mode():
        assert not any(p.is_inference() for p in line.module.parameters())


def test_a_module_is_built_without_values_and_no_other_thread_builds_so() -> None:
    def built(_: object = None) -> nn.Module:
        module = nn.Linear(2, 2)
        module.register_buffer("found", torch.arange(3) * 2, persistent=False)
        return module

    with ThreadPoolExecutor(1) as pool, unfilled():
        here_, there = built(), pool.submit(built).result()
    assert all(p.is_meta for p in here_.parameters()) and not any(p.is_meta for p in there.parameters())
    assert here_.get_buffer("found").tolist() == [0, 2, 4]


def test_what_a_run_without_gradients_made_can_be_learned_from(folder: Path) -> None:
    line = ygg.load(folder)
    given = line.run(latent=ONES)["latent"]
    ygg.unfreeze(line)
    with ygg.learning():
        line.run(latent=given)["latent"].sum().backward()


def test_the_callers_grad_mode_and_autocast_hold_in_a_run_that_learns(folder: Path) -> None:
    graph = ygg.Graph("two")
    for name in ("left", "right"):
        graph.add(ygg.load(folder), name)
        graph.connect("self.latent", f"{name}.latent")
        graph.connect(f"{name}.latent", f"self.{name}")
    ygg.unfreeze(graph)
    with ygg.learning(), torch.autocast("cpu", torch.bfloat16):
        made = graph.run(latent=ONES)
        with torch.no_grad():
            quiet = graph.run(latent=ONES)
    assert {made[n].dtype for n in ("left", "right")} == {torch.bfloat16}
    assert made["left"].requires_grad and made["right"].requires_grad
    assert not quiet["left"].requires_grad


def test_what_learns_is_a_copy_of_its_own_and_the_base_never_changes(folder: Path, tmp_path: Path) -> None:
    before, base, learner = out(ygg.load(folder)), ygg.load(folder), ygg.load(folder)
    learned = ygg.unfreeze(learner)
    step = torch.optim.AdamW(list(learned.values()), lr=0.1)
    with ygg.learning():
        learner.run(latent=ONES)["latent"].sum().backward()
    step.step()
    trained = out(learner)
    saved = ygg.save(learner, tmp_path / "trained")
    assert not torch.equal(trained, before)
    for block, wanted in ((base, before), (ygg.load(folder), before), (ygg.load(saved), trained)):
        assert torch.equal(out(block), wanted)


@pytest.mark.parametrize("fused", [False, True])
def test_a_module_that_was_changed_in_place_reaches_no_second_load_and_is_saved(
    folder: Path, tmp_path: Path, fused: bool
) -> None:
    block: Any = ygg.load(folder)
    before = out(block)
    module = block.module.requires_grad_(True)
    module(ONES).sum().backward()
    torch.optim.Adam(module.parameters(), lr=0.1, fused=fused).step()
    module.requires_grad_(False)
    changed = out(block)
    assert not torch.equal(changed, before)
    assert torch.equal(out(ygg.load(folder)), before)
    saved = ygg.save(block, tmp_path / "changed")
    assert torch.equal(out(ygg.load(saved)), changed)
    assert block.tensors() is None, "the file holds it now"


@pytest.mark.parametrize("change", ["in place", "exchanged", "loaded", "cast"])
def test_every_counted_change_gives_another_mark(change: str) -> None:
    module = nn.Linear(3, 3).requires_grad_(False)
    before = mark(module)
    assert mark(module) == before
    with torch.no_grad():
        if change == "in place":
            module.bias.add_(1)
        elif change == "exchanged":
            module.weight = nn.Parameter(torch.zeros(3, 3))
        elif change == "loaded":
            module.load_state_dict({"weight": torch.zeros(3, 3), "bias": torch.zeros(3)})
        else:
            module.to(torch.bfloat16)
    assert mark(module) != before


def test_a_graph_answers_nothing_old_after_its_weights_changed(folder: Path) -> None:
    graph = ygg.Graph("one")
    graph.add(ygg.load(folder), "line")
    first = graph.run(latent=ONES)["latent"].clone()
    with torch.no_grad():
        graph["line"].module.bias += 1  # pyright: ignore[reportAttributeAccessIssue]
    torch.testing.assert_close(graph.run(latent=ONES)["latent"], first + 1)


def test_blocks_of_a_tree_that_share_a_module_share_what_learns(folder: Path) -> None:
    graph = ygg.Graph("chain")
    graph.add(ygg.load(folder), "first")
    graph.add(ygg.load(folder), "second")
    graph.connect("first.latent", "second.latent")
    learned = ygg.unfreeze(graph, "second:w*")
    assert list(learned) == ["first:weight"]
    first, second = graph["first"], graph["second"]
    assert first.module is second.module  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ConfigError, match="no parameter is called 'third:"):
        ygg.unfreeze(graph, "third:*")


def test_a_leaf_computes_with_what_the_calling_place_wears_under_threads(folder: Path) -> None:
    leaf = ygg.load(folder)
    bare = out(leaf)
    meeting = threading.Barrier(2)
    places = [Dressing() for _ in range(3)]
    for place, worn in zip(places, (None, Scaled(2.0, meeting), Scaled(3.0, meeting)), strict=True):
        place._leaf, place._worn = leaf, worn
    with ThreadPoolExecutor(3) as pool:
        made = [pool.submit(lambda p=place: [out(p) for _ in range(20)]) for place in places]
        found = [one.result() for one in made]
    for factor, results in zip((1.0, 2.0, 3.0), found, strict=True):
        assert all(torch.equal(one, bare * factor) for one in results)
    assert torch.equal(out(leaf), bare)


def test_a_graph_keeps_no_result_of_another_dress(folder: Path) -> None:
    graph = ygg.Graph("one")
    leaf = ygg.load(folder)
    graph.add(leaf, "line")
    bare = graph.run(latent=ONES)["latent"].clone()
    with ygg.wearing({leaf: Scaled(2.0)}):
        assert torch.equal(graph.run(latent=ONES)["latent"], bare * 2)
    assert torch.equal(graph.run(latent=ONES)["latent"], bare)


@pytest.mark.parametrize("device", ["nowhere", "cuda:99", "meta"])
def test_a_device_that_is_not_here_is_told_with_those_that_are(folder: Path, device: str) -> None:
    leaf = ygg.load(folder, Line)
    leaf.device = device
    with pytest.raises(ConfigError, match=rf"line: cannot compute on '{device}'.*what torch has here: cpu"):
        leaf.run(latent=ONES)
    leaf.device = "cpu"
    assert leaf.run(latent=ONES).latent.shape == (1, 3)
