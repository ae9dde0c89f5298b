"""Weights that several blocks share: who changes them keeps the change, and nobody else computes with it."""

import warnings
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
import torch
from torch import nn

import yggdrasil as ygg
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Latent


class Shared(TorchBlock, type="test/shared-line"):
    """Two layers, the second of which has buffers and computes otherwise when it trains."""

    pure: ClassVar[bool] = True

    def build(self) -> nn.Module:
        return nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))

    def forward(self, latent: Latent) -> Latent:
        with self.computing() as module:
            return module(latent)


ONES = torch.ones(2, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    block = Shared()
    block.module = block.build()
    return ygg.save(block, tmp_path / "line", standalone=True)


def out(block: Any) -> torch.Tensor:
    return block.run(latent=ONES)["latent"].clone()


def pair(folder: Path) -> tuple[Any, Any, torch.Tensor]:
    """Two blocks that have computed with one module, and what it gives."""
    base, other = ygg.load(folder), ygg.load(folder)
    before = out(base)
    assert torch.equal(out(other), before)
    return base, other, before


def trained(block: Any, *, fused: bool = False) -> None:
    block.module.requires_grad_(True)
    step = torch.optim.AdamW(block.module.parameters(), lr=0.1, fused=fused)
    with ygg.learning():
        block.run(latent=ONES)["latent"].square().sum().backward()
    step.step()


def counted(block: Any) -> None:
    with torch.no_grad():
        block.module[0].weight[0, 0] += 5


def uncounted(block: Any) -> None:
    block.module[0].weight.data[0, 0] += 5


def inside(block: Any) -> None:
    with block.computing() as module, torch.inference_mode(False), torch.no_grad():
        module[0].weight.mul_(2)


def inside_uncounted(block: Any) -> None:
    with block.computing() as module:
        module[0].weight.data.mul_(2)


CHANGES = [trained, lambda block: trained(block, fused=True), counted, uncounted, inside, inside_uncounted]
NAMES = ["trained", "fused", "counted", "uncounted", "inside", "inside uncounted"]


@pytest.mark.parametrize("change", CHANGES, ids=NAMES)
def test_a_change_stays_with_who_made_it_and_each_saves_its_own(folder: Path, tmp_path: Path, change: Any) -> None:
    base, learner, before = pair(folder)
    change(learner)
    assert torch.equal(out(base), before), "who computed with the same memory reads its file again"
    after = out(learner)
    assert not torch.equal(after, before)
    for block, wanted in ((base, before), (learner, after)):
        saved = ygg.save(block, tmp_path / "saved", standalone=True)
        assert torch.equal(out(ygg.load(saved)), wanted)
    assert torch.equal(out(ygg.load(folder)), before)


@pytest.mark.parametrize("change", CHANGES, ids=NAMES)
def test_the_base_is_saved_as_its_file_says_even_if_nothing_ran_after_the_change(
    folder: Path, tmp_path: Path, change: Any
) -> None:
    base, learner, before = pair(folder)
    change(learner)
    assert base.tensors() is None
    assert learner.tensors() is not None
    assert base.weights_key() != learner.weights_key()
    assert torch.equal(out(ygg.load(ygg.save(base, tmp_path / "base", standalone=True))), before)


def test_a_change_outlives_who_made_it_and_still_reaches_nobody(folder: Path) -> None:
    base, learner, before = pair(folder)
    counted(learner)
    del learner
    assert torch.equal(out(base), before)


def test_to_look_at_the_module_copies_no_weights(folder: Path) -> None:
    base, other, _ = pair(folder)
    assert base.module is base.module is not other.module
    assert base.module[0].weight.data_ptr() == other.module[0].weight.data_ptr()
    assert base.module[1].running_mean.data_ptr() == other.module[1].running_mean.data_ptr()
    assert base.tensors() is None


@pytest.mark.parametrize("change", CHANGES, ids=NAMES)
def test_a_kept_result_is_not_given_after_a_change_and_is_given_still_where_nothing_changed(
    folder: Path, change: Any
) -> None:
    base, learner, before = pair(folder)
    graphs = [ygg.Graph(name).add(block, "line") for name, block in (("base", base), ("own", learner))]
    assert all(torch.equal(out(graph), before) for graph in graphs)
    change(learner)
    assert torch.equal(out(graphs[0]), before)
    assert torch.equal(out(graphs[1]), out(learner))
    assert not torch.equal(out(learner), before)


def hooked(module: nn.Module) -> None:
    def nothing(_module: nn.Module, _given: Any, made: torch.Tensor) -> torch.Tensor:
        return made * 0

    module.register_forward_hook(nothing)


@pytest.mark.parametrize("alter", [nn.Module.train, hooked], ids=["train", "hook"])
@pytest.mark.parametrize("through", ["module", "computing"])
def test_modes_and_hooks_of_one_block_show_in_no_other_load(folder: Path, alter: Any, through: str) -> None:
    base, other, before = pair(folder)
    graph = ygg.Graph("g").add(other, "line")
    out(graph)
    if through == "module":
        alter(other.module)
    else:
        with other.computing() as module:
            alter(module)
    fresh: Any = ygg.load(folder)
    assert torch.equal(out(fresh), before)
    assert not fresh.module.training
    assert not torch.equal(out(other), before)
    assert torch.equal(out(graph), out(other)), "a result kept before says nothing now"
    assert torch.equal(out(base), before)


def by_attribute(layer: nn.Linear) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.utils.weight_norm(layer)


def by_spectrum(layer: nn.Linear) -> nn.Module:
    return nn.utils.spectral_norm(layer)


NORMS = [by_attribute, by_spectrum, nn.utils.parametrizations.weight_norm, nn.utils.parametrizations.spectral_norm]


class Normed(TorchBlock, type="test/normed-line"):
    """One layer whose weights are computed before each call."""

    norm: int

    def build(self) -> nn.Module:
        return nn.Sequential(NORMS[self.norm](nn.Linear(3, 3)))

    def forward(self, latent: Latent) -> Latent:
        with self.computing() as module:
            return module(latent)


@pytest.mark.parametrize("norm", range(len(NORMS)))
def test_weights_that_are_computed_before_each_call_can_be_copied_while_they_learn(tmp_path: Path, norm: int) -> None:
    block: Any = Normed(norm=norm)
    block.module = block.build()
    saved = ygg.save(block, tmp_path / "normed", standalone=True)
    base, learner = ygg.load(saved), ygg.load(saved)
    before = out(base)
    for _ in range(2):
        parameters = ygg.unfreeze(learner)
        with ygg.learning():
            learner.run(latent=ONES)["latent"].square().sum().backward()
        torch.optim.SGD(parameters.values(), lr=0.1).step()
        worn = ygg.twin(cast(TorchBlock, learner).module)
        with torch.no_grad():
            assert torch.equal(worn(ONES), out(learner)) and not torch.equal(worn(ONES), before)
    assert torch.equal(out(base), before)
