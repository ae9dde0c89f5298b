"""The catalogue of model files that come out of packages, and where they lie on this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from yggdrasil.contract.digest import digest_file
from yggdrasil.contract.errors import MissingFile, WeightsError, YggError, did_you_mean
from yggdrasil.contract.known_digests import home

_HERE = Path(__file__).parent
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class UnknownModel(YggError):
    """The catalogue has no model of that name."""


class WrongFile(WeightsError):
    """A file's bytes are not those that its digest promises."""


@dataclass(frozen=True, slots=True)
class ModelPart:
    """A member `path` of the archive of `package`."""

    package: str
    path: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model: its sha256 (hex), its size in bytes and the parts that make it up, in order."""

    name: str
    sha256: str
    bytes: int
    parts: tuple[ModelPart, ...]


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """An entry of the catalogue; `packages` maps a package's name to its pinned version."""

    name: str
    what: str
    role: str
    licence: str
    notice: str
    packages: Mapping[str, str]
    files: tuple[ModelFile, ...]

    @property
    def bytes(self) -> int:
        """The size of all files together."""
        return sum(file.bytes for file in self.files)


def path_of(file: ModelFile) -> Path:
    """Where `file` lies or would lie."""
    return home() / "models" / file.sha256 / file.name


def locate(sha256: str, name: str) -> Path | None:
    """The file `name` with digest `sha256` on this machine, or None. The bytes were checked when it came."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not _PLAIN_NAME.fullmatch(name):
        return None
    path = home() / "models" / sha256 / name
    return path if path.is_file() else None


def is_stored(path: Path) -> bool:
    """Whether a file is one of the store's, whose name is its digest."""
    return path.resolve().is_relative_to((home() / "models").resolve())


def catalogue(data: Path | None = None) -> dict[str, CatalogueModel]:
    """Every known model by name, from `data` or the catalogue that the package carries."""
    return dict(_read(data or _HERE / "models.json"))


def model(name: str) -> CatalogueModel:
    """The entry `name`. Raises UnknownModel with the nearest names."""
    known = catalogue()
    if name not in known:
        raise UnknownModel(f"no model is called {name!r}", mend=did_you_mean(name, known))
    return known[name]


def listing() -> list[dict[str, Any]]:
    """One row a model, plain JSON: name, what, role, licence, bytes, packages, present."""
    return [
        {
            "name": entry.name,
            "what": entry.what,
            "role": entry.role,
            "licence": entry.licence,
            "bytes": entry.bytes,
            "packages": [f"{name}=={version}" for name, version in entry.packages.items()],
            "present": all(locate(file.sha256, file.name) for file in entry.files),
        }
        for entry in catalogue().values()
    ]


def requirement(name: str) -> str:
    """A sentence that says what the model is, how large it is and under which licence it comes."""
    entry = model(name)
    return f"{entry.what}: {readable(entry.bytes)}, licence {entry.licence}. {entry.notice}"


def licence(name: str) -> str:
    """The notice of the model followed by the whole text of its licence."""
    entry = model(name)
    text = _HERE / "licences" / f"{entry.licence}.txt"
    return f"{entry.notice}\n\n{text.read_text(encoding='utf-8')}"


def files(name: str) -> dict[str, Path]:
    """The model's files by name. Raises MissingFile, which says how to fetch them, if one is absent."""
    entry = model(name)
    found = {file.name: locate(file.sha256, file.name) for file in entry.files}
    absent = sorted(part for part, path in found.items() if path is None)
    if absent:
        raise MissingFile(
            f"{', '.join(absent)} of the model {name!r} is not on this machine",
            where=str(home() / "models"),
            mend=f"fetch it with `yggdrasil models pull {name}` ({readable(entry.bytes)}, {entry.licence})",
        )
    return {part: path for part, path in found.items() if path is not None}


def verify(name: str) -> dict[str, Path]:
    """Read every file of the model and compare its sha256. Raises MissingFile or WrongFile."""
    entry = model(name)
    found = files(name)
    for file in entry.files:
        seen = digest_file(found[file.name])
        if seen != file.sha256:
            raise wrong(file, seen, mend=f"remove it and run `yggdrasil models pull {name}` again").at(
                str(found[file.name])
            )
    return found


def wrong(file: ModelFile, found: str, *, mend: str) -> WrongFile:
    """The error for a file whose bytes have another digest."""
    return WrongFile(f"{file.name} should have sha256 {file.sha256} but has {found}", mend=mend)


def readable(size: int) -> str:
    """A size in bytes as a person says it."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size} bytes"


@cache
def _read(path: Path) -> dict[str, CatalogueModel]:
    data = json.loads(path.read_text(encoding="utf-8"))
    return {name: _entry(name, row) for name, row in data["models"].items()}


def _entry(name: str, row: dict[str, Any]) -> CatalogueModel:
    files = tuple(
        ModelFile(f["name"], f["sha256"], f["bytes"], tuple(ModelPart(**part) for part in f["parts"]))
        for f in row["files"]
    )
    return CatalogueModel(name, row["what"], row["role"], row["licence"], row["notice"], row["packages"], files)
