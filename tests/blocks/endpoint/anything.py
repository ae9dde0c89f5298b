"""An endpoint that has every model: it answers chats, pictures, vectors and voices in the wire format."""

from __future__ import annotations

import base64
import io
import json
import wave
from http.server import BaseHTTPRequestHandler
from typing import Any

from PIL import Image as Pictures

from tests.blocks.endpoint.stand_in import giving, sending, stream
from yggdrasil.blocks.endpoint.pictures import png

_FOX = {"text": "A fox in the snow.", "place": "snow", "time": "night", "weather": "none", "things": ["fox"]}


def anything(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    """Answer by the path that was asked."""
    part = handler.path.rpartition("/v1/")[2]
    if part.startswith("images/"):
        image = png(Pictures.new("RGB", (64, 64), "white"))
        giving({"created": 1, "data": [{"b64_json": base64.b64encode(image).decode()}]})(handler, body)
    elif part == "embeddings":
        giving({"data": [{"embedding": [1.0, 2.0, 2.0]}], "usage": {"prompt_tokens": 2}})(handler, body)
    elif part == "audio/speech":
        sending(200, "audio/wav", _beep())(handler, body)
    elif body.get("response_format", {}).get("json_schema", {}).get("name") == "sight":
        stream(json.dumps(_FOX))(handler, body)
    else:
        stream(json.dumps({"name": "Olaf"}) if "response_format" in body else "A herring.")(handler, body)


def _beep() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 24000, 0, "NONE", ""))
        file.writeframes(b"\x00\x20" * 240)
    return buffer.getvalue()
