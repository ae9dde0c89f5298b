"""The shelves of ready-made items, inside the wheel or in the checkout."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from yggdrasil.contract.errors import ManifestError, did_you_mean
from yggdrasil.store.catalogue import catalogue

SHELVES = ("agents", "tools", "worlds")


def shelf_root() -> Path:
    """The folder that holds agents/, tools/ and worlds/: inside the wheel, or the checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_shelf"
    return inside if inside.is_dir() else package.parent


def shelf() -> dict[str, Path]:
    """Every item of the shelf by its name. Raises ManifestError if two items have one name."""
    found: dict[str, Path] = {}
    for shelf_name in SHELVES:
        for manifest in sorted((shelf_root() / shelf_name).glob("*/manifest.yaml")):
            name = manifest.parent.name
            if name in found:
                raise ManifestError(
                    f"{name!r} is on the shelf twice",
                    where=f"{found[name].parent.name}/, {shelf_name}/",
                    mend="rename one",
                )
            found[name] = manifest.parent
    return found


def _model(name: str) -> str:
    """How the language model is made that the name means, or nearly means; '' if there is none."""
    models = [known for known, model in catalogue().items() if model.role == "LLM"]
    near = get_close_matches(name, models, n=1, cutoff=0.8)
    return f"the models of the catalogue are made by ygg.LLM({near[0]!r})" if near else ""


def on_shelf(name: str) -> Path:
    """The folder of a shelf item. Raises ManifestError with the near names, or the path of a saved block here."""
    items = shelf()
    if name not in items:
        saved = os.path.isfile(os.path.join(name, "manifest.yaml"))
        near = _model(name) or did_you_mean(name, items, "a path holds a slash or begins with a dot")
        mend = f"did you mean './{name}'?" if saved else near
        raise ManifestError(f"there is no {name!r} on the shelf", mend=mend)
    return items[name]
