"""An error survives being copied and sent to another process: the same class, place, mend and fields."""

from __future__ import annotations

import copy
import importlib
import inspect
import multiprocessing
import pickle
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import yggdrasil
from yggdrasil.contract import Paused, YggError
from yggdrasil.engine.cycle.errors import NewerLog

PACKAGE = Path(yggdrasil.__file__).parent
_ERROR = re.compile(r"^class \w+\(.*(Error|NotStored|Cancelled|Paused|UnknownType|MissingFile)\b", re.MULTILINE)
SAMPLES: dict[str, Any] = {
    "what": "is odd", "where": "g/node", "mend": "make it even", "status": 429, "after": 1.5, "reason": "no space",
    "raw": "{", "limit": 8, "ask": "may I?", "id": "q1", "failures": {"scene": {"error": "E"}}, "found": 9,
    "highest": 2, "path": "world.db", "holder": "pid 7", "waited": 1.0, "kind": "place", "name": "Cave",
    "known": ["Hut"], "text": "x", "kept": {"image": [None]},
    "met": {"state": "limit_reached", "kind": "steps", "limit": 8},
}  # fmt: skip


def errors() -> list[type[YggError]]:
    """Every error class of the package, found by reading all its modules; those that define one are imported."""
    for path in PACKAGE.rglob("*.py"):
        if _ERROR.search(path.read_text(encoding="utf-8")):
            importlib.import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    found: list[type[YggError]] = [YggError]
    for known in found:
        found += [made for made in known.__subclasses__() if made not in found]
    return [made for made in found if made.__module__.startswith("yggdrasil.")]


def made(kind: type[YggError]) -> YggError:
    """An error of that class whose fields are all filled."""
    parameters = inspect.signature(kind).parameters.values()
    positional = [SAMPLES.get(p.name, "x") for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    named = {p.name: SAMPLES.get(p.name, "x") for p in parameters if p.kind is p.KEYWORD_ONLY}
    error = kind(*positional, **named).at("world")
    error.add_note("in block world/g")
    return error


def told(error: BaseException) -> tuple[Any, ...]:
    return type(error), str(error), error.args, error.__dict__


WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),  # noqa: S301 - we wrote it ourselves
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", WAYS)
def test_every_error_is_the_same_after(way: str) -> None:
    kinds = errors()
    assert len(kinds) > 35 and {"UnknownName", "EndpointRefused", "NotStored"} <= {kind.__name__ for kind in kinds}
    for kind in kinds:
        error = made(kind)
        assert told(WAYS[way](error)) == told(error)


def test_a_copy_shares_no_field_with_its_original() -> None:
    error = made(NewerLog)
    copy.copy(error).at("universe")
    assert error.where == "world/world.db"


def fail(number: int) -> None:
    raise (NewerLog(9, 2, "world.db"), Paused("may I?", id="q1", where="w"))[number]


def test_an_error_leaves_a_worker_process() -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        newer, paused = (pool.submit(fail, number).exception(60) for number in (0, 1))
    assert isinstance(newer, NewerLog) and (newer.found, newer.highest, newer.where) == (9, 2, "world.db")
    assert isinstance(paused, Paused) and (paused.ask, paused.id, paused.where) == ("may I?", "q1", "w")
