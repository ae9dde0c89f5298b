"""Stable Diffusion taken apart and rewired: another solver, and an upscaler behind it, in one pipeline that is saved.

python examples/sd_rewired.py ./stable-diffusion-v1-5 -o fox.png     # a folder of diffusers, or owner/model
"""

import argparse
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import yggdrasil as ygg


def tiny(folder: Path) -> Path:
    """A Stable Diffusion of a few thousand random weights, saved by diffusers itself."""
    of_diffusers: Any = import_module("diffusers")
    of_transformers: Any = import_module("transformers")
    words = [*"abcdefghijklmnopqrstuvwxyz", *(f"{c}</w>" for c in "abcdefghijklmnopqrstuvwxyz"), "<|start|>", "<|end|>"]
    tokenizer = of_transformers.CLIPTokenizer(
        vocab={word: number for number, word in enumerate(words)}, merges=[], model_max_length=77,
        bos_token="<|start|>", eos_token="<|end|>", pad_token="<|end|>", unk_token="<|end|>",
    )  # fmt: skip
    text = of_transformers.CLIPTextConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, vocab_size=len(words),
        bos_token_id=len(words) - 2, eos_token_id=len(words) - 1, pad_token_id=len(words) - 1,
    )  # fmt: skip
    unet = of_diffusers.UNet2DConditionModel(
        sample_size=8, block_out_channels=(8, 16), layers_per_block=1, cross_attention_dim=16, attention_head_dim=2,
        norm_num_groups=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    ends = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    vae = of_diffusers.AutoencoderKL(block_out_channels=(8, 16), norm_num_groups=4, latent_channels=4, **ends)
    of_diffusers.StableDiffusionPipeline(
        vae=vae, text_encoder=of_transformers.CLIPTextModel(text), tokenizer=tokenizer, unet=unet,
        scheduler=of_diffusers.DDIMScheduler(), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def main(model: str | Path, path: str) -> None:
    paint = ygg.from_diffusers(model)
    print(*paint.children(), sep=" → ")
    paint["solver"] = ygg.Solver("EulerDiscreteScheduler", like=paint["solver"])
    line = ygg.Pipeline("large").add(paint, "paint").add(ygg.load("upscaler"), "upscale")
    line.connect("self.prompt", "paint.prompt").connect("self.seed", "paint.seed")
    line.connect("paint.image", "upscale.image").connect("upscale.image", "self.image")
    line.run(prompt="a fox in snow", seed=5).image.save(path)
    ygg.save(line, Path(path).with_suffix(""))
    again = ygg.load(Path(path).with_suffix(""), ygg.Pipeline)
    assert again.run(prompt="a fox in snow", seed=5).image.tobytes() == line.run("a fox in snow", 5).image.tobytes()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", help="a folder or owner/model; without it a tiny random one is made")
    parser.add_argument("-o", dest="path", default="rewired.png")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        main(given.model or tiny(Path(name)), given.path)
