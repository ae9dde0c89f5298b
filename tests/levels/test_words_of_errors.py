"""No word of the library below reaches who reads an error of ours: agents, sessions, graphs, worlds."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import yggdrasil as ygg
from tests.levels.scripted import scripted
from yggdrasil.ports import Text
from yggdrasil.testing import ScriptedModel, calls, says

FOREIGN = ("During task", "GraphInterrupt", "GraphRecursion", "GraphBubbleUp", "Pregel", "langgraph", "checkpoint")


class Mute(ygg.Block, type="test_words_of_errors/mute", role="LLM"):
    """Fail, as a model without its endpoint does."""

    def forward(self, messages: ygg.ports.Messages) -> Text:
        raise RuntimeError("the model is mute")


def fails() -> str:
    """Fail."""
    raise ygg.PortError("the tool is lost", where="fails", mend="find it")


def asks() -> str:
    """Ask a person."""
    return ygg.ask("May I?")


def mute() -> ygg.Agent:
    return ygg.Agent(Mute())


def asking() -> ygg.Agent:
    return ygg.Agent(ScriptedModel([calls(("1", "asks", {})), says("Done.")]), [asks])


def endless() -> ygg.Agent:
    return ygg.Agent(ScriptedModel([calls(("1", "fails", {}))]), [fails], limits=ygg.Limits(steps=40, raises=True))


def held(agent: ygg.Agent) -> ygg.Graph:
    return ygg.Graph("held").add(agent, "agent")


def nested(agent: ygg.Agent) -> ygg.Agent:
    return ygg.Agent(ScriptedModel([calls(("1", "inner", {"prompt": "go"})), says("Done.")]), {"inner": agent})


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def foreign(error: BaseException) -> list[str]:
    """What its own words, its notes and those of all that it came from say of the library."""
    told = [word for one in chain(error) for word in traceback.format_exception_only(one)]
    return [word for word in told if any(part in word for part in FOREIGN)]


def stepped(agent: ygg.Agent, folder: Path) -> Any:
    return scripted(folder / "world", author=agent).step()


WAYS: dict[str, Callable[[ygg.Agent, Path], Any]] = {
    "alone": lambda agent, _: agent.run("go"),
    "in a graph": lambda agent, _: held(agent).run(prompt="go"),
    "as a tool": lambda agent, _: nested(agent).run("go"),
    "in a session": lambda agent, folder: agent.session("anna", folder).run("go"),
    "a graph in a session": lambda agent, folder: held(agent).session("anna", folder).run(prompt="go"),
    "in a world": stepped,
}


def test_a_word_is_heard_wherever_in_an_error_it_stands() -> None:
    noted, caused = RuntimeError("noted"), RuntimeError("caused")
    noted.add_note("During task with name 'think'")
    caused.__cause__ = RuntimeError("no checkpoint")
    assert len(foreign(noted)) == len(foreign(caused)) == 1


@pytest.mark.parametrize("made", [mute, asking, endless])
@pytest.mark.parametrize("way", WAYS)
def test_errors_questions_and_limits_are_told_in_words_of_ours(
    made: Callable[[], ygg.Agent], way: str, tmp_path: Path
) -> None:
    said: list[str] = []
    ended: list[BaseException] = []
    with ygg.listening(lambda event: said.append(f"{event.kind} {event.data}"), inline=True):
        try:
            WAYS[way](made(), tmp_path)
        except Exception as error:  # any kind may come, of ours and of the model: its words are what is looked at
            ended.append(error)
    if way != "as a tool" or made is asking:
        assert ended, "nothing went wrong: the test shows nothing"
    assert [word for error in ended for word in foreign(error)] == []
    assert [word for word in said if any(part in word for part in FOREIGN)] == []
