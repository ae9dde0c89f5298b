"""A Creator that looks at what it made and makes it again: a few tries, of which the best is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from yggdrasil.contract.block import Block
from yggdrasil.contract.context import here, standing
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.ports import Port
from yggdrasil.contract.running import drive
from yggdrasil.contract.seeds import derive_seed
from yggdrasil.contract.values import form_of_media
from yggdrasil.levels.stage.creator import Creator, Made
from yggdrasil.levels.stage.philosopher import Philosopher, in_plain_words
from yggdrasil.ports import Json
from yggdrasil.state.task_context import stems

_BEST = 10
_ABOUT = (
    "You ordered a picture by the words `ordered`; an eye that was not told so says that it really shows `seen`. "
    "Is it what was meant? If not, give words for another try; the painter is never told the old ones."
)
_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "agrees": {"type": "boolean", "description": "whether it shows what was meant"},
        "score": {"type": "integer", "minimum": 0, "maximum": _BEST, "description": "how well, 0 to 10"},
        "prompt": {"type": "string", "description": "the words for another try, or as they were"},
    },
    "required": ["agrees", "score", "prompt"],
    "additionalProperties": False,
}


class _Judged(NamedTuple):
    agrees: bool
    score: float
    prompt: str


class Attempts(Block, type="creator/attempts"):
    """Make what the plan calls for, look at it with an eye, and make it again until it shows what was ordered.

    At most `tries` are made of one slot, and the best is kept. An agent as `critic` says whether it will do, and how
    to order it anew; without one it will do if the eye names `enough` of the ordered words, else it is made again
    with another seed.
    """

    tries: Annotated[int, Field(ge=1, le=20)] = 3
    enough: Annotated[float, Field(ge=0, le=1)] = 0.6

    def __init__(
        self, creator: Block | None = None, eye: Block | None = None, critic: Block | None = None, **config: Any
    ) -> None:
        super().__init__(**config)
        if not isinstance(creator, Creator) or eye is None:
            mend = "pass creator=ygg.Creator(tools) and eye=…, a block that says what a picture shows"
            raise ConfigError("attempts need a Creator and an eye", where=self.name, mend=mend)
        if not any(_shown(port) for port in eye.inputs.values()):
            raise ConfigError("the eye takes nothing to look at", where=self.name, mend="pass a block image → text")
        if critic is not None and ("task" not in critic.inputs or getattr(critic, "policy", "") == "guided"):
            raise ConfigError("the critic does no task", where=self.name, mend="pass an agent that is asked plainly")
        self.creator, self.eye, self.critic = creator, eye, critic

    def children(self) -> Mapping[str, Block]:
        own: dict[str, Block] = {"creator": self.creator, "eye": self.eye}
        return own if self.critic is None else {**own, "critic": self.critic}

    @classmethod
    def assemble(cls, config: dict[str, Any], nodes: dict[str, Block], structure: dict[str, Any]) -> Block:
        return cls(nodes.get("creator"), nodes.get("eye"), nodes.get("critic"), **config)

    def forward(self, plan: Json) -> Made:
        return self.creator.made(plan, self._best)

    def _best(self, slot: str, call: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
        """The best of the tries of one call; a later one that breaks leaves the best so far."""
        artifact = self.creator.make(slot, call, made)
        form = form_of_media(str(artifact.get("media_type", "")))
        ordered = str(call["arguments"].get("prompt") or "")
        if not ordered or not any(_shown(port) and port.kind.form is form for port in self.eye.inputs.values()):
            return artifact
        best, highest, number = artifact, -1.0, 1
        while True:
            judged = self._judged(slot, ordered, artifact, number)
            if judged.score > highest:
                best, highest = {**artifact, "tries": number}, judged.score
            if judged.agrees or number == self.tries:
                return best
            here().note(f"{slot}: try {number} is not what was ordered")
            number += 1
            arguments = {**call["arguments"], "prompt": judged.prompt or ordered}
            arguments["seed"] = derive_seed(call["arguments"].get("seed", 0), number) % 2**32
            with standing(here().below(f"try {number}")):
                artifact = self.creator.make(slot, {**call, "arguments": arguments}, made)

    def _judged(self, slot: str, ordered: str, artifact: dict[str, Any], number: int) -> _Judged:
        place = here().below(f"look {number}")
        with standing(place):
            looks = Philosopher(self.eye).run(artifacts={slot: artifact})["perception"]
        seen = in_plain_words(looks[slot])
        if self.critic is None:
            wanted = stems(ordered)
            share = len(wanted & stems(seen)) / max(len(wanted), 1)
            return _Judged(share >= self.enough, share, ordered)
        context = {"ordered": str(artifact.get("prompt") or ordered), "meant": ordered, "seen": seen}
        task = {"name": "critic", "about": _ABOUT, "context": context, "schema": _ANSWER}
        answer = drive(self.critic, {"task": task}, f"critic {slot} {number}".replace("/", "∕")).get("result") or {}
        return _Judged(bool(answer.get("agrees")), float(answer.get("score") or 0), str(answer.get("prompt") or ""))


def _shown(port: Port) -> bool:
    """Whether an eye is shown one artifact by this port."""
    return port.kind.large and port.kind.form is not None and not port.kind.of
