"""A stage's task in a genre's words: what the model is told, what it is asked, and the schema of its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from yggdrasil.contract.errors import did_you_mean
from yggdrasil.levels.genre.book import CHARACTER, Book, GenreError, Length
from yggdrasil.levels.genre.brief import few_calls, few_operations, outlined
from yggdrasil.levels.genre.plan import calls_of
from yggdrasil.levels.genre.recall import Ranks, by_words
from yggdrasil.levels.genre.shape import Schema, Shapes
from yggdrasil.levels.genre.told import known_to, told
from yggdrasil.levels.stage.philosopher import in_plain_words
from yggdrasil.state.content import KINDS, Character, Content

OWN = ("name", "role", "looks", "voice", "goals")
"""What the words for a character may name besides."""
HOLES = ("wish", "style", "language", "length", "action", "intent", "plan", "seen", "chronicle", "problem")
"""What the words of a genre may name in braces."""
_BY_WORLD = ("append_story", "insert", "unwrite", "unset", "add")
"""Operations that no model names: the world writes its story, and takes back what was done, by itself; what adds
one of an own kind is named by the genre."""
_CALLED = {"type": "object", "required": ["tool", "arguments"], "properties": {"arguments": {"type": "object"}}}
_ANY_CALLS: Schema = {"type": "array", "items": _CALLED, "minItems": 1}
"""Calls that the Creator can try: one that does not fit its tool fails alone."""
_HOLE = re.compile(r"\{([^{}]*)\}")


class Asking:
    """One stage's task in the words of `book`, for a world with this content and these settings."""

    def __init__(
        self,
        book: Book,
        stage: str,
        content: Content,
        context: dict[str, Any],
        tools: list[Schema],
        pictures: Mapping[str, Any] = MappingProxyType({}),
        ranks: Ranks = by_words,
    ) -> None:
        self._book, self._stage, self._content, self._context = book, stage, content, context
        self._tools, self._pictures = tools, [f"{name}: {_ordered(made)}" for name, made in pictures.items()]
        self._own: dict[str, str] = {}
        self._ranks = ranks

    def to_json(self, state: Mapping[str, Any], action: str) -> dict[str, Any]:
        """`told` (parts) and, for each way to lead a model, `system`, `ask`, `schema` and about how many `letters`."""
        full, brief = self._lengths()
        cast = cast_of(self._book, self._content, self._context, state) if self._stage == "author" else None
        return {
            **({"cast": cast} if cast is not None else {}),
            "told": told(self._content, self._stage, state, action, self._pictures, self._ranks),
            "free": self._worded(state, action, full, None),
            "brief": self._worded(state, action, brief, brief.letters),
        }

    def _lengths(self) -> tuple[Length, Length]:
        """How long texts are in full and in brief: as the world says, else the genre's own, and its shortest.

        Raises GenreError for a length that the genre has not.
        """
        lengths, said = self._book.lengths, str(self._context.get("length") or "")
        for name in (said, self._book.length):
            if name and name not in lengths:
                raise GenreError(f"there is no length {name!r}", where=self._stage, mend=did_you_mean(name, lengths))
        shortest = min(lengths.values(), key=lambda length: length.letters)
        return lengths[said or self._book.length], lengths[said] if said else shortest

    def of_character(self, who: Character) -> dict[str, Any]:
        """The same for one character: told what they know and see, and nothing else."""
        full, brief = self._lengths()
        own = {name: str(getattr(who, name)) for name in ("name", "role", "looks", "voice")}
        self._own = {**own, "goals": "; ".join(who.goals)}
        return {
            "told": known_to(self._content, who),
            "free": {**self._worded({}, "", full, None), "system": ""},
            "brief": {**self._worded({}, "", brief, brief.letters), "system": ""},
        }

    def _worded(self, state: Mapping[str, Any], action: str, length: Length, bound: int | None) -> dict[str, Any]:
        holes = {**self._holes(state, action), "length": length.say}
        if bound is not None:
            holes["seen"] = seen(state.get("perception"), clearly=True)
        system, words = self._book.words(self._stage, brief=bound is not None)
        also = [said.strip() for name, said in words.also.items() if holes.get(name)]
        schema = self._shapes(bound).answer(words.answer, self._stage)
        fields = [] if bound is None else [outlined(schema)]
        return {
            "system": filled(system, holes),
            "ask": "\n".join([filled("\n".join([words.ask.strip(), *also]), holes), *fields]),
            "schema": schema,
            "needed": self._shapes(bound, _ANY_CALLS).answer(words.answer, self._stage),
            "letters": length.letters,
        }

    def _holes(self, state: Mapping[str, Any], action: str) -> dict[str, str]:
        known = {name: str(self._context.get(name) or "") for name in ("wish", "style", "language", "problem")}
        blocks = {name: said(state.get(name)) for name in ("intent", "chronicle")}
        made = {"plan": prompts(state.get("plan")), "seen": seen(state.get("perception"))}
        return {**known, **blocks, **made, **self._own, "action": action}

    def _shapes(self, letters: int | None, calls: Schema | None = None) -> Shapes:
        known = {kind: self._content.names(kind) for kind in (*KINDS, *self._book.entities)}
        full = {"operations": self._operations, "tool calls": self._calls}
        few = {"operations": self._few_operations, "tool calls": lambda: few_calls(self._tools)}
        loosely = {"tool calls": lambda: calls} if calls else {}
        return Shapes(known, {**(full if letters is None else few), **loosely}, letters)

    def _operations(self) -> Schema:
        from pydantic import TypeAdapter

        from yggdrasil.contract.schema import inlined
        from yggdrasil.state.operation_types import Operation

        every = inlined(TypeAdapter(list[Operation]).json_schema(), self._stage)["items"]["oneOf"]
        legal = [_named(shape) for shape in every if shape["properties"]["op"]["const"] not in _BY_WORLD]
        own = [self._added(kind) for kind in self._book.entities]
        return {"type": "array", "items": {"anyOf": [*legal, *own]}}

    def _added(self, kind: str) -> Schema:
        """The operation that adds one of an own kind, with the fields that the genre declares."""
        entity = self._book.entities[kind]
        fields = self._shapes(None).answer(entity.fields, f"entities.{kind}")
        parts: Schema = {"op": {"const": "add"}, "kind": {"const": kind}, "name": {"type": "string", "minLength": 1}}
        parts |= {"description": {"type": "string"}, "fields": {**fields, "required": []}}
        about = {"description": entity.about} if entity.about else {}
        return {
            "type": "object", "properties": parts, "required": ["op", "kind", "name", "description"],
            "additionalProperties": False, **about,
        }  # fmt: skip

    def _few_operations(self) -> Schema:
        return few_operations(self._content, [self._added(kind) for kind in self._book.entities])

    def _calls(self) -> Schema:
        return calls_of(self._tools)


def _named(operation: Schema) -> Schema:
    """The shape of an operation that says by `op` which one it is."""
    properties = {**operation["properties"], "op": {"const": operation["properties"]["op"]["const"]}}
    return {**operation, "properties": properties, "required": ["op", *operation.get("required", [])]}


def cast_of(
    book: Book, content: Content, context: dict[str, Any], state: Mapping[str, Any]
) -> dict[str, dict[str, Any]] | None:
    """Character → what they are asked, of those who take part or stand where it happens; None without such words."""
    if CHARACTER not in book.stages:
        return None
    intent = state.get("intent")
    meant: dict[str, Any] = intent if isinstance(intent, dict) else {}
    named = {str(name) for name in meant.get("who") or ()}
    place = str(meant.get("place") or "")
    present = [who for who in content.characters if who.name in named or (place and who.place == place)]
    return {who.name: Asking(book, CHARACTER, content, context, []).of_character(who) for who in present}


def filled(words: str, holes: Mapping[str, str]) -> str:
    """The words with each hole filled. Raises GenreError for a hole that nothing fills."""

    def found(match: re.Match[str]) -> str:
        if match.group(1) not in holes:
            raise GenreError(f"nothing fills {{{match.group(1)}}}", mend=f"known are {', '.join(HOLES)}")
        return holes[match.group(1)]

    return _HOLE.sub(found, words).strip()


def said(block: Any) -> str:
    """An intent or a chronicle in plain words: its text, and what else it says."""
    if not isinstance(block, dict):
        return str(block or "")
    rest = [f"{name}: {_flat(value)}" for name, value in block.items() if name != "text" and value]  # pyright: ignore
    return "\n".join([str(block.get("text") or ""), *rest]).strip()  # pyright: ignore


def _flat(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_flat(part) for part in value)  # pyright: ignore
    if isinstance(value, dict):
        return "; ".join(f"{name} {_flat(part)}" for name, part in value.items() if part)  # pyright: ignore
    return str(value)


def prompts(plan: Any) -> str:
    """What the plan asks for, slot by slot."""
    calls: dict[str, Any] = plan if isinstance(plan, dict) else {}
    told = {slot: call.get("arguments", {}).get("prompt") for slot, call in calls.items()}
    return "\n".join(f"{slot}: {prompt}" for slot, prompt in told.items() if prompt)


def _ordered(artifact: Mapping[str, Any]) -> str:
    return str(artifact.get("prompt") or "") or str(artifact.get("tool") or "")


def seen(perception: Any, *, clearly: bool = False) -> str:
    """What was really made, in plain words: a look's text, else the names of what was seen with some certainty.

    `clearly`: without what an eye that names things could name none in.
    """
    looks: dict[str, Any] = perception if isinstance(perception, dict) else {}
    told = {slot: in_plain_words(look) for slot, look in looks.items() if not (clearly and _is_unclear(look))}
    return "\n".join(f"{slot}: {words}" for slot, words in told.items() if words)


def _is_unclear(look: Any) -> bool:
    labels: Any = look.get("labels") if isinstance(look, dict) else None  # pyright: ignore
    return isinstance(labels, dict) and labels.get("things") == []
