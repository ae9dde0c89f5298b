"""What a stage asks, turned into a conversation, bounds for the answer, and a result that obeys the stage's schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from yggdrasil.agent.toolbox import Toolbox
from yggdrasil.agent.work import Message, Task, Work
from yggdrasil.blocks.llm.bounds import loose
from yggdrasil.plugins.scenery import HOURS, WEATHERS
from yggdrasil.state.task_context import stems
from yggdrasil.storytelling import answer_schemas, prompts
from yggdrasil.storytelling.choices import fresh, labelled, named, names, offered, openings, sure, worth_reading
from yggdrasil.storytelling.grounds import ground
from yggdrasil.storytelling.line_quality import repeats, shortened, unfinished
from yggdrasil.storytelling.tale_guide.founding_words import INDOORS
from yggdrasil.storytelling.world_changes import change_shapes, changes

KINDS = [
    "finding", "meeting", "quarrel", "help", "danger", "secret", "loss", "gathering", "gift", "journey", "work",
]  # fmt: skip
MOODS = ["calm", "merry", "sad", "tense", "strange", "hopeful"]
_STARTS = ["The", "A", "In", "At", "On", "Near", "Under", "When", "Suddenly"]
_SKY = {**WEATHERS, "snowfall": "in falling snow", "storm": "in a storm"}
_SKYLESS = (*INDOORS, "underwater", "space")
"""Grounds where no weather is."""
_CRAMPED = 22
"""Words of a sentence that met its bound: its end is then seldom a good one."""
_SURE = 0.5
_MOST = 3
"""People whom one piece of the story names."""


def plan(task: Task, toolbox: Toolbox, instructions: str, work: Work) -> tuple[Work, list[Message]] | None:
    """The work that the task is, and the messages that it begins with; None for a task that no stage asks."""
    maker = _MAKERS.get(task.name)
    if maker is None:
        return None
    context = task.context
    opening, made = maker(context, replace(work, toolbox=toolbox, rounds=1))
    head = [{"role": "system", "content": prompts.system(context, instructions)}]
    if task.name != "found":
        ready = prompts.words(_language(context))["ready"]
        head += [{"role": "user", "content": prompts.digest(context)}, {"role": "assistant", "content": ready}]
    bound, finish = made.schema or {}, made.finish
    made = replace(made, needed=loose(bound), finish=lambda value: finish(answer_schemas.ended(value, bound)))
    return made, [*head, {"role": "user", "content": opening}]


def _language(context: dict[str, Any]) -> str:
    return str(context.get("language") or "en")


def _found(context: dict[str, Any], work: Work) -> tuple[str, Work]:
    language = _language(context)
    place = answer_schemas.object_of(
        place=answer_schemas.name(language, 2),
        seen=answer_schemas.sentence(language, 4, 18),
        ground=answer_schemas.one_of(context["scenes"]),
    )
    person = answer_schemas.object_of(
        person=answer_schemas.name(language),
        trade=answer_schemas.phrase(language, 1, 3, small=True),
        home=answer_schemas.one_of([1, 2, 3]),
    )
    schema = answer_schemas.object_of(
        title=answer_schemas.phrase(language, 2, 6),
        places=answer_schemas.list_of(place, 3, 3),
        characters=answer_schemas.list_of(person, 3, 3),
        trouble=answer_schemas.sentence(language, 6, 22),
        time=answer_schemas.one_of(list(HOURS)),
        weather=answer_schemas.one_of(list(WEATHERS)),
    )

    def finish(value: dict[str, Any]) -> dict[str, Any]:
        scenes = context["scenes"]
        grounds = [ground(p["place"], p["seen"], p["ground"], scenes) for p in value["places"]]
        told = [(p["place"], shortened(p["seen"], 120)) for p in value["places"]]
        places = [{"name": n, "description": d, "scene": g} for (n, d), g in zip(told, grounds, strict=True)]
        people = [
            {"name": c["person"], "role": c["trade"], "place": places[c["home"] - 1]["name"]}
            for c in value["characters"]
        ]
        kept = {k: value[k] for k in ("title", "time", "weather")}
        facts = [shortened(value["trouble"], 120)]
        return {**kept, "places": places, "characters": people, "facts": facts, "unknown": []}

    def flaw(result: dict[str, Any]) -> float:
        names = [thing["name"] for kind in ("places", "characters") for thing in result[kind]]
        return float(len(names) - len(set(names)))

    said = prompts.words(language)["found"]
    return said, replace(work, toolbox=Toolbox(()), schema=schema, finish=finish, flaw=flaw, max_tokens=420)


def _development(context: dict[str, Any], work: Work) -> tuple[str, Work]:
    said, language = prompts.words(_language(context)), _language(context)
    past = list(context.get("past", []))
    people, items = names(context, "characters"), names(context, "items")
    fields: dict[str, Any] = {
        "kind": answer_schemas.one_of(fresh(KINDS, past, "kind", 4)),
        "place": answer_schemas.one_of(fresh(names(context, "places"), past, "place", 1)),
    }
    action = context.get("action") or ""
    things = offered(context, action)
    if things:
        fields["thing"] = answer_schemas.one_of(things)
    fields["text"] = answer_schemas.sentence(language, 6, 22, openings(action, people, language))

    def finish(value: dict[str, Any]) -> dict[str, Any]:
        return {
            "text": shortened(value["text"], 200),
            "kind": value["kind"],
            "who": named(value["text"], people)[:_MOST],
            "place": value["place"],
            "thing": value.get("thing", ""),
            "item": next(iter(named(value["text"], items)), ""),
        }

    def flaw(result: dict[str, Any]) -> float:
        world = context.get("world", {})
        known = [*world.get("facts", []), *(p.get("description", "") for p in world.get("places", []))]
        earlier = [str(p.get("text", "")) for p in past] + list(context.get("story", [])) + known
        ignored = bool(action) and not stems(action) & stems(result["text"])
        return repeats(result["text"], earlier, people) + unfinished(result["text"]) + float(ignored)

    wanted = said["action"].format(action=action) if action else ""
    choice = said["things"].format(things=", ".join(things)) if things else ""
    closing = said["plan"].format(action=wanted, things=choice)
    made = replace(
        work, schema=answer_schemas.object_of(**fields), finish=finish, flaw=flaw, narrow=worth_reading(context),
        max_tokens=140, must_call=bool(work.toolbox), closing=closing if work.toolbox else "",
    )  # fmt: skip
    return (said["look"] if work.toolbox else closing), made


def _architect(context: dict[str, Any], work: Work) -> tuple[str, Work]:
    intent = context["intent"]
    world = context.get("world", {})
    place = next((p for p in world.get("places", []) if p["name"] == intent.get("place")), {})
    told = prompts.words(_language(context))["architect"].format(
        text=intent["text"], place=intent.get("place", ""), thing=intent.get("thing") or "main thing",
        scene=place.get("scene") or "as it is",
    )  # fmt: skip
    schema = answer_schemas.object_of(prompt=answer_schemas.caption(str(intent.get("thing") or "")))

    def finish(value: dict[str, Any]) -> dict[str, Any]:
        lit = f"{value['prompt'].strip(' ,')} {HOURS.get(world.get('time', ''), '')}".strip()
        sky = "" if place.get("scene") in _SKYLESS else _SKY.get(world.get("weather", ""), "")
        prompt = f"{lit} {sky}".strip()
        short = next(p for p in (prompt, lit, shortened(lit, 90).rstrip(".")) if len(p) <= 90)
        return {"paints": [{"prompt": short, "slot": "picture"}]}

    def flaw(result: dict[str, Any]) -> float:
        thing = str(intent.get("thing") or "")
        return float(bool(thing) and not stems(thing) & stems(result["paints"][0]["prompt"]))

    return told, replace(work, toolbox=Toolbox(()), schema=schema, finish=finish, flaw=flaw, max_tokens=60)


def seen(perception: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What the pictures show: the names of things that were seen with some certainty, and how each looks in words."""
    names: list[str] = []
    told: list[str] = []
    for look in perception.values():
        labels = look.get("labels") or {}
        things = [labelled(t) for t in labels.get("things") or [] if sure(t) >= _SURE]
        around = [name for k in ("place", "time", "weather") if (name := labelled(labels.get(k))) not in ("", "none")]
        names += things
        told.append(", ".join([*things, *around]) or str(look.get("text", "")))
    return names, [text for text in told if text]


def _author(context: dict[str, Any], work: Work) -> tuple[str, Work]:
    language, intent = _language(context), context["intent"]
    said = prompts.words(language)
    shown, told = seen(context.get("perception", {}))
    planned = str(intent.get("thing") or "")
    unlike = bool(shown) and bool(planned) and planned not in shown
    people = names(context, "characters")
    asked = said["author"].format(
        text=intent["text"],
        place=intent.get("place", ""),
        seen="; ".join(told),
        unlike=said["unlike"] if unlike else "",
    )
    english = language == "en"
    fields: dict[str, Any] = {
        "sentence1": answer_schemas.sight(people, shown[0]) if shown and english else answer_schemas.sentence(language),
        "sentence2": answer_schemas.sentence(language, starts=[*people, *_STARTS] if english else None),
        "mood": answer_schemas.one_of(MOODS),
    }

    def finish(value: dict[str, Any]) -> dict[str, Any]:
        return {
            "text": shortened(f"{value['sentence1']} {value['sentence2']}", 300),
            "who": named(f"{value['sentence1']} {value['sentence2']}", people)[:_MOST],
            "place": intent.get("place", ""),
            "thing": shown[0] if shown else "",
            "mood": value["mood"],
        }

    def flaw(result: dict[str, Any]) -> float:
        first, _, second = result["text"].partition(". ")
        unseen = english and bool(shown) and not any(stems(n) & stems(result["text"]) for n in shown)
        told_twice = repeats(second, [first], people)
        cramped = float(any(len(s.split()) >= _CRAMPED for s in (first, second)))
        loose = max(unfinished(first), unfinished(second), cramped)
        return repeats(result["text"], list(context.get("story", [])), people) + told_twice + loose + 0.5 * unseen

    schema = answer_schemas.object_of(**fields)
    return asked, replace(work, toolbox=Toolbox(()), schema=schema, finish=finish, flaw=flaw, max_tokens=150)


def _update(context: dict[str, Any], work: Work) -> tuple[str, Work]:
    chronicle = context["chronicle"]
    place = chronicle.get("place") or context.get("intent", {}).get("place", "")
    told = prompts.words(_language(context))["update"].format(text=chronicle["text"], place=place)
    shape = change_shapes(context, _language(context))
    schema = answer_schemas.object_of(operations=answer_schemas.list_of({"anyOf": shape}, 1, 2))

    def finish(value: dict[str, Any]) -> dict[str, Any]:
        return {"operations": changes(value["operations"], context)}

    def flaw(result: dict[str, Any]) -> float:
        return float(not result["operations"])

    return told, replace(work, toolbox=Toolbox(()), schema=schema, finish=finish, flaw=flaw, max_tokens=140)


_MAKERS: dict[str, Callable[[dict[str, Any], Work], tuple[str, Work]]] = {
    "found": _found,
    "development": _development,
    "architect": _architect,
    "author": _author,
    "update": _update,
}
