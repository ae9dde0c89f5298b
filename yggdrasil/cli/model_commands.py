"""Model files in the terminal: what is missing, how large, under which licence; fetching with progress."""

from __future__ import annotations

import sys
from typing import Any

from yggdrasil.cli.output import tell, visible, write
from yggdrasil.cli.translations import say
from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import MissingFile
from yggdrasil.contract.tree import walk
from yggdrasil.store import catalogue
from yggdrasil.store.model_pull import pull


def missing(block: Block) -> list[str]:
    """Catalogue names of the models that parts of the block need and that are not on this machine."""
    found: dict[str, None] = {}
    for _, part in walk(block):
        for ref in part.files.values():
            if ref.source is not None and ref.path is None:
                found[ref.source.partition("#")[0]] = None
    return list(found)


def ensure(names: list[str], *, yes: bool) -> bool:
    """Fetch what is missing, after saying what, how large and under which licence. True if anything came.

    Without `yes` it asks on a terminal, and elsewhere raises MissingFile.
    """
    if not names:
        return False
    tell(say("need"))
    for name in names:
        tell(f"  {catalogue.requirement(name)}")
    if not yes and not _agreed():
        raise MissingFile(say("refused"), mend=say("refused_mend"))
    for name in names:
        fetch(name)
    return True


def _agreed() -> bool:
    if not sys.stdin.isatty():
        return False
    import typer

    return typer.confirm(say("fetch"), default=True, err=True)


def fetch(name: str) -> dict[str, Any]:
    """Pull one model, with a bar on a terminal. Raises what the store raises."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    model = catalogue.model(name)
    here = all(catalogue.locate(file.sha256, file.name) for file in model.files)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(f"{say('fetching')} {name}", total=model.bytes)
        found = pull(name, report=lambda progress: bar.update(task, completed=progress.done, total=progress.of))
    if not here:
        tell(f"{name}: {model.licence}. {model.notice}")
    files = {file: str(path) for file, path in found.items()}
    return {"name": name, "files": files, "bytes": model.bytes, "licence": model.licence}


def verified(names: list[str]) -> list[dict[str, Any]]:
    """Check the named models, or all that are here. Raises WeightsError for the first that is not intact."""
    chosen = names or [row["name"] for row in listed() if row["present"]]
    return [
        {"name": name, "files": {file: str(path) for file, path in catalogue.verify(name).items()}} for name in chosen
    ]


def listed() -> list[dict[str, Any]]:
    """The catalogue as rows."""
    return catalogue.listing()


def print_catalogue(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        here = say("here") if row["present"] else say("not_here")
        write(visible(f"{row['name']:<22} {row['bytes'] / 1e6:8.0f} MB  {row['licence']:<12} {here:<9} {row['what']}"))
