"""What one message holds: words alone, or words with pictures and sounds, each named by the artifact that keeps it."""

from __future__ import annotations

from typing import Any, cast

from yggdrasil.contract import here
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


def senses_in(value: Any) -> list[dict[str, Any]]:
    """The pictures and sounds that a JSON value refers to, as parts of a content."""
    if isinstance(value, list):
        return [part for one in cast("list[Any]", value) for part in senses_in(one)]
    if not isinstance(value, dict):
        return []
    known = cast("dict[str, Any]", value)
    media, sha = known.get("media_type"), known.get("sha256")
    if not (isinstance(media, str) and isinstance(sha, str)):
        return [part for one in known.values() for part in senses_in(one)]
    kind = {"image": IMAGE, "audio": AUDIO}.get(media.partition("/")[0])
    return [{"type": kind.name, kind.name: sha}] if kind else []


def words_alone(content: Content) -> str:
    """The words of a content, without its pictures and sounds."""
    return content if isinstance(content, str) else "\n".join(p["text"] for p in content if p["type"] == "text")


def in_words(content: Content | None) -> str:
    """What a content says, where a picture or a sound can only be named."""
    if not isinstance(content, list):
        return content or ""
    return " ".join(str(part.get("text") or f"[{part['type']}]") for part in content)
