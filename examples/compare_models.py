"""Two language models on the same wishes: whose sentences stay closer to what was wished, by an embedder's cosine.

python examples/compare_models.py smollm2-135m openai:my-model@http://127.0.0.1:8000/v1
"""

import argparse
import statistics

import numpy as np

import yggdrasil as ygg

WISHES = ("a lighthouse keeper and a dragon", "two sisters who sell bread on a bridge", "a whale that sings at night")
SENTENCE = {"type": "object", "properties": {"text": {"type": "string", "maxLength": 200}}, "required": ["text"]}


def nearness(embedder: ygg.Block, one: str, other: str) -> float:
    """Cosine of two texts, −1 … 1."""
    vectors = [np.asarray(embedder.run(text=text)["value"]) for text in (one, other)]
    return float(vectors[0] @ vectors[1])


def main(names: list[str], seeds: int) -> None:
    embedder = ygg.load("embedder")
    for name in names:
        llm = ygg.LLM(name)
        scores: list[float] = []
        for wish in WISHES:
            for seed in range(seeds):
                asked = [{"role": "user", "content": f"Tell in one sentence what happens: {wish}."}]
                text = llm.fill(asked, SENTENCE, seed=seed, temperature=0.4)["text"]
                scores.append(nearness(embedder, wish, text))
                print(f"{name} {scores[-1]:.2f} {text}")
        print(f"{name}: mean {statistics.fmean(scores):.3f}, least {min(scores):.3f}, of {len(scores)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("llm", nargs="*", default=["smollm2-135m"], help="names, paths, or openai:MODEL@URL")
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    main(given.llm, given.seeds)
