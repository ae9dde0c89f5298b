"""What differs between two branches of a world: where they part, what is in them, what was told and painted since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.log import Log
from yggdrasil.levels.world.step import Step
from yggdrasil.state.content import KINDS, Content

if TYPE_CHECKING:
    from yggdrasil.levels.world.world import World

ENGLISH = {
    "part": "part after step",
    "stands": "stands at",
    "only": "only in",
    "same": "nothing differs",
    "step": "step",
}
_FIELDS = ("wish", "title", "style", "time", "weather", "clock", "glossary", "extra")


@dataclass(frozen=True)
class Pair:
    """A value as each branch has it; None where it has none."""

    a: Any
    b: Any


@dataclass(frozen=True)
class Sides:
    """What only one of the branches has, and how what both have differs: name → field → the two values."""

    a: list[str]
    b: list[str]
    changed: dict[str, dict[str, Pair]]


@dataclass(frozen=True)
class Told:
    """What each branch tells of a step."""

    step: int
    a: str | None
    b: str | None


@dataclass(frozen=True)
class Pictured:
    """The sha256 of what each branch has in a slot of a step."""

    step: int
    slot: str
    a: str | None
    b: str | None


@dataclass(frozen=True)
class Difference:
    """How branch `a` differs from branch `b`; `things` are named as operations name them: place, character …"""

    a: str
    b: str
    parted: int
    """The last step that both share."""
    ends: tuple[int, int]
    world: dict[str, Pair]
    things: dict[str, Sides]
    facts: Sides
    rules: Sides
    prose: list[Told]
    pictures: list[Pictured]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, whole."""
        return asdict(self) | {"ends": list(self.ends)}

    def lines(self, words: Mapping[str, str] = ENGLISH) -> Iterator[str]:
        """It as lines for people; `words` says the few words between in another language."""
        ends = ", ".join(f"{n} {words['stands']} {end}" for n, end in zip((self.a, self.b), self.ends, strict=True))
        yield f"{self.a} | {self.b}: {words['part']} {self.parted}; {ends}"
        found = [*self._of_content(words), *self._of_steps(words)]
        yield from found or [words["same"]]

    def _of_content(self, words: Mapping[str, str]) -> Iterator[str]:
        for field, pair in self.world.items():
            yield f"{field}: {_short(pair.a)} | {_short(pair.b)}"
        for kind, sides in {**self.things, "fact": self.facts, "rule": self.rules}.items():
            for branch, names in ((self.a, sides.a), (self.b, sides.b)):
                yield from (f"{kind} {words['only']} {branch}: {name}" for name in names)
            for name, fields in sides.changed.items():
                for field, pair in fields.items():
                    yield f"{kind} {name}, {field}: {_short(pair.a)} | {_short(pair.b)}"

    def _of_steps(self, words: Mapping[str, str]) -> Iterator[str]:
        for told in self.prose:
            sides = ((self.a, told.a), (self.b, told.b))
            yield from (f"{words['step']} {told.step}, {branch}: {text}" for branch, text in sides if text is not None)
        for one in self.pictures:
            shas = " | ".join("—" if sha is None else sha[:12] for sha in (one.a, one.b))
            yield f"{words['step']} {one.step}, {one.slot}: {shas}"

    def __str__(self) -> str:
        return "\n".join(self.lines())


def difference(world: World, log: Log, a: str, b: str) -> Difference:
    """Compare two branches as they stand. Raises LogError for a branch that is not there, or no founding."""
    ends = (log.last_step(log.branches[a]), log.last_step(log.branches[b]))
    parted = min(_parted(log, log.branches[a], log.branches[b]), *ends)
    one, other = world.branch(a).content(), world.branch(b).content()
    steps = [_since(log, log.branches[name], parted, world) for name in (a, b)]
    kinds = [*KINDS, *sorted({*one.entities, *other.entities})]
    things = {kind: _sides(_things(one, kind), _things(other, kind)) for kind in kinds}
    return Difference(
        a, b, parted, ends,
        world=_pairs({f: getattr(one, f) for f in _FIELDS}, {f: getattr(other, f) for f in _FIELDS}),
        things={kind: sides for kind, sides in things.items() if sides != Sides([], [], {})},
        facts=_sides(_facts(one), _facts(other)),
        rules=_sides({r: {} for r in one.rules}, {r: {} for r in other.rules}),
        prose=list(_prose(*steps)), pictures=list(_pictures(*steps)),
    )  # fmt: skip


def _parted(log: Log, a: Branch, b: Branch) -> int:
    """The last step that is stored once for both."""
    lines = [(x, y) for x in log.branches.lineage(a) for y in log.branches.lineage(b) if x.branch == y.branch]
    return max(min(x.high, y.high) for x, y in lines)


def _since(log: Log, branch: Branch, parted: int, world: World) -> dict[int, Step]:
    return {record.step: Step(record, world.home) for record in log.history(branch, parted + 1)}


def _things(content: Content, kind: str) -> dict[str, dict[str, Any]]:
    plain = [thing.model_dump(mode="json") for thing in content.named(kind)]
    return {thing["name"]: {**thing.pop("fields", {}), **thing} for thing in plain}


def _facts(content: Content) -> dict[str, dict[str, Any]]:
    return {f: {"known_by": content.known_by[f]} if f in content.known_by else {} for f in content.facts}


def _sides(a: Mapping[str, dict[str, Any]], b: Mapping[str, dict[str, Any]]) -> Sides:
    changed = {name: _pairs(a[name], b[name]) for name in a if name in b}
    only_a, only_b = ([name for name in mine if name not in theirs] for mine, theirs in ((a, b), (b, a)))
    return Sides(only_a, only_b, {name: pairs for name, pairs in changed.items() if pairs})


def _pairs(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Pair]:
    return {f: Pair(a.get(f), b.get(f)) for f in dict.fromkeys([*a, *b]) if a.get(f) != b.get(f)}


def _prose(a: Mapping[int, Step], b: Mapping[int, Step]) -> Iterator[Told]:
    for number in _either(a, b):
        mine, theirs = (steps[number].chronicle or None if number in steps else None for steps in (a, b))
        if mine != theirs:
            yield Told(number, mine, theirs)


def _pictures(a: Mapping[int, Step], b: Mapping[int, Step]) -> Iterator[Pictured]:
    for number in _either(a, b):
        mine, theirs = (_shas(steps[number]) if number in steps else {} for steps in (a, b))
        for slot, pair in _pairs(mine, theirs).items():
            yield Pictured(number, slot, pair.a, pair.b)


def _shas(step: Step) -> dict[str, str]:
    return {slot: artifact["sha256"] for slot, artifact in step.artifacts.items() if artifact.get("sha256")}


def _either(a: Iterable[int], b: Iterable[int]) -> list[int]:
    return sorted({*a, *b})


def _short(value: Any) -> str:
    if value in (None, "", [], {}):
        return "—"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)  # pyright: ignore[reportUnknownArgumentType]
    return text if len(text) <= 60 else f"{text[:60]}…"
