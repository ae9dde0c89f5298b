"""The other process of a check: reads a saved block and its inputs a line, runs it, writes its outputs a line."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from yggdrasil.contract.artifacts import FolderArtifacts
from yggdrasil.contract.context import Here, standing
from yggdrasil.levels.round_journal import record, recorded
from yggdrasil.store.load import load


def _serve() -> None:
    """Answer each line of standard input by a line of standard output; whatever a block prints goes to stderr."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        try:
            told = _answer(json.loads(line))
        except Exception as error:  # the asker is told of any failure and goes on to the next block
            told = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(told) + "\n")
        answers.flush()


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    for module in asked["modules"]:
        import_module(module)
    artifacts = FolderArtifacts(Path(asked["artifacts"]))
    block = load(asked["saved"])
    with standing(Here(seed=asked["seed"], artifacts=artifacts)):
        outputs = block.run(**recorded(asked["inputs"], artifacts))
    return {"outputs": record(dict(outputs), artifacts)}


if __name__ == "__main__":
    _serve()
