"""A hand-over: the first agent decides who answers, by a typed result, and that one goes on with the visitor.

python examples/handover.py --llm qwen2.5-coder-1.5b
"""

import argparse
from typing import Literal

from pydantic import BaseModel

import yggdrasil as ygg


class Handover(BaseModel):
    """Who answers the visitor, and what that one must know."""

    to: Literal["harbour", "kitchen"]
    told: str


def main(llm: str | ygg.Block, wish: str = "My boat leaks. Who can mend it?") -> str:
    """Answer the visitor; gives the words of the agent that took over."""
    model = ygg.LLM(llm) if isinstance(llm, str) else llm
    desk = ygg.Agent(model, instructions="You stand at the desk: boats go to the harbour, food to the kitchen.")
    takers = {
        "harbour": ygg.Agent(model, instructions="You mend boats. Answer in one sentence.", max_tokens=60),
        "kitchen": ygg.Agent(model, instructions="You cook. Answer in one sentence.", max_tokens=60),
    }
    handover = desk.run(wish, result=Handover).result
    print(f"desk → {handover.to}: {handover.told}")
    answer = takers[handover.to].run(f"{wish}\n{handover.told}").response
    print(f"{handover.to}: {answer}")
    return answer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--llm", default="smollm2-135m", help="a name, a path, or openai:MODEL@BASE_URL")
    main(parser.parse_args().llm)
