"""The short form in which a genre says what an answer holds, and the JSON schema that it means in a world.

    text: text — what happens next      a told text, as long as the genre's length says
    mood: [calm, merry, sad]            one of these words
    place: place                        the name of a place that the world has; of a character, an item, an own kind
    who: list of character              several of them
    places: [{name: name, description: line}]   a list of such objects
    lamps: {most: 4, of: number}        the same with bounds (least, most)

A `?` after a kind lets it be empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from yggdrasil.contract.errors import did_you_mean
from yggdrasil.levels.genre.book import GenreError

Schema = dict[str, Any]
_DASH = " — "
_MANY = "list of "
_PLAIN = ("text", "line", "name", "number", "yes or no")
MADE = ("operations", "tool calls")
"""Kinds whose schema the world makes: the changes that it knows, the tools of its Creator."""
_FEW = 3
_BOUNDS = {"least": "minItems", "most": "maxItems"}


class Shapes:
    """What the words of the short form mean in one world.

    `known` gives the names of a kind of things; `made` what a larger part means, such as `operations`; `letters`
    bounds the texts (None: a model that is asked plainly is told of lengths in words alone).
    """

    def __init__(
        self, known: Mapping[str, list[str]], made: Mapping[str, Callable[[], Schema]], letters: int | None = None
    ) -> None:
        self.known, self.made, self.letters = known, made, letters

    def answer(self, fields: Mapping[str, Any], where: str) -> Schema:
        """The schema of an object of these fields. Raises GenreError that names the field."""
        return {
            "type": "object",
            "properties": {name: self._of(spec, f"{where}.{name}") for name, spec in fields.items()},
            "required": list(fields),
            "additionalProperties": False,
        }

    def _of(self, spec: Any, where: str) -> Schema:
        if isinstance(spec, str):
            return self._word(spec, where)
        if isinstance(spec, list):
            return self._list(cast("list[Any]", spec), where)
        if isinstance(spec, dict):
            known = cast("dict[str, Any]", spec)
            if set(known) <= {"of", *_BOUNDS} and "of" in known:
                bounds = {_BOUNDS[key]: value for key, value in known.items() if key != "of"}
                return self._many(self._of(known["of"], where), **bounds)
            return self.answer(known, where)
        mend = f"write one of {', '.join(_PLAIN)}, a list or fields; quote a text that holds a comma"
        raise GenreError(f"{spec!r} says no kind", where=where, mend=mend)

    def _list(self, spec: list[Any], where: str) -> Schema:
        if len(spec) == 1 and isinstance(spec[0], dict):
            return self._many(self._of(spec[0], where), minItems=1)
        words = [word for word in spec if isinstance(word, str)]
        if not spec or len(words) != len(spec):
            what = "a list holds words to choose from, or one object"
            raise GenreError(what, where=where, mend="write [calm, merry]")
        return {"type": "string", "enum": words}

    def _word(self, spec: str, where: str) -> Schema:
        kind, _, about = spec.partition(_DASH)
        kind = kind.strip()
        made = self._several(kind, where) if kind.startswith(_MANY) else self._kind(kind.rstrip("? "), kind, where)
        return {**made, "description": about.strip()} if about.strip() else made

    def _several(self, kind: str, where: str) -> Schema:
        return self._many(self._kind(kind.removeprefix(_MANY).rstrip("? "), "", where))

    def _many(self, items: Schema, **bounds: int) -> Schema:
        """A list; a small model, which would go on and on, writes no more than a few."""
        few = max(bounds.get("minItems", 0), min(bounds.get("maxItems", _FEW), _FEW))
        most = {} if self.letters is None else {"maxItems": few}
        return {"type": "array", "items": items, **bounds, **most}

    def _kind(self, name: str, written: str, where: str) -> Schema:
        empty = written.endswith("?")
        if name in self.made:
            return self.made[name]()
        if name in self.known:
            names = self.known[name]
            return {"type": "string", "enum": [*names, *([""] if empty else [])]} if names else {"type": "string"}
        if name == "number":
            return {"type": "number"}
        if name == "yes or no":
            return {"type": "boolean"}
        if name not in _PLAIN:
            every = (*_PLAIN, *self.known, *self.made)
            raise GenreError(f"there is no kind {name!r}", where=where, mend=did_you_mean(name, every))
        return {"type": "string", **({} if empty else {"minLength": 1}), **self._bound(name)}

    def _bound(self, name: str) -> Schema:
        if self.letters is None:
            return {}
        return {"maxLength": {"text": self.letters, "line": 160, "name": 40}[name]}
