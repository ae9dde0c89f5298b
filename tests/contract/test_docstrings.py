"""A model is told of each parameter what its docstring says, in any of the three common styles."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field

import yggdrasil as ygg
from yggdrasil.contract.tools import named_tools
from yggdrasil.ports import Image


def google(item: str, count: int = 1) -> str:
    """Price a thing.

    It is looked up.

    Args:
        item: What to price,
            in words.
        count (int): How many.

    Returns:
        The price.
    """
    return f"{item} {count}"


def numpy(item: str, count: int = 1) -> str:
    """Price a thing.

    It is looked up.

    Parameters
    ----------
    item : str
        What to price, in words.
    count : int
        How many.
    """
    return f"{item} {count}"


def sphinx(item: str, count: int = 1) -> str:
    """Price a thing.

    It is looked up.

    :param item: What to price, in words.
    :param int count: How many.
    :returns: The price.
    """
    return f"{item} {count}"


def schema(function: Any) -> dict[str, Any]:
    (tool,) = named_tools([function]).values()
    return tool.schema()["function"]


@pytest.mark.parametrize("function", [google, numpy, sphinx])
def test_each_style_is_read(function: Any) -> None:
    told = schema(function)
    assert told["description"] == "Price a thing.\n\nIt is looked up."
    about = {name: part["description"] for name, part in told["parameters"]["properties"].items()}
    assert about == {"item": "What to price, in words.", "count": "How many."}


def test_words_without_parameters_stay_as_they_are() -> None:
    def plain(item: str) -> str:
        """Say: this is it.

        Note: nothing else.
        """
        return item

    assert schema(plain)["description"] == "Say: this is it.\n\nNote: nothing else."


def test_what_a_field_says_wins_and_how_a_picture_is_named_is_kept() -> None:
    def look(image: Image, how: Annotated[str, Field(description="Softly or loudly.")]) -> str:
        """Look.

        Args:
            image: The one to look at.
            how: In which way.
        """
        return f"{how} {image.size}"

    parts = schema(look)["parameters"]["properties"]
    assert parts["how"]["description"] == "Softly or loudly."
    image = parts["image"]["description"]
    assert image.startswith("The one to look at. (") and "sha256" in image


def test_a_block_says_it_too() -> None:
    class Priced(ygg.Block):
        """Price a thing."""

        def forward(self, item: str) -> str:
            """Look it up.

            Args:
                item: What to price.
            """
            return item

    assert Priced().inputs["item"].about == "What to price."
