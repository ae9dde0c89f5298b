"""What one message holds: words alone, or words with pictures and sounds, each named by the artifact that keeps it."""

from __future__ import annotations

from typing import Any, cast

from yggdrasil.contract import PortError, here
from yggdrasil.contract.kinds import AUDIO, IMAGE, Kind
from yggdrasil.contract.values import store

Content = str | list[dict[str, Any]]


def beside_words(words: str, images: list[Any], audios: list[Any]) -> Content:
    """The words with the pictures and sounds beside them, which are put among the run's artifacts."""
    given: list[tuple[Kind, Any]] = [*((IMAGE, image) for image in images), *((AUDIO, audio) for audio in audios)]
    if not given:
        return words
    parts = [{"type": kind.name, kind.name: store(value, here().artifacts, kind)["sha256"]} for kind, value in given]
    return [*as_parts(words), *parts]


def as_parts(content: Content) -> list[dict[str, Any]]:
    """The content as a list of parts."""
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []


def joined(first: Content, then: Content) -> Content:
    """Two contents as one, words under words."""
    if isinstance(first, str) and isinstance(then, str):
        return f"{first}\n{then}"
    return [*as_parts(first), *as_parts(then)]


def beyond_words(content: Content) -> Content:
    """The pictures and sounds of a content alone."""
    return [part for part in content if part["type"] != "text"] if isinstance(content, list) else ""


def check_asked(content: Content, messages: list[dict[str, Any]] | None) -> None:
    """Raises PortError where neither words nor a conversation ask for anything."""
    if not content and (not messages or messages[-1].get("role") not in ("user", "tool")):
        mend = "give it a prompt, pictures, a task, or messages of which the last is the user's"
        raise PortError("the agent was asked nothing", where=here().path, mend=mend)


def kept_messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A conversation from elsewhere as an agent keeps it: pictures and sounds are put among the run's artifacts."""
    return [{**message, "content": _kept(message.get("content"))} for message in messages]


def _kept(content: Any) -> Content:
    if not isinstance(content, list):
        return content or ""
    kinds, parts = {IMAGE.name: IMAGE, AUDIO.name: AUDIO}, cast("list[dict[str, Any]]", content)
    held = [(part, kinds.get(part["type"])) for part in parts]
    return [
        part if kind is None or isinstance(part[kind.name], str)
        else {**part, kind.name: store(part[kind.name], here().artifacts, kind)["sha256"]}
        for part, kind in held
    ]  # fmt: skip


def in_words(content: Content | None) -> str:
    """What a content says, where a picture or a sound can only be named."""
    if not isinstance(content, list):
        return content or ""
    return " ".join(str(part.get("text") or f"[{part['type']}]") for part in content)
