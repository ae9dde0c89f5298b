"""A dataset out of a world: each picture in a folder, beside it a line of JSON with what was ordered, seen and told.

python examples/dataset.py "a norse fishing village in winter" --steps 3 -o ./pictures
"""

import argparse
import json
from pathlib import Path

import yggdrasil as ygg


def main(wish: str, steps: int, folder: Path) -> None:
    world = ygg.World.from_template("storytelling", wish=wish, seed=7)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "metadata.jsonl").open("w", encoding="utf-8") as lines:
        for step in world.steps(steps):
            for picture in step.pictures:
                name = f"{step.step:05}-{picture['slot']}.png"
                (folder / name).write_bytes(world.artifacts.get(picture["sha256"]))
                seen = step.perception[picture["slot"]]
                row = {
                    "file_name": name,
                    "text": picture["prompt"],
                    "seen": seen["text"],
                    "labels": seen["labels"],
                    "chronicle": step.chronicle,
                    "step": step.step,
                    "seed": picture["seed"],
                }
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
                print(name, "|", row["text"], "|", row["seen"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wish", nargs="?", default="a norse fishing village in winter")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("-o", dest="folder", type=Path, default=Path("pictures"))
    given = parser.parse_args()
    main(given.wish, given.steps, given.folder)
