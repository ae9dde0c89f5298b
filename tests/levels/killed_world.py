"""A world that kills its own process in the middle of a stage."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from PIL import Image as Pictures

from tests.levels.scripted import Change, Develop, Plan, Seen, Tell, scripted
from yggdrasil.agent.ask_person import ask
from yggdrasil.contract import Block, Paused, here
from yggdrasil.contract.values import store
from yggdrasil.levels.stage.philosopher import Philosopher
from yggdrasil.ports import Image, Json, Text


def note(word: str) -> None:
    """Write down, durably, what was done."""
    with Path(os.environ["RAN"]).open("a") as file:
        file.write(word + "\n")
        file.flush()
        os.fsync(file.fileno())


def maybe_die(stage: str) -> None:
    if os.environ.get("KILL") == stage:
        os.kill(os.getpid(), signal.SIGKILL)


def effect(stage: str) -> None:
    """One journalled effect, and then perhaps the end."""
    here().once("effect", {"of": stage}, lambda: note(f"effect {stage}"))
    maybe_die(stage)


class D(Develop, type="killed/development"):
    def forward(self, step: Json, world: Json, story: Json, past: Json, action: Text | None = None) -> Json:
        effect("development")
        note("end development")
        return {"text": "event"}


class A(Plan, type="killed/architect"):
    def forward(self, intent: Json) -> Json:
        effect("architect")
        note("end architect")
        return {"paints": [{"prompt": "a", "slot": "scene"}, {"prompt": "b", "slot": "second"}]}


class P(Block, type="killed/paint", role="Tool"):
    def forward(self, prompt: Text, seed: int = 0) -> Image:
        if prompt == "b":
            maybe_die("creator")
        note(f"paint {prompt}")
        return Pictures.new("RGB", (4, 4), (seed % 256, 0, 0))


class S(Block, type="killed/see"):
    def forward(self, image: Image) -> Seen:
        effect("philosopher")
        note("look")
        return {"text": "t", "labels": {}}


class T(Tell, type="killed/tell"):
    def forward(self, intent: Json, perception: Json, step: Json) -> Json:
        effect("author")
        note("end author")
        return {"text": "told"}


class U(Change, type="killed/change"):
    def forward(self, chronicle: Json) -> Json:
        effect("update")
        note("end update")
        return []


class Q(Block, type="killed/ask"):
    """Effect E, two questions, effect F (case F1)."""

    def forward(self, plan: Json) -> Json:
        here().once("E", {}, lambda: note("E"))
        here().once("image", {}, lambda: (note("image"), store(Pictures.new("RGB", (4, 4)), here().artifacts))[1])
        answers = [ask("Which colour?"), ask("Which size?")]
        here().once("F", {}, lambda: note("F"))
        return {"scene": {"media_type": "text/plain", "text": " ".join(answers)}}


def ask_and_die(home: Path, ran: Path, answer: str) -> None:
    """Give the open question its answer, if any, step, and die by SIGKILL where the world asks again."""
    os.environ.update(RAN=str(ran), KILL="")
    world = scripted(home, creator=Q())
    if answer:
        world.answer(world.questions()[-1]["id"], answer)
    try:
        world.step()
    except Paused:
        os.kill(os.getpid(), signal.SIGKILL)


def main(home: Path, ran: Path, kill: str) -> None:
    """Step the world in `home`; `ran` is written, and `kill` names the stage that does not survive."""
    os.environ.update(RAN=str(ran), KILL=kill)
    world = scripted(
        home, {"paint": P()}, philosopher=Philosopher(S()), author=T(), update=U(), development=D(), architect=A()
    )
    world.step(action="x")
