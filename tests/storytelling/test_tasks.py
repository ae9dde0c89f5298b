"""What stages ask: bounds for weak models, results that obey the stage's schema."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.agent.scripted import Scripted, says
from yggdrasil.agent.agent import Agent
from yggdrasil.contract import Block, ConfigError
from yggdrasil.levels.stage.task import task as asked
from yggdrasil.levels.world.tools import ReadPlace, Recall, Search
from yggdrasil.plugins.scenery import GROUNDS
from yggdrasil.ports import Json, Text
from yggdrasil.state.content import Content
from yggdrasil.state.operation_types import parse_operations
from yggdrasil.state.operations import apply
from yggdrasil.storytelling import answer_schemas
from yggdrasil.storytelling.grounds import ground
from yggdrasil.storytelling.line_quality import repeats, shortened, unfinished
from yggdrasil.storytelling.world_changes import changes, unknown_names

SCENES = list(GROUNDS)
CONTENT = Content.model_validate(
    {
        "places": [
            {"name": "Vik", "description": "A harbour of black stones.", "scene": "sea"},
            {"name": "The Old Mill", "description": "It creaks.", "scene": "meadow"},
        ],
        "characters": [{"name": "Eirik", "role": "smith", "place": "Vik"}, {"name": "Nora", "role": "trader"}],
        "items": [{"name": "horn", "holder": "Nora"}],
        "facts": ["The sea has been still for a year."],
    }
)
CONTEXT: dict[str, Any] = {
    "wish": "a fishing village", "language": "en", "style": "norse", "step": 3, "scenes": SCENES,
    "world": CONTENT.digest_for_agents(), "things": ["boat", "whale", "lantern", "old key"],
    "story": ["Eirik found a lantern under the mill.", "Nora sold the horn twice."],
    "past": [{"text": "Eirik finds a lantern.", "kind": "finding", "place": "Vik", "thing": "lantern", "who": []}],
}  # fmt: skip
INTENT = {"text": "Eirik builds a boat for Nora.", "kind": "work", "place": "The Old Mill", "thing": "boat", "who": []}
SEEN = {
    "picture": {
        "text": "a whale",
        "labels": {"place": "sea", "time": "night", "things": [{"name": "whale", "confidence": 0.95}]},
    }
}
CHRONICLE = {"text": "Eirik saw a whale at Vik. An old Torvald laughed.", "place": "Vik", "thing": "whale"}


class Letters(Block):
    """Embeds a text by its letters, which is enough to tell near from far."""

    def forward(self, text: Text) -> Json:
        counts = [float(text.lower().count(chr(97 + i))) for i in range(26)]
        length = sum(c * c for c in counts) ** 0.5 or 1.0
        return [c / length for c in counts]


def do(name: str, answers: list[Any], tools: tuple[Any, ...] = (), **more: Any) -> tuple[Any, Scripted, Agent]:
    llm = Scripted([says(a if isinstance(a, str) else json.dumps(a)) for a in answers], native=False)
    agent = Agent(llm, tools)
    task = asked(name, {**CONTEXT, **more}, {}, CONTENT, more.get("action"), "tale")
    return agent.run(task=task), llm, agent


def bound(llm: Scripted, turn: int = -1) -> dict[str, Any]:
    return llm.seen[turn]["schema"]["properties"]


def test_development_reads_the_world_and_then_plans() -> None:
    plan = {"kind": "danger", "place": "The Old Mill", "text": "Nora sees a whale in the mill pond.", "thing": "whale"}
    call = '{"tool": "read_place", "place": "The Old Mill"}'
    turns = ["(never asked)", call, plan]
    out, llm, agent = do("development", turns, (ReadPlace(), Recall()))
    assert out.result == {**plan, "who": ["Nora"], "item": ""}
    first = llm.seen[0]["schema"]["anyOf"]
    assert [o["properties"]["tool"]["const"] for o in first] == ["read_place", "recall"]
    assert first[0]["properties"]["place"]["enum"] == ["Vik", "The Old Mill"]
    assert set(first[1]["properties"]["word"]["enum"]) == {"Eirik", "Nora", "horn", "lantern"}
    told = llm.seen[1]["messages"][-1]["content"]
    assert told.startswith("Result of read_place: The Old Mill: It creaks.")
    assert "Now plan what happens next" in told
    assert "finding" not in bound(llm)["kind"]["enum"]
    assert bound(llm)["place"]["enum"] == ["The Old Mill"]
    assert "lantern" not in bound(llm)["thing"]["enum"]
    assert out.status["turns"] == 2
    assert agent.memory.calls == 1


def test_development_without_tools_plans_at_once_and_hears_the_action() -> None:
    plan = {"kind": "danger", "place": "The Old Mill", "text": "Nora sees a ship arrive.", "thing": "boat", "item": ""}
    out, llm, _ = do("development", ["", plan], action="a ship arrives")
    assert out.status["turns"] == 1
    assert "a ship arrives" in llm.seen[0]["messages"][-1]["content"]
    pattern = bound(llm)["text"]["pattern"]
    assert re.match(pattern, "A ship arrives with the first light of day.")
    assert not re.match(pattern, "Nora sees the first light of day at last.")
    _, llm, _ = do("development", ["", plan], action="a ship (large) arrives")
    assert re.match(bound(llm)["text"]["pattern"], "Nora sees the first light of day at last.")


def test_a_repeated_plan_is_asked_again_and_the_better_one_taken() -> None:
    told = "Eirik found a lantern under the mill."
    said = ["", {"kind": "danger", "place": "The Old Mill", "text": told, "thing": "boat"}]
    out, llm, _ = do("development", said)
    assert len(llm.seen) == 2
    assert llm.seen[0]["messages"] == llm.seen[1]["messages"]
    assert llm.seen[0]["seed"] != llm.seen[1]["seed"]
    assert out.result["kind"] == "danger"


def test_the_architect_is_bound_to_the_thing() -> None:
    world = {**CONTEXT["world"], "time": "night", "weather": "fog"}
    out, llm, _ = do("architect", ["", {"prompt": "a small boat on the grass"}], intent=INTENT, world=world)
    assert out.result == {"paints": [{"prompt": "a small boat on the grass at night in fog", "slot": "picture"}]}
    pattern = bound(llm)["prompt"]["pattern"]
    assert re.match(pattern, "a small red boat on the grass at night")
    assert not re.match(pattern, "a red fox in the snow at night")


def test_the_author_tells_what_was_seen_not_what_was_planned() -> None:
    said = {"sentence1": "Eirik sees a whale rise.", "sentence2": "Nora drops her basket and runs.", "mood": "tense"}
    out, llm, _ = do("author", ["", said], intent=INTENT, plan={}, perception=SEEN)
    assert out.result["text"] == "Eirik sees a whale rise. Nora drops her basket and runs."
    assert (out.result["thing"], out.result["who"]) == ("whale", ["Eirik", "Nora"])
    assert out.result["place"] == "The Old Mill"
    assert "NOT what was planned" in llm.seen[0]["messages"][-1]["content"]
    assert re.match(bound(llm)["sentence1"]["pattern"], "Nora follows the whale along the dark shore.")
    assert not re.match(bound(llm)["sentence1"]["pattern"], "Eirik builds a boat for Nora.")
    as_planned = {"picture": {"text": "", "labels": {"things": [{"name": "boat", "confidence": 0.9}]}}}
    _, llm, _ = do("author", ["", said], intent=INTENT, plan={}, perception=as_planned)
    assert "NOT what was planned" not in llm.seen[0]["messages"][-1]["content"]


def test_update_offers_known_names_and_gives_operations_that_apply() -> None:
    operations = [
        {"op": "move", "character": "Nora", "place": "Vik"},
        {"op": "add_item", "name": "whale", "description": "It lies on the shore.", "place": "Vik"},
    ]
    out, llm, _ = do("update", ["", {"operations": operations}], intent=INTENT, chronicle=CHRONICLE)
    assert out.result["operations"] == operations
    after, _ = apply(CONTENT, parse_operations(out.result["operations"]))
    assert [i.name for i in after.items] == ["horn", "whale"]
    options = {o["properties"]["op"]["const"]: o["properties"] for o in bound(llm)["operations"]["items"]["anyOf"]}
    assert options["add_item"]["name"]["enum"] == ["whale"]
    assert options["add_character"]["name"]["enum"] == ["Torvald"]
    assert options["give"]["item"]["enum"] == ["horn"]


def test_changes_that_change_nothing_are_left_out() -> None:
    move = {"op": "move", "character": "Eirik", "place": "Vik"}
    fact = {"op": "add_fact", "text": "The sea has been still for a year."}
    twice = {"op": "add_item", "name": "Horn", "description": "", "place": "Vik"}
    new = {"op": "add_fact", "text": "The sea moves."}
    assert changes([move, fact, twice, new, new], CONTEXT) == [new]
    told = "At dawn Eirik met Torvald Ironhand near Vik and sailed to Holm."
    assert unknown_names(told, ["Eirik", "Vik"]) == (["Torvald Ironhand"], ["Holm"])


def test_founding_makes_places_people_and_a_trouble() -> None:
    places = [{"place": n, "seen": "Black stones lie there.", "ground": "sea"} for n in ("Vik", "Holm", "Nes")]
    people = [{"person": n, "trade": "smith", "home": h} for n, h in (("Eirik", 1), ("Nora", 3), ("Ida", 2))]
    said = {
        "title": "The still sea", "places": places, "characters": people, "trouble": "The sea is still.",
        "time": "night", "weather": "fog",
    }  # fmt: skip
    out, llm, _ = do("found", [said])
    content = Content.model_validate({k: v for k, v in out.result.items() if k != "unknown"})
    assert [c.place for c in content.characters] == ["Vik", "Nes", "Holm"]
    assert content.facts == ["The sea is still."]
    assert len(llm.seen) == 1
    assert [m["role"] for m in llm.seen[0]["messages"]] == ["system", "user"]


def test_the_stages_of_a_step_share_the_head_of_their_conversation() -> None:
    _, first, _ = do("architect", ["", {"prompt": "a boat on the sea at night"}], intent=INTENT)
    said = {"sentence1": "Eirik sees a whale rise.", "sentence2": "Nora runs home.", "mood": "tense"}
    _, second, _ = do("author", ["", said], intent=INTENT, plan={}, perception=SEEN)
    assert first.seen[0]["messages"][:3] == second.seen[0]["messages"][:3]
    assert [m["role"] for m in first.seen[0]["messages"]] == ["system", "user", "assistant", "user"]


def test_a_task_that_no_one_knows_is_done_by_its_schema() -> None:
    wanted = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    llm = Scripted([says('{"n": 3}')])
    out = Agent(llm).run(task={"name": "count", "context": {"things": ["a"]}, "schema": wanted})
    assert out.result == {"n": 3}
    assert llm.seen[0]["schema"] == wanted
    with pytest.raises(ConfigError, match="the task is"):
        Agent(llm).run(task=["count"])


def test_the_world_tools_need_a_world() -> None:
    with pytest.raises(ConfigError, match="no world to read"):
        Recall().run(word="x")


def test_search_gives_the_nearest_text_first() -> None:
    plan = {"kind": "help", "place": "The Old Mill", "text": "Nora goes.", "thing": "boat"}
    _, _, agent = do(
        "development", ["", '{"tool": "search", "words": "stillness of seas"}', plan], (Search(Letters()),)
    )
    told = [m["content"] for m in agent.memory.messages if m["role"] == "tool"]
    assert told[0].startswith("The sea has been still for a year.")


@pytest.mark.parametrize(
    ("language", "good", "bad"),
    [
        ("en", "Eirik sees a ship, and he runs home.", "Эйрик видит корабль и бежит домой."),
        ("ru", "Лиса видит северное сияние над рекой.", "Лиса видит 船 над тихой рекой."),
        ("fr", "Élodie regarde la forêt sous la neige.", "no capital at the start of this one."),
    ],
)
def test_a_sentence_is_bound_to_the_letters_of_its_language(language: str, good: str, bad: str) -> None:
    pattern = answer_schemas.sentence(language)["pattern"]
    assert re.match(pattern, good)
    assert not re.match(pattern, bad)


def test_names_with_odd_letters_are_no_regular_expressions() -> None:
    pattern = answer_schemas.sentence("en", starts=["A.*", "Nora"])["pattern"]
    assert re.match(pattern, "Nora sees the lantern in the mill.")
    assert not re.match(pattern, "Anyone sees the lantern in the mill.")
    assert "(x" not in answer_schemas.sight(["(x"], "whale")["pattern"]
    assert "(x" not in answer_schemas.sight(["Nora"], "(x")["pattern"]
    assert "maxLength" in answer_schemas.sentence("ja")


def test_repetition_and_loose_ends_are_seen() -> None:
    assert repeats("Eirik found a lantern under the mill.", CONTEXT["story"]) > 0.9
    assert repeats("Nora paints her door red.", CONTEXT["story"]) == 0.0
    assert unfinished("She hurried to the.") == 1.0
    assert unfinished("She hurried home.") == 0.0


def test_what_is_too_long_is_cut_after_a_sentence_or_a_word() -> None:
    assert shortened("One. Two three.", 40) == "One. Two three."
    assert shortened("One two. Three four five.", 12) == "One two."
    assert shortened("One two three in the garden", 17) == "One two three."
    assert len(shortened("x" * 50, 20)) == 20


def test_the_ground_of_a_place_comes_from_its_words() -> None:
    assert ground("Silent Cove", "Boats lie on the sand.", "forest", SCENES) == "sea"
    assert ground("Old Elm", "It stands in a deep forest.", "sea", SCENES) == "forest"
    assert ground("Нора", "Тихо.", "meadow", SCENES) == "meadow"
    assert ground("Silent Cove", "", "forest", ["forest"]) == "forest"
    assert re.match(answer_schemas.phrase("en", small=True)["pattern"], "net maker")
    assert not re.match(answer_schemas.phrase("en", small=True)["pattern"], "Smith")
    assert re.match(answer_schemas.phrase("ru", small=True)["pattern"], "кузнец")
    assert not re.match(answer_schemas.phrase("ru", small=True)["pattern"], "Кузнец")


def test_no_weather_is_painted_where_there_is_no_sky() -> None:
    world = {**CONTEXT["world"], "time": "night", "weather": "snowfall"}
    world["places"] = [{**place, "scene": "space"} for place in world["places"]]
    out, _, _ = do("architect", ["", {"prompt": "a small boat on the deck"}], intent=INTENT, world=world)
    assert out.result["paints"][0]["prompt"] == "a small boat on the deck at night"


@pytest.mark.parametrize(
    "text", ["The Sunken Castle", "The Sunken castle", "Hall of Kings", "Half-Moon Bay", "Vik"]
)  # fmt: skip
def test_a_name_has_room_for_each_of_its_words(text: str) -> None:
    assert re.match(answer_schemas.name("en", 2)["pattern"], text)


def test_a_text_that_met_its_bound_ends_at_a_word_and_one_that_did_not_stands() -> None:
    short = answer_schemas.sentence("en", 2, 5)
    words = ["A", "fox", "runs", "to", "the", "bottom", "of", "the", "sea", "and", "on", "the"]
    met = " ".join(words[: 5 + 6 + 1]) + " seaside."
    assert re.match(short["pattern"], met)
    assert answer_schemas.ended(met, short) == "A fox runs."
    free = " ".join(words * 3) + "."
    assert not re.match(short["pattern"], free) and answer_schemas.ended(free, short) == free
    assert answer_schemas.ended("A fox runs to the sea bed.", short) == "A fox runs to the sea bed."
    answer = {"places": [{"name": "Aa " * 9 + "Aa"}], "operations": [{"op": "tell", "text": met}]}
    options = [answer_schemas.object_of(op={"const": op}, text=text) for op, text in (("go", {}), ("tell", short))]
    bound = answer_schemas.object_of(
        places=answer_schemas.list_of(answer_schemas.object_of(name=answer_schemas.name("en", 2)), 1, 1),
        operations=answer_schemas.list_of({"anyOf": options}, 1, 1),
    )
    assert answer_schemas.ended(answer, bound)["operations"][0]["text"] == "A fox runs."


def test_what_a_seer_says_reaches_the_author_in_words() -> None:
    labels = {
        "place": {"name": "sea", "confidence": 0.9}, "time": {"name": "night", "confidence": 0.8}, "weather": "none",
        "things": [{"name": "whale", "confidence": 0.95}, "gull"],
    }  # fmt: skip
    turn = {"sentence1": "The whale swims past.", "sentence2": "Nora waves.", "mood": "calm"}
    _, llm, _ = do("author", [turn], intent=INTENT, perception={"picture": {"text": "a whale", "labels": labels}})
    assert "whale, gull, sea, night" in llm.seen[-1]["messages"][-1]["content"]
