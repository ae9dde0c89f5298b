"""From the network's logits to what may honestly be claimed, each claim with its confidence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypedDict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from yggdrasil.plugins.seer.network import Logits

UNCLEAR = "unclear"
SIDES = ("left", "middle", "right")
SMALL = 1 / 16
"""The share of the map that a thing covers at the most whose second look is worth it: larger ones were seen well."""


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


class Thresholds(NamedTuple):
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


class Found(NamedTuple):
    """A thing that stands out: its name's number, how sure, and where (shares of the picture, middle of its cell)."""

    index: int
    confidence: float
    x: float
    y: float


def labels_of(logits: "Logits", names: Names, limits: Thresholds, closer: Sequence[Found] = ()) -> Labels:
    """What one picture shows (logits of a batch of one), with the things that a second look found."""
    chances = logits.what[0].softmax(0)
    found = [*standing(chances, len(names.things), limits), *closer]
    things = [
        Thing(name=names.things[one.index], confidence=round(one.confidence, 4), where=SIDES[min(2, int(one.x * 3))])
        for one in found
    ]
    order = sorted(range(len(found)), key=lambda at: (found[at].x, things[at]["name"]))
    present = bool((1 - chances[len(names.things)]).max() >= limits.presence)
    return Labels(
        place=_claim(logits.place[0], names.places, limits.scene),
        time=_claim(logits.time[0], names.times, limits.scene),
        weather=_claim(logits.weather[0], names.weathers, limits.scene),
        things=[things[at] for at in order],
        unclear=present and not things,
    )


def _claim(logits: "Tensor", names: Sequence[str], limit: float) -> Claim:
    confidence, best = logits.softmax(0).max(0)
    name = names[int(best)] if float(confidence) >= limit else UNCLEAR
    return Claim(name=name, confidence=round(float(confidence), 4))


def standing(chances: "Tensor", count: int, limits: Thresholds) -> list[Found]:
    """The things that stand out clearly, each once, at the surest cell that shows it.

    `chances` has the shape (classes, rows, columns), the first `count` classes are things.
    """
    rows, columns = chances.shape[-2:]
    flat = chances.flatten(1)
    peaks, cells = flat[:count].max(1)
    found: list[Found] = []
    for index in map(int, (peaks >= limits.thing).nonzero().flatten()):
        cell = int(cells[index])
        rivals = flat[:, cell].clone()
        rivals[index] = 0
        if float(peaks[index] - rivals.max()) >= limits.margin:
            row, column = divmod(cell, columns)
            found.append(Found(index, float(peaks[index]), (column + 0.5) / columns, (row + 0.5) / rows))
    return found


def doubts(chances: "Tensor", count: int, limits: Thresholds, most: int = 3) -> list[tuple[float, float]]:
    """Where something small stands unnamed: middles of cells as shares of the picture, the clearest first."""
    rows, columns = chances.shape[-2:]
    present = 1 - chances[count]
    small = _small((present >= limits.presence).cpu().numpy())
    for one in standing(chances, count, limits):
        _cross_out(present, int(one.y * rows), int(one.x * columns))
    found: list[tuple[float, float]] = []
    while len(found) < most and float(present.max()) >= limits.presence:
        row, column = divmod(int(present.argmax()), columns)
        if small[row, column]:
            found.append(((column + 0.5) / columns, (row + 0.5) / rows))
        _cross_out(present, row, column)
    return found


def _small(there: "NDArray[np.bool_]") -> "NDArray[np.bool_]":
    """Which cells belong to a patch no larger than SMALL."""
    import numpy as np
    from scipy.ndimage import label

    patches = np.zeros(there.shape, np.int32)
    label(there, output=patches)
    return np.bincount(patches.ravel())[patches] <= SMALL * there.size


def _cross_out(present: "Tensor", row: int, column: int) -> None:
    """A cell and its neighbours are dealt with, in place."""
    present[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] = 0
