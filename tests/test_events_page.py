"""The page of events is written from the code, and every reason and note that the code gives has its words."""

from __future__ import annotations

import re
from pathlib import Path

from docs import events
from yggdrasil.cli.translations import known

PACKAGE = Path(__file__).resolve().parent.parent / "yggdrasil"


def test_the_page_is_as_the_code_is() -> None:
    page = events.PAGE.read_text(encoding="utf-8")
    assert page == events.written(page), "run: python docs/events.py"


def test_every_code_has_words_in_both_languages() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    whys = set(re.findall(r'\breason\("(\w+)"', text))
    notes = set(re.findall(r'\.note\([^\n]*?, "(\w+)"', text))
    assert {"absent", "needs", "dropped", "journalled"} <= whys and {"going_on", "not_understood"} <= notes
    assert [code for code in whys if not known(f"why_{code}")] == []
    assert [code for code in notes if not known(f"note_{code}")] == []
