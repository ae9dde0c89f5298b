"""A GGUF chat model, in one file or in the numbered files of a split one, as the block `llm/llamacpp`."""

from __future__ import annotations

import re
from pathlib import Path

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import MissingFile
from yggdrasil.contract.file_roles import piece_role
from yggdrasil.contract.registry import find
from yggdrasil.contract.weights import check_pieces
from yggdrasil.store.model_folder import reference

_NUMBERED = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.gguf)", re.IGNORECASE)


def llm_of_gguf(path: Path) -> Block:
    """The model of a GGUF file; of a split one, any of its files names all. Raises MissingFile, WeightsError."""
    files = _files(path)
    absent = [file for file in files if not file.is_file()]
    if absent:
        what = f"{absent[0].name}, one of the {len(files)} files of the model, is not there"
        raise MissingFile(what, where=str(path.parent), mend="fetch all of them into one folder")
    check_pieces(files)
    block = find("llm/llamacpp")()
    block.files = {piece_role(number): reference(file) for number, file in enumerate(files)}
    return block


def _files(path: Path) -> list[Path]:
    parts = _NUMBERED.fullmatch(path.name)
    if parts is None:
        return [path]
    stem, count, suffix = parts["stem"], parts["count"], parts["suffix"]
    return [path.with_name(f"{stem}-{number:05}-of-{count}{suffix}") for number in range(1, int(count) + 1)]
