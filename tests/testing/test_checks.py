"""A block that breaks a promise is told which; every registered type keeps them all."""

from __future__ import annotations

import itertools
import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from docs import checked
from tests.blocks.endpoint.stand_in import standing_in
from tests.testing import examples
from yggdrasil.contract import Block, here, registry
from yggdrasil.contract.context import derive_seed
from yggdrasil.ports import Json, Text
from yggdrasil.testing import CheckFailed, Elsewhere, Report, check_block


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    with Elsewhere(tmp_path_factory.mktemp("artifacts")) as other:
        yield other


class Kept(Block, type="test_checks/kept"):
    """Say a number that hangs on the seed and the text alone."""

    times: int = 1

    def forward(self, text: Text) -> Text:
        return f"{text} {derive_seed(here().seed, text)}" * self.times


class Drawing(Block, type="test_checks/drawing"):
    """Draw from nobody's source."""

    def forward(self, text: Text) -> Text:
        return f"{text} {random.random()}"


class Counting(Block, type="test_checks/counting"):
    """Count its calls where nobody sees it."""

    numbers: ClassVar[Any] = itertools.count()

    def forward(self, text: Text) -> Text:
        return f"{text} {next(self.numbers)}"


class Changing(Block, type="test_checks/changing"):
    """Change what it was given."""

    def forward(self, items: Json) -> Json:
        items.append(1)
        return len(items)


class Forgetful(Block, type="test_checks/forgetful"):
    """Hold a word that no manifest names."""

    def __init__(self, word: str = "", **config: Any) -> None:
        super().__init__(**config)
        self._word = word

    def forward(self, text: Text) -> Text:
        return text + self._word


class Undescribed(Block, type="test_checks/undescribed"):
    def forward(self, text: Text) -> Text:
        return text


def test_a_block_that_keeps_its_promises_passes(elsewhere: Elsewhere) -> None:
    report = check_block(Kept(times=2), {"text": "fox"}, elsewhere=elsewhere)
    assert not report.failed and {o.promise for o in report.outcomes} >= {"streams", "new process", "two sessions"}


@pytest.mark.parametrize(
    ("block", "inputs", "promise", "told"),
    [
        (Drawing(), {"text": "fox"}, "draws by its seed", r"it draws from random instead of here\(\)\.generator\(\)"),
        (Counting(), {"text": "fox"}, "draws by its seed", "a source that no seed reaches"),
        (Changing(), {"items": [1]}, "repeats", "changes its inputs"),
        (Forgetful("!"), {"text": "fox"}, "saves and loads", "text differs"),
        (Undescribed(), {"text": "fox"}, "manifest", "no docstring"),
    ],
)
def test_a_broken_promise_is_named(
    elsewhere: Elsewhere, block: Block, inputs: dict[str, Any], promise: str, told: str
) -> None:
    with pytest.raises(CheckFailed, match=told) as raised:
        check_block(block, inputs, elsewhere=elsewhere)
    assert promise in {outcome.promise for outcome in raised.value.report.failed}


def reports(folder: Path, elsewhere: Elsewhere) -> Iterator[Report]:
    """A report of every example; warnings of foreign libraries about tiny models are theirs."""
    with standing_in() as server:
        sources = (
            examples.composed(), examples.behind_endpoints(server), examples.diffusion(folder),
            examples.embedded(folder),
        )  # fmt: skip
        for example in itertools.chain.from_iterable(sources):
            yield check_block(example.block, example.inputs, elsewhere=elsewhere, varying=example.varying)


@pytest.mark.models
def test_every_registered_block_keeps_every_promise(tmp_path: Path, elsewhere: Elsewhere) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        found = list(reports(tmp_path, elsewhere))
    asked = {report.block for report in found}
    declared = {name for name in registry.names() if registry.owner(name) == "yggdrasill"}
    assert asked | set(examples.APART) >= declared, "give each new type an example in tests/testing/examples.py"
    assert not asked & set(examples.APART)
    assert checked.PAGE.read_text(encoding="utf-8") == checked.page(found), "run: python docs/checked.py"
