"""Asynchronous functions are blocks and tools like any other: awaited, cancelled, and on the loop of who awaits."""

from __future__ import annotations

import asyncio
import functools
import threading
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from yggdrasil.testing import ScriptedModel, calls, says


async def fetch(key: str, times: int = 1) -> str:
    """Fetch a value."""
    await asyncio.sleep(0)
    return key * times


async def where() -> dict[str, Any]:
    """Say where it runs."""
    return {"loop": id(asyncio.get_running_loop()), "path": ygg.here().path}


class Fetcher:
    """Fetch."""

    async def __call__(self, key: str) -> str:
        return f"it is {key}"


class Pool:
    """As a pool of connections: of use only on the loop that it was made on."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()

    async def find(self) -> str:
        assert asyncio.get_running_loop() is self.loop
        return "found"


async def find(pool: ygg.Deps[Pool]) -> str:
    """Find it."""
    return await pool.find()


@pytest.mark.parametrize(
    ("function", "said"),
    [(fetch, "aa"), (functools.partial(fetch, times=3), "aaa"), (Fetcher(), "it is a")],
)
def test_an_asynchronous_function_is_a_block(function: Any, said: str) -> None:
    block: Any = ygg.block(function)
    given = {"times": 2} if function is fetch else {}
    assert block("a", **given) == said
    assert next(iter(block.inputs)) == "key" and block.name in ("fetch", "fetcher")


def test_it_is_a_tool_whose_failure_the_model_is_told() -> None:
    async def fails() -> str:
        """Fail."""
        raise ValueError("no such row")

    model = ScriptedModel([calls(("1", "fetch", {"key": "b"}), ("2", "fails", {})), says("done")])
    agent = ygg.Agent(model, [fetch, fails])
    assert agent.run("Fetch.").response == "done"
    told = [m["content"] for m in agent.memory.messages if m["role"] == "tool"]
    assert told == ["b", "ValueError: no such row"]


def test_plain_runs_share_one_loop_and_stand_at_their_place() -> None:
    block = ygg.block(where)
    first, second = block.run().value, block.run().value
    assert first == second and first["path"] == "where"


def test_who_awaits_a_run_lends_it_the_loop(tmp_path: Path) -> None:
    look = calls(("1", "find", {}))
    agent = ygg.Agent(ScriptedModel([look, says("yes"), look, says("again"), look, says("last")]), [find])

    async def asked() -> None:
        pool = Pool()
        await agent.arun("Find.", deps=pool)
        async with agent.astream("Again.", deps=pool) as stream:
            async for _ in stream:
                pass
        await agent.session("a", tmp_path).arun("Last.", deps=pool)

    asyncio.run(asked())
    told = [m["content"] for m in agent.memory.messages if m["role"] == "tool"]
    assert told == ["found", "found"]
    (turn,) = agent.session("a", tmp_path).history
    assert [event["result"] for event in turn.events if event["kind"] == "tool_result"] == ["found"]


def test_a_stream_that_is_read_plainly_inside_a_loop_does_not_wait_for_that_loop() -> None:
    async def read() -> list[str]:
        return [event.kind for event in ygg.block(where).stream()]

    assert asyncio.run(read())[-1] == "finished"


def test_cancelling_the_run_cancels_it() -> None:
    begun, stopped = threading.Event(), threading.Event()

    async def sleeps() -> str:
        """Sleep."""
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()
        return ""

    stream = ygg.block(sleeps).stream()
    assert begun.wait(5)
    stream.close()
    assert stopped.wait(5)


def test_waiting_on_the_loop_that_is_to_do_it_is_refused_instead_of_standing_still() -> None:
    inner = ygg.block(where)

    async def outer() -> str:
        """Run a block that needs this very loop."""
        return str(inner.run())

    with pytest.raises(ygg.ConfigError, match=r"await block\.arun"):
        ygg.block(outer).run()

    async def awaits() -> str:
        """Await it."""
        return str((await inner.arun()).value["path"])

    assert ygg.block(awaits).run().text == "awaits/where"


def test_instructions_and_validators_may_be_asynchronous_too() -> None:
    async def words(deps: str) -> str:
        return f"Speak {deps}."

    async def short(text: str) -> str:
        await asyncio.sleep(0)
        if len(text) > 3:
            raise ygg.Retry("three letters")
        return text.upper()

    model = ScriptedModel([says("long words"), says("yes")])
    agent = ygg.Agent(model, instructions=words, validate=short)
    assert agent.run("Is it?", deps="low").response == "YES"
    assert model.seen[0]["messages"][0]["content"] == "Speak low."
