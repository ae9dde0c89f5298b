"""Work in forked children, for tests of what survives a fork."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable
from typing import Any

import pytest

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")


def begun(work: Callable[[], Any]) -> Callable[[], Any]:
    """Do `work` in a forked child; gives what waits for what it gave (JSON). Raises AssertionError if it failed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "w") as told:
                json.dump(work(), told)
            code = 0
        except BaseException:  # a forked child must never return into the parent's test
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)

    def ended() -> Any:
        with os.fdopen(reading) as told:
            said = told.read()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        return json.loads(said)

    return ended


def in_child(work: Callable[[], Any]) -> Any:
    """What `work` gives in a forked child."""
    return begun(work)()
