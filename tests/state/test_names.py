"""World names in any script and of any trickery get safe folders (case I1)."""

from __future__ import annotations

import unicodedata

import pytest

from yggdrasil.state.names import WorldNameError, folder_name

ACCEPTED = ["Замок 21:9", "CON", "con.txt", "a. ", "Ярослав 🐉", "\u0439", "Ä" * 200, "A", "a", ".hidden", "COM¹",
            "nul", "a/../b", "\x1b[2J", " x", "ß", "SS", "ẞ", "a~12345678"]  # fmt: skip
DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{d}{n}" for d in ("COM", "LPT") for n in range(1, 10))}


@pytest.mark.parametrize("name", ACCEPTED)
def test_folder_names_are_legal_everywhere(name: str) -> None:
    folder = folder_name(name)
    assert not set(folder) & set('<>:"/\\|?*') and not any(unicodedata.category(c) == "Cc" for c in folder)
    assert folder[-1] not in ". " and folder.split(".")[0].upper() not in DEVICES
    assert len(folder.encode()) <= 255 and folder not in (".", "..") and not folder.startswith(".")


def test_no_two_names_meet_where_case_is_not_seen() -> None:
    folders = [folder_name(n).casefold() for n in ACCEPTED]
    assert len(set(folders)) == len(folders)
    assert folder_name("\u0439") == folder_name("\u0438\u0306")


@pytest.mark.parametrize("name", ["", "..", ".", " ", "\ud800"])
def test_names_that_no_world_may_have(name: str) -> None:
    with pytest.raises(WorldNameError):
        folder_name(name)
