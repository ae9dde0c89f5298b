"""A second Python process that loads what was saved and runs it: what only worked by chance here fails there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from yggdrasil.contract.artifacts import FolderArtifacts
from yggdrasil.contract.errors import YggError
from yggdrasil.levels.round_journal import record, recorded


class ElsewhereError(YggError):
    """The other process could not load or run what was saved; `what` is what it said."""


class Elsewhere:
    """One process for as many runs as are asked for; use it as a context manager.

    `modules` are imported there first: a type that comes by no entry point is registered by its module.
    """

    def __init__(self, folder: Path, modules: Iterable[str] = ()) -> None:
        self.folder = folder
        self._modules = list(modules)
        self._process: subprocess.Popen[str] | None = None

    def run(self, saved: Path, inputs: dict[str, Any], seed: int, modules: Iterable[str] = ()) -> dict[str, Any]:
        """The outputs of the block saved in `saved`, computed there. Raises ElsewhereError."""
        artifacts = FolderArtifacts(self.folder)
        asked = {
            "saved": str(saved), "inputs": record(inputs, artifacts), "seed": seed,
            "modules": [*self._modules, *modules], "artifacts": str(self.folder),
        }  # fmt: skip
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise ElsewhereError(f"the process ended with {process.wait()}", where=str(saved))
        told: dict[str, Any] = json.loads(answer)
        if "error" in told:
            raise ElsewhereError(str(told["error"]), where=str(saved))
        return cast(dict[str, Any], recorded(told["outputs"], artifacts))

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            command = [sys.executable, "-m", "yggdrasil.testing.other_process_server"]
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8")
        return self._process

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Elsewhere:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
