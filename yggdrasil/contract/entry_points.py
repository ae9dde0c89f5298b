"""What packages bring by entry point, by group and name; two packages that claim one name are an error."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from yggdrasil.contract.errors import ConfigError, UnknownType, did_you_mean


@cache
def points(group: str) -> dict[str, list[EntryPoint]]:
    """Every entry point of a group, by name."""
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=group):
        found.setdefault(point.name, []).append(point)
    return found


def only(what: str, claims: list[EntryPoint], where: str = "") -> EntryPoint:
    """The one object behind a name. Raises ConfigError if two packages claim it, never chooses in silence."""
    if len({point.value for point in claims}) > 1:
        by = " and by ".join(sorted(f"{p.dist.name if p.dist else '?'} ({p.value})" for p in claims))
        raise ConfigError(f"{what} is given by {by}", where=where, mend="uninstall one of the packages")
    return claims[0]


def opened(what: str, point: EntryPoint, where: str = "") -> Any:
    """What the entry point names, imported. Raises UnknownType that names the package."""
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        package = point.dist.name if point.dist is not None else point.value
        raise UnknownType(
            f"{what} of {package} cannot be imported ({error})",
            where=where,
            mend=_mend(error, point, package),
        ) from error


def _mend(error: Exception, point: EntryPoint, package: str) -> str:
    """What to do: a package is lacking, or the code of this one is wrong."""
    lacking = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
    if lacking and lacking.partition(".")[0] != point.module.partition(".")[0]:
        return f"install {lacking.partition('.')[0]}, which {package} may bring as an extra"
    return f"mend {point.value}, its own code does not import; if it is not yours, install {package} again"


class Group:
    """The objects of one group; `noun` is what a person calls one of them."""

    def __init__(self, group: str, noun: str) -> None:
        self.group = group
        self.noun = noun
        self._own: dict[str, Any] = {}

    def register(self, name: str, thing: Any) -> None:
        """Make `thing` known as `name` in this process. Raises ConfigError if another one is."""
        if name in points(self.group) or self._own.get(name, thing) is not thing:
            raise ConfigError(f"there is a {self.noun} {name!r} already", mend="give yours another name")
        self._own[name] = thing

    def find(self, name: str, where: str = "") -> Any:
        """The object of that name. Raises UnknownType with the near names."""
        if name not in self._own:
            claims = points(self.group).get(name)
            if claims is None:
                near = did_you_mean(name, self.names())
                mend = f"{near}, or install the package that has it (an entry point of {self.group})"
                raise UnknownType(f"there is no {self.noun} {name!r}", where=where, mend=mend)
            what = f"{self.noun} {name!r}"
            return opened(what, only(what, claims, where), where)
        return self._own[name]

    def names(self) -> list[str]:
        """All names that can be found now, imported or not."""
        return sorted({*self._own, *points(self.group)})


VERBS = Group("yggdrasil.verbs", "verb")
"""What a method of a level does by the store, which stands above it."""
GENRES = Group("yggdrasil.genres", "genre")
"""Genres: what the stages of a world ask, how an agent is asked it, and who leads a weak model through it."""


def register_genre(name: str, genre: object) -> None:
    """Make `genre` known as `name` in this process, as an entry point of an installed package would.

    Raises ConfigError if another genre has that name.
    """
    GENRES.register(name, genre)
