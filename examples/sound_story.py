"""A sound story: a world is told aloud, each step's chronicle becomes speech, and all of it one WAV file.

python examples/sound_story.py "a lighthouse on an island" --steps 2 -o story.wav
"""

import argparse
from pathlib import Path

import numpy as np

import yggdrasil as ygg
from yggdrasil.ports import Audio, AudioClip, Text

voice = ygg.load("voice")


@ygg.graph
def aloud(text: Text) -> Audio:
    """Say a text aloud."""
    return voice(text=text)


def main(wish: str, steps: int, path: Path) -> None:
    world = ygg.World.from_template("storytelling", wish=wish, seed=7)
    clips: list[AudioClip] = []
    for step in world.steps(steps):
        print(step.step, step.chronicle)
        clips.append(aloud.run(text=step.chronicle).audio)
    pause = np.zeros((1, clips[0].rate // 2), dtype=np.float32)
    told = np.concatenate([part for clip in clips for part in (clip.samples, pause)], axis=1)
    story = AudioClip(told, clips[0].rate)
    story.save(path)
    print(f"written: {path}, {told.shape[1] / story.rate:.1f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wish", nargs="?", default="a lighthouse on an island")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("-o", dest="path", type=Path, default=Path("story.wav"))
    given = parser.parse_args()
    main(given.wish, given.steps, given.path)
