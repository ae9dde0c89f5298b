"""Values at the edge of an agent: what a tool takes and gives as JSON, large things as artifacts."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from yggdrasil.contract import PortError, here
from yggdrasil.contract.kinds import Kind
from yggdrasil.contract.pictures import read_picture
from yggdrasil.contract.ports import Port, Ports, each_once


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
    """What a tool gave, as JSON: images become artifacts, each once; empty values are left out.

    Raises PortError for an output that has no JSON form.
    """
    told = each_once(ports, outputs)
    shown: dict[str, Any] = {}
    for name, port in ports.items():
        value = told.get(name)
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
    sha = value.get("sha256") if isinstance(value, dict) else value
    if not isinstance(sha, str):
        raise PortError(f"{port.name!r} was given {value!r:.80}", mend="name the image by its sha256")
    return read_picture(here().artifacts.get(sha), where=sha)


def _stored(port: Port, value: Any) -> Any:
    if port.kind.of:
        return [_stored(replace(port, kind=Kind(port.kind.of)), member) for member in value]
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
