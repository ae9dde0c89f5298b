"""Characters who act for themselves are told what they know and lived through, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tests.levels.genre.capable import STORYTELLING, Capable, prose, told, world_of
from yggdrasil.agent.agent import Agent
from yggdrasil.levels.genre.asked import Asking
from yggdrasil.levels.genre.book import read_book
from yggdrasil.levels.stage.cast import Cast
from yggdrasil.levels.stage.stage import Stage
from yggdrasil.state.content import Character, Content, Place

NAMES = ["Maud", "Eirik", "Sigrid", "Halvor", "Inga"]
BOOK = read_book(STORYTELLING / "genre.yaml")


def content(step: int, story: list[str], facts: dict[str, list[str] | None]) -> Content:
    places = [Place(name=f"Place{number}") for number in range(3)]
    people = [Character(name=name, place=f"Place{(step + at) % 3}") for at, name in enumerate(NAMES)]
    known_by = {fact: names for fact, names in facts.items() if names is not None}
    return Content(places=places, characters=people, story=story, facts=list(facts), known_by=known_by)


def test_nobody_is_told_what_they_were_not_part_of() -> None:
    """Fifty moments, each with a word of its own that only those present may ever meet, and facts that few know."""
    chance, llm = random.Random(5), Capable()
    cast = Cast(Agent(llm, lead="free"))
    story: list[str] = []
    llm.answer = lambda path, schema, number: f"It came to secret-{len(story)}." if path == ".text" else "a line"
    facts: dict[str, list[str] | None] = {"everybody knows the sea": None, "nobody-knows-this": []}
    allowed: dict[str, set[str]] = {name: set() for name in NAMES}
    for step in range(50):
        world = content(step, story, facts)
        who = chance.sample(NAMES, 2)
        intent = {"text": f"plan-{step}", "place": f"Place{step % 3}", "who": who}
        present = {*who, *(c.name for c in world.characters if c.place == intent["place"])}
        ask = Asking(BOOK, "author", world, {"language": "en"}, []).to_json({"intent": intent}, "")
        begun = len(llm.requests)
        cast.run(task={"name": "author", "context": {"story": story}, "genre": "", "ask": ask, "schema": {}})
        turns = llm.requests[begun:-1]
        assert len(turns) == len(present)
        secrets = {f"secret-{number}." for number in range(step)} | {
            f for f, names in facts.items() if names is not None
        }
        for request in turns:
            text = told(request)
            (name,) = [name for name in NAMES if f"You are {name}," in text]
            assert "plan-" not in text, "the plan is the author's"
            assert {secret for secret in secrets if secret in text} <= allowed[name]
        assert all(f"{name}: " in told(llm.requests[-1]) for name in present)
        story = [*story, f"It came to secret-{step}."]
        for name in present:
            allowed[name].add(f"secret-{step}.")
        if step % 5 == 0:
            facts[f"hidden-{step}-fact"] = [who[0]]
            allowed[who[0]].add(f"hidden-{step}-fact")
    assert all(len(known) > 10 for known in allowed.values())


def test_what_one_lived_through_is_told(tmp_path: Path) -> None:
    def answer(path: str, schema: dict[str, Any], number: int) -> str:
        return f"It came to moment {number}." if path == ".text" else prose(path, schema, number)

    llm = Capable(answer)
    world = world_of(llm, tmp_path)
    world.stages["author"] = Stage(Cast(Agent(llm, lead="free")), plays="author")
    steps = [world.step() for _ in range(4)]
    assert all(step.record.state()["chronicle"]["turns"] for step in steps)
    asked = [told(request) for request in llm.requests if "You are Name" in told(request)]
    assert any(f"WHAT YOU LIVED THROUGH\n- {step.chronicle}" in text for step in steps for text in asked)
    begun = len(llm.requests)
    world.fork(1, "aside").step()
    aside = "".join(told(request) for request in llm.requests[begun:])
    assert not any(step.chronicle in aside for step in steps[1:])
    assert len(world.replay().steps) == 4
    world.edit({"op": "unwrite"}, {"op": "append_story", "text": "What somebody else lived through."})
    begun = len(llm.requests)
    world.step()
    own = [told(request) for request in llm.requests[begun:] if "You are Name" in told(request)]
    assert own and not any("What somebody else lived through." in text for text in own)
