"""A conversation longer than its model reads: the oldest is dropped or summed up, a call never without its answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.agent.scripted import Fine, calls, says
from tests.agent.test_memory import HISTORY, whole
from yggdrasil.agent.memory import WindowTooSmall, view
from yggdrasil.agent.window import Window, size
from yggdrasil.contract import ConfigError
from yggdrasil.testing.model import ScriptedModel


class Reads(ScriptedModel):
    """Calls a tool, then answers at length; asked for a summary, it says how often it was."""

    context: int = 700

    def chat(self, messages: Any, **rest: Any) -> Any:
        self.seen.append({"messages": messages, **rest})
        if messages[0]["content"].startswith("Sum up"):
            asked = sum(m["messages"][0]["content"].startswith("Sum up") for m in self.seen)
            return says(f"SUMMARY {asked}")
        if messages[-1]["role"] == "tool" or not rest.get("tools"):
            return says("word " * 30)
        return calls((f"c{len(self.seen)}", "fine", {}))


def told(agent: ygg.Agent) -> list[list[dict[str, Any]]]:
    """What the model was told, the requests for a summary aside."""
    seen: list[Any] = agent.llm.seen  # type: ignore[attr-defined]
    return [s["messages"] for s in seen if not s["messages"][0]["content"].startswith("Sum up")]


def grown(older: Any, turns: int = 30, **settings: Any) -> ygg.Agent:
    agent = ygg.Agent(Reads(), tools=[Fine()], older=older, max_tokens=200, instructions="Be kind.", **settings)
    for number in range(turns):
        agent.run(f"question {number}")
    return agent


@pytest.mark.parametrize("older", ["drop", "summary"])
def test_what_a_model_is_told_never_outgrows_its_window(older: str) -> None:
    for messages in told(grown(older)):
        assert sum(map(size, messages)) <= 500
        assert whole(messages)
        assert messages[0]["content"].startswith("Be kind.")


@pytest.mark.parametrize("budget", range(2, 8))
def test_m1_a_summary_tears_no_group_either(budget: int) -> None:
    old, kept = Window(budget, older="summary").outgrown(HISTORY)
    assert whole(old) and whole(kept) and [*kept[:1], *old, *kept[1:]] == HISTORY
    assert kept[0]["content"] == "s" and kept[-1]["content"] == "u2"
    shown = Window(budget, older="summary", summary="so far").shown(kept)
    assert len(shown) <= budget and whole(shown) and shown[-1]["content"] == "u2"
    assert Window(budget, older="summary").outgrown(shown)[1] == shown


def test_the_whole_conversation_is_told_where_nothing_else_is_wished() -> None:
    assert len(told(grown(""))[-1]) == 1 + 30 * 4 - 1


def test_dropped_turns_leave_the_memory_and_a_session_has_them(tmp_path: Path) -> None:
    agent = grown("drop")
    assert len(agent.memory.messages) < 20 and whole(agent.memory.messages)
    assert told(agent)[-1][-3]["content"] == "question 29"
    talk = ygg.Agent(Reads(), tools=[Fine()], older="drop", max_tokens=200).session("long", at=tmp_path)
    for number in range(12):
        talk.run(f"question {number}")
    assert [turn.inputs["prompt"] for turn in talk.history][:2] == ["question 0", "question 1"]
    assert len(talk.messages) < 24


def test_a_summary_stands_for_what_is_older_and_the_memory_stays_small() -> None:
    agent = grown("summary")
    asked = [s for s in agent.llm.seen if s["messages"][0]["content"].startswith("Sum up")]  # type: ignore[attr-defined]
    assert 3 <= len(asked) <= 15
    assert asked[1]["messages"][1]["content"].startswith("SUMMARY 1\nuser: question")
    assert told(agent)[-1][0]["content"].startswith("Be kind.\n\nEarlier in this conversation: SUMMARY")
    assert len(agent.memory.messages) < 30
    assert agent.memory.summary == f"SUMMARY {len(asked)}"


def test_a_summary_costs_what_it_takes_and_its_words_are_nobodys_answer() -> None:
    agent = grown("summary", turns=3)
    words: list[str] = []
    with ygg.listening(lambda event: words.append(event.data["text"]), kinds=["token"], inline=True):
        spent = [agent.run(f"question {number}").status["tokens"] for number in range(6)]
    assert sorted(set(spent)) == [30, 45]
    assert not any("SUMMARY" in word for word in words)


def test_a_summary_is_made_once_in_a_session(tmp_path: Path) -> None:
    agent = ygg.Agent(Reads(), tools=[Fine()], older="summary", max_tokens=200)
    chat = agent.session("anna", tmp_path)
    for number in range(12):
        chat.run(f"question {number}")
    other = ygg.Agent(Reads(), tools=[Fine()], older="summary", max_tokens=200)
    other.session("anna", tmp_path).run("more")
    assert "SUMMARY" in told(other)[0][0]["content"]
    assert not any("question 0" in str(message) for message in told(other)[0])


def test_a_window_counts_messages_too_before_it_sums_up() -> None:
    window = Window(messages=4, older="summary")
    old, kept = window.outgrown(HISTORY)
    assert [m["content"] for m in kept] == ["s", "u2"]
    assert whole(old)
    assert len(old) == 5


def test_one_turn_that_is_larger_than_half_of_the_room_stays_whole() -> None:
    _, kept = Window(tokens=30, older="summary").outgrown(HISTORY)
    assert kept[-1]["content"] == "u2"


def test_a_model_that_does_not_say_how_much_it_reads_needs_a_context() -> None:
    with pytest.raises(ConfigError, match=r"does not say how much it reads.*set context="):
        ygg.Agent(ScriptedModel([says("x")]), older="drop").run("hi")
    assert ygg.Agent(ScriptedModel([says("x")]), older="drop", context=4000).run("hi").response == "x"


def test_a_window_without_room_says_where_it_went() -> None:
    with pytest.raises(ConfigError, match="of 100 tokens 512 go to the answer"):
        ygg.Agent(ScriptedModel([says("x")]), older="drop", context=100).run("hi")
    with pytest.raises(WindowTooSmall, match="a window of 3 tokens cannot hold"):
        view(HISTORY, 3, size, "tokens")


class Honest(ScriptedModel):
    """Calls a tool unless it was told the answer of one."""

    def chat(self, messages: Any, **rest: Any) -> Any:
        self.seen.append({"messages": messages, **rest})
        last = max(at for at, m in enumerate(messages) if m["role"] == "user")
        answered = any(m["role"] == "tool" for m in messages[last:])
        return says("done") if answered else calls(("a", "order", {"what": "b"}), ("b", "order", {"what": "c"}))


def order(what: str) -> str:
    """Order something."""
    return "receipt " * 600 if what == "b" else "sold out"


@pytest.mark.parametrize("older", ["drop", "summary"])
def test_the_answer_of_a_tool_that_does_not_fit_is_cut_and_told(older: Any, tmp_path: Path) -> None:
    agent = ygg.Agent(Honest(), [order], max_tokens=200, older=older, context=1200)
    out = agent.session("s", tmp_path).run("Order one bread.")
    assert (out.status["state"], out.status["turns"]) == ("done", 2)
    seen = agent.llm.seen[-1]["messages"]  # type: ignore[attr-defined]
    assert sum(map(size, seen)) <= 1000 and whole(seen)
    assert seen[-2]["content"].startswith("receipt receipt")
    assert seen[-2]["content"].endswith("[cut: 4800 letters in all, the window holds no more]")
    assert seen[-1]["content"] == "sold out"


def test_a_window_that_cannot_hold_a_call_and_its_answers_says_so() -> None:
    with pytest.raises(WindowTooSmall, match=r"2 messages cannot hold .*the last calls.*set `window` to 4 or more"):
        ygg.Agent(Honest(), [order], window=2).run("Order.")
    assert ygg.Agent(Honest(), [order], window=4).run("Order.").response == "done"
    with pytest.raises(WindowTooSmall, match="set `context` larger by"):
        ygg.Agent(Honest(), [order], max_tokens=20, older="drop", context=150).run("Order.")


def test_the_request_to_close_takes_nothing_from_the_last_calls() -> None:
    messages = [HISTORY[0], {"role": "assistant", "content": "old " * 30}, *HISTORY[1:5]]
    shown = Window(tokens=83).shown(messages, [{"role": "user", "content": "Give the result now."}])
    assert [m["content"] for m in shown][1:] == ["u1", "", "1", "2", "Give the result now."]
