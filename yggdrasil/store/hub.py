"""Folders of models that a hub holds: told apart from paths, fetched into the hub library's own cache."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from yggdrasil.contract.errors import MissingFile

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def is_hub_name(text: str) -> bool:
    """Whether `text` is `owner/model` and nothing on this machine is called so."""
    return _NAME.fullmatch(text) is not None and not text.endswith(".gguf") and not Path(text).exists()


def fetched(name: str, allow: Sequence[str], ignore: Sequence[str] = ()) -> Path:
    """The folder of the hub's model `name` with its files of the `allow` patterns alone; fetched once.

    Raises MissingFile if there is no such model, or no way to it.
    """
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(allow), ignore_patterns=list(ignore)))
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise MissingFile(
            f"{name!r} is no folder here, and the hub did not give it ({said})",
            where=name,
            mend="check the name and the network (HF_HUB_OFFLINE, HF_TOKEN), or give a folder that holds the model",
        ) from None
