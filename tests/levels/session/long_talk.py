"""A long talk whose process is killed again and again, and what must be true of it afterwards."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from pathlib import Path
from typing import Any

import yggdrasil as ygg
from yggdrasil.agent.window import size
from yggdrasil.contract import Paused
from yggdrasil.testing.model import ScriptedModel, calls, says

CONTEXT, ANSWER = 2000, 200


def _append(name: str, line: str) -> None:
    with (Path(os.environ["TALK"]) / name).open("a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def _lines(folder: Path, name: str) -> list[str]:
    path = folder / name
    return path.read_text().split("\n")[:-1] if path.exists() else []


@ygg.block(repeatable=False)
def pay(number: int) -> str:
    """Pay a bill, which must happen once."""
    _append("paid", str(number))
    return f"paid {number}"


class Clerk(ScriptedModel):
    """Pays the bill that it is asked to pay, and says so."""

    context: int = CONTEXT

    def chat(self, messages: Any, **rest: Any) -> Any:
        last = messages[-1]
        _append("told", str(sum(map(size, messages))))
        if messages[0]["content"].startswith("Sum up"):
            return says("Bills were paid, one after the other.")
        if last["role"] == "tool":
            return says(f"done: {last['content']} " + "as you wished " * 5)
        return calls((f"c{last['content']}", "pay", {"number": int(last["content"].split()[-1])}))


def _session(folder: Path) -> Any:
    agent = ygg.Agent(Clerk(), tools=[pay], older="summary", max_tokens=ANSWER)
    return agent.session("clerk", folder / "chats")


def talk(folder: Path, turns: int, ready: Any) -> None:
    """Go on until there are so many turns; a payment whose end is not known is looked up in the ledger."""
    os.environ["TALK"] = str(folder)
    chat = _session(folder)
    ready.set()
    while (number := len(chat.history) + 1) <= turns:
        try:
            chat.resume() if chat.unfinished else chat.run(f"pay bill {number}")
        except Paused:
            chat.answer(f"paid {number}" if str(number) in _lines(folder, "paid") else "again", go_on=False)


def killed(folder: Path, turns: int, kills: int, seed: int) -> list[str]:
    """Have the talk, killed `kills` times at random moments; gives what is wrong afterwards."""
    draw = random.Random(seed)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.levels.session.long_talk"])
    done, landed = 0, 0
    for life in range(kills + 1):
        ready = context.Event()
        process = context.Process(target=talk, args=(folder, turns, ready))
        process.start()
        ready.wait(60)
        if life < kills:
            latest = turns * (life + 1) // (kills + 1)
            _until(folder, draw.randint(done + 1, max(done + 1, latest)), process)
            process.join(draw.uniform(0.0, 0.02))
            process.kill()
        process.join(600)
        done = len(_lines(folder, "paid"))
        landed += process.exitcode == -signal.SIGKILL
        if process.exitcode not in (0, -signal.SIGKILL):
            return [f"life {life} ended by {process.exitcode}"]
    missed = [f"only {landed} of {kills} kills landed"] if landed < kills else []
    return missed + _faults(folder, turns)


def _until(folder: Path, paid: int, process: Any) -> None:
    """Wait until so many bills are paid, or the talk is over."""
    while process.is_alive() and len(_lines(folder, "paid")) < paid:
        process.join(0.002)


def _faults(folder: Path, turns: int) -> list[str]:
    chat, found = _session(folder), list[str]()
    history = chat.history
    asked = [turn.inputs["prompt"] for turn in history]
    if asked != [f"pay bill {number}" for number in range(1, turns + 1)]:
        found.append(f"turns lost: {len(asked)} of {turns}")
    if any(f"done: paid {turn.number} " not in turn.outputs.response for turn in history):
        found.append("an answer is another turn's")
    if _lines(folder, "paid") != [str(number) for number in range(1, turns + 1)]:
        found.append(f"bills paid {len(_lines(folder, 'paid'))} times, not {turns}")
    most = max(map(int, _lines(folder, "told")))
    if most > CONTEXT - ANSWER:
        found.append(f"the model was told {most} tokens")
    if chat.verify()["turns"] != turns:
        found.append("the log cannot be verified")
    memory = chat._opened().log.snapshots.memory(chat._branch(), turns + 1, 0, ".")
    if sum(map(size, memory["messages"])) > CONTEXT:
        found.append("the memory outgrew the window")
    return found
