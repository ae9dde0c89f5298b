"""What a block remembers belongs to the session of the run: users, threads and copies never meet in it."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any, ClassVar, cast

import pytest

import yggdrasil as ygg
from tests.agent.scripted import Scripted, calls, says
from yggdrasil.agent.agent import Agent
from yggdrasil.agent.model import Model
from yggdrasil.blocks.llm.abilities import Turn, Usage
from yggdrasil.contract import Block, Cancelled, here
from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.session import ROOT, SessionError, own_session
from yggdrasil.ports import Json, Text


class Diary(Block, type="test_session/diary"):
    """Write a line, and give all of them."""

    remembers: ClassVar[bool] = True

    def forward(self, text: Text) -> Json:
        lines = [*(here().memory(list) or []), text]
        here().remember(lines)
        return lines


class Echo(Scripted, type="test_session/echo", init=False):
    """Say how many user's words it has seen, and the last of them."""

    def chat(self, messages: Any, **rest: Any) -> Turn:
        said = [message["content"] for message in messages if message["role"] == "user"]
        return Turn(f"{len(said)}: {said[-1]}", [], Usage(1, 1), "stop")


def together(*works: Callable[[], None]) -> None:
    """Do all of them at once, from one moment on; raises what one of them raised."""
    barrier, failed = threading.Barrier(len(works)), list[BaseException]()

    def do(work: Callable[[], None]) -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=do, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def talk(agent: Agent, session: ygg.Session, user: str, turns: int) -> list[str]:
    with ygg.session(session):
        return [agent.run(f"{user} {turn}").response for turn in range(turns)]


def test_two_users_of_one_agent_each_hear_their_own_conversation() -> None:
    alone = talk(Agent(Echo()), ygg.Session(), "ann", 50), talk(Agent(Echo()), ygg.Session(), "bob", 50)
    agent, sessions = Agent(Echo()), (ygg.Session(), ygg.Session())
    heard: dict[str, list[str]] = {}

    def user(number: int, name: str) -> Callable[[], None]:
        return lambda: heard.update({name: talk(agent, sessions[number], name, 50)})

    together(user(0, "ann"), user(1, "bob"))
    assert (heard["ann"], heard["bob"]) == alone
    for session, name, other in zip(sessions, ("ann", "bob"), ("bob", "ann"), strict=True):
        assert name in str(session.to_json()) and other not in str(session.to_json())
    assert agent.lived() == {}


def _said(agent: Agent, user: int) -> None:
    for turn in range(25):
        agent.run(f"{user} {turn}")


def test_two_threads_on_one_session_lose_and_mix_no_turn() -> None:
    agent = Agent(Echo())
    together(lambda: _said(agent, 0), lambda: _said(agent, 1))
    messages = agent.memory.messages
    assert agent.memory.calls == 50 and len(messages) == 100
    asked = [m["content"] for m in messages if m["role"] == "user"]
    assert [m["content"] for m in messages if m["role"] == "assistant"] == [f"{n}: {w}" for n, w in enumerate(asked, 1)]
    assert sorted(asked) == sorted(f"{n} {turn}" for n in range(2) for turn in range(25))


def test_without_a_session_a_block_remembers_by_itself_and_so_does_its_stream() -> None:
    diary = Diary()
    diary.run("one")
    assert diary.stream("two").outputs.value == ["one", "two"]
    with ygg.session() as session:
        assert diary.stream("three").outputs.value == ["three"] and diary.run("four").value == ["three", "four"]
    assert diary.lived() == {ROOT: ["one", "two"]} and session.to_json() == {"diary": ["three", "four"]}


def test_a_session_is_kept_wherever_its_owner_wants() -> None:
    row: dict[str, Any] = {}
    graph = ygg.Graph("g").add(Diary(), "inner")
    for text in ("a", "b"):
        with ygg.session(ygg.Session(row)):
            graph.run(text=text)
    assert row == {"g/inner": ["a", "b"]}


def test_one_block_at_two_places_has_one_memory_and_two_blocks_have_two() -> None:
    shared = Diary()
    one = ygg.Graph("one").add(shared, "a").add(shared, "b").connect("self.text", "a.text")
    one.connect("self.more", "b.text").run(text="x", more="y")
    assert one.lived() == {"a": ["x", "y"]}
    two = ygg.Graph("two").add(Diary(), "a").add(Diary(), "b").connect("self.text", "a.text")
    two.connect("self.more", "b.text").run(text="x", more="y")
    assert two.lived() == {"a": ["x"], "b": ["y"]}


def test_what_is_remembered_is_copied_in_and_out() -> None:
    class Sly(Block):
        """Change what it remembered, and what it read."""

        remembers: ClassVar[bool] = True

        def forward(self) -> Json:
            kept = {"lines": ["mine"]}
            here().remember(kept)
            kept["lines"].append("changed after")
            here().memory()["lines"].append("changed in place")
            return here().memory()

    sly = Sly()
    told = sly.run().value
    told["lines"].append("changed outside")
    sly.lived()[ROOT]["lines"].append("changed in the save")
    assert sly.lived() == {ROOT: {"lines": ["mine"]}}


@pytest.mark.parametrize("state", [{1, 2}, float("nan"), object()])
def test_what_is_no_json_is_refused_and_the_memory_before_it_stays(state: Any) -> None:
    class Odd(Block):
        """Remember what it must not."""

        remembers: ClassVar[bool] = True

        def forward(self, good: bool) -> Json:
            here().remember("good" if good else state)
            return None

    odd = Odd()
    odd.run(good=True)
    with pytest.raises(SessionError, match="odd: what it remembers is not JSON"):
        odd.run(good=False)
    assert odd.lived() == {ROOT: "good"}


def test_a_block_that_does_not_say_so_cannot_remember() -> None:
    class Forgets(Block):
        """Try to remember."""

        def forward(self) -> Json:
            return here().memory()

    with pytest.raises(SessionError, match="declare `remembers"):
        Forgets().run()


def test_a_copied_block_remembers_the_past_and_then_for_itself() -> None:
    diary = Diary()
    diary.run("past")
    other = copy.deepcopy(diary)
    other.run("other")
    assert diary.run("mine").value == ["past", "mine"] and other.run("x").value == ["past", "other", "x"]


def test_a_run_that_waits_for_its_turn_can_be_cancelled() -> None:
    session, held, free = own_session(diary := Diary()), threading.Event(), threading.Event()

    def hold() -> None:
        with session.turn(ROOT, CancelToken()):
            held.set()
            free.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    stream = diary.stream("never")
    assert next(stream).kind == "started"
    stream.close()
    free.set()
    holder.join()
    with pytest.raises(Cancelled):
        _ = stream.outputs
    assert diary.lived() == {} and not CancelToken().cancelled


def test_an_agent_that_is_a_tool_remembers_at_its_own_place() -> None:
    inner = Agent(Echo(), about="Ask the inner one.")
    outer = Agent(Scripted([calls(("o", "inner", '{"prompt": "x"}')), says("heard")]), {"inner": inner})
    outer.run("go")
    assert outer.lived()["inner"]["messages"][-1]["content"] == "1: x" and inner.lived() == {}


def test_two_unlike_blocks_of_one_name_never_hear_each_other_in_a_session() -> None:
    cook = Agent(Scripted([says("fish")]), [], instructions="You cook.")
    bank = Agent(Scripted([says("money")]), [], instructions="You count.")
    with ygg.session():
        cook.run("The secret is salt.")
        with pytest.raises(SessionError, match=r"called 'agent'.*give each a name"):
            bank.run("What is the secret?")
        bank.called("bank")
        bank.run("What is the secret?")
        assert "salt" not in str(cast(Scripted, bank.llm).seen)
        again = Agent(Scripted([says("fish")]), [], instructions="You cook.")
        again.run("Which one?")
        assert "salt" in str(cast(Scripted, again.llm).seen), "one that is alike goes on in the same conversation"


def test_a_model_that_is_asked_outside_of_a_run_leaves_nothing_for_later_runs() -> None:
    asked = Model(Scripted([says("yes")]))
    assert asked.turn([{"role": "user", "content": "Ready?"}]).text == "yes"
    diary = Diary()
    diary.run("one")
    assert diary.lived() == {ROOT: ["one"]}
