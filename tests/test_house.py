"""The drawing of the house on its page is that of the code."""

from docs import house


def test_the_drawing_is_as_the_code_is() -> None:
    assert house.PICTURE.read_text(encoding="utf-8") == house.drawn(), "run: python docs/house.py"
