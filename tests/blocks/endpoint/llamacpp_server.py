"""A stranger's OpenAI-compatible server: llama.cpp's own, in a process of its own, with a GGUF file.

It prints the port that it listens on, and ends when its stdin does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from yggdrasil.store.catalogue import files


@contextmanager
def llamacpp_serving(name: str) -> Iterator[str]:
    """The base URL of a server of the catalogue's model `name`."""
    (path,) = files(name).values()
    command = [sys.executable, __file__, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            address = process.stdout.readline().decode().strip()
            assert address, "the server did not come up"
            yield f"{address}/v1"
        finally:
            process.stdin.close()
            process.wait(30)


def main() -> None:
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    xllamacpp: Any = import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = sys.argv[1]
    params.n_ctx, params.n_parallel = 4096, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.warmup, params.use_jinja, params.verbosity = False, True, -1
    params.no_extra_bufts, params.port = True, 0
    server = xllamacpp.Server(params)
    print(server.listening_address, file=channel, flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
