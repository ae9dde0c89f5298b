"""Examples of agents that work together, with a scripted model; tests/test_examples.py runs them with a real one."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from yggdrasil.testing.model import ScriptedModel, calls, says

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def main(name: str) -> Any:
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]


class Told(ScriptedModel, init=False):
    """Answers by who is asked: the first word of the script that stands in the instructions."""

    def __init__(self, script: dict[str, list[Any]]) -> None:
        super().__init__()
        self.script = script

    def chat(self, messages: Any, **asked: Any) -> Any:
        head = next((m["content"] for m in messages if m["role"] == "system"), "")
        self.turns = next(turns for part, turns in self.script.items() if part in head)
        return super().chat(messages, **asked)


def test_the_supervisor_lets_each_worker_do_its_part(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("namer", "mapper", "chronicler")
    work = calls(*((name, name, {"prompt": f"the {name}"}) for name in names))
    script = {
        "Let each worker": [work, says("Sparfish Bay lies north; a whale came.")],
        "one name": [says("Sparfish Bay")],
        "one sentence": [says("Done.")],
    }
    answer = main("supervisor")(Told(script))
    assert answer.response == "Sparfish Bay lies north; a whale came."
    shown = capsys.readouterr().out
    assert [line.split()[2] for line in shown.splitlines()[:3]] == [f"{name}:" for name in names]


def test_the_cast_hears_one_another() -> None:
    model = Told({"Ingrid": [says("We mend nets."), says("We wait.")], "Hjalmar": [says("I hunt."), says("Aye.")]})
    scene = main("cast")(model)
    assert scene == [("Ingrid", "We mend nets."), ("Hjalmar", "I hunt."), ("Ingrid", "We wait."), ("Hjalmar", "Aye.")]
    assert model.seen[2]["messages"][-1]["content"] == "I hunt."
    assert [m["content"] for m in model.seen[3]["messages"][1:]] == ["We mend nets.", "I hunt.", "We wait."]


def test_the_desk_hands_over_to_who_mends_boats() -> None:
    script = {
        "desk": [says('{"to": "harbour", "told": "The boat leaks."}')],
        "mend boats": [says("Bring her in at noon.")],
    }
    assert main("handover")(Told(script)) == "Bring her in at noon."


def test_three_are_asked_at_once_and_the_judge_chooses() -> None:
    script = {
        "judge": [says('{"result": "2"}')],
        "poet": [says("White sleep.")],
        "sailor": [says("Rough.")],
        "child": [says("Big!")],
    }
    assert main("parallel_agents")(Told(script)) == "Rough."
