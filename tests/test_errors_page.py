"""docs/errors.md lists the errors that there are."""

import pytest

import yggdrasil
from docs import errors


def test_the_table_is_as_the_code_is() -> None:
    page = errors.PAGE.read_text(encoding="utf-8")
    assert page == errors.written(page), "run: python docs/errors.py"


def test_every_public_error_is_on_the_page() -> None:
    public = {kind.__name__ for kind in errors.classes() if kind.__name__ in yggdrasil.__all__}
    assert len(public) >= 12 and public <= errors.WORDS.keys()
    assert set(yggdrasil.errors.__all__) == errors.WORDS.keys()


def test_every_error_on_the_page_is_where_it_says() -> None:
    for name in errors.WORDS:
        assert issubclass(getattr(yggdrasil.errors, name), yggdrasil.YggError), name
    with pytest.raises(AttributeError, match="nothing"):
        yggdrasil.errors.nothing  # type: ignore[attr-defined]  # noqa: B018
