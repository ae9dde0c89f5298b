"""Half characters never stay: pairs are joined, a lone half is told as U+FFFD, everything else comes back as it was."""

from __future__ import annotations

import pytest

from yggdrasil.contract import Block, PortError
from yggdrasil.contract.characters import Joined, whole, whole_value
from yggdrasil.ports import Text

OWL = "\U0001f989"
FIRST, SECOND = "\ud83e", "\udd89"


@pytest.mark.parametrize(
    ("said", "right"),
    [
        (FIRST + SECOND, OWL),
        ("a" + FIRST + "b", "a\ufffdb"),
        (SECOND + FIRST, "\ufffd\ufffd"),
        (FIRST + FIRST + SECOND, "\ufffd" + OWL),
        (FIRST, "\ufffd"),
        ("caf\udce9", "caf\ufffd"),
        ("plain", "plain"),
        (f"é{OWL}", f"é{OWL}"),
    ],
)
def test_a_pair_is_joined_and_a_lone_half_is_replaced(said: str, right: str) -> None:
    assert whole(said) == right
    assert whole_value({said: [said, 1, None]}) == {right: [right, 1, None]}


def test_every_character_of_unicode_stays_as_it_is() -> None:
    every = "".join(chr(n) for n in range(0x110000) if not 0xD800 <= n < 0xE000)
    assert whole(every) == every


def test_a_character_that_is_cut_between_two_pieces_is_joined() -> None:
    joined = Joined()
    assert [joined.take("a" + FIRST), joined.take(SECOND + "b"), joined.take(FIRST), joined.end()] == [
        "a", OWL + "b", "", "\ufffd",
    ]  # fmt: skip
    assert joined.mended == 1


class Says(Block):
    def forward(self, text: Text) -> Text:
        return text


def test_half_a_character_at_a_port_is_a_port_error() -> None:
    with pytest.raises(PortError, match="half a character"):
        Says().run(text="caf\udce9")
