"""All that the contract promises of a block, asked of one: a plugin that passes fits wherever ours do."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

from yggdrasil.contract.artifacts import MemoryArtifacts
from yggdrasil.contract.block import Block
from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.context import Here, session, standing
from yggdrasil.contract.errors import Cancelled
from yggdrasil.contract.events import Event
from yggdrasil.contract.manifest import parse_manifest
from yggdrasil.contract.running import heard as reading
from yggdrasil.contract.schema import tool_schema
from yggdrasil.contract.tree import describe, walk
from yggdrasil.engine.flow.cache import value_key
from yggdrasil.levels.round_journal import record, recorded
from yggdrasil.store.load import load
from yggdrasil.store.save import save
from yggdrasil.testing.machine import hangs_on
from yggdrasil.testing.other_process import Elsewhere
from yggdrasil.testing.report import Outcome, Report
from yggdrasil.testing.state import keeps_its_settings, settings, two_sessions
from yggdrasil.testing.stray_randomness import drawn_outside, seeded_outside
from yggdrasil.testing.subject import SEED, NotAsked, Subject
from yggdrasil.testing.watching import Hearing, Refusing, ill_formed


class CheckFailed(AssertionError):
    """A block breaks promises; `report` holds every outcome, the message those that failed."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__("\n".join(f"{report.block} — {o.promise}: {o.why}" for o in report.failed))


def check_block(
    block: Block,
    inputs: Mapping[str, Any] | None = None,
    *,
    elsewhere: Elsewhere | None = None,
    repeats: bool = True,
    varying: Collection[str] = (),
) -> Report:
    """Ask `block` for every promise of the contract with `inputs`; give the outcomes. Raises CheckFailed.

    It is run, streamed, saved, loaded here and in a new process, cancelled, run in two threads with two sessions,
    and given a setting anew; outputs are compared byte by byte. `elsewhere` is the other process, if many blocks
    are to share one; `repeats=False` for a block that may answer differently each time (a model behind an endpoint);
    `varying` names outputs that hold a time or a place on this machine, of which only the presence is compared.
    """
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="yggdrasil-check-")))
        other = elsewhere or opened.enter_context(Elsewhere(folder / "artifacts"))
        subject = Subject(block, dict(inputs or {}), folder, other, repeats, frozenset(varying))
        report = Report(block.type_name or block.name, tuple(_asked(name, ask, subject) for name, ask in PROMISES))
    if report.failed:
        raise CheckFailed(report)
    return report


def _asked(promise: str, ask: Callable[[Subject], None], subject: Subject) -> Outcome:
    try:
        ask(subject)
    except NotAsked as reason:
        return Outcome(promise, "not asked", str(reason))
    except Exception as error:  # whatever a stranger's block raises is what its author wants to read
        told = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
        return Outcome(promise, "fails", told)
    return Outcome(promise, "holds")


def _described(subject: Subject) -> None:
    manifest = describe(subject.block)
    manifest.format = 1
    again = parse_manifest(manifest.dump(), "check")
    assert again.structure_digest() == manifest.structure_digest(), "its manifest, read back, is another"
    assert subject.block.__class__.__doc__, "it has no docstring, which is what a model reads of it as a tool"


def _schema(subject: Subject) -> None:
    from jsonschema import Draft202012Validator

    for ports in (subject.block.inputs, subject.block.outputs):
        Draft202012Validator.check_schema(tool_schema(ports))
        json.dumps(tool_schema(ports, strict=True))


def _repeats(subject: Subject) -> None:
    before = value_key(subject.inputs)
    assert subject.first is not None
    assert value_key(subject.inputs) == before, "it changes its inputs in place"
    subject.same(subject.run(), "run again")
    keeps_its_settings(subject)


def _draws(subject: Subject) -> None:
    if not subject.repeats:
        raise NotAsked("it may answer differently each time")
    sources = drawn_outside(lambda: subject.digests(subject.run()))
    assert not sources, f"it draws from {', '.join(sources)} instead of here().generator(), so no seed repeats it"
    seeded = seeded_outside(subject.run)
    assert not seeded, f"it seeds {', '.join(seeded)}, from which others draw: here().generator() is its own"


def _streams(subject: Subject) -> None:
    with standing(Here(seed=SEED)), session(), subject.fresh().stream(**subject.inputs) as stream:
        events = list(stream)
        subject.same(stream.outputs, "streamed")
    heard: list[Event] = []
    with standing(Here(seed=SEED)), session(), reading(Hearing(heard.append), CancelToken()):
        subject.fresh().run(**subject.inputs)
    ill = [told for event in heard if (told := ill_formed(event))]
    assert not ill, ill[0]
    own = [event.kind for event in events if event.path == events[0].path]
    assert own[0] == "started" and own[-1] == "finished", f"its own events are {own}"


def _wire(subject: Subject) -> None:
    for name, value in subject.given.items():
        assert not _endless(value), f"its output {name} holds NaN or infinity, which JSON has not"
    subject.recordable()
    artifacts = MemoryArtifacts()
    for what, values in (("inputs", subject.inputs), ("outputs", dict(subject.given))):
        sent = json.dumps(record(values, artifacts), allow_nan=False)
        back = recorded(json.loads(sent), artifacts)
        same = value_key(back, as_given=False) == value_key(values, as_given=False)
        assert same, f"its {what} come back from the wire otherwise"


def _endless(value: Any) -> bool:
    """Whether a number in it, as far as it is plain data, is not finite."""
    if isinstance(value, Mapping):
        return any(map(_endless, cast("Mapping[Any, Any]", value).values()))
    if isinstance(value, list | tuple):
        return any(map(_endless, cast("list[Any]", value)))
    return isinstance(value, float) and not math.isfinite(value)


def _loads(subject: Subject) -> None:
    again = load(subject.saved)
    before, after = describe(subject.block), describe(again)
    assert after.structure_digest() == before.structure_digest(), "loaded, it has another structure digest"
    assert after.weights_digest() == before.weights_digest(), "loaded, it has another weights digest"
    if not subject.lives:
        twice = save(again, subject.folder / "twice", standalone=True)
        first, second = _files(subject.saved), _files(twice)
        other = sorted(name for name in {**first, **second} if first.get(name) != second.get(name))
        assert not other, f"saved, loaded and saved again, {', '.join(other)} differs"
    subject.same(subject.run(None if subject.lives else again), "loaded")


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _elsewhere(subject: Subject) -> None:
    subject.recordable()
    saved = shutil.copytree(subject.saved, subject.folder / "elsewhere")
    subject.same(subject.other.run(saved, subject.inputs, SEED, subject.modules), "in a new process")


def _cancels(subject: Subject) -> None:
    token = CancelToken()
    token.cancel()
    with standing(Here(seed=SEED, cancel=token)), session():
        try:
            subject.fresh().run(**subject.inputs)
        except Cancelled:
            pass
        else:
            raise AssertionError("it ran though it was cancelled before")
    _cancelled_in_mid_run(subject)
    subject.same(subject.run(), "after a cancelled run")


def _cancelled_in_mid_run(subject: Subject) -> None:
    """Cancel it at its first event: asked after that whether to go on, it must end by what it is told."""
    token = Refusing()

    def stop(event: Event) -> None:
        if event.kind != "started":
            token.cancel()

    with standing(Here(seed=SEED)), session(), reading(Hearing(stop), token):
        try:
            subject.fresh().run(**subject.inputs)
        except Cancelled:
            return
    assert not token.refused, "cancelled at its first event, it goes on: it swallows Cancelled"


def _pure(subject: Subject) -> None:
    if not getattr(subject.block, "pure", False):
        raise NotAsked("it does not say that it is pure")
    if any(part.remembers for _, part in walk(subject.block)):
        raise AssertionError("it says that it is pure, and remembers")
    with standing(Here(path="elsewhere", seed=SEED)), session():
        subject.same(subject.fresh().run(**subject.inputs), "at another place")
    parts = [part for _, part in walk(subject.block)]
    told = hangs_on(subject, {type(part).__module__ for part in parts}, not any(part.files for part in parts))
    assert not told, f"it says that it is pure, and its result {told}"


PROMISES: tuple[tuple[str, Callable[[Subject], None]], ...] = (
    ("manifest", _described),
    ("schema", _schema),
    ("repeats", _repeats),
    ("draws by its seed", _draws),
    ("streams", _streams),
    ("wire", _wire),
    ("saves and loads", _loads),
    ("new process", _elsewhere),
    ("two sessions", two_sessions),
    ("cancels", _cancels),
    ("settings", settings),
    ("pure", _pure),
)
"""What is asked, in this order: name → question, which raises if the answer is no."""
