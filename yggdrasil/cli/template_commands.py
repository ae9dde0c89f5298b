"""Commands on templates of worlds: copy one to edit it, and check what was edited."""

from __future__ import annotations

import json as jsons
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from yggdrasil.cli.output import print_json, write
from yggdrasil.cli.translations import say

template_app = typer.Typer(help=say("templates"), no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help=say("json"))]


@template_app.command("copy", help=say("template_copy"))
def copy(
    name: Annotated[str, typer.Argument(help=say("template"))],
    folder: Annotated[Path, typer.Argument(help=say("template_folder"))],
) -> None:
    from yggdrasil.contract.errors import ManifestError
    from yggdrasil.store.shelf import on_shelf

    source = Path(name) if "/" in name or name.startswith(".") else on_shelf(name)
    if folder.exists():
        raise ManifestError("is there already", where=str(folder), mend="name a new folder")
    shutil.copytree(source, folder)
    write(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    write(f"yggdrasil template check {folder}")


@template_app.command("check", help=say("template_check"))
def check(
    folder: Annotated[Path, typer.Argument(help=say("template_folder"))],
    json: Json = False,
) -> None:
    found, asked = checked(folder)
    if json:
        print_json({"faults": found, "asked": asked})
    else:
        for fault in found:
            write(f"{fault['where']}: {fault['what']}" + (f"  → {fault['mend']}" if fault["mend"] else ""))
        for stage, words in {} if found else asked.items():
            write(f"\n── {stage}\n{words['ask']}\n{_short(words['schema'])}")
    if found:
        raise typer.Exit(1)


def checked(folder: Path) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """Every fault of the template, and what each stage would be asked at its beginning. Raises ManifestError."""
    from yggdrasil.contract.errors import YggError
    from yggdrasil.contract.manifest import read_manifest
    from yggdrasil.levels.genre.book import ROLE, STAGES
    from yggdrasil.levels.genre.check import Fault, faults_of
    from yggdrasil.levels.genre.of_world import in_own_words
    from yggdrasil.state.content import Content
    from yggdrasil.store.save import MANIFEST
    from yggdrasil.store.templates import from_template

    entry = read_manifest(folder / MANIFEST).files.get(ROLE)
    if entry is None or entry.path is None:
        mend = f"name its file under `files: {{{ROLE}: {{path: genre.yaml}}}}`"
        return [asdict(Fault(f"{MANIFEST}: files", "no genre stands there", mend))], {}
    faults = faults_of(folder / entry.path)[1]
    asked: dict[str, Any] = {}
    try:
        world = from_template(str(folder.resolve()))
        context = {"wish": "…", "style": "…", "language": "en"}
        for stage in STAGES if not faults else ():
            worded = in_own_words(world, stage, Content(), context, {}, "")
            asked[stage] = worded["free"] if worded else None
    except YggError as error:
        faults.append(Fault(error.where or MANIFEST, error.what, error.mend))
    return [asdict(fault) for fault in faults], asked


def _short(schema: dict[str, Any]) -> str:
    names = ", ".join(schema["properties"])
    text = jsons.dumps(schema, ensure_ascii=False)
    return f"→ {{{names}}}" if len(text) > 400 else f"→ {text}"
