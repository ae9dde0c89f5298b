"""Values of a round as the journal keeps them: plain JSON, the large ones as artifacts, each exactly as it was."""

from __future__ import annotations

import math
from dataclasses import is_dataclass
from typing import Any, cast

from yggdrasil.contract.artifacts import ArtifactStore
from yggdrasil.contract.errors import ArtifactError
from yggdrasil.contract.value_forms import TENSOR, NotKeepable
from yggdrasil.contract.values import digest, fields, form_named, form_of, rebuilt, shown

_AS = "recorded as"


class Unrecordable(Exception):
    """A value that cannot be written down so that it comes back the same."""


def record(value: Any, artifacts: ArtifactStore) -> Any:
    """`value` as JSON; what has a form of its own goes into the store, a dataclass by its fields.

    Raises Unrecordable for anything that would come back as something else.
    """
    if value is None or type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
        return value
    if type(value) is list:
        return [record(item, artifacts) for item in cast(list[Any], value)]
    if type(value) is dict:
        given = cast(dict[Any, Any], value)
        if _AS in given or any(type(key) is not str for key in given):
            raise Unrecordable("a dict whose keys are not plain words")
        return {key: record(item, artifacts) for key, item in given.items()}
    return _large(value, artifacts)


def _large(value: Any, artifacts: ArtifactStore) -> dict[str, Any]:
    form = form_of(value)
    if form is None:
        raise Unrecordable(type(value).__name__)
    if is_dataclass(value):
        return {_AS: form.name, **{name: record(part, artifacts) for name, part in fields(value).items()}}
    try:
        data, media_type = form.encode(value)
        if digest(form.decode(data)) != digest(value):
            raise Unrecordable(f"{shown(value)}, which comes back as something else")
    except (ArtifactError, NotKeepable) as error:
        raise Unrecordable(str(error)) from None
    device = {"device": str(value.device)} if form is TENSOR else {}
    return {_AS: form.name, "sha256": artifacts.put(data, media_type).sha256, **device}


def recorded(value: Any, artifacts: ArtifactStore) -> Any:
    """The value that `record` wrote down. Raises ArtifactError if its bytes are lost."""
    if isinstance(value, list):
        return [recorded(item, artifacts) for item in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    kept = cast(dict[str, Any], value)
    name = kept.get(_AS)
    if name is None:
        return {key: recorded(item, artifacts) for key, item in kept.items()}
    form = form_named(name)
    if form is None:
        raise ArtifactError(f"a value was {_AS} {name!r}", mend="install the package that wrote it, or its version")
    if "sha256" not in kept:
        return rebuilt(form, {key: recorded(part, artifacts) for key, part in kept.items() if key != _AS})
    read = form.decode(artifacts.get(kept["sha256"]))
    return read.to(kept["device"]) if form is TENSOR else read
