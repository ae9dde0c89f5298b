"""Half characters never stay: pairs are joined, a lone half is told as U+FFFD, everything else comes back as it was."""

from __future__ import annotations

from typing import Any

import pytest

from yggdrasil.contract import Block, PortError
from yggdrasil.contract.running import listening
from yggdrasil.contract.surrogates import SurrogateJoiner, halved, whole, whole_value
from yggdrasil.ports import Json, Messages, Text

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
    joined = SurrogateJoiner()
    assert [joined.take("a" + FIRST), joined.take(SECOND + "b"), joined.take(FIRST), joined.end()] == [
        "a", OWL + "b", "", "\ufffd",
    ]  # fmt: skip
    assert joined.mended == 1


class Says(Block):
    def forward(self, text: Text) -> Text:
        return text


class Tells(Block):
    """Give a value that no port of its own has looked at."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    def forward(self) -> Json:
        return self.value


class Takes(Block):
    def forward(self, value: Json = None, messages: Messages | None = None) -> Json:
        return [value, messages]


def test_half_a_character_at_a_port_is_a_port_error() -> None:
    with pytest.raises(PortError, match="half a character"):
        Says().run(text="caf\udce9")


@pytest.mark.parametrize("value", [FIRST, [FIRST], {"a" + SECOND: 1}, {"a": [{"b": "caf\udce9"}]}])
def test_half_a_character_inside_data_at_a_port_is_a_port_error_and_a_pair_is_joined(value: Any) -> None:
    with pytest.raises(PortError, match=r"'value' holds half a character: .*\\ud"):
        Takes().run(value=value)
    with pytest.raises(PortError, match="'messages' holds half a character"):
        Takes().run(messages=[{"role": "user", "content": value if isinstance(value, str) else FIRST}])
    assert Takes().run(value={"a": [FIRST + SECOND]}).value == [{"a": [OWL]}, None]
    assert Says().run(text=FIRST + SECOND).text == OWL


def test_what_a_block_gives_in_halves_is_joined_or_replaced_and_told() -> None:
    told: list[str] = []
    with listening(lambda event: told.append(event.data["code"]), kinds=["note"], inline=True):
        assert Tells({"a": [FIRST + SECOND]}).run().value == {"a": [OWL]} and told == []
        assert Tells({"a" + FIRST: "b"}).run().value == {"a\ufffd": "b"}
    assert told == ["half_character"]


@pytest.mark.parametrize("place", [0, 7, 19])
def test_half_a_character_is_found_anywhere_in_a_long_list(place: int) -> None:
    parts: list[Any] = [{"content": f"ё \U0001f994 {number}", "n": number} for number in range(20)]
    assert not halved(parts)
    parts[place] = {"content": ["\ud83e"]}
    assert halved(parts)
    assert halved([*parts, object()])
    assert not halved([object(), *range(20)])
