"""Functions of the script's own after each reply and around each tool call, and what a tool knows of its call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.agent.scripted import Scripted, calls, says
from yggdrasil.testing import ScriptedModel


def look(what: str = "sea") -> str:
    """Look."""
    return f"a grey {what}"


def delete(file: str) -> str:
    """Delete a file."""
    return f"{file} is gone"


def harmless(reply: ygg.Reply, who: ygg.Deps[str]) -> None:
    reply.calls = [call for call in reply.calls if call.name != "delete" or who == "admin"]
    reply.text = reply.text.replace("damn", "d…")


def test_what_the_model_answered_is_changed_before_anything_is_done() -> None:
    turns = [calls(("1", "look", {}), ("2", "delete", {"file": "a"})), says("A damn grey sea.")]
    agent = ygg.Agent(ScriptedModel(turns), [look, delete], after=harmless)
    assert agent.run("Tidy up.", deps="guest").response == "A d… grey sea."
    assert [m["role"] for m in agent.memory.messages] == ["user", "assistant", "tool", "assistant"]


@pytest.mark.parametrize(
    ("hook", "misspelt", "meant"),
    [
        ("before", lambda request: setattr(request, "mesages", []), "messages"),
        ("after", lambda reply: setattr(reply, "cals", []), "calls"),
        ("around", lambda use, make: setattr(use, "argument", {}), "arguments"),
    ],
)  # fmt: skip
def test_what_a_function_changes_is_there(hook: str, misspelt: Any, meant: str) -> None:
    agent = ygg.Agent(ScriptedModel([calls(("1", "look", {})), says("so")]), [look], tool_errors="raise")
    setattr(agent, hook, misspelt)
    with pytest.raises(ygg.ConfigError, match=f"has no .*{meant}") as caught:
        agent.run("Look.")
    assert isinstance(caught.value, AttributeError)


@pytest.mark.parametrize("broken", [{"text": None}, {"calls": [{"name": "look"}]}])
def test_a_reply_that_is_none_any_more_is_refused(broken: dict[str, Any]) -> None:
    agent = ygg.Agent(ScriptedModel([says("x")]), [look], after=lambda reply: vars(reply).update(broken))
    with pytest.raises(ygg.ConfigError, match=r"after= left the reply .*call\._replace"):
        agent.run("Look.")


def test_tools_are_given_whole_and_none_is_lost_unsaid() -> None:
    agent = ygg.Agent(ScriptedModel(), [look])
    with pytest.raises(TypeError, match="give them anew"):
        agent.tools["delete"] = ygg.block(delete)  # pyright: ignore[reportIndexIssue]
    agent.tools = {**agent.tools, "delete": delete}
    assert list(agent.tools) == ["look", "delete"]


def test_a_function_stands_around_each_call_of_a_tool() -> None:
    used: list[tuple[str, Any, int]] = []

    def around(use: ygg.ToolUse, make: Callable[..., Any]) -> Any:
        used.append((use.tool, use.arguments, use.turns))
        if use.tool == "delete":
            return "Refused: nothing is deleted here"
        return str(make({"what": "wood"})).upper()

    turns = [calls(("1", "look", {"what": "sky"}), ("2", "delete", {"file": "a"})), says("ok")]
    agent = ygg.Agent(ScriptedModel(turns), [look, delete], around=around)
    agent.run("Look.")
    told = [m["content"] for m in agent.memory.messages if m["role"] == "tool"]
    assert told == ["A GREY WOOD", "Refused: nothing is deleted here"]
    assert used == [("look", {"what": "sky"}, 1), ("delete", {"file": "a"}, 1)]


def test_an_answer_from_the_journal_is_not_made_anew(tmp_path: Path) -> None:
    made: list[str] = []

    def around(use: ygg.ToolUse, make: Callable[[], Any]) -> Any:
        made.append(use.tool)
        return make()

    turns = [calls(("1", "look", {}), ("2", "delete", {"file": "a"})), says("ok")]
    agent = ygg.Agent(Scripted(turns), [look, delete], around=around, approve=["delete"])
    chat = agent.session("anna", tmp_path)
    with pytest.raises(ygg.Paused):
        chat.run("Tidy up.")
    assert chat.answer("yes") is not None
    assert made == ["look", "delete"]


def test_a_tool_knows_of_its_call_and_what_the_run_took() -> None:
    seen: list[ygg.ToolUse] = []

    def shaky() -> str:
        """Try."""
        use = ygg.here().tool_use
        seen.append(use)
        if use.attempt == 1:
            raise OSError("busy")
        return f"{use.tool} {use.id} {use.attempt}"

    agent = ygg.Agent(ScriptedModel([calls(("7", "shaky", {})), says("ok")]), [shaky])
    agent.run("Try.", limits=ygg.Limits(tool_retries=1))
    assert [m["content"] for m in agent.memory.messages][2] == "shaky 7 2"
    assert (seen[0].turns, seen[0].tokens) == (1, 15) and seen[0].messages[0]["content"] == "Try."
    assert ygg.here().tool_use.tool == ""


def test_functions_are_set_by_assignment_and_what_is_none_is_refused() -> None:
    model = ScriptedModel([says("hm")])
    agent = ygg.Agent(model)
    told: list[str] = []
    agent.before = lambda request: told.append("before")
    agent.after = lambda reply: told.append("after")
    agent.validate = lambda text: f"{text}!"
    agent.instructions = lambda: "Be kind."  # type: ignore[assignment]
    assert agent.run("?").response == "hm!" and told == ["before", "after"]
    assert model.seen[0]["messages"][0]["content"] == "Be kind." and agent.after is not None
    agent.before = agent.after = None
    agent.instructions = "Be brief."
    agent.run("?")
    assert len(told) == 2 and model.seen[1]["messages"][0]["content"] == "Be brief."
    for name in ("before", "after", "around", "validate"):
        with pytest.raises(ygg.ConfigError, match=f"{name} is 5"):
            setattr(agent, name, 5)


def test_the_conversation_of_a_run_that_failed_is_had_from_its_error() -> None:
    def broken() -> str:
        """Break."""
        raise ValueError("no")

    turns = [calls(("1", "broken", {})), says("never")]
    agent = ygg.Agent(ScriptedModel(turns), [broken], tool_errors="raise")
    with pytest.raises(ValueError, match="no") as failed:
        agent.run("Go.")
    said = ygg.messages_of(failed.value)
    assert [m["role"] for m in said] == ["user", "assistant"] and agent.memory.messages == []
    with pytest.raises(ygg.YggError, match="did not end a run"):
        ygg.messages_of(ValueError())


def test_deps_that_were_forgotten_are_told_before_the_model_is_asked() -> None:
    def find(key: str, base: ygg.Deps[dict[str, int]]) -> int:
        """Find."""
        return base[key]

    def may(base: ygg.Deps[str | None]) -> str:
        """Say."""
        return str(base)

    def told(deps: str) -> str:
        return deps

    model = ScriptedModel([calls(("1", "may", {})), says("ok")])
    inner = ygg.Agent(model, [find], about="Finds things.")
    for agent in (ygg.Agent(model, [find]), ygg.Agent(model, [inner]), ygg.Agent(model, instructions=told)):
        with pytest.raises(ygg.PortError, match=r"takes deps.*the call gave none.*deps="):
            agent.run("?")
    assert model.seen == []
    agent = ygg.Agent(model, [may], instructions=lambda deps="nothing": f"You have {deps}.")
    assert agent.run("?").response == "ok" and agent.memory.messages[-2]["content"] == "None"
