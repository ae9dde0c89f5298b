"""Pictures on the wire: data URLs made of our own values, and bytes that are looked at before they are decoded.

No address is ever fetched, here or by the endpoint on our behalf.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from yggdrasil.contract import ArtifactError, PortError, here
from yggdrasil.contract.kinds import AUDIO
from yggdrasil.contract.pictures import read_picture, upright
from yggdrasil.contract.value_forms import PICTURE
from yggdrasil.contract.values import decode, encode, form_of

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 64 << 20
Message = dict[str, Any]


def data_url(image: Image) -> str:
    """The picture as a PNG data URL."""
    return f"data:image/png;base64,{base64.b64encode(png(image)).decode()}"


def png(image: Image) -> bytes:
    """The picture as PNG; one of a mode that PNG lacks is brought to 8 bits a channel."""
    data, media_type = encode(image)
    if media_type == "image/png":
        return data
    return encode(upright(image))[0]


def decoded(data: bytes, where: str = "") -> Image:
    """The picture in the bytes, RGB or RGBA. Raises PortError if there is none, or one of over 64 megapixels."""
    try:
        return read_picture(data, where)
    except ArtifactError as error:
        raise PortError(error.what, where=where, mend=error.mend) from None


def sendable(messages: list[Message]) -> list[Message]:
    """The messages with every picture as a data URL whose media type is that of its bytes, every sound as WAV.

    A part {"type": "image", "image": …} holds a picture, or the sha256 of an artifact; {"type": "image_url"} holds a
    data URL; {"type": "audio", "audio": …} a sound, or the sha256 of one. Raises PortError that names message and part.
    """
    return [_message(message, number) for number, message in enumerate(messages)]


def _message(message: Message, number: int) -> Message:
    parts = message.get("content")
    if not isinstance(parts, list):
        return message
    return {**message, "content": [_part(part, f"message {number}, part {at}") for at, part in enumerate(parts)]}


def _part(part: Any, where: str) -> Any:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "image":
        return _shown(_of(part.get("image"), where))
    if kind == "audio":
        wave, _ = encode(_heard(part.get("audio"), where))
        return {"type": "input_audio", "input_audio": {"data": base64.b64encode(wave).decode(), "format": "wav"}}
    if kind == "image_url":
        given = part.get("image_url")
        url = given.get("url") if isinstance(given, dict) else given
        detail = {"detail": given["detail"]} if isinstance(given, dict) and "detail" in given else {}
        return _shown(decoded(_bytes(url, where), where), detail)
    return part


def _shown(image: Image, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_url(image), **(more or {})}}


def _of(value: Any, where: str) -> Image:
    if form_of(value) is PICTURE:
        return value
    sha = value.get("sha256") if isinstance(value, dict) else value
    if not isinstance(sha, str):
        raise PortError("an image part without a picture", where=where, mend="give a picture or an artifact's sha256")
    return decoded(here().artifacts.get(sha), where)


def _heard(value: Any, where: str) -> Any:
    if not isinstance(value, str):
        return value
    return decode(here().artifacts.get(value), kind=AUDIO, where=where)


def _bytes(url: Any, where: str) -> bytes:
    """The bytes of a base64 data URL; any other address is refused unread."""
    head, comma, body = str(url).partition(",") if isinstance(url, str) else ("", "", "")
    if not (comma and head.startswith("data:") and head.endswith(";base64")):
        raise PortError("an address of a picture", where=where, mend="no address is fetched: give a base64 data URL")
    if len(body) > MAX_BYTES * 4 // 3 + 4:
        raise PortError("a data URL of over 64 MiB", where=where, mend="make the picture smaller")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise PortError("a data URL whose base64 is broken", where=where, mend="encode the bytes anew") from None
