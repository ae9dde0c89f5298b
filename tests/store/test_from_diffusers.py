"""A pipeline of diffusers taken apart paints the same bytes as diffusers; what is not known is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import yggdrasil as ygg
from tests.blocks.llm.tiny import tiny_files
from tests.store.tiny_flux import flux
from tests.store.tiny_pipeline import as_of_old, pipeline, saved
from tests.store.tiny_sound import sound
from yggdrasil.agent.agent import Agent
from yggdrasil.contract import FileRef, ManifestError, MissingFile, PortError, WeightsError, YggError, listening, values
from yggdrasil.contract.torch_block import TorchBlock
from yggdrasil.store.hub import is_hub_name
from yggdrasil.store.language_models import language_model, teller

pytestmark = [  # diffusers hands tensors to numpy in the old way
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept context:DeprecationWarning"),
]
DDIM = {"steps_offset": 1, "clip_sample": False}
PROMPT = "A fox  in SNOW, not a castle at night"
NEGATIVE = "rain"


def theirs(pipe: Any, scale: float, seed: int = 5, steps: int = 4) -> bytes:
    made = pipe(
        PROMPT, negative_prompt=NEGATIVE, guidance_scale=scale, num_inference_steps=steps,
        generator=torch.Generator().manual_seed(seed),
    )  # fmt: skip
    return made.images[0].tobytes()


def ours(graph: Any, scale: float, seed: int = 5, steps: int = 4) -> bytes:
    asked = {"prompt": PROMPT, "negative_prompt": NEGATIVE, "guidance_scale": scale, "seed": seed, "steps": steps}
    return graph.run(**asked).image.tobytes()


def test_an_old_folder_and_a_small_autoencoder(tmp_path: Path) -> None:
    import diffusers

    library: Any = diffusers
    folder = as_of_old(saved(pipeline(**DDIM), tmp_path / "old"))
    with pytest.warns(FutureWarning, match=r"outdated|has not set"):
        pipe = library.StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    graph = ygg.from_diffusers(folder)
    assert set(graph["tokenizer"].files) == {"vocab", "merges"}
    assert ours(graph, 7.5) == theirs(pipe, 7.5)
    assert ours(ygg.load(ygg.save(graph, tmp_path / "saved")), 7.5) == theirs(pipe, 7.5)

    small = pipeline(tiny_vae=True, **DDIM)
    assert ours(ygg.from_diffusers(saved(small, tmp_path / "small")), 7.5) == theirs(small, 7.5)


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
@pytest.mark.parametrize("make", [pipeline, flux, sound])
def test_n30_what_is_imported_keeps_its_dtype_and_runs_in_it(tmp_path: Path, make: Any) -> None:
    pipe = make("DDIMScheduler", **DDIM) if make is pipeline else make()
    for part in pipe.components.values():
        if isinstance(part, torch.nn.Module):
            part.to(torch.bfloat16)
    graph = ygg.from_diffusers(saved(pipe, tmp_path / "half"))
    heavy: list[Any] = [block for block in graph.children().values() if isinstance(block, TorchBlock)]
    assert {p.dtype for block in heavy for p in block.module.parameters()} == {torch.bfloat16}
    asked = {"prompt": "a fox", "seed": 5, "steps": 2}
    (name,) = {"images", "audios"} & graph.outputs.keys()
    loaded = ygg.load(ygg.save(graph, tmp_path / "saved"))
    first, second = (values.digest(one.run(**asked)[name]) for one in (graph, loaded))
    assert first == second


def _drop(path: Path, *names: str, **change: Any) -> None:
    data = {key: value for key, value in json.loads(path.read_text()).items() if key not in names}
    path.write_text(json.dumps({**data, **change}))


def test_configs_of_old_are_read_as_diffusers_reads_them(tmp_path: Path) -> None:
    """Without what later versions wrote, with keys that none knows, and with the class that the index says."""
    import diffusers

    library: Any = diffusers
    folder = saved(pipeline("PNDMScheduler", skip_prk_steps=True, steps_offset=1), tmp_path / "old")
    _drop(folder / "vae" / "config.json", "scaling_factor", "shift_factor", "_class_name", "_diffusers_version")
    _drop(folder / "unet" / "config.json", "mid_block_type", "_class_name", unknown_of_old=3)
    kept = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "skip_prk_steps")
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k in kept} | {"clip": 1}))
    with pytest.warns(FutureWarning, match="outdated"):
        pipe = library.StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    graph = ygg.from_diffusers(folder)
    assert ours(graph, 7.5) == theirs(pipe, 7.5)
    assert ours(ygg.load(ygg.save(graph, tmp_path / "saved")), 7.5) == theirs(pipe, 7.5)

    _drop(folder / "unet" / "config.json", _diffusers_version="0.6.0")
    with pytest.warns(FutureWarning):
        pipe = library.StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    solver: Any = ygg.from_diffusers(folder)["solver"]
    assert pipe.unet.config.sample_size == 64 and solver.shape == (4, 64, 64)
    _drop(folder / "unet" / "config.json", "_diffusers_version", sample_size=[8, 12])
    assert ygg.from_diffusers(folder).run(prompt="a fox", steps=1).image.size == (24, 16)


def test_a_prompt_over_the_window_is_cut_as_diffusers_cuts_it(whole: Path) -> None:
    pipe, graph = pipeline(**DDIM), ygg.from_diffusers(whole)
    long = "a fox in snow " * 30
    made = pipe(long, num_inference_steps=2, generator=torch.Generator().manual_seed(5)).images[0]
    with pytest.warns(UserWarning, match=r"tokens past the window of 77 were cut"):
        out = graph.run(prompt=long, steps=2, seed=5)
    assert out.image.tobytes() == made.tobytes()
    graph["tokenizer"].long = "chunks"  # type: ignore[attr-defined]
    assert graph.run(prompt=long, steps=2, seed=5).image.tobytes() != made.tobytes()


def test_flux_is_refused_a_size_that_is_not_made_of_patches(tmp_path: Path) -> None:
    graph = ygg.from_diffusers(saved(flux(), tmp_path / "flux"))
    assert "negative_prompt" not in graph.inputs and graph.defaults["guidance_scale"] == 3.5
    with pytest.raises(PortError, match=r"multiples of 4, 18x16 is not.*16x16 and 20x16"):
        graph.run(prompt="a fox", width=18, height=16)


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_a_sound_must_end_after_it_starts(tmp_path: Path) -> None:
    graph = ygg.from_diffusers(saved(sound(), tmp_path / "sound"))
    out = graph.run(prompt="a fox", steps=1)
    assert out.audio.rate == 64 and out.audio.samples.shape == (2, 128) and len(out.audios) == 1
    for start, end in ((1.0, 1.0), (2.0, None), (0.0, 2.5)):
        with pytest.raises(PortError, match=r"start_seconds=.*last 2 seconds at most"):
            graph.run(prompt="a fox", steps=1, start_seconds=start, end_seconds=end)
    events: list[Any] = []
    with listening(events.append):
        graph.run(prompt="a fox", steps=2, seed=1)
    assert [e.kind for e in events if e.kind in ("preview", "failed")] == [], "a sound has no preview"


def test_its_ports_defaults_and_files_are_ours(tmp_path: Path) -> None:
    folder = saved(pipeline(**DDIM), tmp_path / "my sd 1.5")
    graph = ygg.from_diffusers(str(folder))
    assert [name for name, port in graph.inputs.items() if port.required] == ["prompt"]
    assert set(graph.inputs) == {
        "prompt", "negative_prompt", "image", "seed", "count", "width", "height", "steps", "strength", "guidance_scale",
    }  # fmt: skip
    assert graph.defaults == {"guidance_scale": 7.5, "steps": 50, "strength": 0.8}
    refs = {name: block.files["weights"].path for name, block in graph.children().items() if "weights" in block.files}
    assert refs["backbone"] == folder / "unet" / "diffusion_pytorch_model.safetensors"
    assert refs["encode"] == refs["decode"] and all(ref and ref.is_relative_to(folder) for ref in refs.values())
    nodes: Any = graph.children()
    assert nodes["encode"].worn_module() is nodes["decode"].worn_module()
    placed = ygg.from_diffusers(folder, device="cuda:1").children().values()
    assert {part.device for part in placed if isinstance(part, TorchBlock)} == {"cuda:1"}


def test_a_folder_of_links_as_a_hub_keeps_it_is_saved_whole(tmp_path: Path) -> None:
    folder = saved(pipeline(**DDIM), tmp_path / "sd")
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    for number, path in enumerate(sorted(p for p in folder.rglob("*") if p.is_file())):
        path.rename(blobs / str(number))
        path.symlink_to(blobs / str(number))
    graph = ygg.from_diffusers(folder)
    image = ours(graph, 7.5)
    kept = ygg.save(graph, tmp_path / "saved")
    assert not [path for path in kept.rglob("*") if path.is_symlink()]
    shutil.rmtree(folder)
    shutil.rmtree(blobs)
    assert ours(ygg.load(kept), 7.5) == image


def _index(**change: Any) -> Any:
    def mend(folder: Path) -> None:
        path = folder / "model_index.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    return mend


def _config(part: str, **change: Any) -> Any:
    def mend(folder: Path) -> None:
        path = folder / part / ("scheduler_config.json" if part == "scheduler" else "config.json")
        path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    return mend


def _pickled(folder: Path) -> None:
    (folder / "unet" / "diffusion_pytorch_model.safetensors").rename(folder / "unet" / "diffusion_pytorch_model.bin")


def _renamed(folder: Path) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_name("diffusion_pytorch_model-00001-of-00002.safetensors"))


def _piece(*names: str) -> Any:
    def mend(folder: Path) -> None:
        _renamed(folder)
        table = {f"tensor {number}": name for number, name in enumerate(names)}
        index = folder / "unet" / "diffusion_pytorch_model.safetensors.index.json"
        index.write_text(json.dumps({"weight_map": table}))

    return mend


def _no_vae(folder: Path) -> None:
    shutil.rmtree(folder / "vae")


def _broken(folder: Path) -> None:
    (folder / "unet" / "config.json").write_text("{")


def _disguised(folder: Path) -> None:
    (folder / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"\x80\x04pickle")


def _no_words(folder: Path) -> None:
    (folder / "tokenizer" / "tokenizer.json").unlink()


@pytest.mark.parametrize(
    ("spoil", "kind", "told"),
    [
        (_index(_class_name="MyPipeline"), ManifestError, "'MyPipeline' are not known"),
        (_index(_class_name=["pipeline", "Mine"]), ManifestError, r"\['pipeline', 'Mine'\] are not known"),
        (_index(unet=["my_unet", "MyUNet"]), ManifestError, r"'unet' is \['my_unet', 'MyUNet'\].*UNet2DCondition"),
        (_index(unet=["diffusers"]), ManifestError, "'unet' is"),
        (_index(vae=[None, None]), MissingFile, "'vae' is missing"),
        (_index(extra=["diffusers", "ControlNetModel"]), ManifestError, "'extra' is not known"),
        (_index(scheduler=["diffusers", "FlowMatchEulerDiscreteScheduler"]), ManifestError, "'scheduler' is"),
        (_config("text_encoder", auto_map={"AutoModel": "x.Y"}), ManifestError, "run its own code"),
        (_config("unet", sample_size=None), ManifestError, "does not say its sample_size"),
        (_no_vae, MissingFile, "'vae' is missing"),
        (_no_words, MissingFile, "neither tokenizer.json"),
        (_pickled, WeightsError, "only in diffusion_pytorch_model.bin"),
        (_renamed, MissingFile, "it has diffusion_pytorch_model-00001-of-00002"),
        (_piece("absent.safetensors"), MissingFile, "absent.safetensors, which .* is not there"),
        (_piece("../../vae/diffusion_pytorch_model.safetensors"), WeightsError, "no safetensors file beside it"),
        (_piece("diffusion_pytorch_model.bin"), WeightsError, "no safetensors file beside it"),
        (_piece(), WeightsError, "names no files"),
        (_disguised, WeightsError, "pickle"),
        (_broken, ManifestError, "is no JSON"),
    ],
)
def test_what_is_not_known_or_not_safe_is_refused(
    spoil: Any, kind: type[YggError], told: str, whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "sd"
    shutil.copytree(whole, folder)
    spoil(folder)
    with pytest.raises(kind, match=told):
        ygg.from_diffusers(folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(pipeline(**DDIM), tmp_path_factory.mktemp("whole") / "sd")


def test_no_folder_and_a_name_that_no_hub_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingFile, match=r"holds no model_index\.json"):
        ygg.from_diffusers(tmp_path)
    with pytest.raises(MissingFile, match="'nobody/nothing-here' is no folder here"):
        ygg.from_diffusers("nobody/nothing-here")
    paths = ("painter", "./a/b", "/a/b", "a/b/c", "a/../b", "models/x.gguf", "~/a", "tests/store")
    assert not any(is_hub_name(path) for path in paths)


def test_a_hub_name_is_fetched_without_what_may_carry_code(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, list[str]]] = []

    def fetch(name: str, *, allow_patterns: list[str], ignore_patterns: list[str]) -> str:
        asked.append((name, allow_patterns))
        return str(whole)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    graph = ygg.from_diffusers("somebody/tiny-sd")
    assert graph.name == "tiny-sd" and graph.run(prompt="a fox", steps=1).image.size == (16, 16)
    ((name, patterns),) = asked
    assert name == "somebody/tiny-sd" and {p.rpartition(".")[2] for p in patterns} == {"json", "txt", "safetensors"}


def test_a_pipeline_folder_is_a_painter_of_a_world(whole: Path) -> None:
    world: Any = ygg.from_template("storytelling", painter=str(whole))
    from yggdrasil.contract.tree import walk

    assert [block for _, block in walk(world) if block.type_name == "codec/vae_sampler"]


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    tiny_files(tmp_path / "llama")
    return tmp_path / "llama"


def test_a_folder_of_transformers_chats_and_tells(llama: Path, tmp_path: Path) -> None:
    model: Any = language_model(str(llama))
    turn = model.chat([{"role": "user", "content": "the fox"}], max_tokens=4, temperature=0.0)
    assert model.type_name == "llm/transformers" and turn.usage.completion > 0
    loaded: Any = ygg.load(ygg.save(model, tmp_path / "saved"))
    assert loaded.chat([{"role": "user", "content": "the fox"}], max_tokens=4, temperature=0.0) == turn
    agent = teller(str(llama))
    assert isinstance(agent, Agent) and agent.policy == "tools"
    kept = agent.children()["llm"].files["weights"]
    assert kept == FileRef(model.files["weights"].sha256, llama / "model.safetensors")


def test_a_model_before_which_vllm_stands_runs_on_it(llama: Path) -> None:
    block = language_model(f"vllm:{llama}")
    assert block.type_name == "llm/vllm" and block.files == language_model(str(llama)).files
    with pytest.raises(YggError, match="no files that vLLM"):
        language_model("vllm:openai:model@http://127.0.0.1:9/v1")


def test_a_language_model_of_a_hub(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, **_: str(llama))
    assert language_model("somebody/tiny-llama").files["weights"].path == llama / "model.safetensors"


@pytest.mark.parametrize("make", [lambda: pipeline(**DDIM), flux], ids=["sd", "flux"])
def test_weights_in_pieces_are_one_model(make: Any, tmp_path: Path) -> None:
    pipe = make()
    whole_graph = ygg.from_diffusers(saved(pipe, tmp_path / "whole"))
    pipe.save_pretrained(tmp_path / "pieces", max_shard_size="40KB")
    graph = ygg.from_diffusers(tmp_path / "pieces")
    backbone: Any = graph["backbone"]
    assert len(backbone.pieces()) > 2
    expected = whole_graph.run(prompt="a fox", steps=2, seed=5).image.tobytes()
    assert graph.run(prompt="a fox", steps=2, seed=5).image.tobytes() == expected
    loaded: Any = ygg.load(ygg.save(graph, tmp_path / "saved"))
    assert loaded["backbone"].pieces().keys() == backbone.pieces().keys()
    assert loaded.run(prompt="a fox", steps=2, seed=5).image.tobytes() == expected
    twice = dict(backbone.files)
    backbone.files["weights-2"] = backbone.files["weights"]
    backbone._module = None
    with pytest.raises(WeightsError, match="in another piece, too"):
        _ = backbone.module
    backbone.files = {role: ref for role, ref in twice.items() if role != "weights-2"}
    with pytest.raises(WeightsError, match="tensors missing"):
        _ = backbone.module


def test_a_language_model_in_pieces(llama: Path, tmp_path: Path) -> None:
    import transformers

    whole: Any = language_model(str(llama))
    library: Any = transformers
    library.AutoModelForCausalLM.from_pretrained(llama).save_pretrained(tmp_path / "pieces", max_shard_size="20KB")
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if (llama / name).exists():
            shutil.copy(llama / name, tmp_path / "pieces" / name)
    model: Any = language_model(str(tmp_path / "pieces"))
    assert len(model.pieces()) > 1
    asked = [{"role": "user", "content": "the fox"}]
    assert model.chat(asked, max_tokens=4, temperature=0.0) == whole.chat(asked, max_tokens=4, temperature=0.0)


def _llm_renamed(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")


def _llm_pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_llm_renamed, "it has model-00001-of-00002"),
        (_llm_pickled, "may carry code"),
        (_config(".", auto_map={}), "its own code"),
        (_config(".", quantization_config={}), "quantised"),
        (lambda folder: (folder / "tokenizer.json").unlink(), r"no tokenizer\.json"),
    ],
)
def test_a_language_model_that_cannot_be_read_safely_is_refused(spoil: Any, told: str, llama: Path) -> None:
    spoil(llama)
    with pytest.raises(YggError, match=told):
        language_model(str(llama))
