"""A person approves a purchase over a restart: the script is run, asks, ends; run again with the answer, it goes on.

    python examples/approval.py boat
    python examples/approval.py boat yes

What was looked up before is not looked up again, and nothing is bought twice, even if the process is killed meanwhile.
"""

import sys

import yggdrasil as ygg

PRICES = {"boat": 1200, "net": 80, "rope": 7}


def look_up(item: str) -> int:
    print(f"… the price of a {item} is looked up")
    return PRICES[item]


def buy(item: str) -> str:
    print(f"… a {item} is bought")
    return f"a {item} is bought"


@ygg.block
def purchase(item: str) -> str:
    """Buy something, if a person agrees to its price."""
    here = ygg.here()
    price = here.once("price", {"item": item}, lambda: look_up(item))
    if ygg.ask(f"Buy a {item} for {price}?") != "yes":
        return "nothing is bought"
    done: str = here.once("buy", {"item": item}, lambda: buy(item), repeat=False)
    return done


def main(item: str, answer: str = "", folder: str = "./purchases") -> None:
    session = purchase.session(item, at=folder)
    try:
        outputs = session.answer(answer) if answer and session.waiting else session.run(item)
    except ygg.Paused as pause:
        print(f"{pause.ask} Run me again with your answer: approval.py {item} yes")
    else:
        print(outputs.text if outputs else "")


if __name__ == "__main__":
    main(*sys.argv[1:])
