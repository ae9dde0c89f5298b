"""Runs stand in Python's logging and in OpenTelemetry's spans, where somebody asks for it."""

import logging
import sys
from collections.abc import Callable
from typing import Any, TypedDict

import pytest

import yggdrasil as ygg
from yggdrasil.ports import Json, Text
from yggdrasil.testing import ScriptedModel, calls, says


class Turn(TypedDict):
    text: Text
    usage: Json


class Model(ygg.Block, type="llm/test_telemetry"):
    """Answer, and say what it took."""

    model: str = "tiny-1"

    def forward(self, text: Text) -> Turn:
        if text == "fail":
            raise ValueError("no")
        ygg.here().note("thinking")
        return {"text": text, "usage": {"prompt": 3, "completion": 2, "cost": 0.5}}


class Pair(ygg.Block, type="test_telemetry/pair"):
    """Ask a model twice."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()

    def forward(self, text: Text) -> Text:
        self.model.run(text=text)
        return self.model.run(text=text).text


def graph() -> ygg.Graph:
    return ygg.Graph("line").add(Pair(), "pair")


def ping(host: str) -> str:
    """Ping."""
    return host


def kept_spans(run: Callable[[], object]) -> list[Any]:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    with ygg.telemetry(provider.get_tracer("test")):
        run()
    return list(kept.get_finished_spans())


def spans_of(text: str) -> list[object]:
    def run() -> None:
        if text == "fail":
            with pytest.raises(ValueError, match="no"):
                graph().run(text=text)
        else:
            graph().run(text=text)

    return kept_spans(run)


def test_a_run_is_a_tree_of_spans_with_what_each_answer_took() -> None:
    spans = {str(span.attributes["yggdrasil.path"]): span for span in spans_of("a")}  # type: ignore[attr-defined]
    whole, pair = spans["line"], spans["line/pair"]
    chats = [span for path, span in spans.items() if path.count("/") == 2]
    assert whole.parent is None and pair.parent.span_id == whole.context.span_id  # type: ignore[attr-defined]
    for chat in chats:
        told = dict(chat.attributes)  # type: ignore[attr-defined]
        assert chat.parent.span_id == pair.context.span_id  # type: ignore[attr-defined]
        assert told["gen_ai.operation.name"] == "chat" and told["gen_ai.request.model"] == "tiny-1"
        assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) in ((3, 2), (6, 4))
        assert chat.end_time >= chat.start_time  # type: ignore[attr-defined]


def test_each_call_of_one_place_is_a_span_of_its_own() -> None:
    assert len(spans_of("a")) == 4


def test_a_failure_is_the_spans_too() -> None:
    from opentelemetry.trace import StatusCode

    assert all(span.status.status_code is StatusCode.ERROR for span in spans_of("fail"))  # type: ignore[attr-defined]


def test_runs_are_logged_where_the_program_asks(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "yggdrasil"), ygg.logged():
        graph().run(text="a")
        with pytest.raises(ValueError, match="no"):
            graph().run(text="fail")
    said = [(record.levelname, record.message) for record in caplog.records]
    assert ("DEBUG", "line started (graph)") in said and ("DEBUG", "line finished") in said
    assert ("INFO", "line/pair/test_telemetry: thinking") in said
    assert ("WARNING", "line failed: ValueError: no") in said
    graph().run(text="b")
    assert len(caplog.records) == len(said), "outside of it nothing is logged"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ygg.ConfigError, match=r"pip install 'yggdrasill\[otel\]'"), ygg.telemetry():
        pass


def test_an_agents_model_and_tools_are_named_by_the_conventions() -> None:
    turns = [calls(("c1", "ping", {"host": "a"})), calls(("c2", "ping", {"host": "b"})), says("up")]
    spans = kept_spans(lambda: ygg.Agent(ScriptedModel(turns), [ping]).run("Is it up?"))
    chat, tool = "chat scriptedmodel", "execute_tool ping"
    assert [span.name for span in spans] == [chat, tool, chat, tool, chat, "invoke_agent agent"]
    told = [dict(span.attributes) for span in spans]
    assert [part["gen_ai.operation.name"] for part in told[:2]] == ["chat", "execute_tool"]
    assert [told[at]["gen_ai.tool.call.id"] for at in (1, 3)] == ["c1", "c2"]
    assert told[1]["gen_ai.tool.name"] == "ping" and told[0]["gen_ai.request.model"] == "scriptedmodel"


def test_calls_of_one_tool_at_once_and_one_made_again_are_named_each() -> None:
    tried: list[str] = []

    def flaky(host: str) -> str:
        """Ping, at the second try."""
        tried.append(host)
        if len(tried) == 1:
            raise OSError("no route")
        return host

    both = calls(("c1", "ping", {"host": "a"}), ("c2", "ping", {"host": "b"}))
    turns, limits = [both, calls(("c3", "flaky", {"host": "a"})), says("up")], ygg.Limits(tool_retries=1)
    agent = ygg.Agent(ScriptedModel(turns), [ping, flaky], parallel_tools=True, limits=limits)
    spans = kept_spans(lambda: agent.run("Is it up?"))
    named = [span.name for span in spans if span.name.startswith("execute_tool")]
    assert named == ["execute_tool ping"] * 2 + ["execute_tool flaky"] * 2
    again = [dict(span.attributes) for span in spans if span.name == "execute_tool flaky"]
    assert [part["gen_ai.tool.call.id"] for part in again] == ["c3", "c3"]
    assert dict(spans[-1].attributes)["gen_ai.agent.name"] == "agent"
