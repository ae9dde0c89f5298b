"""An Author that is heard: the chronicle, or what the characters say, read aloud as an artifact of the step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here, standing
from yggdrasil.contract.errors import CONTROL, ConfigError
from yggdrasil.contract.events import made_known
from yggdrasil.contract.running import drive
from yggdrasil.contract.seeds import derive_seed
from yggdrasil.contract.values import store
from yggdrasil.ports import Json

FIELD = "voice"
"""The field of a world's state that holds what was read aloud: whose words → the sound."""
TELLER = "chronicle"
_AUTHOR, _VOICE = "author", "voice"


class Heard(TypedDict):
    """What the Author gave, and whose words → the sound of them."""

    result: Json
    voice: Json


class Aloud(Block, type="author/aloud"):
    """Let the author tell, then read it aloud by the voice; where characters spoke, each of their lines by their own.

    `voices` are those of characters by name; who has none is read by `voice`, with a seed of their own where it takes
    one. What a voice cannot read is told, and the step goes on without it.
    """

    def __init__(
        self,
        author: Block | None = None,
        voice: Block | None = None,
        voices: Mapping[str, Block] | None = None,
        **config: Any,
    ) -> None:
        super().__init__(**config)
        if author is None or "task" not in author.inputs:
            mend = "pass an agent that tells, or a Cast, as author=…"
            raise ConfigError("what is read aloud needs an author that does a task", where=self.name, mend=mend)
        every = {_VOICE: voice, **(voices or {})}
        for name, one in every.items():
            if one is None or "text" not in one.inputs or "audio" not in one.outputs:
                mend = "pass a block text → audio, such as ygg.load('voice')"
                raise ConfigError(f"{name} is no voice", where=self.name, mend=mend)
        self.author = author
        self.voices: dict[str, Block] = {name: one for name, one in every.items() if one is not None}

    def children(self) -> Mapping[str, Block]:
        return {_AUTHOR: self.author, **self.voices}

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        own = {name: block for name, block in nodes.items() if name not in (_AUTHOR, _VOICE)}
        return cls(nodes.get(_AUTHOR), nodes.get(_VOICE), own, **config)

    def forward(self, task: Json) -> Heard:
        result: dict[str, Any] = drive(self.author, {"task": task}, _AUTHOR).get("result") or {}
        lines = {name: str(turn.get("says") or "") for name, turn in (result.get("turns") or {}).items()}
        spoken = {name: line for name, line in lines.items() if line.strip()}
        texts = spoken or {TELLER: str(result.get("text") or "")}
        heard = {name: sound for name, text in texts.items() if text and (sound := self._sound(name, text))}
        return {"result": result, "voice": heard}

    def _sound(self, name: str, text: str) -> dict[str, Any]:
        place = here().below(f"aloud {name}".replace("/", "∕"))
        with standing(place):
            try:
                made = place.once("speak", {"text": text, "name": name}, lambda: self._spoken(name, text))
            except CONTROL:
                raise
            except Exception as error:  # a stranger's voice may fail in any way; what happened is told even so
                place.note(f"not read aloud: {error}")
                return {}
            place.emit("artifact", slot=name, **made_known(made))
        return made

    def _spoken(self, name: str, text: str) -> dict[str, Any]:
        place, voice = here(), self.voices.get(name, self.voices[_VOICE])
        seed = {"seed": derive_seed(name) % 2**32} if "seed" in voice.inputs else {}
        sound = drive(voice, {"text": text, **seed}, _VOICE)["audio"]
        return {**store(sound, place.artifacts), "text": text}
