"""A diffusion graph from roles alone, without an edge: its nodes know their places; each round's latent is watched.

python examples/diffusion_graph.py "a castle on a meadow by day" -o castle.png
"""

import argparse

import yggdrasil as ygg
from yggdrasil.blocks import SchedulerSolver

FLOW = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}
"""What the painter was taught to predict; another solver must be told so, as in diffusers."""


def main(prompt: str, path: str) -> None:
    ready = ygg.load("painter", ygg.Graph)
    paint = ygg.Graph("paint", about="Paint a picture of a text.")
    for name in ("tokenizer", "conditioner", "backbone", "guidance", "decode"):
        paint.add(ready[name], name)
    paint.add(SchedulerSolver(scheduler="DPMSolverMultistepScheduler", settings=FLOW, shape=(8, 16, 16)), "solver")
    print(ygg.explain(paint))
    for event in paint.stream(prompt=prompt, seed=3, steps=12, tap=["solver.next_latent"]).want("tap"):
        if event.kind == "tap":
            print(event.data["round"], f"{event.data['value'].std().item():.3f}")
    paint.run(prompt=prompt, seed=3, steps=12).image.save(path)
    print(ygg.profile(paint, prompt=prompt, seed=4, steps=12))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prompt", nargs="?", default="a castle on a meadow by day")
    parser.add_argument("-o", dest="path", default="castle.png")
    given = parser.parse_args()
    main(given.prompt, given.path)
