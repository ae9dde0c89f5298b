"""NaN and infinity are told by node and member where they come out, before anyone sees a black picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from yggdrasil.contract.errors import YggError
from yggdrasil.contract.kinds import Kind
from yggdrasil.contract.ports import Ports
from yggdrasil.contract.values import form_of

_MEND = "compute in float32 (the `dtype` of the nodes before it), with less guidance, or from another seed"


class NotFinite(YggError):
    """A computed value holds NaN or infinity.

    `kept` is what the outputs are without it, by port: in the place of a bad member of a batch stands None.
    """

    def __init__(self, what: str, kept: Mapping[str, Any], *, where: str = "", mend: str = _MEND) -> None:
        self.kept = dict(kept)
        super().__init__(what, where=where, mend=mend)


def told(member: str, fine: Sequence[bool]) -> str:
    """Which members of a batch are not finite, in words."""
    bad = ", ".join(str(number) for number, good in enumerate(fine, 1) if not good)
    return f"{member} {bad} of {len(fine)} is not finite (NaN or infinity)"


def finite_kinds(ports: Ports) -> dict[str, Kind]:
    """The ports whose values are of no use with NaN or infinity in them, with their kinds."""
    return {name: port.kind for name, port in ports.items() if port.kind.finite}


def check_finite(outputs: Mapping[str, Any], kinds: Mapping[str, Kind], where: Callable[[str], str]) -> None:
    """Refuse outputs of these kinds that hold NaN or infinity; `where` gives the place of a port's maker.

    Raises NotFinite; a batch is looked at before its first member.
    """
    for port, kind in sorted(kinds.items(), key=lambda named: not named[1].of):
        value = outputs.get(port)
        if value is not None and not all(fine := members(value)):
            kept = {name: _without(outputs.get(name), kinds.get(name)) for name in outputs}
            raise NotFinite(told(kind.of or kind.name, fine), kept, where=where(port))


def members(value: Any) -> list[bool]:
    """For each member of a list, or row of a tensor, whether all of it is finite; one answer for what has none."""
    if isinstance(value, list):
        return [not _flaw(member) for member in cast("list[Any]", value)]
    if not _flaw(value):
        return [True]
    rows: Any = value if hasattr(value, "shape") and len(value.shape) > 1 and len(value) > 1 else [value]
    return [not _flaw(row) for row in rows]


def _without(value: Any, kind: Kind | None) -> Any:
    if value is None or kind is None or all(fine := members(value)):
        return value
    if isinstance(value, list):
        return [member if good else None for member, good in zip(cast("list[Any]", value), fine, strict=True)]
    return [row if good else None for row, good in zip(value, fine, strict=True)] if any(fine) else None


def _flaw(value: Any) -> str:
    """What makes a value of some form one that nobody can use, such as NaN; '' if nothing does."""
    form = form_of(value)
    return form.flaw(value) if form is not None and form.flaw is not None else ""
