"""The words for a signature: `def forward(self, prompt: Text, seed: int = 0) -> Image`."""

from yggdrasil.contract.kinds import (
    AnyTensor,
    AnyValue,
    Audio,
    AudioClip,
    Embedding,
    Image,
    Json,
    Latent,
    Mask,
    Messages,
    Pred,
    Schedule,
    Text,
    Timestep,
    TokenIds,
    Video,
)

__all__ = [
    "AnyTensor",
    "AnyValue",
    "Audio",
    "AudioClip",
    "Embedding",
    "Image",
    "Json",
    "Latent",
    "Mask",
    "Messages",
    "Pred",
    "Schedule",
    "Text",
    "Timestep",
    "TokenIds",
    "Video",
]
