"""The table of docs/values.md is that of the code."""

from docs import kinds


def test_the_page_of_values_is_as_the_code_is() -> None:
    text = kinds.PAGE.read_text(encoding="utf-8")
    assert kinds.page(text) == text, "run: python docs/kinds.py"
