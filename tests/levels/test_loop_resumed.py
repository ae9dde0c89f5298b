"""A stage that stops inside a loop goes on at that round: the rounds before it are not run again."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image as Pictures

import yggdrasil as ygg
from tests.agent.scripted import Effect, Scripted, says
from tests.agent.scripted import calls as wants
from tests.levels.killed_world import maybe_die, note
from tests.levels.scripted import remembered, scripted
from tests.levels.test_killed_world import run
from yggdrasil.agent.agent import Agent
from yggdrasil.agent.ask_person import ask
from yggdrasil.contract import Block, Paused, here, listening
from yggdrasil.contract.events import Event
from yggdrasil.contract.kinds import AudioClip
from yggdrasil.contract.values import digest
from yggdrasil.levels.round_journal import Unrecordable, record, recorded
from yggdrasil.ports import AnyTensor, AnyValue, Image, Json, Text

DONE: list[int] = []
BREAKS = {3}


class Brush(Block, type="test_resumed/brush"):
    """Paint one more dot, of this round's own seed; the round that is to fail fails once."""

    def forward(self, image: Image, number: int) -> Image:
        if number in BREAKS:
            BREAKS.remove(number)
            raise RuntimeError("the brush is lost")
        DONE.append(number)
        image = image.copy()
        image.putpixel((number, 0), (here().seed % 256, number, 0))
        return image


class Canvas(Block, type="test_resumed/canvas"):
    def forward(self, prompt: Text) -> Image:
        return Pictures.new("RGB", (8, 8))


def painter(brush: Block) -> ygg.Graph:
    graph = ygg.Graph("painter").add(Canvas(), "canvas").add(ygg.loop(brush, times=5, index="number"), "dots")
    graph.connect("self.prompt", "canvas.prompt").connect("canvas.image", "dots.image")
    return graph.connect("dots.image", "self.image")


class Creates(Block, type="test_resumed/creates"):
    """A creator that holds one graph, and fails with it."""

    def __init__(self, graph: Block, **config: Any) -> None:
        super().__init__(**config)
        self.graph = graph

    def children(self) -> dict[str, Block]:
        return {"graph": self.graph}

    def forward(self, plan: Json) -> Json:
        image = self.graph.run(prompt=plan["scene"]["arguments"]["prompt"]).image
        sha = here().artifacts.put(image.tobytes(), "application/octet-stream").sha256
        return {"scene": {"media_type": "text/plain", "text": sha}}


def test_rounds_before_the_failure_are_not_run_again(tmp_path: Path) -> None:
    def world(home: str) -> ygg.World:
        return scripted(tmp_path / home, creator=Creates(painter(Brush())))

    BREAKS.clear()
    DONE.clear()
    whole = world("whole").step().artifacts["scene"]["text"]
    assert DONE == [1, 2, 3, 4, 5]
    BREAKS.add(3)
    DONE.clear()
    broken = world("broken")
    with pytest.raises(RuntimeError, match="brush"):
        broken.step()
    assert DONE == [1, 2]
    broken.close()
    events: list[Event] = []
    again = world("broken")
    with listening(events.append):
        step = again.step()
    assert DONE == [1, 2, 3, 4, 5], "each round was run once"
    assert step.artifacts["scene"]["text"] == whole, "and it painted what an unbroken run paints"
    held = [
        e.path.rpartition("/")[2] for e in events if e.kind == "skipped" and e.data["reason"]["code"] == "journalled"
    ]
    assert held == ["body#1", "body#2"]
    kept = again.prune()
    assert again.verify() and isinstance(kept, list)


class Stencil(Brush, type="test_resumed/stencil"):
    """The same in a palette, which no file keeps; a pixel says in which mode the picture came."""

    def forward(self, image: Image, number: int) -> Image:
        painted = super().forward(image.convert("RGB"), number)
        painted.putpixel((number, 1), (255, 255, 255) if image.mode == "P" else (0, 0, 0))
        return painted.convert("P")


def test_an_unbroken_loop_goes_on_with_what_its_journal_keeps_as_a_resumed_one_does(tmp_path: Path) -> None:
    def world(home: str) -> ygg.World:
        return scripted(tmp_path / home, creator=Creates(painter(Stencil())))

    BREAKS.clear()
    whole = world("whole").step().artifacts["scene"]["text"]
    BREAKS.add(3)
    broken = world("broken")
    with pytest.raises(RuntimeError, match="brush"):
        broken.step()
    assert broken.step().artifacts["scene"]["text"] == whole


class Dies(Block, type="test_resumed/dies"):
    """Write down that the round ran; the third does not survive where the test says so."""

    def forward(self, text: Text, number: int) -> Text:
        if number == 3:
            maybe_die("loop")
        note(f"round {number}")
        return f"{text}{here().seed % 10}"


class Writes(Block, type="test_resumed/writes"):
    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.loop = ygg.loop(Dies(), times=5, index="number")

    def children(self) -> dict[str, Block]:
        return {"loop": self.loop}

    def forward(self, plan: Json) -> Json:
        return {"scene": {"media_type": "text/plain", "text": self.loop.run(text="").text}}


def step_and_die(home: Path, ran: Path, kill: str) -> None:
    os.environ.update(RAN=str(ran), KILL=kill)
    scripted(home, creator=Writes()).step()


def test_killed_in_the_third_round_the_first_two_are_not_run_again(tmp_path: Path) -> None:
    home, ran = tmp_path / "w", tmp_path / "ran.txt"
    assert run(home, "loop", step_and_die) == -signal.SIGKILL
    assert ran.read_text().split("\n")[:-1] == ["round 1", "round 2"]
    assert run(home, "", step_and_die) == 0
    assert ran.read_text().split("\n")[:-1] == [f"round {n}" for n in range(1, 6)]
    assert len(scripted(home).history()[0].artifacts["scene"]["text"]) == 5


class Asks(Block, type="test_resumed/asks"):
    """Ask in the second round."""

    def forward(self, response: Text, number: int) -> Text:
        return response + (str(ask("Go on?")) if number == 2 else "")


class Talks(Block, type="test_resumed/talks"):
    """Three rounds of an agent with a tool, a question in the second."""

    def __init__(self, agent: Agent, **config: Any) -> None:
        super().__init__(**config)
        body = ygg.Graph("body").add(agent, "agent").add(Asks(), "ask").connect("self.prompt", "agent.prompt")
        body.connect("agent.response", "ask.response").connect("self.number", "ask.number")
        body.connect("ask.text", "self.said")
        self.loop = ygg.loop(body, times=3, index="number", carry={"said": "prompt"})

    def children(self) -> dict[str, Block]:
        return {"loop": self.loop}

    def forward(self, plan: Json) -> Json:
        return {"scene": {"media_type": "text/plain", "text": self.loop.run(prompt="go").said}}


def test_a_question_in_a_loop_goes_on_in_its_round_and_the_agent_remembers_all(tmp_path: Path) -> None:
    done: list[str] = []
    turns = [says("ok") if n % 2 else wants((f"c{n}", "effect", {"letter": f"L{n // 2}"})) for n in range(6)]

    def world() -> tuple[ygg.World, Scripted]:
        model = Scripted(turns)
        agent = Agent(model, {"effect": Effect(done)})
        return scripted(tmp_path / "w", creator=Talks(agent)), model

    first, model = world()
    with pytest.raises(Paused, match="Go on"):
        first.step()
    assert done == ["L0", "L1"] and len(model.seen) == 4
    (question,) = first.questions()
    first.answer(question["id"], "!")
    first.close()
    second, model = world()
    assert second.step().artifacts["scene"]["text"] == "ok"
    assert done == ["L0", "L1", "L2"] and len(model.seen) == 2, "no turn and no tool call was made twice"
    memory = remembered(second, "creator/body/loop/body/agent")
    told = [m["content"] for m in memory["messages"] if m["role"] == "user"]
    assert told == ["go", "ok", "ok!"] and memory["calls"] == 3
    second.replay()


def test_an_agent_in_a_loop_is_never_answered_from_the_cache() -> None:
    model = Scripted([says("ok")])
    loop = ygg.loop(Agent(model), times=2, carry={"response": "prompt"})
    graph = ygg.Graph("g").add(loop, "talk").connect("self.prompt", "talk.prompt")
    graph.connect("talk.response", "self.said")
    for turns in (2, 4):
        assert graph.run(prompt="go").said == "ok" and len(model.seen) == turns


class Odd(Block, type="test_resumed/odd"):
    def forward(self, value: AnyValue) -> AnyValue:
        DONE.append(0)
        return {1, 2}


class Oddly(Block, type="test_resumed/oddly"):
    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.loop = ygg.loop(Odd(), times=2)

    def children(self) -> dict[str, Block]:
        return {"loop": self.loop}

    def forward(self, plan: Json) -> Json:
        return {"scene": {"media_type": "text/plain", "text": str(sorted(self.loop.run(value=1).value))}}


def test_what_the_journal_cannot_hold_is_run_again_and_says_so(tmp_path: Path) -> None:
    DONE.clear()
    events: list[Event] = []
    with listening(events.append):
        assert scripted(tmp_path / "w", creator=Oddly()).step().artifacts["scene"]["text"] == "[1, 2]"
    notes = [e.data["text"] for e in events if e.kind == "note" and "restart" in e.data["text"]]
    assert len(notes) == 2 and "it gave set" in notes[0] and "'value' has no digest" in notes[1] and DONE == [0, 0]


def test_every_recorded_value_comes_back_exactly() -> None:
    artifacts = here().artifacts
    picture = Pictures.effect_noise((5, 3), 60).convert("RGBA")
    sound = AudioClip(torch.rand(2, 7), 16000)
    tensor = torch.randn(3, 2).to(torch.bfloat16).T
    value = {"words": ["a", 1, 2.5, None, True], "picture": picture, "sound": sound, "tensor": tensor}
    again = recorded(record(value, artifacts), artifacts)
    assert again["words"] == value["words"] and again["picture"].tobytes() == picture.tobytes()
    assert again["picture"].mode == "RGBA" and digest(again["sound"]) == digest(sound)
    assert torch.equal(again["tensor"], tensor) and again["tensor"].dtype == torch.bfloat16
    array = tensor.float().numpy()
    assert (recorded(record(array, artifacts), artifacts) == array).all()
    for odd in ((1, 2), {1: 2}, float("nan"), object(), torch.ones(1, requires_grad=True)):
        with pytest.raises(Unrecordable):
            record(odd, artifacts)


class Scale(Block, type="test_resumed/scale"):
    def forward(self, value: AnyTensor) -> AnyTensor:
        return value * 2


def test_a_loop_lets_gradients_through() -> None:
    value = torch.ones(1, requires_grad=True)
    ygg.loop(Scale(), times=3, carry={"tensor": "value"}).run(value=value).tensor.backward()
    assert value.grad is not None and value.grad.item() == 8
