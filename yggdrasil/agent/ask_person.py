"""Asking a person: the run stops with a question and goes on when its answer is in the journal."""

from __future__ import annotations

from typing import Any, NoReturn

from yggdrasil.contract import Block, Paused, derive_seed, here
from yggdrasil.ports import Text

APPROVAL = "may"
"""Begins the id of a question whether a tool may be called, which an object of arguments answers too."""

_NOWHERE = "nothing keeps the answer here: run it in block.session(name, at=folder), then session.answer(…)"


def ask(question: str, kind: str = "ask", /, **more: Any) -> Any:
    """The person's answer. Raises Paused, with an id of this place and call, until the journal has one."""
    place = here()
    name = f"{kind}_{derive_seed(place.path, place.seed, question):016x}"

    def stop() -> NoReturn:
        mend = "" if place.journal is not None else _NOWHERE
        raise Paused(question, id=name, where=place.path, mend=mend)

    return place.once("ask", {"question": question, **more}, stop)


class AskPerson(Block, type="ask", role="Tool"):
    """Ask the person who watches a question and wait for the answer. Use it before anything that can't be undone."""

    def forward(self, question: Text) -> Text:
        return str(ask(question))
