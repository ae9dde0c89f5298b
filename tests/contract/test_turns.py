"""Each call of a part by one block draws from a seed of its own; the first from the place's, as ever."""

from typing import Any

from yggdrasil.contract import Block, derive_seed, here, listening, standing
from yggdrasil.ports import Json


class Draw(Block, type="test_turns/draw"):
    def forward(self) -> int:
        return here().seed


class Twice(Block, type="test_turns/twice"):
    def __init__(self) -> None:
        super().__init__()
        self.draw = Draw()

    def forward(self) -> Json:
        first = self.draw.run().value
        with listening(lambda _: None):
            second = self.draw.run().value
        return [first, second, self.draw()]


def test_calls_of_one_part_draw_seeds_of_their_own() -> None:
    def run() -> Any:
        with standing(here().but(seed=7)):
            return Twice().run().value

    seeds = run()
    assert len(set(seeds)) == 3 and seeds == run(), "by the number of the call alone"
    assert seeds[0] == derive_seed(derive_seed(7, "twice"), "draw"), "the first is what it always was"


def test_outside_of_a_run_the_same_seed_gives_the_same() -> None:
    with standing(here().but(seed=7)):
        assert Draw().run() == Draw().run()
