"""Exchanging the models of a world that is there, so that one whose model is gone can be lived on."""

from __future__ import annotations

from typing import cast

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.tree import rebuilt, walk
from yggdrasil.levels.genre.of_world import speak_in
from yggdrasil.levels.genre.plan import tools_of
from yggdrasil.levels.world.world import World
from yggdrasil.store.language_models import with_llm
from yggdrasil.store.templates import stand_in

PAINT = "paint"
"""The Creator's tool that `painter` stands for."""


def exchanged(world: World, *, llm: str = "", painter: str = "", eye: str = "", voice: str = "") -> World:
    """The world with another language model, painter, eye or voice, named as in a template; it has no home yet.

    Agents with tools keep everything but their model; a guided one, whose model must be one of ours, makes room for
    the chronicler. Raises ConfigError if there is nobody to take the model, or what naming it raises.
    """
    instead: dict[int, Block] = {}
    if llm:
        instead |= _tellers(world, llm)
    if painter:
        tools = tools_of(world.stages["creator"])
        if PAINT not in tools or tools[PAINT] is world.stages["creator"].body:
            raise ConfigError("has no tool 'paint'", where="creator", mend="build the world anew in Python")
        instead[id(tools[PAINT])] = stand_in("painter", painter)
    if eye:
        looking = world.stages["philosopher"].body
        instead[id(looking.children().get("seer", looking))] = stand_in("eye", eye)
    made = cast(World, rebuilt(world, instead))
    if voice:
        speak_in(made, stand_in("voice", voice))
    return made


def _tellers(world: World, llm: str) -> dict[int, Block]:
    agents = {id(part): part for _, part in walk(world) if part.role == "Agent" and "llm" in part.children()}
    if not agents:
        raise ConfigError("no agent tells this world", where=world.name, mend="build the world anew in Python")
    teller = stand_in("llm", llm)
    model = teller.children()["llm"]
    guided = {key for key, agent in agents.items() if getattr(agent, "policy", "") == "guided"}
    return {key: teller if key in guided else with_llm(agent, model) for key, agent in agents.items()}
