"""What a graph lacks that a block of some role would bring: told where it is described, and where it is misused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yggdrasil.contract.block import Block
    from yggdrasil.contract.roles import Role


def lacking(block: Block) -> dict[str, str]:
    """The inputs that a node of a graph must get and that none gives it, each with what would."""
    return {name: port.hint for name, port in block.inputs.items() if port.required and port.hint}


def missing_role(block: Block, unknown: Iterable[str]) -> tuple[str, str] | None:
    """What is wrong with the first name that only an absent role would take, and how to mend it; None for no such."""
    here = {part.role for part in block.children().values()} - {""}
    for name in unknown:
        roles = takers(name)
        absent = [role for role in roles if (role.name not in here or _paired(role)) and _belongs(role, here)]
        if absent:
            taking = " or a ".join(role.name for role in roles)
            what = f"there is no input {name!r}: it is for a {taking}, and no node here takes it"
            adds = (f"{role.name} encoder" if role.name in here else role.name for role in absent)
            return what, f"add a {' or a '.join(adds)}"
    return None


def _paired(role: Role) -> bool:
    """Whether one block of the role feeds another: then two of them may stand in a graph, and one be missing."""
    return any(source.startswith(f"{role.name}.") for each in role.takes.values() for source in each)


def takers(name: str) -> list[Role]:
    """The roles of the canon whose input a graph shows under this name."""
    from yggdrasil.contract.roles import CANON

    return [role for role in CANON if name in role.own or name in _shown(role)]


def _shown(role: Role) -> list[str]:
    return [shown for port, shown in role.shown.items() if port not in role.serves]


def _belongs(role: Role, here: set[str]) -> bool:
    """Whether some block here would feed one of the role, or be fed by it."""
    from yggdrasil.contract.roles import find_role

    known = [found for name in here if (found := find_role(name)) is not None]
    return bool(_givers(role) & here) or any(role.name in _givers(other) for other in known)


def _givers(role: Role) -> set[str]:
    sources = [*role.takes.values(), *role.carries.values()]
    return {source.partition(".")[0] for each in sources for source in each} - {role.name}
