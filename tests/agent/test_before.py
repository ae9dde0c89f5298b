"""A function that changes each request: what the model reads, which tools it is offered, which model is asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.agent.scripted import Scripted, calls, says
from yggdrasil.testing import ScriptedModel

MAIL = re.compile(r"\S+@\S+")


def hidden(request: ygg.Request) -> None:
    """Hide addresses of mail."""
    for message in request.messages:
        message["content"] = MAIL.sub("<mail>", message["content"])


def look() -> str:
    """Look."""
    return "write to ann@sea.no"


def delete(file: str) -> str:
    """Delete a file."""
    return f"{file} is gone"


def only_the_admin_deletes(request: ygg.Request, who: ygg.Deps[str]) -> None:
    if who != "admin":
        request.tools.remove("delete")


def test_the_model_reads_what_the_function_leaves_and_the_memory_keeps_what_was_said() -> None:
    model = ScriptedModel([calls(("1", "look", {})), says("Done."), says("Again.")])
    agent = ygg.Agent(model, [look], before=hidden)
    agent.run("I am bo@sea.no")
    assert [m["content"] for m in model.seen[-1]["messages"]] == ["I am <mail>", "", "write to <mail>"]
    assert agent.memory.messages[0]["content"] == "I am bo@sea.no"


def test_a_summary_is_made_of_what_the_model_may_read() -> None:
    model = ScriptedModel([says("yes " * 300)])
    agent = ygg.Agent(model, before=hidden, older="summary", context=900, max_tokens=100)
    for _ in range(3):
        agent.run("I am bo@sea.no. " + "Tell me of the sea. " * 40)
    asked = [s["messages"] for s in model.seen if "Sum up" in s["messages"][0]["content"]]
    assert asked and not any("bo@sea.no" in str(messages) for messages in asked)
    assert any("<mail>" in str(messages) for messages in asked)


def test_tools_are_offered_by_what_the_function_says_of_the_deps() -> None:
    turns = [calls(("1", "delete", {"file": "a"})), says("ok")]
    model = ScriptedModel(turns)
    agent = ygg.Agent(model, [look, delete], before=only_the_admin_deletes)
    with ygg.session():
        agent.run("Delete a.", deps="guest")
        offered = [t["function"]["name"] for t in model.seen[0]["tools"]]
    assert offered == ["look"]
    told = [m["content"] for m in model.seen[-1]["messages"] if m["role"] == "tool"]
    assert "NoSuchTool: there is no tool 'delete'" in told[0] and "gone" not in told[0]
    with ygg.session():
        agent.run("Delete a.", deps="admin")
    assert model.seen[-1]["messages"][-1]["content"] == "a is gone"


def test_a_model_without_tool_calls_of_its_own_is_told_of_those_that_are_offered() -> None:
    model = ScriptedModel([says('{"tool": "answer", "text": "no"}')], native=False)
    agent = ygg.Agent(model, [look, delete], instructions="Be kind.", before=only_the_admin_deletes)
    assert agent.run("Delete a.", deps="guest").response == "no"
    told = model.seen[0]["messages"][0]["content"]
    assert told.startswith("Be kind.") and "- look:" in told and "delete" not in told
    assert "delete" not in str(model.seen[0]["schema"])


def test_another_model_may_be_asked_and_a_result_too_is_asked_for_by_the_function() -> None:
    small, large = ScriptedModel([says("7")]), ScriptedModel([says('{"result": 8}')])

    def by_length(request: ygg.Request) -> None:
        if len(request.messages[-1]["content"]) > 20:
            request.model, request.temperature, request.max_tokens = large, 0.0, 9

    agent = ygg.Agent(small, before=by_length, result=int)
    assert agent.run("Short?").result == 7
    assert agent.run("A question that is much longer?").result == 8
    assert (large.seen[0]["temperature"], large.seen[0]["max_tokens"]) == (0.0, 9)


def test_a_turn_that_is_made_again_from_the_journal_offers_what_it_offered(tmp_path: Path) -> None:
    model = ScriptedModel([calls(("1", "delete", {"file": "a"})), says("ok")])
    agent = ygg.Agent(model, [look, delete], before=only_the_admin_deletes, approve=["delete"])
    chat = agent.session("anna", tmp_path)
    with pytest.raises(ygg.Paused):
        chat.run("Delete a.", deps="admin")
    assert chat.answer("yes", go_on=False) is None
    assert agent.session("anna", tmp_path).run("Delete a.", deps="guest").response == "ok"
    assert len(model.seen) == 2


@pytest.mark.parametrize("wrong", [5, dict])
def test_what_is_no_function_is_refused(wrong: Any) -> None:
    with pytest.raises(ygg.ConfigError, match="before is"):
        ygg.Agent(ScriptedModel(), before=wrong)


def test_a_tool_that_is_not_there_cannot_be_offered_and_the_function_is_not_saved(tmp_path: Path) -> None:
    def odd(request: ygg.Request) -> None:
        request.tools.append("lok")

    agent = ygg.Agent(Scripted(), [look], before=odd)
    with pytest.raises(ygg.ConfigError, match=r"(?s)names no tool 'lok'.*look"):
        agent.run("Look.")
    with pytest.raises(ygg.ManifestError, match="its before is a function"):
        ygg.save(ygg.Agent(Scripted(), before=odd), tmp_path / "a")
