"""Finding what an operation names, by the name as worlds keep it."""

from __future__ import annotations

from typing import Any

from yggdrasil.contract.errors import did_you_mean
from yggdrasil.state.content import KINDS, Content
from yggdrasil.state.errors import OperationError, UnknownName
from yggdrasil.state.operation_types import tidy_name


def find(content: Content, kind: str, name: str, where: str = "") -> Any:
    """The thing of that kind and name. Raises UnknownName with the near ones."""
    tidy = tidy_name(name)
    for thing in content.named(kind):
        if thing.name == tidy:
            return thing
    if kind not in (*KINDS, *content.entities):
        mend = did_you_mean(kind, [*KINDS, *content.entities])
        raise OperationError(f"nothing in the world is a {kind!r} with a name", where=where, mend=mend)
    raise UnknownName(kind, name, content.names(kind), where)


def check_known(content: Content, kind: str, name: str, where: str) -> None:
    """Raise UnknownName unless the thing is there; '' is nobody and nowhere."""
    if name:
        find(content, kind, name, where)
