"""One branch of a world as JSON, for a person or a program to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yggdrasil.levels.world.life import Life
from yggdrasil.levels.world.step import Step
from yggdrasil.state.content import Content

if TYPE_CHECKING:
    from yggdrasil.levels.world.world import World


def shown(world: World, life: Life) -> dict[str, Any]:
    """Name, wish, branches, whole steps, content, and, where there are any, what is unfinished and the notes."""
    branch = life.log.branches[world.branch_name]
    head = life.log.head(branch)
    content = life.content(branch, head.last) if head.last >= 0 else Content(wish=world.wish)
    steps = life.log.history(branch, high=head.last)
    found: dict[str, Any] = {
        "name": world.name,
        "wish": content.wish or world.wish,
        "title": content.title,
        "branch": world.branch_name,
        "branches": world.branches(),
        "steps": [Step(record, life.home).to_json() for record in steps],
        "world": content.shown(),
    }
    waiting, notes = head.waiting and Step(head.waiting, life.home), life.log.notes(branch)
    found |= {"unfinished": waiting.to_json()} if waiting else {}
    told = [{"step": step, "stages": stages, "text": text} for step, stages, text in notes]
    return found | ({"notes": told} if told else {})
