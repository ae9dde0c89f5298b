"""The commands; each says what it does in a line, does its work elsewhere, and prints."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from yggdrasil.cli import commands_on_branches
from yggdrasil.cli.arguments import Below, Branch, Budgets, Dir, Eye, Json, Llm, Painter, Voice, What, Yes
from yggdrasil.cli.output import line, prepare_streams, print_json, tell, visible, write
from yggdrasil.cli.template_commands import template_app
from yggdrasil.cli.translations import say

app = typer.Typer(
    help=say("app"), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
VOICE = "voice"
"""What reads aloud, on the shelf."""
models_app = typer.Typer(help=say("models"), no_args_is_help=True)
app.add_typer(models_app, name="models")
app.add_typer(template_app, name="template")


def _say_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        write(version("yggdrasill"))
        raise typer.Exit


@app.callback()
def _begun(  # pyright: ignore[reportUnusedFunction]
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help=say("version"))
    ] = False,
) -> None:
    del version


@app.command(help=say("new"))
def new(
    wish: Annotated[str, typer.Argument(help=say("wish"))],
    steps: Annotated[int, typer.Option("--steps", "-n", min=0, max=10_000, help=say("steps"))] = 3,
    at: Annotated[Path | None, typer.Option("--at", help=say("at"))] = None,
    name: Annotated[str, typer.Option("--name", help=say("name"))] = "",
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**62, help=say("seed"))] = 0,
    style: Annotated[str, typer.Option("--style", help=say("style"))] = "",
    language: Annotated[str, typer.Option("--language", help=say("language"))] = "en",
    template: Annotated[str, typer.Option("--template", help=say("template"))] = "storytelling",
    length: Annotated[str, typer.Option("--length", help=say("length"))] = "",
    lead: Annotated[str, typer.Option("--lead", metavar="brief|free", help=say("lead"))] = "",
    cast: Annotated[bool, typer.Option("--cast", help=say("cast"))] = False,
    tries: Annotated[int, typer.Option("--tries", min=1, max=20, help=say("tries"))] = 1,
    budget: Budgets = None,
    painter: Painter = "",
    eye: Eye = "",
    voice: Voice = False,
    llm: Llm = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    from yggdrasil.cli import pages, world_commands

    chosen = {
        "template": template, "seed": seed, "style": style, "language": language,
        "painter": painter, "llm": llm, "eye": eye, "name": name, "length": length, "lead": lead,
        "cast": cast, "tries": tries, "budget": budget, "voice": VOICE if voice else "",
    }  # fmt: skip
    shown = world_commands.grow_new(wish, at, steps, chosen, yes=yes)
    if json:
        print_json(shown)
        return
    pages.world_page(shown)
    pages.where_page(shown["folder"], shown["branch"])


@app.command(help=say("step"))
def step(
    dir: Dir,
    action: Annotated[str | None, typer.Option("--action", help=say("action"))] = None,
    count: Annotated[int, typer.Option("--count", min=1, max=10_000, help=say("count"))] = 1,
    give_up: Annotated[bool, typer.Option("--give-up", help=say("give_up"))] = False,
    answer: Annotated[str | None, typer.Option("--answer", help=say("answer"))] = None,
    expect: Annotated[int | None, typer.Option("--expect", metavar="HEAD", help=say("expect"))] = None,
    branch: Branch = "main",
    painter: Painter = "",
    eye: Eye = "",
    voice: Voice = False,
    budget: Budgets = None,
    llm: Llm = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    from yggdrasil.cli import pages, world_commands

    models = {"llm": llm, "painter": painter, "eye": eye, "voice": VOICE if voice else ""}
    how: Any = {"give_up": give_up, "expect": expect, "answer": answer, "budget": budget}
    shown, last, before = world_commands.grow_on(dir, branch, action, count, models, yes=yes, **how)
    if json:
        print_json(shown)
        return
    line(shown.get("title") or shown["name"])
    pages.steps_page([step for step in shown["steps"] if step["step"] > last])
    pages.changes_page(before, shown["world"])
    pages.where_page(shown["folder"], branch)


@app.command(help=say("show"))
def show(dir: Dir, branch: Branch = "main", json: Json = False) -> None:
    from yggdrasil.cli import pages, targets

    shown = targets.shown(targets.open_world(dir).branch(branch))
    if json:
        print_json(shown)
        return
    pages.world_page(shown)
    if shown.get("unfinished") or not shown["steps"]:
        line(f"{say('go_on')} {pages.go_on(str(dir), branch)}")
    if shown.get("unfinished", {}).get("stuck"):
        write(visible(pages.ways_on(str(dir), branch)))


@app.command(help=say("history"))
def history(dir: Dir, branch: Branch = "main", json: Json = False) -> None:
    from yggdrasil.cli import pages, targets

    rows = pages.history_rows(targets.shown(targets.open_world(dir).branch(branch)))
    print_json(rows) if json else pages.history_page(rows)


@app.command(help=say("fork"))
def fork(
    dir: Dir,
    at: Annotated[int, typer.Option("--at", min=0, max=2**31, help=say("fork_at"))],
    name: Annotated[str, typer.Option("--name", help=say("fork_name"))],
    json: Json = False,
) -> None:
    from yggdrasil.cli import targets

    targets.open_world(dir).fork(at, name)
    print_json({"branch": name, "at": at}) if json else write(visible(f"{name}: {say('forked')} {at}"))


app.command(name="edit", help=say("edit_command"))(commands_on_branches.edit)
app.command(help=say("undo"))(commands_on_branches.undo)
app.command(help=say("again"))(commands_on_branches.again)
app.command(help=say("diff"))(commands_on_branches.diff)


@app.command(help=say("replay"))
def replay(dir: Dir, branch: Branch = "main", json: Json = False) -> None:
    from yggdrasil.cli import world_commands

    steps = world_commands.replay(dir, branch)
    print_json({"branch": branch, "steps": steps, "exact": True}) if json else write(f"{say('replayed')} {steps}")


@app.command("run", help=say("run"))
def run_block(
    what: What,
    inputs: Annotated[list[str] | None, typer.Argument(help=say("inputs"), metavar="[NAME=VALUE]...")] = None,
    out: Annotated[str | None, typer.Option("--out", "-o", help=say("out"), metavar="PATH")] = None,
    session: Annotated[str, typer.Option("--session", help=say("session"))] = "",
    at: Annotated[Path | None, typer.Option("--at", help=say("session_at"))] = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    from yggdrasil.cli import block_commands, results

    if json and out == "-":
        raise typer.BadParameter("-o - gives the output alone: leave out --json")
    block, shown = block_commands.run(what, inputs or [], out, yes=yes, session=session, at=at)
    if out == "-":
        return
    print_json(shown) if json else results.results_page(block, shown)


@app.command(help=say("ask"))
def ask(path: Below = Path(), json: Json = False) -> None:
    from yggdrasil.cli import question_commands

    found = question_commands.waiting(path)
    print_json([question.shown() for question in found]) if json else question_commands.page(found)


@app.command(help=say("answer_command"))
def answer(
    path: Below,
    text: Annotated[str, typer.Argument(help=say("answer_text"), metavar="TEXT")],
    id: Annotated[str, typer.Option("--id", help=say("answer_id"))] = "",
    of: Annotated[str, typer.Option("--of", metavar="NAME", help=say("answer_of"))] = "",
    json: Json = False,
) -> None:
    from yggdrasil.cli import question_commands

    given = question_commands.answer(path, text, id, of)
    print_json({**given.shown(), "answer": text}) if json else line(f"{say('go_on')} {given.go_on()}")


@app.command(help=say("describe"))
def describe(
    what: What,
    json: Json = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help=say("mermaid"))] = False,
    depth: Annotated[int, typer.Option("--depth", min=1, help=say("depth"))] = 2,
) -> None:
    from yggdrasil.cli import block_commands

    if mermaid:
        write(block_commands.drawing(what, depth))
        return
    shown = block_commands.describe(what)
    print_json(shown) if json else block_commands.description_page(shown)


@app.command(help=say("validate"))
def validate(dir: Dir, json: Json = False) -> None:
    from yggdrasil.cli import block_commands

    found = block_commands.validate(dir)
    print_json(found) if json else write(visible(f"{dir}: {say('valid')}"))


@models_app.command("list", help=say("models_list"))
def models_list(json: Json = False) -> None:
    from yggdrasil.cli import model_commands

    rows = model_commands.listed()
    print_json(rows) if json else model_commands.print_catalogue(rows)


@models_app.command("pull", help=say("models_pull"))
def models_pull(names: Annotated[list[str], typer.Argument(help=say("models_arg"))], json: Json = False) -> None:
    from yggdrasil.cli import model_commands

    pulled = [model_commands.fetch(name) for name in names]
    print_json(pulled) if json else [write(f"{path}") for p in pulled for path in p["files"].values()]


@models_app.command("verify", help=say("models_verify"))
def models_verify(
    names: Annotated[list[str] | None, typer.Argument(help=say("models_arg"))] = None, json: Json = False
) -> None:
    from yggdrasil.cli import model_commands

    rows = model_commands.verified(names or [])
    print_json(rows) if json else [write(f"{r['name']}: {say('intact')}") for r in rows]


def run() -> None:
    """Run the command; an error is a line on stderr and an exit code, a traceback only with YGGDRASIL_DEBUG set."""
    prepare_streams()
    as_json = "--json" in sys.argv[1:]
    try:
        app()
    except SystemExit as end:
        if end.code == 130:
            tell(say("stopped"))
        raise
    except KeyboardInterrupt:
        tell(say("stopped"))
        sys.exit(130)
    except Exception as error:  # nobody who types a command meets a traceback; YGGDRASIL_DEBUG shows it
        from yggdrasil.contract.errors import Cancelled, YggError

        if isinstance(error, Cancelled):
            tell(say("stopped"))
            sys.exit(130)
        if not isinstance(error, YggError | OSError):
            if os.environ.get("YGGDRASIL_DEBUG"):
                raise
            error = _foreign(error)
        _report(error, as_json)
        sys.exit(1)


def _foreign(error: Exception) -> Exception:
    """An error that is none of ours, of a plugin or a library, with its kind and the place where it rose."""
    from yggdrasil.contract.errors import YggError

    place = next((note for note in getattr(error, "__notes__", []) if note.startswith("in block ")), "")
    what = f"{type(error).__name__}: {error}"
    return YggError(what, where=place.removeprefix("in block "), mend="YGGDRASIL_DEBUG=1 shows the traceback")


def _report(error: Any, as_json: bool) -> None:
    tell(f"{say('error')}: {error}")
    if as_json:
        parts = {n: getattr(error, n, "") for n in ("what", "where", "mend")}
        print_json({"error": {"type": type(error).__name__, "message": str(error), **parts}})
