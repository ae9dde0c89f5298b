"""The commands that change a branch by hand, do a step again beside it, and compare two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yggdrasil.cli.arguments import Branch, Dir, Json, Yes
from yggdrasil.cli.output import line, print_json
from yggdrasil.cli.translations import say


def edit(
    dir: Dir,
    operations: Annotated[str, typer.Argument(help=say("edit_operations"), metavar="[OPS.json|-]")] = "",
    set: Annotated[list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help=say("edit_set"))] = None,
    branch: Branch = "main",
    json: Json = False,
) -> None:
    from yggdrasil.cli import edit_commands, pages

    made, before, after = edit_commands.edit(dir, branch, operations, set or [])
    if json:
        print_json({"branch": branch, **made.to_json()})
        return
    line(f"{say('edit')}: {made.number}")
    pages.changes_page(before, after)
    pages.where_page(str(dir), branch)


def undo(dir: Dir, branch: Branch = "main", json: Json = False) -> None:
    from yggdrasil.cli import edit_commands, pages

    undone, before, after = edit_commands.undo(dir, branch)
    if json:
        print_json({"branch": branch, "undone": undone.to_json()})
        return
    line(f"{say('undone')}: {undone.number}")
    pages.changes_page(before, after)
    pages.where_page(str(dir), branch)


def again(
    dir: Dir,
    step: Annotated[int, typer.Argument(min=1, max=2**31, help=say("again_step"), metavar="STEP")],
    name: Annotated[str, typer.Option("--name", help=say("again_name"))] = "",
    branch: Branch = "main",
    yes: Yes = False,
    json: Json = False,
) -> None:
    from yggdrasil.cli import pages, world_commands

    shown = world_commands.again(dir, branch, step, name, yes=yes)
    if json:
        print_json(shown)
        return
    pages.steps_page(shown["steps"][-1:])
    pages.where_page(shown["folder"], shown["branch"])


def diff(
    dir: Dir,
    a: Annotated[str, typer.Argument(help=say("diff_branch"), metavar="A")],
    b: Annotated[str, typer.Argument(help=say("diff_branch"), metavar="B")],
    json: Json = False,
) -> None:
    from yggdrasil.cli import edit_commands, targets

    found = targets.open_world(Path(dir)).diff(a, b)
    print_json(found.to_json()) if json else edit_commands.difference_page(found)
