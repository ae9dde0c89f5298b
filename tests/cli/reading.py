"""Commands one after another in one process, whose exit codes and errors are printed: `python -m … COMMAND… FOLDER`."""

from __future__ import annotations

import contextlib
import io
import json
import sys

import tests.levels.scripted
from yggdrasil.cli import main

_ = tests.levels.scripted


def ran(*arguments: str) -> tuple[int, str]:
    """The exit code of the command and what it told on stderr."""
    sys.argv, told = ["yggdrasil", *arguments], io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0), told.getvalue()
    return 0, told.getvalue()


if __name__ == "__main__":
    *commands, folder = sys.argv[1:]
    print(json.dumps({command: ran(command, folder) for command in commands}))
