"""Changes of a world by hand: operations out of a file, of standard input, or given as FIELD=VALUE."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from yggdrasil.cli.output import line
from yggdrasil.cli.targets import open_world
from yggdrasil.cli.translations import say
from yggdrasil.contract.errors import ConfigError
from yggdrasil.levels.world.difference import ENGLISH, Difference
from yggdrasil.levels.world.edits import Edit
from yggdrasil.state.content import KINDS, TEXTS

Changed = tuple[Edit, dict[str, Any], dict[str, Any]]
_LIST = 'give a list such as [{"op": "add_fact", "text": "…"}]'


def edit(folder: Path, branch: str, source: str, settings: list[str]) -> Changed:
    """Apply the operations of `source` (a file, or - for standard input), then the settings; before and after too."""
    operations = [*(_read(source) if source else []), *map(_setting, settings)]
    if not operations:
        raise ConfigError("nothing to change is given", where="edit", mend="name a file, - or --set FIELD=VALUE")
    world = open_world(folder).branch(branch)
    before = world.content().shown()
    made = world.edit(*operations)
    return made, before, world.content().shown()


def undo(folder: Path, branch: str) -> Changed:
    """Take the last edit back; that edit, and what is in the world before and after."""
    world = open_world(folder).branch(branch)
    before = world.content().shown()
    undone = world.undo()
    return undone, before, world.content().shown()


def difference_page(found: Difference) -> None:
    """The difference in lines, its words in the user's language."""
    words = {word: say(f"diff_{word}") for word in ENGLISH} | {kind: say(f"kind_{kind}") for kind in (*KINDS, *TEXTS)}
    for told in found.lines(words):
        line(told, hang=2)


def _read(source: str) -> list[dict[str, Any]]:
    """The operations of a JSON file: a list, one alone, or what `edit --json` prints."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        value: Any = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"is no JSON ({error})", where=source, mend=_LIST) from None
    if isinstance(value, dict):
        whole = cast(dict[str, Any], value)
        value = whole.get("operations", [whole])
    if not isinstance(value, list):
        raise ConfigError("holds no operations", where=source, mend=_LIST)
    return cast(list[dict[str, Any]], value)


def _setting(given: str) -> dict[str, Any]:
    field, equals, text = given.partition("=")
    if not equals:
        raise ConfigError(f"{given!r} sets nothing", where="--set", mend="write FIELD=VALUE, such as weather=storm")
    return {"op": "set", "field": field, "value": _value(field, text)}


def _value(field: str, text: str) -> Any:
    """The clock and what a world has of its own are JSON where they read so; every other field is text."""
    if field == "clock" or field.startswith("extra."):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
