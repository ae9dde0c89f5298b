"""A voice behind an endpoint: text read aloud."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from yggdrasil.blocks.endpoint.block import EndpointBlock, SpentOutputs, media
from yggdrasil.blocks.endpoint.connection import Say
from yggdrasil.blocks.endpoint.errors import nonsense
from yggdrasil.ports import Audio, AudioClip, Json, Text

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class Spoken(TypedDict):
    """`usage` is {prompt, completion, cost}: the cost by the price of `letters`."""

    audio: Audio
    usage: Json


class EndpointVoice(EndpointBlock, type="voice/openai", role="Codec"):
    """Read a text aloud. `voice` is a name that the endpoint knows."""

    costs: ClassVar[bool] = True

    voice: str = "alloy"

    def forward(self, text: Text) -> Spoken:
        """The sound, as many channels and Hz as the endpoint gives. Raises EndpointError by kind."""

        async def ask(client: AsyncOpenAI, say: Say) -> AudioClip:
            del say
            raw: Any = await client.audio.speech.with_raw_response.create(
                model=self.model, voice=self.voice, input=text, response_format="wav"
            )
            return _clip(raw.http_response)

        spent = SpentOutputs(prompt=0, completion=0, cost=len(text) * self.prices.get("letters", 0) / 1e6)
        return {"audio": self.ask(ask), "usage": spent}


def _clip(response: Any) -> AudioClip:
    """The sound in a WAV file of 16 bits; one that was streamed may not know its own length."""
    import numpy

    try:
        with wave.open(io.BytesIO(response.content)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            data = file.readframes(min(file.getnframes(), len(response.content)))
    except (wave.Error, EOFError) as error:
        raise nonsense(f"{media(response) or 'no media type'} instead of a WAV file ({error})") from None
    if width != 2 or not channels or len(data) < 2 * channels:
        raise nonsense(f"a WAV file of {8 * width} bits and {len(data)} bytes of sound")
    whole = len(data) - len(data) % (2 * channels)
    samples = numpy.frombuffer(data[:whole], "<i2").reshape(-1, channels).T.astype("float32") / 32768
    return AudioClip(samples, rate)
