"""What a wish names is taken up, and the words of which nothing comes are named."""

from __future__ import annotations

from typing import Any

import pytest

from yggdrasil.storytelling.tale_guide.wish import read_wish

CASES: list[tuple[str, dict[str, Any]]] = [
    (
        "a lighthouse keeper and a dragon in an autumn forest village",
        {
            "roles": ["lighthouse keeper"],
            "spots": ["the lighthouse", "the forest"],
            "things": ["dragon"],
            "season": "autumn",
        },
    ),
    ("a forest of witches and foxes", {"roles": ["witch"], "spots": ["the forest"], "things": ["fox"]}),
    ("a norse fishing village in winter", {"season": "winter"}),
    ("a haunted castle in the mountains", {"spots": ["the castle"]}),
    ("a clockwork city of bureaucrats", {"unknown": ["clockwork", "bureaucrats"]}),
    ("Gandalf the wizard in Mordor", {"roles": ["wizard"], "people": [("Gandalf", "wizard")], "called": "Mordor"}),
    (
        "a wizard named Merlin lives in a tower with his black cat",
        {"roles": ["wizard"], "people": [("Merlin", "wizard")], "spots": ["the tower"], "things": ["black cat"]},
    ),
    ("the kingdom of Eldoria", {"called": "Eldoria"}),
    ("dragon hunters of the frozen north", {"roles": ["dragon hunter"], "things": ["dragon"]}),
    ("wolves guard a library", {"spots": ["the library"], "things": ["wolf"], "unknown": ["guard"]}),
    ("ravens in a tower", {"spots": ["the tower"], "things": ["bird"], "unknown": ["ravens"]}),
    ("an underwater town of mermaids and whales", {"roles": ["mermaid"], "things": ["whale"]}),
]


@pytest.mark.parametrize(("text", "named"), CASES, ids=[text for text, _ in CASES])
def test_what_a_wish_names(text: str, named: dict[str, Any]) -> None:
    read = {name: value for name, value in vars(read_wish(text)).items() if value}
    if "spots" in read:
        read["spots"] = [spot.name for spot in read["spots"]]
    assert read == named
