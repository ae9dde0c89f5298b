"""Blocks whose sessions are killed, and what is done with them in a process of its own."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import yggdrasil as ygg
from yggdrasil.agent.ask_person import AskPerson
from yggdrasil.contract import here
from yggdrasil.ports import Text
from yggdrasil.testing.model import ScriptedModel, calls, says


def note(word: str) -> str:
    """Write down, durably, what was done."""
    with Path(os.environ["RAN"]).open("a") as file:
        file.write(word + "\n")
        file.flush()
        os.fsync(file.fileno())
    return word


def ran() -> list[str]:
    path = Path(os.environ["RAN"])
    return path.read_text().split() if path.exists() else []


def maybe_die(at: str) -> None:
    if os.environ.get("KILL") == at:
        os.kill(os.getpid(), signal.SIGKILL)


@ygg.block
def write(word: str) -> str:
    """Write a word down."""
    return note(f"wrote:{word}")


@ygg.block
def look() -> str:
    """Look."""
    maybe_die("look")
    return "seen"


@ygg.block(repeatable=False)
def pay(to: str) -> str:
    """Pay somebody."""
    note(f"paid:{to}")
    maybe_die("pay")
    return f"paid {to}"


@ygg.block
def twice(word: Text) -> Text:
    """Two effects, the second of which may not survive."""
    first = here().once("first", {}, lambda: note(f"first:{word}"))

    def second() -> str:
        maybe_die("second")
        return note(f"second:{word}")

    return f"{first} {here().once('second', {}, second)}"


def clerk(**settings: Any) -> ygg.Agent:
    """Writes, looks, and says what it did; the second turn is words alone."""
    wants = [calls(("a", "write", {"word": "x"})), calls(("b", "look", {})), says("done")]
    return ygg.Agent(ScriptedModel([*wants, says("hello again")]), tools=[write, look], **settings)


def payer() -> ygg.Agent:
    return ygg.Agent(ScriptedModel([calls(("a", "pay", {"to": "bob"})), says("it is paid")]), tools=[pay])


def asking() -> ygg.Graph:
    """A graph that asks a person and then writes the answer down."""
    graph = ygg.Graph("asking").add(AskPerson(), "ask").add(write, "write")
    graph.connect("self.question", "ask.question").connect("ask.text", "write.word")
    return graph.connect("write.text", "self.done")


MADE = {"clerk": clerk, "payer": payer, "asking": asking, "twice": lambda: twice}
GIVEN = {"clerk": "go", "payer": "go", "asking": "May I?", "twice": "w"}


def session(folder: Path, what: str, **how: Any) -> Any:
    return MADE[what]().session("anna", folder, **how)


def main(folder: Path, file: str, what: str, kill: str) -> None:
    """One turn in a process that `kill` ends."""
    os.environ.update(RAN=file, KILL=kill)
    session(folder, what).run(GIVEN[what])
