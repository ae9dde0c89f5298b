"""A world that no model tells: rules move it, a drawing shows it, and the chronicle follows the picture.

python examples/world_without_agents.py --steps 3
"""

import argparse
import random

import yggdrasil as ygg
from yggdrasil.ports import Json, Text

WEATHER = {"by day": ["at sunset", "by day"], "at sunset": ["at night"], "at night": ["by day", "at night"]}


class Weather(ygg.Block, type="rules/weather"):
    """Move the hour by its own rules, and let something come to the shore."""

    def forward(self, story: Json) -> Json:
        dice = random.Random(ygg.here().seed)
        hour = "by day"
        for _ in story:
            hour = dice.choice(WEATHER[hour])
        return {"text": f"a {dice.choice(['sailboat', 'whale', 'fox', 'turtle'])} on a beach {hour}"}


class Order(ygg.Block, type="rules/order"):
    """Order one picture of what should happen."""

    def forward(self, intent: Json) -> Json:
        return {"paints": [{"prompt": intent["text"], "slot": "shore"}]}


class Log(ygg.Block, type="rules/log"):
    """Write down what the picture really shows."""

    def forward(self, intent: Json, perception: Json) -> Text:
        return f"Ordered: {intent['text']}. Seen: {perception['shore']['text']}"


def main(steps: int) -> None:
    world = ygg.World(
        wish="a shore",
        seed=11,
        development=Weather(),
        architect=Order(),
        creator=ygg.Creator({"paint": ygg.load("illustrate")}),
        philosopher=ygg.load("seer"),
        author=Log(),
    )
    for step in world.steps(steps):
        print(step.step, step.chronicle, step.pictures[0]["path"])
    assert world.replay().digest == world.content().digest
    print("replayed without a model:", len(world.history()), "steps")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3)
    main(parser.parse_args().steps)
