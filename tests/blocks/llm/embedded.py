"""The real embedded model out of the model store, for tests that read what it writes."""

from __future__ import annotations

import pytest

from yggdrasil.blocks.llm.transformers import TransformersModel
from yggdrasil.contract import FileRef
from yggdrasil.store.models import MissingFile, files, model

NAME = "smollm2-135m"


def embedded_model() -> TransformersModel:
    """The model, or a skipped test that says how to get it."""
    try:
        (path,) = files(NAME).values()
    except MissingFile:
        pytest.skip(f"the embedded model is not here: yggdrasil models pull {NAME}")
    block = TransformersModel()
    block.files = {"weights": FileRef(model(NAME).files[0].sha256, path, NAME)}
    return block
