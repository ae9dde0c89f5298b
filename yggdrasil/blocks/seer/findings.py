"""From the network's logits to what may honestly be claimed, each claim with its confidence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypedDict

if TYPE_CHECKING:
    from torch import Tensor

    from yggdrasil.blocks.seer.network import Logits

UNCLEAR = "unclear"
SIDES = ("left", "middle", "right")


class Claim(TypedDict):
    """A name, or "unclear", and how sure the seer is of its best guess (0…1)."""

    name: str
    confidence: float


class Thing(Claim):
    """A thing that is named; `where` is left, middle or right."""

    where: str


class Labels(TypedDict):
    """All that was seen. `unclear`: something stands out, yet what it is can't be told."""

    place: Claim
    time: Claim
    weather: Claim
    things: list[Thing]
    unclear: bool


class Limits(NamedTuple):
    """From which confidence on a thing is named, by which margin over the next name, and a scene's word."""

    thing: float
    margin: float
    scene: float
    presence: float


class Names(NamedTuple):
    """The class names in the order of the heads."""

    things: Sequence[str]
    places: Sequence[str]
    times: Sequence[str]
    weathers: Sequence[str]


def labels_of(logits: "Logits", names: Names, limits: Limits) -> Labels:
    """What one picture shows (logits of a batch of one)."""
    things, present = _things(logits.what[0].softmax(0), names.things, limits)
    return Labels(
        place=_claim(logits.place[0], names.places, limits.scene),
        time=_claim(logits.time[0], names.times, limits.scene),
        weather=_claim(logits.weather[0], names.weathers, limits.scene),
        things=things,
        unclear=present and not things,
    )


def _claim(logits: "Tensor", names: Sequence[str], limit: float) -> Claim:
    confidence, best = logits.softmax(0).max(0)
    name = names[int(best)] if float(confidence) >= limit else UNCLEAR
    return Claim(name=name, confidence=round(float(confidence), 4))


def _things(chances: "Tensor", names: Sequence[str], limits: Limits) -> tuple[list[Thing], bool]:
    """Things that stand out clearly, left to right, and whether anything stands out at all.

    `chances` has the shape (classes, rows, columns); a thing is as sure as the surest cell that shows it.
    """
    columns = chances.shape[-1]
    flat = chances.flatten(1)
    peaks, cells = flat[: len(names)].max(1)
    found: list[tuple[int, Thing]] = []
    for index in map(int, (peaks >= limits.thing).nonzero().flatten()):
        cell = int(cells[index])
        rivals = flat[:, cell].clone()
        rivals[index] = 0
        if float(peaks[index] - rivals.max()) >= limits.margin:
            column = cell % columns
            side = SIDES[min(2, column * 3 // columns)]
            found.append((column, Thing(name=names[index], confidence=round(float(peaks[index]), 4), where=side)))
    found.sort(key=lambda item: (item[0], item[1]["name"]))
    nothing = flat[len(names)]
    return [thing for _, thing in found], bool((1 - nothing).max() >= limits.presence)
