"""One example of every registered type, with inputs that it can be run with: small, real, and the same each time."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from PIL import Image as Pictures

import yggdrasil as ygg
from tests.blocks.diffusion.tiny import painter
from tests.blocks.endpoint.stand_in import StandIn, giving, sending, stream
from tests.blocks.endpoint.test_blocks import b64
from tests.blocks.llm.embedded import embedded_model
from tests.blocks.llm.tiny import model_of, tiny_files
from tests.blocks.vlm.tiny import tiny_folder
from tests.levels.scripted import Paint, Weaving, scripted
from tests.store.tiny_flux import flux
from tests.store.tiny_pipeline import pipeline, saved
from tests.store.tiny_sound import sound
from tests.testing.parts import Within, parts_of
from yggdrasil.agent.ask_person import AskPerson
from yggdrasil.blocks.llm.llamacpp import LlamaCpp
from yggdrasil.blocks.solver.noise_schedule import NoiseSchedule
from yggdrasil.contract import Block
from yggdrasil.levels.stage.update import PlainUpdate
from yggdrasil.levels.world.tools import ReadPlace, Recall, Search
from yggdrasil.store.templates import stand_in


class Example(NamedTuple):
    block: Block
    inputs: dict[str, Any]
    varying: tuple[str, ...] = ()
    subject: str = ""
    """The type that is checked, where `block` only stands around it."""


APART = {
    "llm/vllm": (
        "vLLM pins a torch of its own, which cannot stand beside ours: tests/blocks/llm/test_vllm.py asks what needs "
        "no vLLM, benchmarks/vllm_world.py --inside runs a world where it is installed"
    ),
}
"""Types that run only in surroundings of their own, and where they are tested."""


PICTURE = Pictures.new("RGB", (64, 64), (40, 90, 200))
_CAST = {"name": "author", "context": {"story": []}, "ask": {"told": [], "cast": {"Maud": {"told": []}}}}
LOADED = {"prompt": "a fox in the snow", "seed": 3}


def diffusion(folder: Path) -> Iterator[Example]:
    """Every part of the painter's graph and of tiny pipelines of each family, as a run of the whole calls it."""
    tiny = painter(folder)
    yield Example(tiny, {"prompt": "a fox", "seed": 3})
    latent, noise = torch.linspace(-1, 1, 64).reshape(1, 4, 4, 4), torch.linspace(1, -2, 64).reshape(1, 4, 4, 4)
    noised = {"clean": latent, "noise": noise, "timestep": torch.tensor([500])}
    yield Example(NoiseSchedule(scheduler="DDIMScheduler"), noised)
    wholes = [
        (tiny, {"prompt": "a fox", "seed": 3, "image": PICTURE.resize((16, 16)), "strength": 0.5}),
        (ygg.from_diffusers(saved(pipeline(), folder / "sd")), {"prompt": "fox in snow", "seed": 3, "steps": 2}),
        (ygg.from_diffusers(saved(flux(), folder / "flux")), {"prompt": "fox in snow", "seed": 3, "steps": 2}),
        (ygg.from_diffusers(saved(sound(), folder / "sound")), {"prompt": "fox in snow", "seed": 3, "steps": 2}),
    ]
    for whole, inputs in wholes:
        yield from (Example(*part) for part in parts_of(whole, inputs))


def embedded(folder: Path) -> Iterator[Example]:
    """What the shelf's items are made of, and a tiny language model."""
    yield from (Example(*part) for part in parts_of(ygg.load("illustrate-large"), LOADED))
    yield Example(ygg.load("seer"), {"image": PICTURE})
    yield Example(ygg.load("embedder"), {"text": "a ship at sea"})
    yield Example(ygg.load("voice"), {"text": "Olaf found a boat.", "seed": 1})
    yield Example(stand_in("eye", str(tiny_folder(folder / "eye"))), {"image": PICTURE, "max_tokens": 4})
    messages = [{"role": "user", "content": "the fox"}]
    asked = {"messages": messages, "max_tokens": 4, "seed": 2}
    yield Example(model_of(tiny_files(folder / "llm")), asked)
    yield Example(ygg.LLM([model_of(tiny_files(folder / "one")), model_of(tiny_files(folder / "two"))]), asked)
    keep, find = ygg.notes(folder / "notes.db")
    yield Example(keep, {"note": "Anna likes tea."})
    yield Example(find, {"words": "tea"})
    chat = LlamaCpp()
    chat.files = embedded_model().files
    yield Example(chat, asked)


def composed() -> Iterator[Example]:
    """Blocks that hold others: graph, pipeline, loop, choice, stage, world, an agent's tools."""
    body = ygg.Graph("body").add(Paint(), "paint")
    yield Example(ygg.loop(body, times=2), {"prompt": "x", "seed": 1})
    yield Example(ygg.retrying(body, seconds=60), {"prompt": "x", "seed": 1})
    yield Example(ygg.choose(then=Paint(), otherwise=Paint()), {"when": True, "prompt": "x", "seed": 1})
    pipe = ygg.Pipeline("pipe")
    pipe.add(body, "body")
    yield Example(pipe, {"prompt": "x", "seed": 1})
    world = scripted()
    yield Example(world.stages["architect"], {"state": {"intent": {"text": "a fox comes"}}})
    yield Example(world.stages["creator"].children()["body"], {"plan": _PLAN})
    yield Example(world.stages["philosopher"].children()["body"], {"artifacts": {"scene": {"text": "A fox came."}}})
    yield Example(ygg.Cast(Weaving()), {"task": _CAST})
    yield Example(ygg.Aloud(ygg.Cast(Weaving()), ygg.load("voice")), {"task": _CAST})
    yield Example(ygg.Attempts(ygg.Creator({"paint": ygg.load("painter")}), ygg.load("seer")), {"plan": _PLAN})
    yield Example(ygg.ToDo(), {"steps": [{"step": "Look.", "state": "doing"}]})
    yield Example(PlainUpdate(), {"chronicle": {"text": "A fox came."}})
    yield Example(world, {"count": 2}, ("steps",))
    yield from in_a_task()


def in_a_task() -> Iterator[Example]:
    """Tools that work only where an agent does a task of a world, or where a person has answered."""
    past = [{"place": "Fjord", "text": "A ship came."}]
    known = {"world": {"places": [{"name": "Fjord"}], "facts": ["The sea is cold."]}, "past": past, "story": ["A fox."]}
    yield Example(Within(ReadPlace(), context=known), {"text": "fjord"}, subject="world/read_place")
    yield Example(Within(Recall(), context=known), {"text": "fox"}, subject="world/recall")
    yield Example(Within(Search(ygg.load("embedder")), context=known), {"text": "the cold sea"}, subject="world/search")
    yield Example(Within(AskPerson(), answer="yes"), {"text": "Go on?"}, subject="ask")


_PLAN = {"scene": {"tool": "paint", "arguments": {"prompt": "a fox", "seed": 3}}}


def behind_endpoints(server: StandIn) -> Iterator[Example]:
    """Blocks whose model answers over HTTP; one server answers each in its own words."""
    buffer = io.BytesIO()
    PICTURE.save(buffer, "PNG")
    painted = giving({"data": [{"b64_json": b64(buffer.getvalue())}]})
    spoken = io.BytesIO()
    with wave.open(spoken, "wb") as sound_file:
        sound_file.setparams((1, 2, 24000, 0, "NONE", ""))
        sound_file.writeframes(b"\0\1" * 100)
    sight = {"text": "A fox.", "place": "snow", "time": "day", "weather": "none", "things": ["fox"]}
    ways = {
        "/chat/completions": stream(json.dumps(sight)),
        "/images/": painted,
        "/embeddings": giving({"data": [{"embedding": [3.0, 0.0, 4.0], "index": 0}]}),
        "/audio/speech": sending(200, "audio/wav", spoken.getvalue()),
    }

    def answer(handler: Any, asked: dict[str, Any]) -> None:
        next(way for part, way in ways.items() if part in handler.path)(handler, asked)

    server.answer = answer
    at: dict[str, Any] = {"model": "m", "base_url": server.url}
    from yggdrasil.blocks.endpoint.embedder import EndpointEmbedder
    from yggdrasil.blocks.endpoint.painter import EndpointPainter, EndpointRepainter
    from yggdrasil.blocks.endpoint.vlm import EndpointVLM
    from yggdrasil.blocks.endpoint.voice import EndpointVoice
    from yggdrasil.blocks.llm.openai import OpenAIModel

    model = OpenAIModel(**at)
    messages = [{"role": "user", "content": "hello"}]
    yield Example(model, {"messages": messages})
    yield Example(ygg.Agent(model, instructions="Answer."), {"prompt": "hello"}, ("status",))
    yield Example(EndpointVLM(**at, things=["fox"]), {"image": PICTURE})
    yield Example(EndpointPainter(**at), {"prompt": "a fox"})
    yield Example(EndpointRepainter(**at), {"image": PICTURE, "prompt": "a fox"})
    yield Example(EndpointEmbedder(**at), {"text": "a fox"})
    yield Example(EndpointVoice(**at, voice="nova"), {"text": "Hello."})


__all__ = ["APART", "Example", "behind_endpoints", "composed", "diffusion", "embedded"]
