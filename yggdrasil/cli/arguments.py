"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yggdrasil.cli.translations import say

Dir = Annotated[Path, typer.Argument(help=say("dir"), metavar="DIR")]
Json = Annotated[bool, typer.Option("--json", help=say("json"))]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=say("yes"))]
Branch = Annotated[str, typer.Option("--branch", help=say("branch"))]
Painter = Annotated[str, typer.Option("--painter", help=say("painter"))]
Voice = Annotated[bool, typer.Option("--voice", help=say("voice"))]
Eye = Annotated[str, typer.Option("--eye", help=say("eye"))]
Budgets = Annotated[list[str] | None, typer.Option("--budget", metavar="BOUND=NUMBER", help=say("budget"))]
Llm = Annotated[str, typer.Option("--llm", help=say("llm"))]
Below = Annotated[Path, typer.Argument(help=say("below"), metavar="PATH")]
What = Annotated[str, typer.Argument(help=say("what"), metavar="WHAT")]
