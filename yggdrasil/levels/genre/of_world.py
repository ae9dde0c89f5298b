"""A world's genre where it is data: the file that its manifest names, and what it asks of each stage."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.config import config_model
from yggdrasil.contract.errors import ConfigError, did_you_mean
from yggdrasil.contract.tree import walk
from yggdrasil.levels.genre.asked import Asking
from yggdrasil.levels.genre.book import ROLE, Book, read_book
from yggdrasil.levels.genre.founded import founded
from yggdrasil.levels.genre.plan import schemas_of, take_pictures, tools_of
from yggdrasil.levels.genre.recall import ranks_of
from yggdrasil.levels.stage.aloud import FIELD, Aloud
from yggdrasil.levels.stage.attempts import Attempts
from yggdrasil.levels.stage.cast import Cast
from yggdrasil.levels.stage.creator import Creator
from yggdrasil.levels.stage.stage import Stage
from yggdrasil.state.content import Content

if TYPE_CHECKING:
    from yggdrasil.levels.world.world import World


def book_of(world: Block) -> Book | None:
    """The genre of a world that has one as a file. Raises GenreError, MissingFile."""
    return read_book(world.file(ROLE)) if ROLE in world.files else None


def tell_in(world: World, *, length: str = "", lead: str = "", cast: bool = False, tries: int = 1) -> None:
    """Set how long the texts of a world are, how its agents' models are led, whether its characters act for
    themselves, and how often a picture is made until it shows what was ordered; empty leaves it as it is.

    Raises ConfigError for a length that its genre has not, and where no agent, no genre, no eye listens.
    """
    if length:
        _set_length(world, length)
    if lead:
        agents = [part for _, part in walk(world) if "lead" in config_model(type(part)).model_fields]
        if not agents:
            raise ConfigError("no agent tells this world", where=world.name, mend="leave the lead out")
        for agent in agents:
            agent.lead = lead  # pyright: ignore[reportAttributeAccessIssue]
    if cast:
        author = world.stages["author"]
        author.body = Cast(author.body)
    if tries > 1:
        world.creator = _trying(world, tries)


def speak_in(world: World, voice: Block) -> None:
    """Let the world's chronicles be read aloud by the voice from now on, in place of any before."""
    author = world.stages["author"]
    told = author.body.author if isinstance(author.body, Aloud) else author.body
    world.fields = list(dict.fromkeys([*world.fields, FIELD]))
    also = list(dict.fromkeys([*author.also, FIELD]))
    world.author = Stage(Aloud(told, voice), plays="author", tool=author.tool, also=also)


def _trying(world: World, tries: int) -> Attempts:
    """The world's Creator as one that looks with its Philosopher's eye, its Architect being the critic if it is asked
    plainly."""
    creator, critic, eye = (world.stages[name].body for name in ("creator", "architect", "philosopher"))
    asks = "task" in critic.inputs and getattr(critic, "policy", "") != "guided"
    making = creator if isinstance(creator, Creator) else Creator(tools_of(world.stages["creator"]))
    return Attempts(making, eye.children().get("seer", eye), critic if asks else None, tries=tries)


def _set_length(world: World, length: str) -> None:
    book = book_of(world)
    known = list(book.lengths) if book else []
    if length not in known:
        mend = did_you_mean(length, known) if known else "its genre is no data: take a template that is"
        raise ConfigError(f"there is no length {length!r}", where=world.name, mend=mend)
    world.setting = {**world.setting, "length": length}


def in_own_words(
    world: Block,
    stage: str,
    content: Content,
    context: dict[str, Any],
    state: Mapping[str, Any],
    action: str,
    pictures: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any] | None:
    """What the stage is asked in the words of the world's genre; None if its genre is no data.

    `pictures` are those made before, by name: the Architect is told of them if a tool takes one.
    """
    book = book_of(world)
    if book is None or stage not in book.stages:
        return None
    tools = tools_of(world.children()["creator"]) if stage == "architect" else {}
    shown = pictures if take_pictures(tools) else {}
    return Asking(book, stage, content, context, schemas_of(tools), shown, ranks_of(world)).to_json(state, action)


def in_world_terms(world: Block, output: dict[str, Any]) -> dict[str, Any]:
    """What the founding gave, as a world holds it."""
    book = book_of(world)
    return output if book is None else founded(book, output)
