"""A world of words alone: each step a letter is planned, written, read and told of; nothing is painted.

python examples/world_without_diffusion.py --steps 2
"""

import argparse
import os

import yggdrasil as ygg
from yggdrasil.blocks import LanguageModel
from yggdrasil.ports import Json, Text

LLM = os.environ.get("EXAMPLE_LLM", "smollm2-135m")
SENTENCE = {"type": "object", "properties": {"text": {"type": "string", "maxLength": 160}}, "required": ["text"]}


def told(llm: LanguageModel, question: str) -> str:
    """One sentence of the model."""
    asked = [{"role": "user", "content": f"{question}\nAnswer with one sentence."}]
    return llm.fill(asked, SENTENCE, temperature=0.4, seed=ygg.here().seed)["text"]


class Decide(ygg.Block, type="letters/decide"):
    """Decide what the next letter is about."""

    def forward(self, story: Json, wish: Text, action: Text = "") -> Text:
        return action or told(MODEL, f"{len(story) + 1}. What happens next in {wish}?")


class Plan(ygg.Block, type="letters/plan"):
    """Order one letter."""

    def forward(self, intent: Json) -> Json:
        return {"letter": {"tool": "write", "arguments": {"about": intent["text"]}}}


class Write(ygg.Block, type="letters/write"):
    """Write a letter about something."""

    def forward(self, about: Text) -> Text:
        return told(MODEL, f"Write to a friend: {about}")


class Read(ygg.Block, type="letters/read"):
    """Say what a letter says."""

    def forward(self, artifacts: Json) -> Json:
        return {slot: {"text": f"Someone reads: {letter['text']}"} for slot, letter in artifacts.items()}


class Tell(ygg.Block, type="letters/tell"):
    """Tell what happened."""

    def forward(self, perception: Json) -> Text:
        return perception["letter"]["text"]


MODEL = ygg.LLM(LLM)


def main(steps: int) -> None:
    world = ygg.World(
        wish="a lighthouse on an island",
        development=Decide(),
        architect=Plan(),
        creator=ygg.Creator({"write": Write()}),
        philosopher=Read(),
        author=Tell(),
    )
    for step in world.steps(steps):
        print(step.step, step.chronicle)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2)
    main(parser.parse_args().steps)
