"""The standard Philosopher: a seer looks at every picture and says what is there, not what was ordered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here, standing
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.pictures import read_picture
from yggdrasil.contract.running import drive
from yggdrasil.ports import Json


class Perceived(TypedDict):
    """Slot → {text, labels}."""

    perception: Json


class Looking(Block, type="philosopher/look"):
    """Describe every artifact of a state by a seer (image → text, labels); a text artifact shows its own words."""

    def __init__(self, seer: Block | None = None, **config: Any) -> None:
        super().__init__(**config)
        if seer is None:
            raise ConfigError("a Philosopher needs a seer", where=self.name, mend="pass seer=…: a block image → text")
        self.seer = seer

    def children(self) -> Mapping[str, Block]:
        return {"seer": self.seer}

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        return cls(nodes.get("seer"), **config)

    def forward(self, artifacts: Json) -> Perceived:
        return {"perception": {slot: self._seen(slot, artifact) for slot, artifact in artifacts.items()}}

    def _seen(self, slot: str, artifact: dict[str, Any]) -> dict[str, Any]:
        media_type = str(artifact.get("media_type", ""))
        if "text" in artifact:
            return {"text": artifact["text"], "labels": {}}
        if not media_type.startswith("image/"):
            return {"text": f"something of type {media_type or 'unknown'} that was not looked into", "labels": {}}
        place = here().below(slot)
        with standing(place):
            return place.once("look", {"sha256": artifact["sha256"]}, lambda: self._look(artifact["sha256"]))

    def _look(self, sha256: str) -> dict[str, Any]:
        image = read_picture(here().artifacts.get(sha256), where=sha256)
        port = next((n for n, p in self.seer.inputs.items() if p.kind.name == "image"), "image")
        outputs = drive(self.seer, {port: image}, "seer")
        text = outputs.get("text") or next((v for v in outputs.values() if isinstance(v, str)), "")
        return {"text": text, "labels": outputs.get("labels") or {}}
