"""Values of a round as the journal keeps them: plain JSON, the large ones as artifacts, each exactly as it was."""

from __future__ import annotations

import io
import math
from typing import Any, cast

from yggdrasil.contract.artifacts import ArtifactStore
from yggdrasil.contract.errors import ArtifactError
from yggdrasil.contract.kinds import AudioClip
from yggdrasil.levels.stage.artifact import encoded

_AS = "recorded as"
_MODES = ("1", "L", "LA", "RGB", "RGBA", "I;16")
_TENSORS = "application/x-safetensors"


class Unrecordable(Exception):
    """A value that cannot be written down so that it comes back the same."""


def record(value: Any, artifacts: ArtifactStore) -> Any:
    """`value` as JSON; pictures go into the store as PNG, tensors, arrays and sounds as safetensors.

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
    if isinstance(value, AudioClip):
        return {_AS: "audio", "samples": record(value.samples, artifacts), "rate": value.rate}
    if hasattr(value, "getbands"):
        if value.mode not in _MODES or value.info:
            raise Unrecordable(f"a picture of mode {value.mode} with {', '.join(map(str, value.info)) or 'nothing'}")
        return {_AS: "picture", "sha256": artifacts.put(*encoded(value)).sha256}
    if hasattr(value, "dtype") and hasattr(value, "data_ptr") and not value.requires_grad and not value.is_sparse:
        from safetensors.torch import save

        order = _order(value)
        data = save({"value": value.detach().cpu().permute(order).contiguous()})
        kept = {_AS: "tensor", "sha256": artifacts.put(data, _TENSORS).sha256, "device": str(value.device)}
        return kept | ({"order": order} if order != sorted(order) else {})
    if type(value).__module__ == "numpy" and hasattr(value, "tobytes") and not value.dtype.hasobject:
        import numpy

        buffer = io.BytesIO()
        numpy.save(buffer, value, allow_pickle=False)
        return {_AS: "array", "sha256": artifacts.put(buffer.getvalue(), "application/x-npy").sha256}
    raise Unrecordable(type(value).__name__)


def _order(tensor: Any) -> list[int]:
    """Its dimensions as they lie in memory, the outermost first.

    A tensor that came back in another order (channels first instead of last) is computed with by another kernel, and
    the results differ by a few units in the last place.
    """
    return sorted(range(tensor.dim()), key=lambda dimension: -tensor.stride(dimension))


def recorded(value: Any, artifacts: ArtifactStore) -> Any:
    """The value that `record` wrote down. Raises ArtifactError if its bytes are lost."""
    if isinstance(value, list):
        return [recorded(item, artifacts) for item in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    kept = cast(dict[str, Any], value)
    kind = kept.get(_AS)
    if kind is None:
        return {key: recorded(item, artifacts) for key, item in kept.items()}
    if kind == "audio":
        return AudioClip(recorded(kept["samples"], artifacts), kept["rate"])
    return _read(kind, artifacts.get(kept["sha256"]), kept)


def _read(kind: str, data: bytes, kept: dict[str, Any]) -> Any:
    if kind == "picture":
        from PIL import Image

        image = Image.open(io.BytesIO(data))
        image.load()
        return image.copy()
    if kind == "tensor":
        from safetensors.torch import load

        order: list[int] = kept.get("order", [])
        value = load(data)["value"].clone()
        back = [order.index(dimension) for dimension in range(len(order))]
        return (value.permute(back) if back else value).to(kept["device"])
    if kind == "array":
        import numpy

        return numpy.load(io.BytesIO(data), allow_pickle=False)
    raise ArtifactError(f"a value was {_AS} {kind!r}", mend="install the version of yggdrasill that wrote it")
