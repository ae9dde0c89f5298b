"""A world's genre where it is data: the file that its manifest names, and what it asks of each stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.config import config_model
from yggdrasil.contract.errors import ConfigError, did_you_mean
from yggdrasil.contract.tools import named_tools
from yggdrasil.contract.tree import walk
from yggdrasil.levels.genre.asked import Asking
from yggdrasil.levels.genre.book import ROLE, Book, read_book
from yggdrasil.levels.genre.founded import founded
from yggdrasil.levels.genre.shape import Schema
from yggdrasil.levels.stage.cast import Cast
from yggdrasil.state.content import Content

if TYPE_CHECKING:
    from yggdrasil.levels.world.world import World

_BY_CODE = "seed"
"""What the world gives to a tool by itself."""


def book_of(world: Block) -> Book | None:
    """The genre of a world that has one as a file. Raises GenreError, MissingFile."""
    return read_book(world.file(ROLE)) if ROLE in world.files else None


def tell_in(world: World, *, length: str = "", lead: str = "", cast: bool = False) -> None:
    """Set how long the texts of a world are, how its agents' models are led, and whether its characters act for
    themselves; empty leaves it as it is.

    Raises ConfigError for a length that its genre has not, and where no agent or no genre listens.
    """
    if length:
        book = book_of(world)
        known = list(book.lengths) if book else []
        if length not in known:
            mend = did_you_mean(length, known) if known else "its genre is no data: take a template that is"
            raise ConfigError(f"there is no length {length!r}", where=world.name, mend=mend)
        world.setting = {**world.setting, "length": length}
    if lead:
        agents = [part for _, part in walk(world) if "lead" in config_model(type(part)).model_fields]
        if not agents:
            raise ConfigError("no agent tells this world", where=world.name, mend="leave the lead out")
        for agent in agents:
            agent.lead = lead  # pyright: ignore[reportAttributeAccessIssue]

    if cast:
        author = world.stages["author"]
        author.body = Cast(author.body)


def in_own_words(
    world: Block, stage: str, content: Content, context: dict[str, Any], state: Mapping[str, Any], action: str
) -> dict[str, Any] | None:
    """What the stage is asked in the words of the world's genre; None if its genre is no data."""
    book = book_of(world)
    if book is None or stage not in book.stages:
        return None
    tools = _tools(world.children()["creator"]) if stage == "architect" else []
    return Asking(book, stage, content, context, tools).to_json(state, action)


def in_world_terms(world: Block, output: dict[str, Any]) -> dict[str, Any]:
    """What the founding gave, as a world holds it."""
    book = book_of(world)
    return output if book is None else founded(book, output)


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
