"""Agents in parallel: three are asked at once by asyncio, and a judge chooses among what they say.

python examples/parallel_agents.py --llm qwen2.5-coder-1.5b
"""

import argparse
import asyncio
from typing import Literal

import yggdrasil as ygg


async def asked(model: ygg.Block, wish: str) -> str:
    """What the judge chose of three answers."""
    moods = ("a poet", "a sailor", "a child")
    agents = [ygg.Agent(model, instructions=f"You are {mood}. Answer in one line.", max_tokens=40) for mood in moods]
    answers = await asyncio.gather(*(agent.arun(wish) for agent in agents))
    lines = [answer.response for answer in answers]
    for number, (mood, line) in enumerate(zip(moods, lines, strict=True), 1):
        print(f"{number}. {mood}: {line}")
    judge = ygg.Agent(model, instructions="You judge lines. Choose the best one by its number.")
    shown = "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
    chosen = await judge.arun(shown, result=Literal["1", "2", "3"])
    return lines[int(chosen.result) - 1]


def main(llm: str | ygg.Block, wish: str = "Describe the sea in winter.") -> str:
    """Ask, and print what was chosen."""
    best = asyncio.run(asked(ygg.LLM(llm) if isinstance(llm, str) else llm, wish))
    print(f"chosen: {best}")
    return best


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--llm", default="smollm2-135m", help="a name, a path, or openai:MODEL@BASE_URL")
    main(parser.parse_args().llm)
