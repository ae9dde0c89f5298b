"""What a graph would take if a block of some role stood in it: told where somebody gives it all the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block


def missing_role(block: Block, unknown: Iterable[str]) -> tuple[str, str] | None:
    """What is wrong with the first name that only an absent role would take, and how to mend it; None for no such."""
    for name in unknown:
        roles = takers(name)
        here = {part.role for part in block.children().values()}
        absent = [role for role in roles if role not in here]
        if absent and here - {""}:
            what = f"there is no input {name!r}: it is for a {' or a '.join(roles)}, and no node here takes it"
            return what, f"add a {' or a '.join(absent)}"
    return None


def takers(name: str) -> list[str]:
    """The roles of the canon whose input a graph shows under this name."""
    from yggdrasil.contract.roles import CANON

    return [
        role.name
        for role in CANON
        if any(shown == name for port, shown in role.shown.items() if port not in role.serves)
    ]
