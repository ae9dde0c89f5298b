"""A graph is drawn before there are values: what Python would decide by one is refused, and the mend names a block."""

from collections.abc import Callable
from typing import Any

import pytest

import yggdrasil as ygg
from yggdrasil.ports import Text

ASKED: dict[str, Callable[[Any], Any]] = {
    "neither true nor false": bool,
    "compared": lambda wire: wire == "q",
    "parts": list,
    "text or a number": lambda wire: f"say {wire}",
    "reckoned with": lambda wire: "say " + wire,
    "'upper'": lambda wire: wire.upper(),
    "called": lambda wire: wire(),
}


@ygg.block
def shout(text: Text) -> Text:
    """Say it loudly."""
    return text + "!"


@pytest.mark.parametrize("said", ASKED)
def test_a_wire_is_asked_nothing(said: str) -> None:
    def drawn(text: Text) -> Text:
        """Say it, or not."""
        ASKED[said](text)
        return shout(text)

    with pytest.raises(ygg.WiringError, match=rf"self.text .*{said}.*ygg.choose\(when=…\).*ygg.loop"):
        ygg.graph(drawn)


def test_a_wire_tells_what_it_is() -> None:
    def drawn(text: Text) -> Text:
        """Say it."""
        assert "text" in repr(text) and len({text, text}) == 1
        return shout(text)

    assert ygg.graph(drawn).run(text="a").text == "a!"
