"""What stands clearly is named once, where something stands unnamed a second look is due, and it may name it."""

from typing import Any

import pytest
import torch
from PIL import Image
from torch import nn

from yggdrasil.plugins.seer.block import PLACES, TIMES, WEATHERS, Seer
from yggdrasil.plugins.seer.findings import Thresholds, doubts, standing
from yggdrasil.plugins.seer.network import Logits

LIMITS = Thresholds(thing=0.8, margin=0.5, scene=0.6, presence=0.5)
SURE = 9.0


def chances(**cells: tuple[int, int, int, float]) -> torch.Tensor:
    """A 6×6 map of two things, nothing and unclear; each cell given as (class, row, column, logit), else nothing."""
    logits = torch.zeros(4, 6, 6)
    logits[2] = SURE
    for kind, row, column, logit in cells.values():
        logits[:, row, column] = 0
        logits[kind, row, column] = logit
    return logits.softmax(0)


def test_what_stands_clearly_is_found_where_it_stands() -> None:
    found = standing(chances(fox=(0, 4, 1, SURE), again=(0, 3, 1, 5.0), owl=(1, 0, 5, 0.5)), 2, LIMITS)
    assert [(one.index, round(one.x, 3), round(one.y, 3)) for one in found] == [(0, 0.25, 0.75)]


def test_doubt_is_where_something_unnamed_stands_away_from_what_is_named() -> None:
    seen = chances(fox=(0, 4, 1, SURE), rim=(1, 3, 1, 0.4), far=(1, 1, 4, 0.4), unclear=(3, 5, 5, SURE))
    assert doubts(seen, 2, LIMITS) == [(5.5 / 6, 5.5 / 6), (4.5 / 6, 1.5 / 6)]
    assert doubts(seen, 2, LIMITS, most=1) == [(5.5 / 6, 5.5 / 6)]
    assert doubts(chances(), 2, LIMITS) == []


def test_what_is_large_and_unnamed_gets_no_second_look() -> None:
    """It was seen as well as it can be; a part of it would only be mistaken for something else."""
    large = {f"{row}{column}": (3, row, column, SURE) for row in (1, 2) for column in (1, 2)}
    assert doubts(chances(small=(3, 4, 4, SURE), **large), 2, LIMITS) == [(4.5 / 6, 4.5 / 6)]


class Nearsighted(nn.Module):
    """Sees that something stands in a red spot, and what it is only where the spot fills a good part of the picture."""

    def forward(self, pixels: torch.Tensor) -> Logits:
        red = nn.functional.adaptive_avg_pool2d((pixels[:, :1] - pixels[:, 1:2]).clamp(min=0) / 2, 6)
        what = torch.cat([red * 0, red * 0, 20 - 40 * red, red * 0], 1)
        if float(red.sum()) > 3 * len(pixels):
            what[:, :1] = 40 * red
        return Logits(what, *(torch.zeros(len(pixels), len(names)) for names in (PLACES, TIMES, WEATHERS)))


@pytest.mark.parametrize(("looks", "named"), [(0, []), (1, ["fox"])])
def test_a_second_look_names_a_small_thing_and_says_where_it_is(looks: int, named: list[str]) -> None:
    picture = Image.new("RGB", (128, 128), "black")
    picture.paste("red", (90, 92, 117, 120))
    block: Any = Seer(things=("fox", "owl"), second_looks=looks)
    block.module = Nearsighted()
    labels = block.run(image=picture).labels
    assert [thing["name"] for thing in labels["things"]] == named
    assert [thing["where"] for thing in labels["things"]] == ["right"] * len(named)
    assert labels["unclear"] == (not named)
