"""The kinds of values that flow along edges, as annotations that a signature can carry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from yggdrasil.contract import value_forms
from yggdrasil.contract.clips import AudioClip, VideoClip
from yggdrasil.contract.value_forms import Form


@dataclass(frozen=True, slots=True)
class Kind:
    """What a port carries.

    `name` decides which edges are legal; `port` is the name of an unnamed output of this kind;
    `schema` is the JSON schema of the value where it crosses an endpoint (large values as references).
    A batch of a kind is a kind of its own, whose values are lists; `of` names the kind of its members.
    `form` is how its values become bytes and come back; what has none is plain JSON. A value of a `finite` kind that
    holds NaN or infinity is of no use to anybody.
    """

    name: str
    port: str = ""
    tensor: bool = False
    large: bool = False
    about: str = ""
    of: str = ""
    form: Form | None = field(default=None, compare=False, repr=False)
    finite: bool = field(default=False, compare=False, repr=False)

    @property
    def output_name(self) -> str:
        return self.port or self.name

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        """Where it stands inside of another type, as in `list[Image]`, what a block gave is looked at too."""
        from pydantic_core import PydanticCustomError, core_schema

        def looked_at(value: Any, info: core_schema.ValidationInfo) -> Any:
            from yggdrasil.contract.values import problem

            if info.context is HELD and (wrong := problem(self, value)):
                raise PydanticCustomError("kind", "{wrong}", {"wrong": wrong})
            return value

        return core_schema.with_info_after_validator_function(looked_at, handler(source))


HELD: dict[str, Any] = {}
"""The context in which pydantic holds outputs against their annotations."""

ANY = Kind("any", "value", about="any value")
TEXT = Kind("text", about="text in any script")
PATH = Kind("text", "value", about="a path of a file or folder")
"""A text of which a signature that says `Path` gets a path; a path that comes to a text is one."""
INTEGER = Kind("integer", "value")
NUMBER = Kind("number", "value")
BOOLEAN = Kind("boolean", "value")
JSON = Kind("json", "value", about="a JSON value")
NUMBERS = Kind("numbers", about="a list of numbers")
IMAGE = Kind("image", large=True, about="sha256 of an image artifact", form=value_forms.PICTURE)
AUDIO = Kind("audio", large=True, about="sha256 of an audio artifact", form=value_forms.SOUND, finite=True)
VIDEO = Kind("video", large=True, about="sha256 of a video artifact", form=value_forms.VIDEO)
PICTURE_MASK = Kind("mask", large=True, about="sha256 of an image artifact: where, in grey", form=value_forms.PICTURE)
DEPTH = Kind("depth", large=True, about="sha256 of an image artifact: how far, in grey", form=value_forms.PICTURE)
IMAGES = Kind("images", large=True, about="sha256 of each image artifact", of="image", form=value_forms.PICTURE)
AUDIOS = Kind(
    "audios", large=True, about="sha256 of each audio artifact", of="audio", form=value_forms.SOUND, finite=True
)
MESSAGES = Kind("messages", about="a list of chat messages")
_TENSOR = "sha256 of a safetensors artifact with one tensor, `value`"
LATENT = Kind("latent", tensor=True, about=_TENSOR, form=value_forms.TENSOR, finite=True)
EMBEDDING = Kind("embedding", tensor=True, about=_TENSOR, form=value_forms.TENSOR, finite=True)
TOKEN_IDS = Kind("token_ids", tensor=True, about=_TENSOR, form=value_forms.TENSOR)
MASK = Kind("attention_mask", tensor=True, about=_TENSOR, form=value_forms.TENSOR)
TIMESTEP = Kind("timestep", tensor=True, about=_TENSOR, form=value_forms.TENSOR)
PRED = Kind("pred", tensor=True, about=_TENSOR, form=value_forms.TENSOR, finite=True)
BYTES = Kind("bytes", "value", large=True, about="sha256 of an artifact: its bytes", form=value_forms.BYTES)
TENSOR = Kind("tensor", tensor=True, about=_TENSOR, form=value_forms.TENSOR)
SCHEDULE = Kind("schedule", about="the solver's own state in one run; never shared between runs")

BUILT_IN = (
    TEXT, INTEGER, NUMBER, BOOLEAN, JSON, NUMBERS, MESSAGES, IMAGE, IMAGES, PICTURE_MASK, DEPTH, AUDIO, AUDIOS, VIDEO,
    BYTES, TENSOR, LATENT, EMBEDDING, TOKEN_IDS, MASK, TIMESTEP, PRED,
)  # fmt: skip
"""The kinds that come with the package; those of plugins are found by entry point (`contract/values.py`)."""

_ACCEPTS: dict[str, frozenset[str]] = {
    "number": frozenset({"integer"}),
    "json": frozenset({"text", "integer", "number", "boolean", "messages", "numbers"}),
    "numbers": frozenset({"json"}),
    "image": frozenset({"mask", "depth"}),
    "mask": frozenset({"image"}),
    "depth": frozenset({"image"}),
    "tensor": frozenset({"latent", "embedding", "token_ids", "attention_mask", "timestep", "pred"}),
    "messages": frozenset({"json"}),
}


def fits(source: Kind, target: Kind) -> bool:
    """Whether a value of kind `source` may enter a port of kind `target`."""
    if "any" in (source.name, target.name) or source.name == target.name:
        return True
    return source.name in _ACCEPTS.get(target.name, frozenset())


if TYPE_CHECKING:
    from PIL.Image import Image as Image
    from torch import Tensor

    Text: TypeAlias = str
    Json: TypeAlias = Any
    Audio: TypeAlias = AudioClip
    Video: TypeAlias = VideoClip
    Numbers: TypeAlias = list[float]
    PictureMask: TypeAlias = Image
    Depth: TypeAlias = Image
    Images: TypeAlias = list["Image"]
    Audios: TypeAlias = list[AudioClip]
    Messages: TypeAlias = list[dict[str, Any]]
    Latent: TypeAlias = Tensor
    Embedding: TypeAlias = Tensor
    TokenIds: TypeAlias = Tensor
    Mask: TypeAlias = Tensor
    Timestep: TypeAlias = Tensor
    Pred: TypeAlias = Tensor
    AnyTensor: TypeAlias = Tensor
    Schedule: TypeAlias = Any
    AnyValue: TypeAlias = Any
else:
    Text = Annotated[str, TEXT]
    Json = Annotated[Any, JSON]
    Image = Annotated[Any, IMAGE]
    Audio = Annotated[Any, AUDIO]
    Video = Annotated[Any, VIDEO]
    Numbers = Annotated[list[float], NUMBERS]
    PictureMask = Annotated[Any, PICTURE_MASK]
    Depth = Annotated[Any, DEPTH]
    Images = Annotated[Any, IMAGES]
    Audios = Annotated[Any, AUDIOS]
    Messages = Annotated[list[dict[str, Any]], MESSAGES]
    Latent = Annotated[Any, LATENT]
    Embedding = Annotated[Any, EMBEDDING]
    TokenIds = Annotated[Any, TOKEN_IDS]
    Mask = Annotated[Any, MASK]
    Timestep = Annotated[Any, TIMESTEP]
    Pred = Annotated[Any, PRED]
    AnyTensor = Annotated[Any, TENSOR]
    Schedule = Annotated[Any, SCHEDULE]
    AnyValue = Annotated[Any, ANY]
