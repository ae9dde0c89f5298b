"""What every test stands on: quiet threads, no hub, the real model store, a shelf without surprises."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from yggdrasil.contract import EventKind

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

SLOW = (
    "test_documents", "test_install", "test_storytelling", "test_two_runs_at_once", "test_cli", "test_hostile",
    "test_compared", "test_robustness", "test_plugin", "test_new_world", "test_audit_homes",
)  # fmt: skip
"""Files that take longest: they begin, so that no worker is left alone with one at the end."""
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _every_event_is_as_its_schema_says() -> Iterator[None]:
    """Whatever any test makes a block say is checked, whether or not somebody listens."""
    from yggdrasil.contract.context import Here
    from yggdrasil.contract.event_json import check_data

    plain = Here.emit

    def emit(self: Here, kind: EventKind, **data: Any) -> None:
        plain(self, kind, **data)
        check_data(kind, data)

    Here.emit = emit  # type: ignore[method-assign]  # for all tests
    yield
    Here.emit = plain  # type: ignore[method-assign]  # as it was


@pytest.fixture(autouse=True)
def _each_test_asks_its_endpoints_anew() -> Iterator[None]:
    """A port may come again with another server behind it."""
    yield
    probe = sys.modules.get("yggdrasil.blocks.llm.probe")
    if probe is not None:
        probe._found.clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: SLOW.index(item.path.stem) if item.path.stem in SLOW else len(SLOW))
