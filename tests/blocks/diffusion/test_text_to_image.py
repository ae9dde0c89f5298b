"""The canon's roles wire themselves into text→image; the same graph repaints; two wirings are an error."""

import threading
from pathlib import Path

import pytest
import torch
from PIL import Image as Pictures

import yggdrasil as ygg
from tests.blocks.diffusion.tiny import BERT, CLIP, UNET, VAE, painter, parts, seeded, tokenizer
from yggdrasil.blocks.backbone.unet import UNet
from yggdrasil.blocks.codec.vae import ImageDecoder
from yggdrasil.blocks.conditioner.encoder import TextEncoder
from yggdrasil.blocks.solver.diffusers_solver import SchedulerSolver
from yggdrasil.contract import KINDS, ConfigError, MissingFile, WeightsError, WiringError, listening


def test_roles_make_text_to_image_without_an_edge(tmp_path: Path) -> None:
    graph = painter(tmp_path)
    assert set(graph.inputs) >= {"prompt", "negative_prompt", "image", "seed", "steps", "strength", "guidance_scale"}
    assert [n for n, p in graph.inputs.items() if p.required] == ["prompt"]
    assert list(graph.outputs) == ["image", "images", "seeds", "steps_run"]
    events = []
    with listening(events.append, kinds=KINDS):
        image = graph.run(prompt="a fox in snow", seed=3).image
    assert image.size == (16, 16) and image.mode == "RGB"
    assert [(e.data["done"], e.data["of"]) for e in events if e.kind == "progress"] == [(i, 4) for i in range(1, 5)]
    assert {e.path for e in events if e.kind == "preview"} == {"tiny/codec2"}
    graph.cache = None
    assert graph.run(prompt="a fox in snow", seed=3).image.tobytes() == image.tobytes()
    assert graph.run(prompt="a fox in snow", seed=4).image.tobytes() != image.tobytes()
    assert graph.run(prompt="castle", seed=3).image.tobytes() != image.tobytes()
    assert graph.run(prompt="a fox in snow", negative_prompt="night", seed=3).image.tobytes() != image.tobytes()


def test_the_same_graph_repaints_a_picture(tmp_path: Path) -> None:
    graph = painter(tmp_path)
    given = Pictures.new("RGB", (20, 10), (200, 10, 10))
    events = []
    with listening(events.append):
        image = graph.run(prompt="a fox", image=given, steps=20, strength=0.8, seed=1).image
    assert image.size == (16, 16)
    assert sum(e.kind == "progress" for e in events) == 16
    assert any("20×10 was resized to 16×16" in e.data["text"] for e in events if e.kind == "note")


def test_another_text_encoder_needs_no_other_graph(tmp_path: Path) -> None:
    assert painter(tmp_path, CLIP).run(prompt="a fox", seed=1, steps=2).image.size == (16, 16)


def test_a_second_conditioner_is_an_error_that_names_both(tmp_path: Path) -> None:
    graph = painter(tmp_path)
    graph.add(seeded(TextEncoder(arch=BERT)))
    with pytest.raises(WiringError, match=r"backbone.condition could take conditioner.embedding, conditioner2"):
        graph.run(prompt="a")
    graph.connect("conditioner2.embedding", "backbone.condition")
    assert "conditioner2.negative_embedding -> backbone_uncond.condition" in graph.structure()["edges"]
    assert graph.run(prompt="a", steps=1).image.size == (16, 16)


def test_two_backbones_or_solvers_are_an_error_that_names_both(tmp_path: Path) -> None:
    graph = painter(tmp_path).add(seeded(UNet(arch=UNET)))
    with pytest.raises(WiringError, match=r"backbone.pred, backbone2.pred"):
        graph.run(prompt="a")
    graph = painter(tmp_path).add(SchedulerSolver())
    with pytest.raises(WiringError, match=r"solver.model_latent, solver2.model_latent"):
        graph.run(prompt="a")


def test_without_guidance_and_without_codec(tmp_path: Path) -> None:
    graph = ygg.Graph("bare")
    for block in parts(tmp_path):
        if block.role not in ("Guidance", "Codec"):
            graph.add(block)
    out = graph.run(prompt="a fox", seed=1, steps=3)
    assert list(out) == ["latent", "seeds", "steps_run"] and out.latent.shape == (1, 4, 8, 8)


def test_save_load_run_gives_the_same_picture(tmp_path: Path) -> None:
    graph = painter(tmp_path)
    image = graph.run(prompt="a fox", seed=7).image
    folder = ygg.save(graph, tmp_path / "saved")
    assert len(list((folder / "weights").glob("*.safetensors"))) == 3, "encoder and decoder share one file"
    loaded = ygg.load(folder)
    assert loaded.run(prompt="a fox", seed=7).image.tobytes() == image.tobytes()
    again = ygg.load(folder)
    nodes, others = loaded.children(), again.children()
    assert nodes["codec"].worn_module() is nodes["codec2"].worn_module() is others["codec"].worn_module()  # type: ignore[attr-defined]


def test_two_threads_each_equal_their_run_alone(tmp_path: Path) -> None:
    graph = ygg.load(ygg.save(painter(tmp_path), tmp_path / "g"), ygg.Graph)
    asked = [{"prompt": "a fox in snow", "seed": 1, "steps": 2}, {"prompt": "castle at night", "seed": 2, "steps": 4}]
    alone = [graph.run(**a).image.tobytes() for a in asked]
    graph.cache = None
    wrong: list[int] = []

    def work(i: int) -> None:
        wrong.extend(i for _ in range(4) if graph.run(**asked[i]).image.tobytes() != alone[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_long_prompt_is_cut_aloud(tmp_path: Path) -> None:
    events = []
    with listening(events.append):
        out = tokenizer(tmp_path).run(text="a fox " * 6)
    assert out.token_ids.shape == (1, 8)
    assert ["4 tokens past the window of 8 were cut" in e.data["text"] for e in events if e.kind == "note"] == [True]


def test_files_and_configs_that_do_not_fit_are_told(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"file 'weights' of 'backbone/unet' is not here.*give the block its files"):
        _ = UNet(arch=UNET).module
    folder = ygg.save(seeded(ImageDecoder(arch=VAE)), tmp_path / "d")
    loaded = ygg.load(folder)
    loaded.arch = {**VAE, "num_decoder_blocks": [2, 1]}  # type: ignore[attr-defined]
    with pytest.raises(WeightsError, match=r"weights do not fit the config: .* missing"):
        loaded.run(latent=torch.zeros(1, 4, 8, 8))
    with pytest.raises(ConfigError, match=r"setting 'arch'"):
        UNet()  # type: ignore[call-arg]
    for arch, told in (({"auto_map": {}, **BERT}, "auto_map"), ({"model_type": "brt"}, "no 'brt'"), ({}, "model_type")):
        with pytest.raises(WeightsError, match=told):
            TextEncoder(arch=arch).build()
