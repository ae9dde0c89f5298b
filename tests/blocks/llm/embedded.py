"""The real embedded model out of the model store, for tests that read what it writes."""

from __future__ import annotations

from yggdrasil.blocks.llm.transformers import TransformersModel
from yggdrasil.contract import FileRef
from yggdrasil.store.catalogue import files, model

NAME = "smollm2-135m"


def embedded_model() -> TransformersModel:
    """The model; where it is not, the error says how to get it."""
    (path,) = files(NAME).values()
    block = TransformersModel()
    block.files = {"weights": FileRef(model(NAME).files[0].sha256, path, NAME)}
    return block
