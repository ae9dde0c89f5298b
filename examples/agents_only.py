"""An agent with plain functions as tools, and no world: it remembers the conversation, each user hears only himself.

python examples/agents_only.py --llm qwen2.5-coder-1.5b
"""

import argparse

import yggdrasil as ygg

PRICES = {"bread": 2, "fish": 5, "rope": 7}
LIMITS = ygg.Limits(steps=4, tokens=4000)


def price(thing: str) -> int:
    """What a thing costs on the market, in coins."""
    if thing not in PRICES:
        raise ygg.Retry(f"nobody sells {thing}; there is {', '.join(PRICES)}")
    return PRICES[thing]


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def main(model: str) -> None:
    trader = ygg.Agent(model, tools=[price, add], instructions="You sell. Be short.", limits=LIMITS)
    anna, bob = ygg.Session(), ygg.Session()
    for who, session, words in (
        ("Anna", anna, "How much is bread and fish together?"),
        ("Bob", bob, "How much is a rope?"),
        ("Anna", anna, "And what did I ask you before?"),
    ):
        with ygg.session(session):
            answer = trader.run(words)
        print(f"{who}: {words}\n  {answer.response}\n  {answer.status}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--llm", default="qwen2.5-coder-1.5b", help="a name, a path, or openai:MODEL@URL")
    main(parser.parse_args().llm)
