"""The settings of a block around a torch module hold whenever they are given, and cost no weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import yggdrasil as ygg
from yggdrasil.contract import ConfigError
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.ports import Latent


class Leaky(TorchBlock, type="test/leaky"):
    """A layer and what follows it; `factor` is none of the module's business, `slope` and `width` are."""

    width: int = 3
    slope: float = 0.5
    factor: float = 1.0

    def build(self) -> nn.Module:
        return nn.Sequential(nn.Linear(3, self.width), nn.LeakyReLU(self.slope))

    def forward(self, latent: Latent) -> Latent:
        with self.computing() as module:
            return module(latent.to(self.torch_dtype)) * self.factor


ONES = torch.ones(1, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    block = Leaky()
    built: Any = block.build()
    block.module = built
    with torch.no_grad():
        built[0].weight.copy_(torch.tensor([[0.1, 0.2, 0.3], [-0.1, -0.2, -0.3], [-1.1, 0.7, 0.3]]))
    return ygg.save(block, tmp_path / "leaky", standalone=True)


def out(block: Any) -> torch.Tensor:
    return block.run(latent=ONES)["latent"].clone()


def with_(folder: Path, name: str, value: Any) -> Any:
    block: Any = ygg.load(folder)
    setattr(block, name, value)
    return block


@pytest.mark.parametrize(("name", "value"), [("dtype", "bfloat16"), ("slope", 0.25), ("factor", 2.0)])
def test_a_setting_given_after_a_run_is_heeded_and_set_back(folder: Path, name: str, value: Any) -> None:
    block: Any = ygg.load(folder)
    before, was = out(block), getattr(block, name)
    setattr(block, name, value)
    wanted = out(with_(folder, name, value))
    assert torch.equal(out(block), wanted) and not torch.equal(wanted, before)
    setattr(block, name, was)
    assert torch.equal(out(block), before)


def test_settings_that_do_not_fit_the_file_are_refused_after_a_run_as_before_it(folder: Path) -> None:
    block: Any = ygg.load(folder)
    out(block)
    block.width = 4
    with pytest.raises(ygg.YggError, match="weights do not fit the config"):
        out(block)


def test_files_given_after_a_run_are_read(folder: Path, tmp_path: Path) -> None:
    block, other = ygg.load(folder), Leaky()
    other.module = other.build()
    ygg.save(other, tmp_path / "other", standalone=True)
    assert not torch.equal(out(block), out(other))
    block.files = dict(ygg.load(tmp_path / "other").files)
    assert torch.equal(out(block), out(other))


def in_place(block: Any) -> None:
    with torch.no_grad():
        block.module[0].weight.add_(1)


def unfrozen(block: Any) -> None:
    with torch.no_grad():
        for parameter in ygg.unfreeze(block).values():
            parameter.add_(1)


@pytest.mark.parametrize("learn", [in_place, unfrozen])
@pytest.mark.parametrize(("name", "value"), [("dtype", "bfloat16"), ("slope", 0.25), ("width", 4)])
def test_what_was_learned_is_not_lost_to_another_setting(folder: Path, learn: Any, name: str, value: Any) -> None:
    block: Any = ygg.load(folder)
    out(block)
    learn(block)
    learned, was = out(block), getattr(block, name)
    setattr(block, name, value)
    for use in (lambda: out(block), block.tensors, lambda: block.module):
        with pytest.raises(ConfigError, match=r"no longer fit its weights, which no file holds.*set it back"):
            use()
    setattr(block, name, was)
    assert torch.equal(out(block), learned)


@pytest.mark.parametrize("learn", [in_place, unfrozen])
def test_what_was_learned_and_saved_is_read_as_other_settings_say(folder: Path, tmp_path: Path, learn: Any) -> None:
    block: Any = ygg.load(folder)
    out(block)
    learn(block)
    saved = ygg.save(block, tmp_path / "learned")
    block.module.requires_grad_(False)
    block.stored(ygg.load(saved).files["weights"])
    block.dtype = "bfloat16"
    assert torch.equal(out(block), out(with_(saved, "dtype", "bfloat16")))


def test_what_still_learns_goes_on_learning_whatever_was_saved(folder: Path, tmp_path: Path) -> None:
    block: Any = ygg.load(folder)
    unfrozen(block)
    ygg.save(block, tmp_path / "learned")
    block.dtype = "bfloat16"
    with pytest.raises(ConfigError, match=r"on what `ygg\.load` gives"):
        out(block)


@pytest.mark.parametrize("learn", [in_place, unfrozen])
def test_a_setting_that_does_not_concern_the_module_leaves_what_was_learned(folder: Path, learn: Any) -> None:
    block: Any = ygg.load(folder)
    out(block)
    learn(block)
    learned, module = out(block), block.module
    block.factor = 2.0
    assert torch.equal(out(block), learned * 2) and block.module is module
    assert block.tensors() is not None


def test_a_block_may_say_afterwards_what_its_live_module_is(tmp_path: Path) -> None:
    block = Leaky()
    block.module = block.build().to(torch.bfloat16)
    block.dtype = "bfloat16"
    given = out(block)
    assert given.dtype == torch.bfloat16
    assert torch.equal(out(ygg.load(ygg.save(block, tmp_path / "half", standalone=True))), given)
