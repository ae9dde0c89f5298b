"""The small American voice of the package hibari-tts (extra `voice`), reading English text."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from yggdrasil.contract import Block, ConfigError, MissingFile, here
from yggdrasil.contract.shared_objects import one_instance
from yggdrasil.ports import Audio, AudioClip, Text


class HibariVoice(Block, type="voice/hibari", role="Codec"):
    """Read an English text aloud: mono sound at 24000 Hz. Other scripts than Latin cannot be read by it."""

    pure: ClassVar[bool] = True
    heavy: ClassVar[bool] = True
    speed: Annotated[float, Field(ge=0.5, le=2.0)] = 1.0

    def forward(self, text: Text, seed: Annotated[int, Field(ge=0, lt=2**32)] = 0) -> Audio:
        if not any(letter.isascii() and letter.isalpha() for letter in text):
            raise ConfigError(
                f"this voice found nothing to say in {text[:60]!r}",
                where=here().path,
                mend="give it English words; it reads no other language",
            )
        samples = _voice()(text, speed=self.speed, seed=seed)
        return AudioClip(samples[None, :], 24000)


def _voice() -> Any:
    def load() -> Any:
        try:
            from hibari import Hibari
        except ImportError:
            raise MissingFile("the voice is not installed", mend="run: pip install 'yggdrasill[voice]'") from None
        return Hibari(voice="heart", threads=1)

    return one_instance(("voice/hibari", "heart"), load)
