"""What a block must not keep on itself: a run's values, another session's, a setting as it was when it was made."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.manifest import read_manifest
from yggdrasil.contract.tree import describe, walk
from yggdrasil.store.load import load, load_manifest
from yggdrasil.store.save import MANIFEST
from yggdrasil.testing.subject import SEED, Subject
from yggdrasil.testing.varied import other_inputs, other_settings
from yggdrasil.testing.watching import InStep

Other = tuple[dict[str, Any], int, dict[str, str]]
"""Other inputs, a seed, and what a block that ran with nothing before gives for them."""


def two_sessions(subject: Subject) -> None:
    """Two threads, two sessions, the inputs of the first run and others: nobody hears of the other's."""
    other = _other(subject)
    if other is None:
        _together(subject, (subject.inputs, SEED, subject.first), (subject.inputs, SEED, subject.first))
        return
    inputs, seed, expected = other
    _same(subject, subject.run(inputs=inputs, seed=seed), expected, "after a run with other inputs")
    subject.same(subject.run(), "run again after other inputs")
    _together(subject, (subject.inputs, SEED, subject.first), other)


def keeps_its_settings(subject: Subject) -> None:
    """Fail if a run changes a setting, or an attribute that all see."""
    before = _seen(subject.block)
    subject.run(subject.block if not subject.lives else None)
    for path, (config, changes) in _seen(subject.block).items():
        was = before.get(path, ({}, 0))
        changed = sorted(name for name in {**config, **was[0]} if config.get(name) != was[0].get(name))
        assert not changed, f"its run changes a setting of its own: {', '.join(changed)}"
        assert changes == was[1], "its run sets an attribute of its own that is no private one"


def _seen(block: Block) -> dict[str, tuple[dict[str, Any], int]]:
    return {path: (part.config(), part._changes) for path, part in walk(block)}  # pyright: ignore[reportPrivateUsage]


def _other(subject: Subject) -> Other | None:
    """The first other inputs that a loaded block takes; None where there is none, or runs say nothing."""
    if subject.lives or not subject.repeats:
        return None
    for inputs in other_inputs(subject.inputs):
        block = load(subject.saved)
        try:
            found = subject.digests(subject.run(block, inputs=inputs, seed=SEED + 1))
        except Exception:  # these inputs were a guess: a block may refuse them
            continue
        return inputs, SEED + 1, found
    return None


def _same(subject: Subject, outputs: Mapping[str, Any], expected: dict[str, str], when: str) -> None:
    found = subject.digests(outputs)
    differing = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
    if differing and subject.digests(subject.run(load(subject.saved))) == subject.first:
        raise AssertionError(f"{when} {', '.join(differing)} is not what a block gives that ran with nothing before")


def _together(subject: Subject, *asked: Other) -> None:
    found: list[tuple[Other, Any]] = []
    step = InStep([type(part).forward for _, part in walk(subject.block)])

    def one(other: Other) -> None:
        inputs, seed, _ = other
        block = subject.fresh()
        try:
            found.append((other, step.run(lambda: subject.run(block, inputs=inputs, seed=seed))))
        except BaseException as error:  # carried to the thread that checks
            found.append((other, error))

    threads = [threading.Thread(target=one, args=(other,)) for other in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for (_, _, expected), outputs in found:
        if isinstance(outputs, BaseException):
            raise outputs
        _same(subject, outputs, expected, "beside another session")


def settings(subject: Subject) -> None:
    """An unknown setting is named; one set to what it was changes nothing; another value is heeded at once."""
    block = subject.block
    told = ""
    try:
        type(block).assemble({**block.config(), "no_such_setting": 1}, dict(block.children()), block.structure())
    except ConfigError as error:
        told = str(error)
    assert "no_such_setting" in told, "it takes a setting that it has not, or refuses it without its name"
    before = describe(block).structure_digest()
    for name, value in block.config().items():
        setattr(block, name, getattr(block, name))
        assert describe(block).structure_digest() == before, f"set to what it was ({value!r}), {name} changes it"
    others = [] if subject.lives or not subject.repeats else list(other_settings(block))
    if others:
        _set_anew(subject, others)


def _set_anew(subject: Subject, others: list[tuple[str, Any]]) -> None:
    """Fail unless a block that ran and was given a setting anew does what one does that was made with it."""
    block = load(subject.saved)
    if subject.digests(subject.run(block)) != subject.first:
        return  # what it does once loaded, another promise asks
    for name, value in others:
        before = getattr(block, name)
        try:
            setattr(block, name, value)
            made = _made(subject, block)
        except Exception:  # this setting was a guess: a block may refuse it, or beside its others
            setattr(block, name, before)
            continue
        told = f"given {name}={value!r} after a run, it does not what one does that was made with it"
        assert _answer(subject, block) == _answer(subject, made), told
        setattr(block, name, before)
    subject.same(subject.run(block), "with each setting changed and set back")


def _made(subject: Subject, like: Block) -> Block:
    """A block that was made with the settings of `like`, of the files that lie in the save."""
    saved = read_manifest(subject.saved / MANIFEST)
    made = load_manifest(saved.model_copy(update={"config": like.config(), "digests": None}), subject.saved)
    made.called(like.name)  # what it draws hangs on its place
    return made


def _answer(subject: Subject, block: Block) -> Any:
    """What a run gives, or the kind of error that it ends with: another setting may not fit these inputs."""
    try:
        return subject.digests(subject.run(block))
    except Exception as error:
        return type(error)
