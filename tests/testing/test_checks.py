"""A block that breaks a promise is told which; every registered type keeps them all."""

from __future__ import annotations

import itertools
import random
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from docs import checked
from tests.blocks.endpoint.stand_in import standing_in
from tests.testing import bad, examples, good
from yggdrasil.contract import Block, here, registry
from yggdrasil.contract.seeds import derive_seed
from yggdrasil.ports import Json, Text
from yggdrasil.store.shelf import shelf
from yggdrasil.testing import CheckFailed, Elsewhere, Report, check_block
from yggdrasil.testing.checks import PROMISES
from yggdrasil.testing.subject import Subject


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
    """Change what it was given: a tensor, which a run does not copy as it does a list."""

    def forward(self, numbers: torch.Tensor) -> Json:
        numbers += 1
        return 0


class Forgetful(Block, type="test_checks/forgetful"):
    """Hold a word that no manifest names."""

    def __init__(self, word: str = "", **config: Any) -> None:
        super().__init__(**config)
        self._word = word

    def forward(self, text: Text) -> Text:
        return text + self._word


class Placed(Block, type="test_checks/placed"):
    """Say where it stands, though it says that only its inputs count."""

    pure: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        return f"{text} at {here().path}"


class Mindful(Block, type="test_checks/mindful"):
    """Remember, though it says that only its inputs count."""

    pure: ClassVar[bool] = True
    remembers: ClassVar[bool] = True

    def forward(self, text: Text) -> Text:
        here().remember([text])
        return text


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
        (Changing(), {"numbers": torch.ones(2)}, "repeats", "changes its inputs"),
        (Forgetful("!"), {"text": "fox"}, "saves and loads", "text differs"),
        (Undescribed(), {"text": "fox"}, "manifest", "no docstring"),
        (Placed(), {"text": "fox"}, "pure", "at another place text differs from the first run"),
        (Mindful(), {"text": "fox"}, "pure", "it says that it is pure, and remembers"),
        (bad.KeepsFirst(), {"text": "fox"}, "two sessions", "after a run with other inputs text is not what"),
        (bad.KeepsLast(), {"text": "fox"}, "two sessions", "text is not what a block gives that ran with nothing"),
        (bad.Unsafe(), {"text": "fox"}, "two sessions", "beside another session text is not what"),
        (bad.SetsItself(), {"text": "fox"}, "repeats", "its run sets an attribute of its own"),
        (bad.Publishes(), {"text": "fox"}, "repeats", "sets an attribute of its own"),
        (bad.SeedsTorch(), {"text": "fox"}, "draws by its seed", "it seeds torch's default generator"),
        (bad.SeedsRandom(), {"text": "fox"}, "draws by its seed", "it seeds random, from which others draw"),
        (bad.SeedsNumpy(), {"text": "fox"}, "draws by its seed", r"it seeds numpy\.random"),
        (bad.Frozen(by=2), {"number": 1}, "settings", "given by=3 after a run"),
        (bad.Swallows(), {"text": "fox"}, "cancels", "it swallows Cancelled"),
        (bad.Endless(), {"number": 1}, "wire", "its output value holds NaN or infinity"),
        (bad.EmitsUnknown(), {"text": "fox"}, "streams", "'bogus'"),
        (bad.EmitsMore(), {"text": "fox"}, "streams", "its event 'note' has colour"),
        (bad.EmitsIll(), {"text": "fox"}, "streams", "'progress' is ill-formed: done|'done' of a progress event"),
        (bad.ReadsFile(), {"text": "fox"}, "pure", r"its result may hang on a file \(.*os\.py"),
        (bad.ReadsPath(), {"text": "fox"}, "pure", r"its result may hang on a file \(.*os\.py"),
        (bad.ReadsEnvironment(), {"text": "fox"}, "pure", "hangs on an environment variable .YGGDRASIL_NOT_SET"),
        (bad.ReadsClock(), {"text": "fox"}, "pure", "its result hangs on the clock"),
        (bad.ReadsDate(), {"text": "fox"}, "pure", "its result hangs on the clock"),
        (bad.ReadsNames(), {"text": "fox"}, "pure", "its result hangs on the clock"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Block) else "",
)
def test_a_broken_promise_is_named(
    elsewhere: Elsewhere, block: Block, inputs: dict[str, Any], promise: str, told: str
) -> None:
    with pytest.raises(CheckFailed, match=told) as raised:
        check_block(block, inputs, elsewhere=elsewhere)
    assert promise in {outcome.promise for outcome in raised.value.report.failed}


@pytest.mark.parametrize(
    ("block", "inputs"),
    [
        (good.louder, {"text": "fox"}),
        (good.layer(), {"latent": torch.ones(2, 3)}),
        (good.agent(), {"prompt": "Say it."}),
        (good.graph(), {"text": "fox"}),
        (good.loop(), {"text": "fox"}),
        (good.Tally(), {"text": "fox"}),
        (good.Timed(), {"number": 3}),
        (good.ThroughFile(), {"text": "fox"}),
        (good.Packaged(), {"text": "fox"}),
        (good.Switched(), {"text": "fox"}),
        (good.Lazy(), {"number": 3}),
        (good.Keeping(), {"text": "fox"}),
        (good.Between(), {"number": 1}),
        (good.Drawing(), {"text": "fox"}),
        (good.named(), {"text": "fox"}),
        (good.Careful(), {"number": 4.0}),
        (good.Cleaning(), {"text": "fox"}),
        (good.Parallel(), {"number": 3}),
    ],
    ids=lambda value: value.type_name.removeprefix("good/") if isinstance(value, Block) else "",
)
def test_a_correct_block_passes_whatever_its_habits(elsewhere: Elsewhere, block: Block, inputs: dict[str, Any]) -> None:
    assert not check_block(block, inputs, elsewhere=elsewhere).failed


STANDING = ("manifest", "schema", "settings")
"""Promises that are asked without a run: of a tool itself, too, where the run is of what stands around it."""


def reports(folder: Path, elsewhere: Elsewhere) -> Iterator[Report]:
    """A report of every example; warnings of foreign libraries about tiny models are theirs."""
    with standing_in() as server:
        sources = (
            examples.composed(), examples.behind_endpoints(server), examples.diffusion(folder),
            examples.embedded(folder),
        )  # fmt: skip
        for example in itertools.chain.from_iterable(sources):
            report = check_block(example.block, example.inputs, elsewhere=elsewhere, varying=example.varying)
            if example.subject:
                tool = example.block.children()["tool"]
                for promise in STANDING:
                    dict(PROMISES)[promise](Subject(tool, {}, folder, elsewhere))
            yield replace(report, block=example.subject) if example.subject else report


@pytest.mark.models
@pytest.mark.system
def test_every_registered_block_keeps_every_promise(tmp_path: Path, elsewhere: Elsewhere) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        found = list(reports(tmp_path, elsewhere))
    asked = {report.block for report in found}
    declared = {name for name in registry.names() if registry.owner(name) == "yggdrasill"}
    assert asked | set(examples.APART) >= declared, "give each new type an example in tests/testing/examples.py"
    assert not asked & set(examples.APART)
    written = checked.PAGE.read_text(encoding="utf-8")
    assert written == checked.page(found, checked.of_shelf(written)), "run: python docs/checked.py"


def test_the_page_has_a_row_for_every_item_of_the_shelf_and_each_holds() -> None:
    """What stands there was seen by tests/system/test_shelf_checked.py, which compares it."""
    told = checked.of_shelf(checked.PAGE.read_text(encoding="utf-8")).splitlines()
    names = {row[1].strip(" `"): row[2:-1] for row in (line.split("|") for line in told if line.startswith("| `"))}
    assert names.keys() == shelf().keys(), "run: python docs/checked.py shelf"
    assert all(mark.strip() in "+·" for marks in names.values() for mark in marks)


def test_the_page_on_testing_has_a_row_for_every_promise(root: Path) -> None:
    page = (root / "docs" / "testing.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip(" `") for line in page.splitlines() if line.startswith("| `")]
    assert rows == [name for name, _ in PROMISES]
