"""The guide `tale`: whole sentences about what was seen, a world that changes as told, the same for a seed."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from tests.blocks.llm.embedded import embedded_model
from yggdrasil.agent.work import loose
from yggdrasil.blocks.llm.language_model import LanguageModel, Turn, Usage
from yggdrasil.blocks.llm.schemas import beside_schema
from yggdrasil.contract import ConfigError
from yggdrasil.levels.stage.task import task
from yggdrasil.state import Content, apply, parse_operations
from yggdrasil.storytelling.tale_guide import guide
from yggdrasil.storytelling.tale_guide.author import filled_end
from yggdrasil.storytelling.tale_guide.cast import UNNAMED, Cast
from yggdrasil.storytelling.tale_guide.events_more import EVENTS
from yggdrasil.storytelling.tale_guide.scribe import Scribe, understood
from yggdrasil.storytelling.tale_guide.update import update

THINGS = [
    "crown", "wolf", "fox", "ship", "castle", "mage", "lantern", "axe", "bread", "potion", "tree", "comet", "fire",
    "fish", "map", "horse",
]  # fmt: skip
SCENES = ["beach", "room", "forest", "dungeon", "snow", "meadow", "desert", "city", "mountains", "sea"]
WISH = "a norse fishing village in winter"


class Dice(LanguageModel):
    """Stands for a model: scores by hash, continues by the shortest text of a pattern that it knows."""

    def chat(self, messages: Any, **_: Any) -> Turn:
        return Turn("", [], Usage(0, 0), "stop")

    def choose(self, prefix: str, candidates: list[str]) -> list[float]:
        return [-1 - hashlib.sha256((prefix[-40:] + c).encode()).digest()[0] / 255 for c in candidates]

    def continue_(self, prefix: str, n: int = 1, **_: Any) -> list[str]:
        return []


def context(content: Content | None = None, **more: Any) -> dict[str, Any]:
    content = content or Content()
    base = {"wish": WISH, "language": "en", "style": "", "step": 1, "things": THINGS, "scenes": SCENES}
    return {**base, "world": content.digest_for_agents(), "story": list(content.story), "past": [], **more}


def founded(llm: LanguageModel, seed: int = 1, wish: str = WISH) -> Content:
    made = guide.answer(llm, "found", context(wish=wish), seed)
    places = [{"op": "add_place", **place} for place in made["places"]]
    people = [{"op": "add_character", **person} for person in made["characters"]]
    rest = [{"op": "set", "field": field, "value": made[field]} for field in ("time", "weather")]
    return apply(Content(wish=wish), parse_operations([*places, *people, *rest]))[0]


def shown(*things: tuple[str, float], **labels: str) -> dict[str, Any]:
    seen = [{"name": name, "confidence": sure, "where": "centre"} for name, sure in things]
    return {
        "picture": {"text": "", "labels": {"place": "", "time": "day", "weather": "none", **labels, "things": seen}}
    }


def step(
    llm: LanguageModel, content: Content, past: list[Any], seed: int, action: str | None = None
) -> tuple[Content, Any, Any]:
    now = context(content, past=past, wish=content.wish)
    intent = guide.answer(llm, "development", {**now, "action": action}, seed)
    plan = guide.answer(llm, "architect", {**now, "intent": intent}, seed)
    full = {**now, "intent": intent, "plan": plan, "perception": shown((intent["thing"], 0.9))}
    told = guide.answer(llm, "author", full, seed)
    changes = guide.answer(llm, "update", {**full, "chronicle": told}, seed)
    return apply(content, parse_operations(changes["operations"]))[0], intent, told


def found_crown(people: list[str], place: str) -> dict[str, Any]:
    text = f"{people[0]} finds a crown."
    return {"text": text, "kind": "find", "who": people[:2], "place": place, "thing": "crown", "item": ""}


def whole(text: str) -> bool:
    ends = r"\b(the|a|an|of|and|his|with)[.,]"
    return (
        bool(re.fullmatch(r"[A-Z].*[.!?]", text)) and "{" not in text and "  " not in text and not re.search(ends, text)
    )


@pytest.mark.parametrize("seed", range(4))
def test_many_steps_change_the_world_and_repeat_nothing(seed: int) -> None:
    llm = Dice()
    content, past = founded(llm, seed), []
    for number in range(14):
        content, intent, told = step(llm, content, past, seed * 100 + number)
        past.append(intent)
        assert whole(told["text"]) and whole(intent["text"])
        assert len(told["text"]) <= 300 and len(intent["who"]) <= 3
        assert all(name in content.names("character") for name in told["who"])
        assert intent["thing"]
    assert len(set(content.story)) == 14
    kinds = [intent["kind"] for intent in past]
    assert all(kind not in kinds[max(0, i - 4) : i] for i, kind in enumerate(kinds))
    assert content.items and content.facts


def test_every_end_fills_and_has_effects_that_the_world_takes() -> None:
    content = founded(Dice())
    places, people = content.names("place"), content.names("character")
    for event in EVENTS:
        for end in event.ends:
            newcomer = "Bjarne" if event.kind == "arrival" else ""
            cast = Cast(tuple(people), places[0], places[1], "crown", newcomer)
            opening = cast.fill(event.opening)
            sentence = f"{opening[:1].upper()}{opening[1:]}{filled_end(cast, end)}."
            assert whole(sentence), sentence
            chronicle = {"text": sentence, "who": people, "place": places[0], "thing": "crown"}
            intent = {"kind": event.kind, "thing": "crown", "text": f"{opening}."}
            crown = {"op": "add_item", "name": "crown", "place": places[0]}
            known = [] if event.takes.startswith("new") else [crown]
            world = apply(content, parse_operations(known))[0]
            full = context(world, chronicle=chronicle, intent=intent)
            made = update(Scribe(Dice(), full, 1, "update"), full)
            after = apply(world, parse_operations(made["operations"]))[0]
            for effect in end.partition("|")[2].split(";"):
                check_effect(effect.strip(), after, cast)


def check_effect(effect: str, world: Content, cast: Cast) -> None:
    word, _, rest = effect.partition(" ")
    named = {**dict(zip("ABC", cast.people, strict=False)), "P": cast.place, "Q": cast.other}
    crown = next((item for item in world.items if item.name == "crown"), None)
    if word == "hold":
        assert crown is not None and crown.holder == named[rest], effect
    elif word == "lay":
        assert crown is not None and crown.place == named[rest], effect
    elif word == "fact":
        assert any(fact.startswith(cast.fill(rest)[1:], 1) for fact in world.facts), effect
    elif word == "move":
        who, where = rest.split()
        assert next(c.place for c in world.characters if c.name == named[who]) == named[where], effect


def test_what_was_seen_wins_over_what_was_planned() -> None:
    llm = Dice()
    content = founded(llm)
    people, place = content.names("character"), content.names("place")[0]
    intent = found_crown(people, place)
    for thing, words in (("wolf", "a wolf comes to"), ("ship", "a ship arrives at"), ("castle", "discovers a castle")):
        full = context(content, intent=intent, perception=shown((thing, 0.8), ("crown", 0.3)))
        told = guide.answer(llm, "author", full, 3)
        assert words in told["text"].replace("A ", "a ") and "crown" not in told["text"] and told["thing"] == thing
        changes = guide.answer(llm, "update", {**full, "chronicle": told}, 3)["operations"]
        assert "crown" not in str(changes)
        apply(content, parse_operations(changes))


def test_a_picture_of_nothing_clear_is_told_as_such() -> None:
    content = founded(Dice())
    people, place = content.names("character"), content.names("place")[0]
    intent = found_crown(people, place)
    full = context(content, intent=intent, perception=shown(("crown", 0.2)))
    told = guide.answer(Dice(), "author", full, 3)
    assert UNNAMED in told["text"] and told["thing"] == UNNAMED
    changes = guide.answer(Dice(), "update", {**full, "chronicle": told}, 3)["operations"]
    assert not [change for change in changes if change["op"] == "add_item"]


def test_the_same_seed_tells_the_same_and_another_another() -> None:
    llm, content = Dice(), founded(Dice())
    first, again, other = (step(llm, content, [], seed)[2] for seed in (5, 5, 6))
    assert first == again
    assert first["text"] != other["text"]


@pytest.mark.parametrize(
    ("action", "thing", "words"),
    [
        ("A ship arrives", "ship", "A ship arrives."),
        ("приплывает корабль", "ship", "ship arrives at"),
        ("wolf!", "wolf", "A wolf comes to"),
        ("Everyone is very happy today", "", "Everyone is very happy today."),
    ],
)
def test_an_action_becomes_the_intent(action: str, thing: str, words: str) -> None:
    intent = guide.answer(Dice(), "development", {**context(founded(Dice())), "action": action}, 1)
    assert words in intent["text"] and intent["thing"] == thing and whole(intent["text"])


def test_the_picture_is_asked_for_in_words_of_the_painter() -> None:
    content = founded(Dice())
    place = content.places[0]
    intent = {"text": "A wolf comes.", "kind": "beast", "who": [], "place": place.name, "thing": "wolf", "item": ""}
    (paint,) = guide.answer(Dice(), "architect", context(content, intent=intent), 1)["paints"]
    assert paint["prompt"].startswith("a wolf ") and len(paint["prompt"]) <= 90
    assert re.fullmatch(r"[a-z_]+", paint["slot"])


def test_russian_words_are_understood_or_named() -> None:
    english, unknown = understood("лиса и бздрынь в снегу")
    assert "fox" in english and unknown == ["бздрынь"]
    assert understood("海 fox") == ("fox", ["海"])
    assert guide.answer(Dice(), "found", context(wish="бздрынь"), 1)["unknown"] == ["бздрынь"]


def test_an_unknown_task_is_named() -> None:
    with pytest.raises(ConfigError, match="did you mean 'author'"):
        guide.answer(Dice(), "autor", {}, 1)


@pytest.mark.models
@pytest.mark.system
def test_the_embedded_model_tells_whole_sentences_about_the_wish() -> None:
    llm = embedded_model()
    content, past = founded(llm, 4), []
    northern = ("harbour", "pier", "lighthouse", "longhouse", "inn", "hut", "ice", "cliffs", "beach", "tavern")
    assert any(word in str(content.places) for word in northern)
    for number in range(2):
        content, intent, told = step(llm, content, past, 40 + number)
        past.append(intent)
        assert whole(told["text"]) and intent["thing"] in told["text"]
    reply = guide.answer(llm, "reply", {"prompt": "Once upon a time a fox"}, 1)
    assert whole(reply["text"][:1].upper() + reply["text"][1:]) and reply["unknown"] == []


def test_a_world_of_nobody_still_goes_on() -> None:
    content = Content(wish=WISH)
    for number in range(3):
        content, intent, told = step(Dice(), content, [], number)
        assert whole(intent["text"]) and whole(told["text"]) and told["who"] == [] and told["place"] == ""
    lonely = apply(content, parse_operations([{"op": "add_place", "name": "the well"}]))[0]
    _, intent, told = step(Dice(), lonely, [], 1)
    assert intent["place"] == told["place"] == "the well" and "the well" in told["text"]


ACTIONS = (
    None, "a ship arrives", "Sigrun gives the crown to Odd and everybody in the whole wide village sees it",
    "a dragon burns the mill and " * 20, "туча", "kill everyone", None, "someone called Ulf comes", "!!!", "go to sea",
)  # fmt: skip


@pytest.mark.parametrize("wish", [WISH, "туча", "a castle", "x", "pirates of the whale sea, who dream of dragons " * 4])
def test_every_answer_of_the_guide_obeys_the_schema_of_its_stage(wish: str) -> None:
    llm, content, past = Dice(), Content(wish=wish), []

    def asked(name: str, seed: int, **more: Any) -> Any:
        given = task(name, context(content, wish=wish, past=past, **more), more, content, None, "tale")
        result = guide.answer(llm, name, {**given["context"], **more}, seed)
        assert beside_schema(result, loose(given["schema"])) == "", (name, result)
        return result

    content = Content.model_validate({k: v for k, v in asked("found", 1).items() if k != "unknown"} | {"wish": wish})
    for number, action in enumerate(ACTIONS * 2):
        intent = asked("development", number, action=action)
        plan = asked("architect", number, intent=intent)
        look = shown((intent["thing"] if number % 3 else "whale", 0.9))
        told = asked("author", number, intent=intent, plan=plan, perception=look)
        made = asked("update", number, intent=intent, plan=plan, perception=look, chronicle=told)
        content = apply(content, parse_operations(made["operations"]))[0]
        past.append(intent)
