"""The standard Philosopher: a seer looks at every artifact of its kind and says what is there, not what was ordered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here, standing
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.ports import Port
from yggdrasil.contract.running import drive
from yggdrasil.contract.values import decode, form_of_media
from yggdrasil.ports import Json

_SURE = 0.5
"""How sure an eye is of what is told as seen."""


class Perceived(TypedDict):
    """Slot → {text, labels}."""

    perception: Json


class Philosopher(Block, type="philosopher/look"):
    """Describe every artifact of a state by a seer (image → text, labels); a text artifact shows its own words.

    A seer with ports for sound, video or a kind of its own is given artifacts of these, too.
    """

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
        port = self._port(media_type)
        if port is None:
            return {"text": f"something of type {media_type or 'unknown'} that was not looked into", "labels": {}}
        place = here().below(slot)
        with standing(place):
            return place.once("look", {"sha256": artifact["sha256"]}, lambda: self._look(artifact["sha256"], port))

    def _port(self, media_type: str) -> Port | None:
        """The port of the seer that takes artifacts of this media type."""
        form = form_of_media(media_type)
        ports = (p for p in self.seer.inputs.values() if p.kind.form is form and not p.kind.of)
        return next(ports, None) if form is not None else None

    def _look(self, sha256: str, port: Port) -> dict[str, Any]:
        value = decode(here().artifacts.get(sha256), kind=port.kind, where=sha256)
        outputs = drive(self.seer, {port.name: value}, "seer")
        text = outputs.get("text") or next((v for v in outputs.values() if isinstance(v, str)), "")
        return {"text": text, "labels": outputs.get("labels") or {}}


def in_plain_words(look: Any) -> str:
    """What was seen of one artifact: the eye's own words, else the names of what it saw with some certainty."""
    if not isinstance(look, dict):
        return str(look or "")
    known = cast("dict[str, Any]", look)
    labels: dict[str, Any] = known.get("labels") or {}
    every = [part for value in labels.values() for part in (value if isinstance(value, list) else [value])]  # pyright: ignore
    names = [_label(part) for part in every]
    return str(known.get("text") or "").strip() or ", ".join(name for name in names if name not in ("", "none"))


def _label(label: Any) -> str:
    if isinstance(label, dict):
        known = cast("dict[str, Any]", label)
        return str(known.get("name") or "") if float(known.get("confidence", 1)) >= _SURE else ""
    return "" if isinstance(label, bool) else str(label or "")
