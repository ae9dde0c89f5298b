"""The agent as a block: tool errors, limits, memory, structured answers, saving."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import pytest

from tests.agent.scripted import Fails, Fine, Scripted, Sleeps, calls, says
from yggdrasil.agent.agent import Agent
from yggdrasil.agent.limits import Limits
from yggdrasil.agent.refusals import UnfinishedAnswer
from yggdrasil.blocks.llm.language_model import InvalidOutput, TruncatedOutput
from yggdrasil.contract import Block, Cancelled, CancelToken, ConfigError, Here, listening, standing
from yggdrasil.contract.session import ROOT, SessionError, own_session
from yggdrasil.contract.tree import assemble, describe
from yggdrasil.ports import Text

THREE = calls(("c1", "fails", "{}"), ("c2", "sleeps", "{}"), ("c3", "fine", "{}"))


class Remembering:
    """A journal of one run in memory, as a log would keep it over a restart."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.acted = 0

    def once(self, place: str, name: str, inputs: Any, act: Any, repeat: bool = True) -> Any:
        key = json.dumps([place, name, inputs], sort_keys=True)
        if key not in self.kept:
            self.kept[key] = json.dumps(act())
            self.acted += 1
        return json.loads(self.kept[key])


def three(turns: list[Any], **config: Any) -> Agent:
    tools = [Fails(), Sleeps(), Fine()]
    return Agent(Scripted(turns), tools, limits=Limits(tool_seconds=0.1), **config)


def tool_messages(agent: Agent) -> list[tuple[str, str]]:
    return [(m["tool_call_id"], m["content"]) for m in agent.memory.messages if m["role"] == "tool"]


def test_a1_every_call_has_one_answer_also_a_failed_and_a_cancelled_one() -> None:
    agent = three([THREE, says("done"), says("and on")])
    assert agent.run("go").response == "done"
    answers = tool_messages(agent)
    assert [name for name, _ in answers] == ["c1", "c2", "c3"]
    assert "ValueError" in answers[0][1]
    assert "boom" in answers[0][1]
    assert "not done within 0.1 seconds" in answers[1][1]
    assert answers[2][1] == "fine"
    assert agent.run("next").response == "and on"
    last = agent.llm.seen[-1]["messages"]  # pyright: ignore[reportAttributeAccessIssue]
    assert [m["role"] for m in last] == ["user", "assistant", "tool", "tool", "tool", "assistant", "user"]


def test_a1_a_replay_gives_the_same_messages_and_runs_no_tool() -> None:
    journal = Remembering()
    first = three([THREE, says("done")])
    with standing(Here(journal=journal)):
        first.run("go")
    acted = journal.acted
    again = three([THREE, says("done")])
    with standing(Here(journal=journal)):
        again.run("go")
    assert tool_messages(again) == tool_messages(first)
    assert journal.acted == acted
    assert again.llm.seen == []  # pyright: ignore[reportAttributeAccessIssue]


def test_a1_no_path_traceback_or_environment_value_reaches_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "tr0ub4dor-and-3")
    message = f'cannot read {os.path.abspath(__file__)} with tr0ub4dor-and-3\n  File "/usr/lib/x.py", line 3, in y'
    agent = Agent(Scripted([calls(("c", "fails", "")), says("ok")]), [Fails(message=message)])
    agent.run("go")
    ((_, text),) = tool_messages(agent)
    assert "ValueError: cannot read" in text
    assert "tr0ub4dor" not in text
    assert "/" not in text
    assert "line 3" not in text


def test_a1_what_steers_the_run_is_no_tool_error() -> None:
    from langgraph.errors import GraphInterrupt

    class Interrupts(Block, role="Tool"):
        """Interrupt."""

        def forward(self) -> Text:
            raise GraphInterrupt(())

    class Stopped(Block, role="Tool"):
        """Be stopped."""

        def forward(self) -> Text:
            raise asyncio.CancelledError

    agent = Agent(Scripted([calls(("c", "interrupts", "{}"))]), [Interrupts()])
    with pytest.raises(GraphInterrupt):
        agent.run("go")
    assert agent.memory.messages == []
    lone = Agent(Scripted([calls(("c", "stopped", "{}")), says("ok")]), [Stopped()])
    lone.run("go")
    assert "cancelled" in tool_messages(lone)[0][1].lower()


def test_cancelling_the_run_ends_it_at_once() -> None:
    agent = Agent(Scripted([calls(("c", "sleeps", "{}"))]), [Sleeps()])
    token = CancelToken()

    def hear(event: Any) -> None:
        if event.kind == "tool_call":
            token.cancel()

    with listening(hear, token, inline=True), pytest.raises(Cancelled):
        agent.run("go")


def unheard(agent: Agent) -> Any:
    """What a run gives that meets a limit while nobody listens, which is told by a warning."""
    with pytest.warns(UnfinishedAnswer, match="agent: stopped at the limit of .*, so there is no answer"):
        return agent.run("go")


def always(tool: str) -> Scripted:
    return Scripted([calls(("", tool, "{}"))])


def test_a2_the_limit_is_inclusive_and_keeps_the_history() -> None:
    fine = Fine()
    agent = Agent(always("fine"), [fine], limits=Limits(steps=3))
    out = unheard(agent)
    assert out.status["state"] == "limit_reached"
    assert (out.status["kind"], out.status["limit"], out.status["turns"]) == ("steps", 3, 3)
    assert (len(agent.llm.seen), fine.runs) == (3, 3)  # pyright: ignore[reportAttributeAccessIssue]
    assert [m["role"] for m in agent.memory.messages] == ["user", *["assistant", "tool"] * 3]


def test_a2_an_answer_at_the_last_turn_ends_normally() -> None:
    asks = calls(("", "fine", "{}"))
    agent = Agent(Scripted([asks, asks, says("there")]), [Fine()], limits=Limits(steps=3))
    out = agent.run("go")
    assert (out.response, out.status["state"], out.status["turns"]) == ("there", "done", 3)


def test_a2_a_run_goes_on_from_its_limit_and_repeats_no_tool() -> None:
    fine = Fine()
    asks = calls(("", "fine", "{}"))
    agent = Agent(Scripted([asks, asks, asks, says("at last")]), [fine], limits=Limits(steps=3))
    unheard(agent)
    other = Agent(Scripted([says("at last")]), [fine], limits=Limits(steps=3))
    own_session(other).remember(ROOT, agent.lived()[ROOT])
    out = other.run(more=5)
    assert (out.response, out.status["turns"], fine.runs) == ("at last", 4, 3)
    with pytest.raises(ConfigError, match="met a limit"):
        other.run(more=1)


def test_a2_an_inner_limit_ends_the_inner_run_only() -> None:
    inner = Agent(always("fine"), [Fine()], limits=Limits(steps=2), about="Ask the inner one.")
    outer = Agent(Scripted([calls(("o", "inner", '{"prompt": "x"}')), says("heard")]), {"inner": inner})
    out = outer.run("go")
    assert (out.response, out.status["state"]) == ("heard", "done")
    ((_, text),) = tool_messages(outer)
    assert '"limit_reached"' in text
    assert '"limit": 2' in text


def test_tokens_and_seconds_are_limits_too() -> None:
    agent = Agent(always("fine"), [Fine()], limits=Limits(steps=9, tokens=30))
    assert unheard(agent).status["kind"] == "tokens"
    agent = Agent(always("sleeps"), [Sleeps()], limits=Limits(steps=9, seconds=0.05, tool_seconds=0.1))
    assert unheard(agent).status["kind"] == "seconds"


def test_ids_that_a_model_leaves_out_or_doubles_are_made() -> None:
    turn = calls(("", "fine", None), ("x", "fine", "null"), ("x", "fine", "not json"))
    agent = Agent(Scripted([turn, says("ok")]), [Fine()])
    agent.run("go")
    made = agent.memory.messages[1]["tool_calls"]
    assert len({c["id"] for c in made}) == 3
    assert [c["function"]["arguments"] for c in made] == ["{}", "{}", "not json"]
    assert [text for _, text in tool_messages(agent)][:2] == ["fine", "fine"]
    assert "ArgumentError" in tool_messages(agent)[2][1]


SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "items": {"type": "array", "items": {"type": "string"}}},
    "required": ["name", "items"],
}
CUT = '{"name":"Mira","items":["rope","oil"'
WHOLE = '{"name":"Mira","items":["rope","oil"]}'


@pytest.mark.parametrize("text", [CUT, WHOLE])
def test_so1_a_cut_answer_is_no_answer(text: str) -> None:
    agent = Agent(Scripted([says(text, "length")]), max_tokens=40)
    notes: list[str] = []
    hear = listening(lambda e: notes.append(str(e.data.get("text"))) if e.kind == "note" else None)
    with hear, pytest.raises(TruncatedOutput, match="80 tokens") as failure:
        agent.run(task={"name": "sort", "context": {}, "schema": SCHEMA})
    assert "max_tokens=160" in str(failure.value)
    assert failure.value.raw == text
    assert any(text in note for note in notes)
    first, second = agent.llm.seen  # pyright: ignore[reportAttributeAccessIssue]
    assert first["messages"] == second["messages"]
    assert (first["max_tokens"], second["max_tokens"]) == (40, 80)


def test_so1_the_raw_text_is_kept_in_the_record_of_the_run() -> None:
    journal = Remembering()
    agent = Agent(Scripted([says(CUT, "length")]), max_tokens=40)
    with standing(Here(journal=journal)), pytest.raises(TruncatedOutput):
        agent.run(task={"name": "sort", "context": {}, "schema": SCHEMA})
    assert [json.loads(text) for text in journal.kept.values()] == [CUT]


def test_an_answer_beside_the_schema_is_asked_again_with_the_same_words() -> None:
    llm = Scripted([says('{"name": "Mira"}')])
    with pytest.raises(InvalidOutput, match="items"):
        Agent(llm).run(task={"name": "sort", "context": {}, "schema": SCHEMA})
    first, second = llm.seen
    assert first["messages"] == second["messages"] and first["seed"] != second["seed"]


def test_so1_a_fence_around_the_answer_is_read_through() -> None:
    agent = Agent(Scripted([says(f"```json\n{WHOLE}\n```")]))
    out = agent.run(task={"name": "sort", "context": {}, "schema": SCHEMA})
    assert out.result == {"name": "Mira", "items": ["rope", "oil"]}
    with pytest.raises(InvalidOutput):
        Agent(Scripted([says("I'd say Mira")])).run(task={"name": "sort", "context": {}, "schema": SCHEMA})


def test_a_model_without_tool_calling_is_bound_by_a_schema() -> None:
    llm = Scripted([says('{"tool": "fine"}'), says('{"tool": "answer", "text": "good"}')], native=False)
    agent = Agent(llm, [Fine()], instructions="Be brief.")
    assert agent.run("go").response == "good"
    assert llm.seen[0]["tools"] is None
    names = [o["properties"]["tool"]["const"] for o in llm.seen[0]["schema"]["anyOf"]]
    assert names == ["fine", "answer"]
    assert [m["role"] for m in llm.seen[1]["messages"]] == ["system", "user", "assistant", "user"]
    assert llm.seen[1]["messages"][-1]["content"] == "Result of fine: fine"
    assert "fine: Say fine." in llm.seen[0]["messages"][0]["content"]


def test_memory_lasts_and_a_failed_run_leaves_it_as_it_was() -> None:
    agent = Agent(Scripted([says("one"), says("two")]))
    agent.run("first")
    before = agent.lived()[ROOT]
    fresh = Agent(Scripted([says("two")]))
    own_session(fresh).remember(ROOT, before)
    fresh.run("second")
    assert [m["content"] for m in fresh.memory.messages] == ["first", "one", "second", "two"]
    assert Agent(Scripted()).lived() == {}


@pytest.mark.parametrize("broken", [7, {"messages": 3}, {"messages": [4]}, {"calls": "many"}])
def test_a_memory_that_no_agent_wrote_is_told_and_stays(broken: Any) -> None:
    agent = Agent(Scripted())
    own_session(agent).remember(ROOT, broken)
    with pytest.raises(SessionError, match="cannot be rebuilt"):
        agent.run("go")
    assert agent.lived() == {ROOT: broken}


def test_an_agent_comes_back_from_its_manifest() -> None:
    agent = Agent(Scripted(), {"world.forge/step 1": Fine(), "llm": Sleeps()}, instructions="Paint.", window=9)
    manifest = describe(agent)
    again = assemble(manifest, lambda entry, where: None, lambda ref, where: agent)  # pyright: ignore
    assert isinstance(again, Agent)
    assert describe(again).structure_digest() == manifest.structure_digest()
    assert [t.name for t in again.toolbox.tools.values()] == ["world.forge/step 1", "llm"]
    assert (again.instructions, again.window, again.limits) == ("Paint.", 9, Limits())


def test_without_a_model_there_is_no_agent() -> None:
    with pytest.raises(ConfigError, match="needs a language model"):
        Agent(Fine())


def test_events_name_the_tools_and_their_places() -> None:
    events: list[Any] = []
    agent = Agent(Scripted([calls(("c", "fine", "{}")), says("ok")]), {"paint/x": Fine()})
    agent.llm.turns[0] = calls(("c", next(iter(agent.toolbox.tools)), "{}"))  # pyright: ignore
    with listening(events.append):
        agent.run("go")
    told = [(e.kind, e.data["tool"]) for e in events if e.kind in ("tool_call", "tool_result")]
    assert told == [("tool_call", "paint/x"), ("tool_result", "paint/x")]
    assert {e.path for e in events if e.kind == "token"} == {"agent/llm"}


def test_a_replay_gives_a_tool_its_memory_back() -> None:
    def nested() -> tuple[Agent, Agent]:
        inner = Agent(Scripted([says("I know")]), about="Ask the inner one.")
        return inner, Agent(Scripted([calls(("o", "inner", '{"prompt": "x"}')), says("heard")]), {"inner": inner})

    journal = Remembering()
    _, first = nested()
    with standing(Here(journal=journal)):
        first.run("go")
    second_inner, second = nested()
    with standing(Here(journal=journal)):
        second.run("go")
    assert second_inner.llm.seen == []  # pyright: ignore[reportAttributeAccessIssue]
    assert set(first.lived()) == {ROOT, "inner"} and second.lived() == first.lived()
