"""A language model and nothing else: one turn, an answer by a schema, and the words as they come.

python examples/llm_only.py --llm smollm2-135m
"""

import argparse

import yggdrasil as ygg

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 20}, "trade": {"enum": ["fisher", "smith", "baker"]}},
    "required": ["name", "trade"],
}


def main(model: str) -> None:
    llm = ygg.LLM(model)
    asked = [{"role": "user", "content": "Name one animal that lives in the sea."}]
    turn = llm.run(messages=asked, max_tokens=24, temperature=0.0)
    print("turn:", turn.text, turn.usage)
    print("by a schema:", llm.fill([{"role": "user", "content": "Invent a villager."}], PERSON))
    print("word by word:", end=" ")
    for event in llm.stream(messages=asked, max_tokens=24).want("token"):
        if event.kind == "token":
            print(event.data["text"], end="|", flush=True)
    print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--llm", default="smollm2-135m", help="a name, a path, or openai:MODEL@URL")
    main(parser.parse_args().llm)
