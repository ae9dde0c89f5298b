"""The kinds of values that flow along edges, as annotations that a signature can carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Kind:
    """What a port carries.

    `name` decides which edges are legal; `port` is the name of an unnamed output of this kind;
    `schema` is the JSON schema of the value where it crosses an endpoint (large values as references).
    A batch of a kind is a kind of its own, whose values are lists; `of` names the kind of its members.
    """

    name: str
    port: str = ""
    tensor: bool = False
    large: bool = False
    about: str = ""
    of: str = ""

    @property
    def output_name(self) -> str:
        return self.port or self.name


ANY = Kind("any", "value", about="any value")
TEXT = Kind("text", about="text in any script")
INTEGER = Kind("integer", "value")
NUMBER = Kind("number", "value")
BOOLEAN = Kind("boolean", "value")
JSON = Kind("json", "value", about="a JSON value")
IMAGE = Kind("image", large=True, about="sha256 of an image artifact")
AUDIO = Kind("audio", large=True, about="sha256 of an audio artifact")
VIDEO = Kind("video", large=True, about="sha256 of a video artifact")
IMAGES = Kind("images", large=True, about="sha256 of each image artifact", of="image")
AUDIOS = Kind("audios", large=True, about="sha256 of each audio artifact", of="audio")
MESSAGES = Kind("messages", about="a list of chat messages")
LATENT = Kind("latent", tensor=True)
EMBEDDING = Kind("embedding", tensor=True)
TOKEN_IDS = Kind("token_ids", tensor=True)
MASK = Kind("attention_mask", tensor=True)
TIMESTEP = Kind("timestep", tensor=True)
PRED = Kind("pred", tensor=True)
TENSOR = Kind("tensor", tensor=True)
SCHEDULE = Kind("schedule", about="the solver's own state in one run; never shared between runs")

_ACCEPTS: dict[str, frozenset[str]] = {
    "number": frozenset({"integer"}),
    "json": frozenset({"text", "integer", "number", "boolean", "messages"}),
    "tensor": frozenset({"latent", "embedding", "token_ids", "attention_mask", "timestep", "pred"}),
    "messages": frozenset({"json"}),
}


def fits(source: Kind, target: Kind) -> bool:
    """Whether a value of kind `source` may enter a port of kind `target`."""
    if "any" in (source.name, target.name) or source.name == target.name:
        return True
    return source.name in _ACCEPTS.get(target.name, frozenset())


@dataclass(frozen=True, slots=True)
class AudioClip:
    """Sound: float32 samples in −1 … 1, shape (channels, frames), and the rate in Hz."""

    samples: Any
    rate: int


if TYPE_CHECKING:
    from PIL.Image import Image as Image
    from torch import Tensor

    Text: TypeAlias = str
    Json: TypeAlias = Any
    Audio: TypeAlias = AudioClip
    Video: TypeAlias = list["Image"]
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
