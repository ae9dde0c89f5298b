"""The words that agents of a world are asked with, by language; short, since every token is read on one thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_STORY = 3
_FACTS = 4

ENGLISH: Mapping[str, str] = {
    "system": "You run a living story world: {wish}.{style} Each message asks for one small piece."
    " Be concrete: names, things, weather, deeds. Every event is new and follows from the last one.",
    "ready": "I know the world. What is the next piece?",
    "places": "PLACES",
    "people": "PEOPLE",
    "items": "THINGS",
    "facts": "FACTS",
    "story": "STORY SO FAR",
    "nothing": "(nothing has happened yet)",
    "found": "Invent the beginning of this world: a title; 3 places with names of their own, in a few words what is"
    " seen at each, and the ground that it stands on; 3 ordinary people who live there, each with a first name that"
    " fits the world (no gods, no famous figures) and a trade such as smith or fisher; 1 trouble or secret that waits"
    " to be solved; the time of day and the weather.",
    "look": "You are Development. Before you plan, look one thing up in the world with a tool.",
    "plan": "Now plan what happens next: what kind of event, where, one thing that plays a part in it{things}, and one"
    " new short sentence that tells who does what with it. Something must change.{action}",
    "things": " (one of {things})",
    "action": " The reader wants this to happen: {action}. Make it happen now.",
    "architect": "You are Architect. The plan: {text} (at {place}).\nTell the painter one small picture: the {thing},"
    " how it looks, and on what ground it is ({scene}).",
    "author": "You are Author. The plan was: {text} What is really there: {seen}.{unlike}\nWrite two new sentences of"
    " the story: what really happens now at {place}, and what comes of it. Name the people.",
    "unlike": " This is NOT what was planned. Forget the plan and tell what is there.",
    "update": "You are Keeper. This happened at {place}: {text}\nName one or two things that are different"
    " now: someone went to another place, someone feels or fares otherwise, a thing lies somewhere, everyone knows"
    " something.",
}
RUSSIAN: Mapping[str, str] = {
    "system": "Ты ведёшь живой мир сказки: {wish}.{style} Каждое сообщение просит один маленький кусочек. Пиши"
    " по-русски, просто и конкретно: имена, вещи, погода, поступки. Каждое событие новое и вытекает из прошлого.",
    "ready": "Я знаю этот мир. Какой кусочек дальше?",
    "places": "МЕСТА",
    "people": "ЛЮДИ",
    "items": "ВЕЩИ",
    "facts": "ФАКТЫ",
    "story": "СКАЗКА ДО СИХ ПОР",
    "nothing": "(ещё ничего не случилось)",
    "found": "Придумай начало этого мира: название; 3 места с именами, что там видно, в двух словах, и на"
    " какой земле каждое стоит; 3 обычных жителя с именем и ремеслом, например кузнец; 1 беду или тайну, которую"
    " предстоит разгадать; время суток и погоду.",
    "look": "Ты — Развитие. Прежде чем задумать, посмотри одну вещь в мире с помощью инструмента.",
    "plan": "Теперь задумай, что случится дальше: какое это событие, где, одну вещь, которая в нём участвует{things}, и"
    " одно новое короткое предложение: кто что с ней делает. Что-то должно измениться.{action}",
    "things": " (одна из {things})",
    "action": " Читатель хочет, чтобы случилось вот что: {action}. Пусть это случится сейчас.",
    "architect": "Ты — Архитектор. Замысел: {text} (место: {place}).\nСкажи художнику одну картину по-английски,"
    " восемь слов: {thing}, какой он, на какой земле ({scene}).",
    "author": "Ты — Автор. Замысел был: {text} На самом деле там: {seen}.{unlike}\nНапиши два новых предложения"
    " сказки: что происходит сейчас (место: {place}) и что из этого выходит. Назови людей.",
    "unlike": " Это НЕ то, что задумано. Забудь замысел и расскажи то, что там есть.",
    "update": "Ты — Хранитель. Вот что случилось ({place}): {text}\nНазови одну или две перемены: кто перешёл в другое"
    " место, кому стало иначе, какая вещь где лежит, что теперь всем известно.",
}
_WORDS = {"en": ENGLISH, "ru": RUSSIAN}
LANGUAGES = tuple(_WORDS)
"""The languages that agents of a world can be asked in."""


def words(language: str) -> Mapping[str, str]:
    """The words of a language; English for one that has none of its own."""
    return _WORDS.get(language, ENGLISH)


def system(context: Mapping[str, Any], instructions: str = "") -> str:
    """The head of every conversation of a world, the same for all stages of a step."""
    style = f" {context['style']}." if context.get("style") else ""
    head = words(context.get("language", ""))["system"].format(wish=context.get("wish", ""), style=style)
    return f"{head}\n{instructions}" if instructions else head


def digest(context: Mapping[str, Any]) -> str:
    """The world and the story's end as a few lines, the same for all stages of a step."""
    said, world = words(context.get("language", "")), context.get("world", {})
    people = [_told(c["name"], c.get("role"), c.get("place"), c.get("status")) for c in world.get("characters", [])]
    items = [_told(i["name"], i.get("holder") or i.get("place")) for i in world.get("items", [])]
    lines = [
        f"{said['places']}: " + "; ".join(_told(p["name"], p.get("description")) for p in world.get("places", [])),
        f"{said['people']}: " + "; ".join(people),
        *([f"{said['items']}: " + "; ".join(items)] if items else []),
        f"{said['facts']}: " + " ".join(list(world.get("facts", []))[-_FACTS:]),
        f"{said['story']}: " + (" ".join(list(context.get("story", []))[-_STORY:]) or said["nothing"]),
    ]
    return "\n".join(lines)


def _told(name: str, *more: str | None) -> str:
    rest = ", ".join(part.rstrip(".") for part in more if part)
    return f"{name} ({rest})" if rest else name
