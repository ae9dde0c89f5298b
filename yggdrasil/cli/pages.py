"""A world as pages for people: what happened, what is in it, what each stage did."""

from __future__ import annotations

import json
import shlex
from typing import Any

from yggdrasil.cli.output import line, short, visible, write
from yggdrasil.cli.reasons import told
from yggdrasil.cli.translations import say
from yggdrasil.contract.events import reason
from yggdrasil.engine.cycle.branches import MAIN
from yggdrasil.state.json_as_text import in_a_line

_KINDS = ("places", "characters", "items")
_TELLING = ("place", "holder", "status", "description", "looks", "voice", "goals")
_IN_WORDS = ("place", "holder")
_PLAIN = (*_TELLING, "name", "role", "scene")
"""Fields whose values say what they are; before one of a genre's own stands its name."""
_OWN = ("title", "style", "time", "weather")


def world_page(shown: dict[str, Any]) -> None:
    """Title, wish, every step, what is in the world, its branches, and the step that waits."""
    line(shown.get("title") or shown["name"])
    if shown.get("wish") not in ("", None, shown.get("title") or shown["name"]):
        line(f"{say('wish_word')}: {shown['wish']}", faint=True)
    if unknown := shown["world"].get("extra", {}).get("unknown"):
        line(f"{say('not_understood')}: {', '.join(unknown)}")
    if not shown["steps"]:
        line()
        line(say("no_steps"))
    steps_page(shown["steps"])
    for kind, entries in _things(shown["world"]).items():
        if entries:
            _list(say(kind), [_entry(entry) for entry in entries])
    if facts := shown["world"].get("facts"):
        _list(say("facts"), [_fact(fact, shown["world"]) for fact in facts])
    if len(shown.get("branches", ())) > 1:
        line()
        line(f"{say('branches')}: {', '.join(shown['branches'])}")
    if waiting := shown.get("unfinished"):
        line()
        line(f"{say('step_word')} {waiting['step']} {say('unfinished')}: {_last_end(waiting)}")


def steps_page(steps: list[dict[str, Any]]) -> None:
    """Each step: what happened, what was intended, the picture and what is seen on it."""
    for step in steps:
        line()
        head = f"{step['step']}. "
        lost = step.get("dropped") if step.get("status") == "dropped" else None
        made = _edit(step["edit"]) if "edit" in step else step["chronicle"]
        line(head + (f"{say('dropped')}: {_dropped(lost)}" if lost else made), hang=len(head))
        indent = " " * len(head)
        if step.get("action"):
            line(f"{indent}{say('action_word')}: {step['action']}", hang=len(head))
        if intent := _text(step.get("intent")):
            line(f"{indent}{say('intent_word')}: {intent}", hang=len(head), faint=True)
        for picture in step["pictures"]:
            seen = _text(step["perception"].get(picture["slot"]))
            ordered = f"{say('ordered')}: {picture['prompt']} · {say('seen')}: {seen}"
            line(f"{indent}{ordered}", hang=len(head), faint=True)
            write(visible(f"{indent}{say('picture')}: {short(picture['path'])}"))
        for sound in step.get("sounds", []):
            write(visible(f"{indent}{say('sound')}: {short(sound['path'])}"))
        if spent := step.get("spent"):
            cost = f" · {say('cost')}: {spent['cost']:.4g}" if spent["cost"] else ""
            line(f"{indent}{say('tokens')}: {spent['tokens']}{cost}", hang=len(head), faint=True)
        if refused := step.get("refused"):
            line(f"{indent}{say('refused_word')}: {refused['problem']}", hang=len(head))


def changes_page(before: dict[str, Any], after: dict[str, Any]) -> None:
    """What is different between two contents of a world, in a few words each."""
    found: list[str] = []
    things = [_things(world) for world in (before, after)]
    for kind in dict.fromkeys([*things[0], *things[1]]):
        old, new = ({entry["name"]: entry for entry in known.get(kind, [])} for known in things)
        found += [f"{say('new_one')}: {_entry(entry)}" for name, entry in new.items() if name not in old]
        found += [f"{name}: {_changed(old[name], new[name])}" for name in new if name in old and new[name] != old[name]]
        found += [f"{name}: {say('gone')}" for name in old if name not in new]
    facts = [[_fact(fact, world) for fact in world.get("facts", [])] for world in (before, after)]
    found += [fact for fact in facts[1] if fact not in facts[0]]
    told = [_fact(fact, before) for fact in before.get("facts", []) if fact not in after.get("facts", [])]
    found += [f"{fact}: {say('gone')}" for fact in told]
    found += [f"{say(f'field_{f}')}: {after.get(f) or '—'}" for f in _OWN if after.get(f) != before.get(f)]
    if found:
        _list(say("changes"), found)


def where_page(folder: str, branch: str) -> None:
    """Where the world is, and the command that goes on with it."""
    line()
    line(f"{say('world_at')} {short(folder)}")
    line(f"{say('go_on')} {go_on(folder, branch)}", faint=True)


def go_on(folder: str, branch: str = MAIN) -> str:
    """The command that goes on with the world in `folder`."""
    more = "" if branch == MAIN else f" --branch {shlex.quote(branch)}"
    return f"yggdrasil step {shlex.quote(short(folder))}{more}"


def ways_on(folder: str, branch: str = MAIN) -> str:
    """How a world gets on whose stage fails again and again: a command a line."""
    again = go_on(folder, branch)
    ways = {"give_up": "--give-up", "words": "--give-up --action '…'", "model": "--llm '…'"}
    return "\n".join([f"{say('stuck')}:", *(f"  {say(f'way_{w}')}: {again} {more}" for w, more in ways.items())])


def history_rows(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """Every run and skip of a stage, those of the unfinished step too, and where the world itself was changed."""
    steps = [*shown["steps"], *([shown["unfinished"]] if shown.get("unfinished") else [])]
    notes = shown.get("notes", ())
    rows = [_note_row(note) for note in notes if not note["step"]]
    for step in steps:
        own = [{"step": step["step"], **stage} for stage in step["stages"]]
        for note in reversed([note for note in notes if note["step"] == step["step"]]):
            own.insert(note["stages"], _note_row(note))
        rows += own
    return rows


def _note_row(note: dict[str, Any]) -> dict[str, Any]:
    why = reason("note", text=note["text"])
    return {"step": note["step"], "name": "world", "status": "changed", "reason": why, "seconds": 0.0}


def history_page(rows: list[dict[str, Any]]) -> None:
    """The rows aligned; stages that only settle what was left over stand in one line where nothing was."""
    names = max((len(say(row["name"])) for row in rows), default=0)
    ends = max((len(say(row["status"])) for row in rows), default=0)
    for number in dict.fromkeys(row["step"] for row in rows):
        step = [row for row in rows if row["step"] == number]
        idle = _idle(step)
        if idle:
            line(f"{number:>4}  {say('settling')}: {say('nothing_left')}", faint=True)
        for row in step[idle:]:
            head = (
                f"{number:>4}  {say(row['name']):<{names}}  {say(row['status']):<{ends}}  {row['seconds'] or 0:7.2f} s"
            )
            line(f"{head}  {told(row['reason'])}" if row.get("reason") else head)


def _idle(step: list[dict[str, Any]]) -> int:
    """How many stages the step began with that had nothing to settle; 0 if one of them had."""
    settling: list[dict[str, Any]] = []
    for row in step:
        if row["name"] == "development":
            break
        settling.append(row)
    idle = all(row["status"] == "skipped" and (row.get("reason") or {}).get("code") != "dropped" for row in settling)
    return len(settling) if idle else 0


def _last_end(step: dict[str, Any]) -> str:
    if not step["stages"]:
        return "…"
    last = step["stages"][-1]
    reason = f" ({told(last['reason'])})" if last["status"] == "failed" and last.get("reason") else ""
    return f"{say(last['name'])} — {say(last['status'])}{reason}"


def _dropped(states: list[dict[str, Any]]) -> str:
    return "; ".join(", ".join(state["missing"]) for state in states)


def _text(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value or "")
    text = value.get("text")
    return text if isinstance(text, str) else json.dumps(value, ensure_ascii=False)


def _list(head: str, entries: list[str]) -> None:
    line()
    line(head)
    for entry in entries:
        line(f"  {entry}", hang=4)


def _things(world: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Kind → what there is of it; the kinds of a genre's own come last, their fields beside the others."""
    own = {k: [{**e.get("fields", {}), **e} for e in things] for k, things in world.get("entities", {}).items()}
    return {**{kind: world.get(kind, []) for kind in _KINDS}, **own}


def _fact(fact: str, world: dict[str, Any]) -> str:
    """A fact, and who knows it, if not all do."""
    if fact not in world.get("known_by", {}):
        return fact
    return f"{fact} ({say('known_by')}: {', '.join(world['known_by'][fact]) or '—'})"


def _edit(edit: dict[str, Any]) -> str:
    """An edit in a line: what was changed by hand, or which edit was taken back."""
    if "undoes" in edit:
        return f"{say('undone')}: {edit['undoes']}"
    return f"{say('edit')}: {'; '.join(in_a_line(list(op.values())) for op in edit['operations'])}"


def _entry(entry: dict[str, Any]) -> str:
    """A thing of the world in a line: `Silas, sailor — at the reef`."""
    name = f"{entry['name']}, {entry['role']}" if entry.get("role") else entry["name"]
    rest = _phrases({field: entry.get(field) for field in dict.fromkeys([*_TELLING, *entry.get("fields", ())])})
    return f"{name} — {rest}" if rest else name


def _changed(old: dict[str, Any], new: dict[str, Any]) -> str:
    return _phrases({field: value for field, value in new.items() if value != old.get(field)}) or "—"


def _phrases(fields: dict[str, Any]) -> str:
    return "; ".join(_phrase(name, value) for name, value in fields.items() if value and name != "fields")


def _phrase(name: str, value: Any) -> str:
    text = in_a_line(value)
    if name in _IN_WORDS:
        return say(name).format(text)
    return text if name in _PLAIN else f"{name}: {text}"
