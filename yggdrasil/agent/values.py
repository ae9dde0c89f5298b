"""Values at the edge of an agent: what a tool takes and gives as JSON, large things as artifacts."""

from __future__ import annotations

import io
from typing import Any

from yggdrasil.contract import PortError, here
from yggdrasil.contract.ports import Port, Ports

_MAX_PIXELS = 64_000_000


def inward(ports: Ports, given: dict[str, Any]) -> dict[str, Any]:
    """A model's arguments as the ports take them.

    A null for a port that has a default and admits none stands for "left out" (strict schemas write it so).
    Images are named by the sha256 of an artifact. Raises PortError, ArtifactError.
    """
    values: dict[str, Any] = {}
    for name, value in given.items():
        port = ports.get(name)
        if port is None or port.kind.name not in ("image", "audio", "video"):
            if value is None and port is not None and not port.required and not port.optional:
                continue
            values[name] = value
        elif value is not None:
            values[name] = _opened(port, value)
    return values


def outward(ports: Ports, outputs: dict[str, Any]) -> dict[str, Any]:
    """What a tool gave, as JSON: images become artifacts, empty values are left out.

    Raises PortError for an output that has no JSON form.
    """
    shown: dict[str, Any] = {}
    for name, port in ports.items():
        value = outputs.get(name)
        if value is None or value == "" or value == {}:
            continue
        shown[name] = _stored(port, value)
    return shown


def _opened(port: Port, value: Any) -> Any:
    if port.kind.name != "image":
        raise PortError(
            f"{port.name!r} takes {port.kind.name}, which an agent cannot hand over",
            mend="wrap the tool in a graph that takes a path of images or text",
        )
    from PIL import Image, UnidentifiedImageError

    sha = value.get("sha256") if isinstance(value, dict) else value
    if not isinstance(sha, str):
        raise PortError(f"{port.name!r} was given {value!r:.80}", mend="name the image by its sha256")
    try:
        image = Image.open(io.BytesIO(here().artifacts.get(sha)))
        if image.width * image.height > _MAX_PIXELS:
            raise PortError(f"the image {sha[:12]}… has too many pixels", mend="give a smaller one")
        return image.convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise PortError(f"artifact {sha[:12]}… is no image", mend="name an image by its sha256") from error


def _stored(port: Port, value: Any) -> Any:
    if port.kind.name == "image":
        buffer = io.BytesIO()
        value.save(buffer, "PNG")
        artifact = here().artifacts.put(buffer.getvalue(), "image/png")
        here().emit("artifact", **artifact.to_json())
        return artifact.to_json()
    if port.kind.tensor or port.kind.large:
        raise PortError(
            f"output {port.name!r} carries {port.kind.name}, which an agent cannot read",
            mend="end the graph in text, JSON or an image",
        )
    return port.adapter.dump_python(value, mode="json")
