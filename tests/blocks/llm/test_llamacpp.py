"""The process behind `llm/llamacpp`: it may die, hang or be cancelled, and never takes us with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.forked import forks, in_child
from tests.waiting import until
from yggdrasil.blocks.llm import llamacpp_link
from yggdrasil.blocks.llm.language_model import NotAble
from yggdrasil.blocks.llm.llamacpp import LlamaCpp
from yggdrasil.blocks.llm.llamacpp_link import ModelDied, ModelRefused, ModelTimeout
from yggdrasil.contract import Cancelled, CancelToken, FileRef, MissingFile, WeightsError, listening

STAND_IN = """
import json, os, sys, threading, time
told = []
def send(**message): print(json.dumps(message), flush=True)
def listen():
    for line in sys.stdin: told.append(json.loads(line))
    os._exit(0)
threading.Thread(target=listen, daemon=True).start()
def take():
    while not told: time.sleep(0.005)
    return told.pop(0)
take(); send(id=0, done={})
while True:
    request = take()
    if request["op"] == "cancel": continue
    number, said = request["id"], request["request"]["messages"][-1]["content"]
    if said == "abort":
        print("GGML_ASSERT failed", file=sys.stderr, flush=True); os.abort()
    if said == "hang": time.sleep(60)
    if said == "refuse":
        send(id=number, done={"error": {"message": "exceeds the available context size"}}); continue
    if said == "slowly":
        send(id=number, token="one ")
        while not any(r.get("op") == "cancel" for r in told): time.sleep(0.01)
        told.clear(); send(id=number, done={"cancelled": True}); continue
    for word in ("a ", "fox"): send(id=number, token=word)
    text = json.dumps(request["request"]) if said == "echo" else "a fox"
    usage = {"prompt": 5, "completion": 2}
    send(id=number, done={"text": text, "tool_calls": [], "usage": usage, "finish_reason": "stop"})
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LlamaCpp]:
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    monkeypatch.setattr(llamacpp_link, "_COMMAND", (sys.executable, str(script)))
    weights = tmp_path / "toy.gguf"
    weights.write_bytes(b"GGUF\3" + bytes(27))
    block = LlamaCpp(timeout=20)
    block.files["weights"] = FileRef(os.urandom(16).hex() * 2, weights)
    yield block
    block.close()


def say(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def test_a_turn_comes_with_its_tokens(model: LlamaCpp) -> None:
    tokens: list[str] = []
    with listening(lambda e: tokens.append(e.data["text"]) if e.kind == "token" else None):
        out = model.run(messages=say("hi"))
    assert (out.text, out.usage, out.finish_reason) == ("a fox", {"prompt": 5, "completion": 2, "cost": 0.0}, "stop")
    assert tokens == ["a ", "fox"]


@forks
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_n36_a_forked_child_has_a_process_of_its_own_and_leaves_that_of_its_parent(model: LlamaCpp) -> None:
    model.run(messages=say("hi"))
    pid = model._link.pid

    def child() -> list[Any]:
        inherited = model._link.pid
        text = model.run(messages=say("hi")).text
        own = model._link.pid
        model.close()
        return [inherited, text, own]

    inherited, text, own = in_child(child)
    assert inherited is None and text == "a fox" and own not in (None, pid)
    assert model.run(messages=say("hi")).text == "a fox" and model._link.pid == pid


def test_a_schema_and_the_settings_go_along(model: LlamaCpp) -> None:
    sent = json.loads(model.chat(say("echo"), schema={"type": "object"}, max_tokens=9, seed=2**40).text)
    head, _, grammar = sent["grammar"].partition("%json ")
    assert head == "%llguidance {}\nstart: "
    schema = json.loads(grammar)
    assert schema.pop("x-guidance")["whitespace_flexible"] is False
    assert schema == {"type": "object"}
    assert (sent["max_tokens"], sent["repeat_penalty"]) == (9, 1.05)
    assert 0 <= sent["seed"] < 2**32
    with pytest.raises(NotAble):
        model.choose("a", ["b"])


def test_a_native_abort_is_an_error_and_the_next_turn_works(model: LlamaCpp) -> None:
    with pytest.raises(ModelDied, match=r"SIGABRT.*GGML_ASSERT failed"):
        model.chat(say("abort"))
    assert model.chat(say("hi")).text == "a fox"


def test_a_process_that_is_killed_between_turns_is_started_anew(model: LlamaCpp) -> None:
    model.chat(say("hi"))
    first = model._link.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: os.waitid(os.P_PID, first, os.WEXITED | os.WNOHANG | os.WNOWAIT))
    assert model.chat(say("hi")).text == "a fox"
    assert model._link.pid != first


def test_a_hanging_turn_meets_its_limit(model: LlamaCpp) -> None:
    model.timeout = 0.4
    with pytest.raises(ModelTimeout, match=r"time limit of 0\.4 s"):
        model.chat(say("hang"))
    model.timeout = 20
    assert model.chat(say("hi")).text == "a fox"


def test_a_cancelled_turn_stops_and_the_process_lives(model: LlamaCpp) -> None:
    token = CancelToken()
    with (
        listening(lambda _: token.cancel(), token, kinds=["token"], inline=True),
        pytest.raises(Cancelled),
    ):
        model.chat(say("slowly"))
    pid = model._link.pid
    assert model.chat(say("hi")).text == "a fox"
    assert model._link.pid == pid


def test_what_the_runtime_refuses_is_typed(model: LlamaCpp) -> None:
    with pytest.raises(ModelRefused, match="larger `context`"):
        model.chat(say("refuse"))


def test_the_process_dies_with_its_parent(tmp_path: Path, model: LlamaCpp) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from yggdrasil.blocks.llm import llamacpp_link\n"
        "from yggdrasil.contract import CancelToken\n"
        f"llamacpp_link._COMMAND = (sys.executable, {str(tmp_path / 'stand_in.py')!r})\n"
        "link = llamacpp_link.Link([Path('x')], 512, 1)\n"
        "ask = {'messages': [{'role': 'user', 'content': 'hi'}]}\n"
        "link.chat(ask, timeout=20, cancel=CancelToken(), where='', token=lambda t: None)\n"
        "print(link.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    until(lambda: not Path(f"/proc/{child}").exists())


def test_blocks_of_one_file_share_a_process(model: LlamaCpp) -> None:
    other = LlamaCpp(timeout=5, repetition=1.2)
    other.files = dict(model.files)
    assert other._link is model._link


def test_no_file_and_a_wrong_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        LlamaCpp().chat(say("hi"))
    wrong = tmp_path / "x.gguf"
    wrong.write_bytes(b"\x80\x04 pickle")
    block = LlamaCpp()
    block.files["weights"] = FileRef("0" * 64, wrong)
    with pytest.raises(WeightsError):
        block.chat(say("hi"))
