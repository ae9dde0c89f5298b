"""A world from a novel's first page: a model reads out who and where, and the world begins with them.

python examples/novel_page.py page.txt --llm smollm2-135m --steps 1
"""

import argparse
from pathlib import Path

import pydantic

import yggdrasil as ygg

PAGE = """Old Marta had kept the lighthouse for thirty winters, and in all that time no ship had come to the island
by night. So when the bell rang on the pier she did not believe it. Her grandson Tom believed it at once, and ran
down to the beach with a lantern, where the fog lay thick as wool."""


class Person(pydantic.BaseModel):
    name: str = pydantic.Field(max_length=20, pattern="^[A-Z][a-z]+$")
    trade: str = pydantic.Field(max_length=30, pattern="^[a-z ]+$")


class Opening(pydantic.BaseModel):
    people: list[Person] = pydantic.Field(min_length=1, max_length=3)
    place: str = pydantic.Field(max_length=40, pattern="^[a-z ]+$")


def main(page: str, model: str, steps: int) -> None:
    asked = [{"role": "user", "content": f"{page}\n\nWho are the people of this page, and where are they?"}]
    read = ygg.LLM(model).fill(asked, Opening.model_json_schema(), temperature=0.0)
    opening = Opening.model_validate(read)
    people = " and ".join(f"{person.name} the {person.trade}" for person in opening.people)
    print("read:", people, "|", opening.place)
    world = ygg.World.from_template("storytelling", wish=f"{people} in {opening.place}", seed=7)
    for step in world.steps(steps):
        print(step.step, step.chronicle)
    print("people:", [being.name for being in world.content().characters])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", nargs="?", type=Path, help="a file; without it a page of our own")
    parser.add_argument("--llm", default="smollm2-135m", help="a name, a path, or openai:MODEL@URL")
    parser.add_argument("--steps", type=int, default=1)
    given = parser.parse_args()
    main(given.page.read_text(encoding="utf-8") if given.page else PAGE, given.llm, given.steps)
