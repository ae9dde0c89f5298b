"""What foreign tools give as content blocks (LangChain's, OpenAI's, MCP's): pictures as pictures, words as words."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, cast

from yggdrasil.contract import values
from yggdrasil.contract.context import here
from yggdrasil.contract.errors import PortError
from yggdrasil.contract.kinds import AUDIO, IMAGE

_SENSES = {"image": IMAGE, "image_url": IMAGE, "audio": AUDIO, "input_audio": AUDIO}
_BYTES = (*_SENSES, "file", "video")
_WHERE = ("base64", "data", "url", "blob", "file_data")
_TYPE = ("mime_type", "mimeType", "media_type")
_OF_KIND = {"image": "image/png", "audio": "audio/wav"}


def opened(given: Any) -> Any:
    """The content with its bytes taken out of base64; anything that is no list of content blocks as it came."""
    blocks = [_block(part) for part in cast("list[Any]", given)] if isinstance(given, list) else []
    if not blocks or not all("type" in block for block in blocks):
        return cast(Any, given)
    parts = [_part(block) for block in blocks]
    if all(isinstance(part, str) for part in parts):
        return "\n".join(parts)
    return parts[0] if len(parts) == 1 else parts


def with_artifact(content: Any, artifact: Any) -> Any:
    """The content and, after it, what there is to see and to hear in the artifact beside; the rest is told as an event.

    No model reads the rest: so it is where the tool comes from.
    """
    blocks = [_block(part) for part in cast("list[Any]", artifact)] if isinstance(artifact, list) else []
    seen = [block for block in blocks if block.get("type") in _BYTES]
    if artifact is not None and len(seen) < max(len(blocks), 1):
        here().emit("custom", name="artifact", value=artifact)
    if not seen:
        return opened(content)
    words = [{"type": "text", "text": content}] if isinstance(content, str) and content else content or []
    return opened([*words, *seen])


def _block(part: Any) -> dict[str, Any]:
    """A block as a dict: MCP gives objects, LangChain dicts, and words alone may be a text."""
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if isinstance(part, Mapping):
        return dict(cast("Mapping[str, Any]", part))
    dump = getattr(part, "model_dump", None)
    return cast("dict[str, Any]", dump(exclude_none=True)) if callable(dump) else {}


def _part(block: dict[str, Any]) -> Any:
    kind = str(block["type"])
    if kind == "text" and isinstance(block.get("text"), str):
        return block["text"]
    inner = block.get("source") or block.get(kind) or block.get("resource") or block
    found = _found({**block, **inner} if isinstance(inner, dict) else {**block, "url": inner})
    if found is None or kind not in _BYTES:
        return block
    data, media = found[0], found[1] or _OF_KIND.get(kind.removesuffix("_url"), "application/octet-stream")
    if kind.startswith("image") or values.form_of_media(media) is not None:
        return values.decode(data, media, kind=_SENSES.get(kind), where=f"the tool's {kind}")
    artifact = here().artifacts.put(data, media).to_json()
    here().emit("artifact", **artifact)
    return artifact


def _found(block: dict[str, Any]) -> tuple[bytes, str] | None:
    """The bytes that a block holds and their media type; None for one that only says where they are."""
    media = next((str(block[name]) for name in _TYPE if block.get(name)), "")
    for name in _WHERE:
        said = block.get(name)
        if isinstance(said, bytes):
            return said, media
        if not isinstance(said, str) or said.startswith(("http:", "https:", "file:")):
            continue
        if said.startswith("data:"):
            head, _, said = said.partition(",")
            media = head.removeprefix("data:").partition(";")[0] or media
        try:
            return base64.b64decode(said, validate=True), media
        except binascii.Error:
            mend = "give base64, or a data: URL"
            raise PortError(f"the tool's {block['type']} is no base64", where=here().path, mend=mend) from None
    return None
