"""Guidance is a node: one with a third prediction and an adapter of residuals are plugins, no backbone is changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

import diffusers
import pytest
import torch
from torch import nn

import yggdrasil as ygg
from tests.blocks.diffusion.tiny import UNET, painter, seeded
from tests.store.tiny_pipeline import pipeline, saved
from yggdrasil.blocks.backbone.network import Network
from yggdrasil.blocks.backbone.unet import UNet
from yggdrasil.blocks.guidance.cfg import UNCONDITIONAL, ClassifierFree, GuidedPred
from yggdrasil.contract import Block, PortError, WiringError, listening
from yggdrasil.ports import AnyTensor, AnyValue, Embedding, Latent, Pred, Timestep

library: Any = diffusers
PROMPT = {"prompt": "a fox in snow", "negative_prompt": "night", "seed": 3}


class Identity:
    """Self-attention that attends to nothing but its own place (Ahn et al. 2024)."""

    def __call__(self, attn: Any, hidden_states: Any, *_: Any, **__: Any) -> Any:
        return attn.to_out[1](attn.to_out[0](attn.to_v(hidden_states)))


class Perturbed:
    """A network whose self-attention in the middle is perturbed; its weights stay where they are."""

    key = "pag"

    def over(self, module: nn.Module) -> nn.Module:
        made: Any = ygg.twin(module)
        for name, part in made.mid_block.named_modules():
            if name.endswith("attn1"):
                part.set_processor(Identity())
        return made


class PerturbedAttention(ClassifierFree, type="test_guidance/pag"):
    """u + scale · (c − u) + pag_scale · (c − p): away from what the perturbed network predicts, too."""

    def forward(
        self,
        pred_cond: Pred,
        pred_uncond: Pred | None = None,
        pred_perturbed: Pred | None = None,
        scale: float = 1.0,
        pag_scale: float = 3.0,
    ) -> GuidedPred:
        made = super().forward(pred_cond, pred_uncond, scale)["pred_guided"]
        return {"pred_guided": made if pred_perturbed is None else made + pag_scale * (pred_cond - pred_perturbed)}

    @property
    def further_calls(self) -> Mapping[str, ygg.FurtherCall]:
        return {"pred_uncond": UNCONDITIONAL, "pred_perturbed": ygg.FurtherCall(worn=Perturbed())}

    def unread(self, given: Mapping[str, Any]) -> list[str]:
        return [*super().unread(given), *(["pred_perturbed"] if given.get("pag_scale") == 0 else [])]


class Adapted(TypedDict):
    adapted: AnyValue


class Control(Network, type="test_guidance/control", role="Adapter"):
    """A ControlNet of diffusers: residuals for every skip connection and the middle of a UNet."""

    def forward(self, latent: Latent, timestep: Timestep, condition: Embedding, hint: AnyTensor) -> Adapted:
        batch = latent.shape[0]
        with self.computing() as module:
            down, mid = module(
                latent, timestep, self._given(condition, batch), self._given(hint, batch), 1.0, return_dict=False
            )
        return {"adapted": {"down": list(down), "mid": mid}}

    def joined(self, calls: list[dict[str, Any]]) -> dict[str, Any] | None:
        whole = super().joined([{**call, "hint": None} for call in calls])
        return None if whole is None else {**whole, "hint": calls[0]["hint"]}

    def build(self) -> nn.Module:
        made = library.ControlNetModel.from_config(self.arch)
        for part in (*made.controlnet_down_blocks, made.controlnet_mid_block):
            nn.init.normal_(part.weight, std=0.1)
        return made


def predictions(graph: ygg.Graph) -> list[Any]:
    """What the solver of the graph is given, step by step."""
    seen: list[Any] = []
    solver: Any = graph["solver"]
    plain = solver._step

    def step(course: Any, latent: Any, timestep: Any, pred: Any) -> Any:
        seen.append(pred)
        return plain(course, latent, timestep, pred)

    object.__setattr__(solver, "_step", step)
    return seen


def pag(folder: Path) -> ygg.Graph:
    graph = painter(folder)
    graph["guidance"] = PerturbedAttention()
    return graph


def test_the_second_prediction_is_a_further_call_of_the_same_node(tmp_path: Path) -> None:
    graph = painter(tmp_path)
    structure = graph.structure()
    assert structure["again"] == {"backbone_uncond": "backbone"}
    assert [e for e in structure["edges"] if "backbone_uncond" in e] == [
        "conditioner.negative_embedding -> backbone_uncond.condition",
        "backbone_uncond.pred -> guidance.pred_uncond",
    ]
    assert "backbone_uncond" not in graph.children() and structure["loops"][0]["nodes"][1:3] == [
        "backbone",
        "backbone_uncond",
    ]
    folder = ygg.save(graph, tmp_path / "g")
    assert len(list((folder / "weights").glob("*.safetensors"))) == 3, "the network is saved once"
    loaded = ygg.load(folder)
    assert loaded.structure() == structure
    assert loaded.run(**PROMPT).image.tobytes() == graph.run(**PROMPT).image.tobytes()
    assert '---|"again"|' in ygg.mermaid(loaded) and "backbone_uncond" in ygg.mermaid(loaded)


def test_both_calls_are_one_of_a_doubled_batch_and_each_tells_its_own_place(tmp_path: Path) -> None:
    graph = painter(tmp_path)
    graph.cache = None
    sizes: list[int] = []
    backbone: Any = graph["backbone"]
    backbone.module.register_forward_pre_hook(lambda _, args: sizes.append(args[0].shape[0]))
    events: list[Any] = []
    with listening(events.append):
        graph.run(**PROMPT, steps=2, count=2)
    told = [(e.kind, e.path) for e in events if e.path in ("tiny/backbone", "tiny/backbone_uncond")]
    assert sizes == [4, 4]
    assert sorted(told) == [
        (kind, f"tiny/{name}") for kind in ("finished", "started") for name in ("backbone", "backbone_uncond")
    ]
    events.clear()
    with listening(events.append):
        graph.run(**PROMPT, steps=2, guidance_scale=1.0)
    skipped = [e for e in events if e.path == "tiny/backbone_uncond"]
    assert sizes == [4, 4, 1, 1]
    assert [(e.kind, e.data["reason"]["code"]) for e in skipped] == [("skipped", "unread")]


def test_a_third_prediction_is_a_plugin(tmp_path: Path) -> None:
    graph = pag(tmp_path)
    graph.cache = None
    seen = predictions(graph)
    backbone: Any = graph["backbone"]
    calls: list[dict[str, Any]] = []
    plain = backbone.forward
    object.__setattr__(backbone, "forward", lambda **given: calls.append(given) or plain(**given))
    assert {"guidance_scale", "pag_scale"} <= set(graph.inputs)
    assert graph.net.again == {"backbone_uncond": "backbone", "backbone_perturbed": "backbone"}
    graph.run(**PROMPT, steps=1, pag_scale=2.0)
    assert [call["latent"].shape[0] for call in calls] == [1, 2], "the perturbed network is called for itself"
    alone = calls[0]
    c, u = (call["pred"] for call in reversed(backbone.parted(plain(**calls[1]), 2)))
    module = backbone.module
    backbone.adopt(Perturbed().over(module))
    p = plain(**alone)["pred"]
    assert not torch.equal(p, c) and torch.allclose(seen[0], u + 3.0 * (c - u) + 2.0 * (c - p), atol=1e-6)
    assert torch.equal(seen[0], u + 3.0 * (c - u) + 2.0 * (c - p))


def test_what_nobody_reads_is_not_computed_whatever_the_guidance(tmp_path: Path) -> None:
    graph = pag(tmp_path)
    graph.cache = None
    sizes: list[int] = []
    backbone: Any = graph["backbone"]
    plain = backbone.forward
    object.__setattr__(backbone, "forward", lambda **g: sizes.append(g["latent"].shape[0]) or plain(**g))
    for scale, strength in ((1.0, 0.0), (1.0, 2.0), (3.0, 0.0), (3.0, 2.0)):
        graph.run(**PROMPT, steps=1, guidance_scale=scale, pag_scale=strength)
    assert sizes == [1, 1, 1, 2, 1, 2]
    assert painter(tmp_path).run(**PROMPT).image.tobytes() == graph.run(**PROMPT, pag_scale=0.0).image.tobytes()


def test_a_guidance_is_put_into_a_saved_graph_and_taken_out_again(tmp_path: Path) -> None:
    graph = ygg.load(ygg.save(painter(tmp_path), tmp_path / "g"))
    assert isinstance(graph, ygg.Graph)
    before, structure = graph.run(**PROMPT).image.tobytes(), graph.structure()
    graph["guidance"] = PerturbedAttention()
    assert graph.run(**PROMPT).image.tobytes() == pag(tmp_path).run(**PROMPT).image.tobytes() != before
    again = ygg.load(ygg.save(graph, tmp_path / "pag"))
    assert again.run(**PROMPT).image.tobytes() == graph.run(**PROMPT).image.tobytes()
    graph["guidance"] = ClassifierFree()
    assert graph.structure() == structure and graph.run(**PROMPT).image.tobytes() == before
    with torch.random.fork_rng():
        torch.manual_seed(6)
        other = UNet(arch=UNET)
        other.module = other.build()
    graph["backbone"] = other
    sizes: list[int] = []
    other.module.register_forward_pre_hook(lambda _, args: sizes.append(args[0].shape[0]))
    assert graph.run(**PROMPT, steps=1).image.tobytes() != before and sizes == [2], "the new network at both places"


@pytest.mark.parametrize("scale", [1.0, 7.5])
@pytest.mark.filterwarnings("ignore:__array")
def test_a_controlnet_is_a_plugin_and_gives_the_bytes_of_diffusers(tmp_path: Path, scale: float) -> None:
    pipe = pipeline("DDIMScheduler", steps_offset=1, clip_sample=False)
    graph = ygg.from_diffusers(saved(pipe, tmp_path / "pipe"))
    unet: Any = graph["backbone"]
    control = seeded(
        Control(
            arch=dict(
                library.ControlNetModel.from_unet(unet.module, conditioning_embedding_out_channels=(16, 32)).config
            )
        )
    )
    graph.add(control, "control")
    hint = torch.linspace(0, 1, 3 * 16 * 16).reshape(1, 3, 16, 16)
    whole = library.StableDiffusionControlNetPipeline(
        **pipe.components, controlnet=control.module, requires_safety_checker=False
    )
    whole.set_progress_bar_config(disable=True)
    asked = {"prompt": "a fox", "negative_prompt": "rain"}
    seeds = [torch.Generator().manual_seed(5 + number) for number in range(2)]
    theirs = whole(
        **asked, image=hint, guidance_scale=scale, num_inference_steps=3, generator=seeds, num_images_per_prompt=2
    ).images
    out = graph.run(**asked, hint=hint, guidance_scale=scale, steps=3, seed=5, count=2)
    assert [one.tobytes() for one in out.images] == [one.tobytes() for one in theirs]
    assert graph.net.again == {"backbone_uncond": "backbone", "control_uncond": "control"}
    loaded = ygg.load(ygg.save(graph, tmp_path / "saved"))
    again = loaded.run(**asked, hint=hint, guidance_scale=scale, steps=3, seed=5, count=2)
    assert [one.tobytes() for one in again.images] == [one.tobytes() for one in theirs]
    graph.remove("control")
    assert graph.plan and graph.net.again == {"backbone_uncond": "backbone"}


def test_features_of_several_adapters_add_up_and_a_wrong_form_is_told() -> None:
    unet = seeded(UNet(arch=UNET))
    given = {"latent": torch.ones(1, 4, 8, 8), "timestep": torch.tensor(5.0), "condition": torch.ones(1, 2, 16)}
    layers = [torch.ones(1, 8, 8, 8), torch.ones(1, 8, 8, 8), torch.ones(1, 8, 4, 4), torch.ones(1, 16, 4, 4)]
    one: dict[str, Any] = {"down": layers, "mid": torch.ones(1, 16, 4, 4)}
    twice = {"down": [2 * layer for layer in one["down"]], "mid": 2 * one["mid"]}
    bare, summed, doubled = (unet.run(**given, adapter_features=f).pred for f in (None, [one, one], twice))
    assert torch.equal(summed, doubled) and not torch.equal(summed, bare)
    for wrong, told in (
        ({"up": one["mid"]}, r"holds 'up'.*this network takes down, mid"),
        ({"mid": one["mid"]}, r"holds mid alone.*give both"),
        ([one, {"down": layers[:2]}], r"adapters give 4 and 2 tensors for 'down'"),
        ([one["mid"]], r"holds Tensor.*give a dict"),
    ):
        with pytest.raises(PortError, match=told):
            unet.run(**given, adapter_features=wrong)


def test_a_transformer_takes_features_too() -> None:
    from tests.store.tiny_flux import flux
    from yggdrasil.blocks.backbone.flux import Flux

    config = {k: v for k, v in flux().transformer.config.items() if not k.startswith("_")}
    backbone = seeded(Flux(arch=config))
    given = {"latent": torch.ones(2, 2, 3, 16), "condition": torch.ones(1, 4, 24), "pooled": torch.ones(1, 16)}
    width = backbone.module.inner_dim
    parts = {"blocks": [torch.ones(2, 6, width)], "single_blocks": [torch.ones(2, 6, width)]}
    made = [
        backbone.run(**given, timestep=torch.tensor(500.0), adapter_features=some).pred.numpy().tobytes()
        for some in (None, [parts], {"blocks": parts["blocks"]}, {"single_blocks": parts["single_blocks"]})
    ]
    assert len(set(made)) == 4


def test_a_network_learns_through_its_guidance(tmp_path: Path) -> None:
    graph = ygg.Graph("g").add(seeded(UNet(arch=UNET)), "backbone").add(ClassifierFree())
    found = ygg.unfreeze(graph, "backbone:conv_in.*")
    given = {"latent": torch.ones(1, 4, 8, 8), "timestep": torch.tensor(5.0), "condition": torch.ones(1, 2, 16)}
    with ygg.learning():
        out = graph.run(**given, negative=torch.zeros(1, 2, 16), guidance_scale=3.0)
        out.pred_guided.square().mean().backward()
    learnt = {name: parameter.grad.clone() for name, parameter in found.items() if parameter.grad is not None}
    backbone: Any = graph["backbone"]
    for parameter in found.values():
        parameter.grad = None
    with ygg.learning():
        c, u = (
            backbone.run(**{**given, "condition": condition}).pred
            for condition in (given["condition"], torch.zeros(1, 2, 16))
        )
        (u + 3.0 * (c - u)).square().mean().backward()
    wanted = {name: parameter.grad for name, parameter in found.items() if parameter.grad is not None}
    assert list(learnt) == list(wanted) == list(found) and all(grad.any() for grad in learnt.values())
    assert all(torch.equal(learnt[name], grad) for name, grad in wanted.items())


class Halving(Block, role="Backbone"):
    """A backbone that cannot join calls; tells the conditions that it was called with."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[float] = []

    def forward(self, latent: Latent, timestep: Timestep, condition: Embedding) -> Pred:
        self.told.append(float(condition.sum()))
        return latent * 0 + condition.sum()


def test_calls_that_cannot_be_joined_run_one_after_another() -> None:
    from yggdrasil.blocks.solver.diffusers_solver import SchedulerSolver

    def drawn(backbone: Block) -> ygg.Graph:
        graph = ygg.Graph("g").add(backbone, "backbone").add(ClassifierFree(), "guidance")
        return graph.add(SchedulerSolver(scheduler="DDIMScheduler", shape=(4, 8, 8)), "solver")

    stranger = Halving()
    graph = drawn(stranger)
    seen = predictions(graph)
    graph.run(condition=torch.full((1, 1, 1), 2.0), negative=torch.ones(1, 1, 1), guidance_scale=7.5, steps=1)
    assert sorted(stranger.told) == [1.0, 2.0] and float(seen[0].mean()) == 8.5
    unet = seeded(UNet(arch=UNET))
    sizes: list[int] = []
    unet.module.register_forward_pre_hook(lambda _, args: sizes.append(args[0].shape[0]))
    longer = {"condition": torch.ones(1, 2, 16), "negative": torch.zeros(1, 5, 16)}
    drawn(unet).run(**longer, guidance_scale=7.5, steps=1)
    assert sizes == [1, 1], "conditions of another length are no batch"
    drawn(unet).run(condition=torch.ones(1, 2, 16), guidance_scale=7.5, steps=1)
    assert sizes == [1, 1, 1], "without a negative condition there is nothing to be guided from"


def test_a_node_is_called_again_by_hand_and_its_place_edited() -> None:
    class Add(Block, type="test_guidance/add"):
        more: int = 1

        def forward(self, n: int, times: int = 1) -> int:
            return n + self.more * times

    graph = ygg.Graph("g").add(Add(), "a", times=2).again("a", "b")
    graph.connect("self.n", "a.n").connect("a.value", "b.n").connect("b.value", "self.n")
    assert graph.run(n=1).n == 5, "the value at a.times stands at its further place too"
    assert graph.set("b.times", 5).run(n=1).n == 8
    graph["a"] = Add(more=10)
    assert graph.run(n=1).n == 71
    graph.rename("a", "first").rename("b", "second")
    assert graph.run(n=1).n == 71 and graph.structure()["again"] == {"second": "first"}
    for name, told in (("first", "there is a node 'first' already"), ("second", "there is a node 'second' already")):
        with pytest.raises(WiringError, match=told):
            graph.again("first", name)
    with pytest.raises(WiringError, match=r"no node 'frst'.*did you mean 'first'"):
        graph.again("frst", "third")
    graph.remove("second").connect("first.value", "self.n")
    assert graph.run(n=1).n == 21 and "again" not in graph.structure()
    assert not graph.again("first", "more").remove("first").net.again


def test_a_call_of_a_node_that_is_not_there_is_refused(tmp_path: Path) -> None:
    folder = ygg.save(painter(tmp_path), tmp_path / "g")
    manifest = folder / "manifest.yaml"
    text = manifest.read_text()
    for wrong, told in (
        ("backbone_uncond: backbon", r"again: there is no node 'backbon'.*'backbone'"),
        ("solver: backbone", r"again: 'solver' is a node"),
    ):
        manifest.write_text(text.replace("backbone_uncond: backbone", wrong))
        with pytest.raises(WiringError, match=told):
            ygg.load(folder)
