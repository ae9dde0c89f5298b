"""How values of one sort become bytes and come back: the built-in forms, and what a plugin's form says."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from yggdrasil.contract import picture_bytes, sound_bytes
from yggdrasil.contract.errors import ArtifactError, ConfigError

Pieces = list[bytes]
TEXT_TYPE, JSON_TYPE = "text/plain;charset=utf-8", "application/json"
_ENDING = re.compile(r"(\.[A-Za-z0-9]{1,16})?")
OTHER_PICTURES = ("image/jpeg", "image/webp", "image/gif", "image/bmp")
"""Media types that are read as pictures and never written."""


class NotKeepable(Exception):
    """A value that is neither hashed nor copied safely."""


@dataclass(frozen=True)
class Form:
    """A sort of values: their class, and their bytes, from which the same value comes back.

    `of` is the class as "module:Class"; it is imported only to make a value. `encode` gives bytes and media type,
    `decode` takes the bytes back. `pieces` (what is hashed), `copy` and `size` (bytes in memory) may be left out:
    a dataclass is hashed, copied and journalled by its fields, anything else by its bytes. `show` is a short text
    for people. `flaw` names what makes a value one that cannot be used, such as NaN; '' if nothing does.
    `unkept` is what a block can see of a value and its bytes do not keep: two that differ there are alike when stored,
    and yet a block may answer otherwise.
    """

    name: str
    of: str
    told: str
    media_types: dict[str, str]
    """Media type → file ending; the first is the one that is written if nothing speaks against it."""
    encode: Callable[[Any], tuple[bytes, str]]
    decode: Callable[[bytes], Any]
    pieces: Callable[[Any], Pieces] | None = None
    copy: Callable[[Any], Any] | None = None
    size: Callable[[Any], int] | None = None
    show: Callable[[Any], str] | None = None
    flaw: Callable[[Any], str] | None = None
    unkept: Callable[[Any], Pieces] | None = None

    @property
    def media_type(self) -> str:
        return next(iter(self.media_types))

    def bytes_of(self, value: Any) -> bytes:
        """The value's bytes. Raises NotKeepable where the form has none for it."""
        try:
            return self.encode(value)[0]
        except ArtifactError as error:
            raise NotKeepable(str(error)) from None

    @property
    def cls(self) -> type[Any]:
        """The class itself, imported."""
        return _imported(self.of)


@cache
def _imported(of: str) -> type[Any]:
    module, _, name = of.partition(":")
    return getattr(import_module(module), name)


def _picture_pieces(image: Any) -> Pieces:
    kept = picture_bytes.as_kept(image)
    about: tuple[object, ...] = (kept.mode, kept.size, kept.getpalette(), [])
    return [repr(about).encode(), kept.tobytes()]


def _picture_as_given(image: Any) -> Pieces:
    if picture_bytes.as_kept(image) is image:
        return []
    about = (image.mode, image.size, image.getpalette(), image.info.get("transparency"))
    return [repr(about).encode(), image.tobytes()]


def _picture_size(image: Any) -> int:
    return image.size[0] * image.size[1] * len(image.getbands())


def _odd(tensor: Any) -> str:
    """What a tensor is that is no plain row of numbers; '' for a plain one."""
    import torch

    ways = {"sparse": tensor.layout is not torch.strided, "nested": tensor.is_nested}
    ways |= {"quantized": tensor.is_quantized, "meta": tensor.is_meta}
    return next((way for way, is_so in ways.items() if is_so), "")


def _whole(tensor: Any) -> Any:
    if tensor.requires_grad or _odd(tensor):
        raise NotKeepable("a tensor that is sparse, has no values, or belongs to a gradient")
    return _plain(tensor)


def _plain(tensor: Any) -> Any:
    """The numbers themselves: a conjugate or a negative that torch has only noted is computed."""
    return tensor.detach().resolve_conj().resolve_neg()


def _tensor_as_given(tensor: Any) -> Pieces:
    """How it lies in memory: on another layout, or device, kernels give other last bits."""
    return [] if _odd(tensor) else [f"{tensor.device}{tuple(tensor.stride())}".encode()]


def _tensor_size(tensor: Any) -> int:
    return 0 if _odd(tensor) else int(tensor.nbytes)


def _tensor_pieces(tensor: Any) -> Pieces:
    import torch

    flat = _whole(tensor).cpu().contiguous().reshape(-1).view(torch.uint8)
    return [f"{tensor.dtype}{tuple(tensor.shape)}".encode(), flat.numpy().tobytes()]


def _tensor_bytes(tensor: Any) -> tuple[bytes, str]:
    from safetensors.torch import save

    if odd := _odd(tensor):
        raise ArtifactError(f"a {odd} tensor cannot be kept", mend="make it dense and plain: tensor.to_dense()")
    if str(tensor.dtype) in ("torch.complex128", "torch.complex32"):
        mend = "give complex64, or its real numbers: torch.view_as_real(tensor)"
        raise ArtifactError(f"a tensor of {str(tensor.dtype).removeprefix('torch.')} has no lossless file", mend=mend)
    order = sorted(range(tensor.dim()), key=lambda dimension: -tensor.stride(dimension))
    laid = {"order": ",".join(map(str, order))} if order != sorted(order) else None
    return save({"value": _plain(tensor).cpu().contiguous()}, laid), _SAFETENSORS


def _as_laid(tensor: Any, data: bytes) -> Any:
    """The tensor in memory of its own, its dimensions in the order in which they lay when it was written.

    One that comes back in another order (channels first instead of last) is computed with by another kernel, and the
    results differ by a few units in the last place.
    """
    import torch

    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    told = str(header.get("__metadata__", {}).get("order", ""))
    order = [int(part) for part in told.split(",") if part.isdecimal()]
    if sorted(order) != list(range(tensor.dim())):
        return tensor.clone()
    laid = tensor.permute(order).clone(memory_format=torch.contiguous_format)
    return laid.permute([order.index(dimension) for dimension in range(len(order))])


def _tensor_read(data: bytes) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load

    if data.startswith(b"\x93NUMPY"):
        return _array_read(data)
    try:
        tensors = load(data)
        return _as_laid(next(iter(tensors.values())) if len(tensors) == 1 else tensors["value"], data)
    except (SafetensorError, KeyError) as error:
        raise ArtifactError(f"holds no tensor ({error})", mend="give safetensors with one tensor") from None


def _array_pieces(array: Any) -> Pieces:
    if array.dtype.hasobject:
        raise NotKeepable("an array of objects")
    return [f"{array.dtype}{array.shape}".encode(), array.tobytes()]


def _array_bytes(array: Any) -> tuple[bytes, str]:
    import numpy

    if array.dtype.hasobject:
        raise ArtifactError("an array of objects cannot be kept", mend="give an array of numbers")
    buffer = io.BytesIO()
    numpy.save(buffer, array, allow_pickle=False)
    return buffer.getvalue(), _NPY


def _array_read(data: bytes) -> Any:
    import numpy

    try:
        return numpy.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ArtifactError(f"holds no array ({error})", mend="give a .npy file of numbers") from None


def _numbers_flaw(values: Any) -> str:
    """'NaN' or 'infinity' where a float array or tensor holds one."""
    floating = values.is_floating_point() if hasattr(values, "is_floating_point") else values.dtype.kind in "fc"
    if not floating:
        return ""
    import numpy

    finite = values.isfinite() if hasattr(values, "isfinite") else numpy.isfinite(values)
    return "" if bool(finite.all()) else "NaN or infinite values"


def _shape(values: Any) -> str:
    return f"{str(values.dtype).removeprefix('torch.')} {'×'.join(map(str, values.shape)) or 'scalar'}"


_SAFETENSORS, _NPY = "application/x-safetensors", "application/x-npy"

PICTURE = Form(
    "picture", "PIL.Image:Image", "a PIL image", {"image/png": ".png", "image/tiff": ".tiff"},
    picture_bytes.encode, picture_bytes.decode, _picture_pieces, lambda image: image.copy(), _picture_size,
    lambda image: f"picture {image.width}×{image.height} {image.mode}", unkept=_picture_as_given,
)  # fmt: skip
SOUND = Form(
    "audio", "yggdrasil.contract.clips:AudioClip", "an AudioClip", {"audio/wav": ".wav"},
    sound_bytes.encode, sound_bytes.decode, show=sound_bytes.shown,
    flaw=lambda clip: _numbers_flaw(clip.samples),
)  # fmt: skip
VIDEO = Form(
    "video", "yggdrasil.contract.clips:VideoClip", "a VideoClip", {"image/apng": ".apng"},
    picture_bytes.encode_video, picture_bytes.decode_video,
    show=lambda clip: f"video of {len(clip.frames)} pictures, {clip.fps:g} a second",
)  # fmt: skip
TENSOR = Form(
    "tensor", "torch:Tensor", "a tensor", {_SAFETENSORS: ".safetensors"}, _tensor_bytes, _tensor_read,
    _tensor_pieces, lambda tensor: _whole(tensor).clone(), _tensor_size, _shape, _numbers_flaw, _tensor_as_given,
)  # fmt: skip
ARRAY = Form(
    "array", "numpy:ndarray", "a numpy array", {_NPY: ".npy"}, _array_bytes, _array_read,
    _array_pieces, lambda array: array.copy("K"), lambda array: int(array.nbytes), _shape, _numbers_flaw,
    lambda array: [repr(array.strides).encode()],
)  # fmt: skip
BYTES = Form(
    "bytes", "builtins:bytes", "bytes", {"application/octet-stream": ".bin"},
    lambda data: (data, "application/octet-stream"), bytes, size=len, show=lambda data: f"{len(data)} bytes",
)  # fmt: skip
BUILT_IN = (PICTURE, SOUND, VIDEO, TENSOR, ARRAY, BYTES)


def check_own(form: Form | None) -> None:
    """Raises ConfigError for a package's form with the name or a media type of a built-in one: nobody would find it."""
    if form is None or form in BUILT_IN:
        return
    if ill := [ending for ending in form.media_types.values() if not _ENDING.fullmatch(ending)]:
        what = f"form {form.name!r} of {form.of} has the file ending {ill[0]!r}"
        raise ConfigError(what, mend="write a dot and at most 16 letters or digits, such as '.mesh'")
    for known in BUILT_IN:
        taken = sorted(form.media_types.keys() & {*known.media_types, *OTHER_PICTURES, TEXT_TYPE, JSON_TYPE})
        if form.name == known.name or taken:
            what = f"media type {taken[0]}" if taken else f"name {form.name!r}"
            mend = "give it one of its own"
            raise ConfigError(f"form {form.name!r} of {form.of} has the {what} of a built-in one", mend=mend)
