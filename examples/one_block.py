"""One block and nothing around it: the seer looks at a picture; the embedder tells how near two texts are.

python examples/one_block.py picture.png
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import yggdrasil as ygg


def main(path: Path | None) -> None:
    picture = Image.open(path) if path else ygg.load("illustrate").run(prompt="a crown on a beach by day", seed=1).image
    seen = ygg.load("seer").run(image=picture)
    print("seen:", seen.text, seen.labels["things"])
    embedder = ygg.load("embedder")
    known, other = (np.asarray(embedder.run(text=text)["value"]) for text in ("a king's crown", seen.text))
    print("near to a king's crown:", round(float(known @ other), 3))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", nargs="?", type=Path, help="a file; without it one is drawn")
    main(parser.parse_args().picture)
