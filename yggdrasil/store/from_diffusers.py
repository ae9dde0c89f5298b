"""A pipeline folder of diffusers becomes a graph of our roles; what is special to a family is declared elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from yggdrasil.contract.block import Block, FileRef
from yggdrasil.contract.errors import ManifestError, MissingFile, did_you_mean
from yggdrasil.contract.known_arguments import known_arguments
from yggdrasil.contract.torch_block import Dtype, TorchBlock
from yggdrasil.levels.graph import Graph
from yggdrasil.store.families import FAMILIES, Family
from yggdrasil.store.hub import fetched, is_hub_name
from yggdrasil.store.model_folder import read_config, reference, weights

INDEX = "model_index.json"


@known_arguments
def from_diffusers(name: str | Path, *, device: str = "cpu", dtype: Any = "stored") -> Graph:
    """The pipeline of a folder that diffusers saved, or of a hub's `owner/model`, taken apart into our blocks.

    Its weights stay where they are and are named by hash. Its parts compute on `device` and in `dtype` (of torch, or
    its name; "stored": as the weights are stored), which each has as settings too. Nothing of it is run. Parts that
    only look at the result (the safety checker) are left out.
    Raises ManifestError for classes that are not known or code of its own, WeightsError for weights that are no
    safetensors files, MissingFile for what is absent.
    """
    if not isinstance(name, str | Path):  # pyright: ignore[reportUnnecessaryIsInstance]
        mend = "save it first: pipeline.save_pretrained(folder); then from_diffusers(folder)"
        raise ManifestError(
            f"a folder is taken apart, not {name.__class__.__name__}", where="from_diffusers", mend=mend
        )
    folder = _fetched(name) if isinstance(name, str) and is_hub_name(name) else Path(name)
    if not (folder / INDEX).is_file():
        mend = "give a folder that save_pretrained of a diffusers pipeline wrote, or owner/model of a hub"
        raise MissingFile(
            f"holds no {INDEX}" if folder.is_dir() else "there is no such folder", where=str(folder), mend=mend
        )
    index = read_config(folder / INDEX)
    family = _family(index, folder)
    _check_components(index, family, folder)
    graph = Graph(_title(str(name)))
    graph.about = family.about
    for node, block in family.blocks(Folder(folder, family, index)).items():
        if isinstance(block, TorchBlock):
            block.device, block.dtype = device, cast("Dtype", str(dtype).removeprefix("torch."))
        graph.add(block, node)
    for edge in family.edges:
        graph.connect(*edge.split(" -> "))
    _ = graph.plan
    graph.defaults = dict(family.defaults)
    return graph


@dataclass(frozen=True)
class Folder:
    """A checked pipeline folder: the settings and files of its components."""

    path: Path
    family: Family
    index: Mapping[str, Any]

    @cached_property
    def configs(self) -> Mapping[str, dict[str, Any]]:
        """Each component's own settings by the component's name."""
        return {name: read_config(self.path / name / part.config) for name, part in self.family.components.items()}

    @cached_property
    def classes(self) -> Mapping[str, str]:
        """Each component's class, as the index says; older configs leave it out."""
        return {name: self.index[name][1] for name in self.family.components}

    def with_weights(self, block: Block, component: str) -> Block:
        """The block with the component's weights, each tensor as it is stored."""
        if component not in self._weights:
            self._weights[component] = weights(self.path / component, self.family.components[component].weights)
        block.files |= self._weights[component]
        if isinstance(block, TorchBlock):
            block.dtype = "stored"
        return block

    @cached_property
    def _weights(self) -> dict[str, dict[str, FileRef]]:
        return {}

    def file(self, component: str, name: str) -> FileRef | None:
        """A component's file where it has one."""
        path = self.path / component / name
        return reference(path) if path.is_file() else None

    def optional(self, component: str, name: str) -> dict[str, Any]:
        """A component's JSON file; empty where it has none."""
        path = self.path / component / name
        return read_config(path) if path.is_file() else {}


def _fetched(name: str) -> Path:
    parts = sorted({component for family in FAMILIES.values() for component in family.components})
    allow = [INDEX, *(f"{part}/*.{kind}" for part in parts for kind in ("json", "txt", "safetensors"))]
    return fetched(name, allow, ignore=["*.non_ema.*"])


def _title(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(name).resolve().name)[:60] or "pipeline"


def _family(index: Mapping[str, Any], folder: Path) -> Family:
    named = index.get("_class_name")
    if not isinstance(named, str) or named not in FAMILIES:
        mend = did_you_mean(str(named), FAMILIES)
        raise ManifestError(f"pipelines of class {named!r} are not known", where=str(folder / INDEX), mend=mend)
    return FAMILIES[named]


def _check_components(index: Mapping[str, Any], family: Family, folder: Path) -> None:
    named = {key: value for key, value in index.items() if isinstance(value, list) and not key.startswith("_")}
    present = {key: value for key, value in named.items() if value != [None, None]}
    for component, pair in present.items():
        if component in family.ignored:
            continue
        if component not in family.components:
            mend = f"a pipeline of this class has {', '.join(family.components)}"
            raise ManifestError(f"component {component!r} is not known", where=str(folder / INDEX), mend=mend)
        known = family.components[component]
        if len(pair) != 2 or pair[0] != known.library or pair[1] not in known.classes:
            raise _unknown(component, pair, family, folder / INDEX)
    for component in family.components:
        if component not in present or not (folder / component).is_dir():
            raise MissingFile(f"component {component!r} is missing", where=str(folder), mend="fetch the whole pipeline")


def _unknown(component: str, named: Any, family: Family, path: Path) -> ManifestError:
    known = family.components[component]
    mend = f"known are {', '.join(known.classes)} of {known.library}"
    return ManifestError(f"component {component!r} is {named!r}, which is not known", where=str(path), mend=mend)
