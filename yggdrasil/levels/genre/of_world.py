"""A world's genre where it is data: the file that its manifest names, and what it asks of each stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.tools import named_tools
from yggdrasil.levels.genre.asked import Asking
from yggdrasil.levels.genre.book import ROLE, Book, read_book
from yggdrasil.levels.genre.shape import Schema
from yggdrasil.state.content import Content

_BY_CODE = "seed"
"""What the world gives to a tool by itself."""


def book_of(world: Block) -> Book | None:
    """The genre of a world that has one as a file. Raises GenreError, MissingFile."""
    return read_book(world.file(ROLE)) if ROLE in world.files else None


def in_own_words(
    world: Block, stage: str, content: Content, context: dict[str, Any], state: Mapping[str, Any], action: str
) -> dict[str, Any] | None:
    """What the stage is asked in the words of the world's genre; None if its genre is no data."""
    book = book_of(world)
    if book is None or stage not in book.stages:
        return None
    tools = _tools(world.children()["creator"]) if stage == "architect" else []
    return Asking(book, stage, content, context, tools).to_json(state, action)


def _tools(creator: Block) -> list[Schema]:
    """The tools of a Creator as a plan may call them; a plain one makes what its stage says."""
    body = creator.children()["body"]
    held = dict(body.children()) if body.type_name == "creator/make" else {getattr(creator, "tool", "paint"): body}
    return [_told(name, tool.schema()["function"]) for name, tool in zip(held, named_tools(held).values(), strict=True)]


def _told(name: str, function: Schema) -> Schema:
    parameters = function["parameters"]
    properties = {key: part for key, part in parameters["properties"].items() if key != _BY_CODE}
    required = [key for key in parameters.get("required", []) if key != _BY_CODE]
    return {**function, "name": name, "parameters": {**parameters, "properties": properties, "required": required}}
