"""A file of a block that names others beside it: an `index.json` of {name: {file, sha256, …}}, and what it names."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from yggdrasil.contract.digest import digest_bytes
from yggdrasil.contract.errors import ConfigError, MissingFile
from yggdrasil.contract.path_safety import inside

INDEX = "index.json"
_LARGEST = 16 << 20


class SideFile(BaseModel):
    """One entry: a file in the folder of the index, by its hash."""

    model_config = ConfigDict(extra="allow")

    file: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


_ENTRIES = TypeAdapter(dict[str, SideFile])


def read_index(path: Path) -> dict[str, SideFile]:
    """The entries of an index. Raises ConfigError if it is none."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"it is larger than {_LARGEST >> 20} MiB")
        return _ENTRIES.validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (OSError, ValueError) as error:
        why = str(error)
    raise ConfigError(f"is no index of files ({why})", where=str(path), mend="restore it")


def side_file(index: Path, name: str, sha256: str) -> bytes:
    """The bytes of a file that an index names. Raises WeightsError if they lie elsewhere, MissingFile, ConfigError."""
    path = inside(index.parent, name, str(index))
    if not path.is_file():
        raise MissingFile(f"{name!r}, which the index names, is not here", where=str(index), mend="restore the folder")
    data = path.read_bytes()
    if digest_bytes(data) != sha256:
        mend = f"restore the file, or write its new sha256 into {index.name}"
        raise ConfigError(f"{name!r} is not the one that the index names", where=str(path), mend=mend)
    return data
