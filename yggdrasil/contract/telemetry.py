"""Runs told to others' instruments: Python's logging, and OpenTelemetry spans with the names for generative AI."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from yggdrasil.contract.cancel import CancelToken
from yggdrasil.contract.context import here
from yggdrasil.contract.errors import ConfigError
from yggdrasil.contract.events import ENDS, Event
from yggdrasil.contract.readers import InlineReader
from yggdrasil.contract.running import heard
from yggdrasil.contract.tool_use import as_step

_LOG = logging.getLogger("yggdrasil")
_CALL_ID = "gen_ai.tool.call.id"
_USAGE = {"prompt": "gen_ai.usage.input_tokens", "completion": "gen_ai.usage.output_tokens"}


@contextmanager
def logged() -> Generator[None]:
    """Every run inside is told to the logger `yggdrasil`: beginnings and ends at DEBUG, notes at INFO, failures as
    warnings.
    """
    with heard(InlineReader(_log, ["started", "note", *ENDS]), CancelToken(here().cancel)):
        yield


def _log(event: Event) -> None:
    data, path = event.data, event.path
    if event.kind == "failed":
        _LOG.warning("%s failed: %s: %s", path, data["error"], data["message"])
    elif event.kind == "note":
        _LOG.info("%s: %s", path, data["text"])
    elif event.kind == "started":
        _LOG.debug("%s started (%s)", path, data["type"] or data["block_kind"])
    else:
        _LOG.debug("%s %s", path, event.kind)


@contextmanager
def telemetry(tracer: Any = None) -> Generator[None]:
    """Every run inside is told as OpenTelemetry spans: one a run, node, stage, tool call or answer of a model.

    `tracer`: that of the program's provider if none is given. Raises ConfigError without the extra `otel`.
    """
    spans = _Spans(tracer or _tracer())
    with heard(
        InlineReader(spans, ["started", "usage", "note", "tool_call", "tool_result", *ENDS]), CancelToken(here().cancel)
    ):
        try:
            yield
        finally:
            spans.close()


def _tracer() -> Any:
    try:
        from opentelemetry import trace
    except ImportError:
        mend = "pip install 'yggdrasill[otel]'"
        raise ConfigError("OpenTelemetry is not installed", where="telemetry", mend=mend) from None
    return trace.get_tracer("yggdrasil")


class _Spans:
    """The spans that are open, by run and path; each is a child of the nearest one above it."""

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer
        self._open: dict[tuple[str, str], list[Any]] = {}
        self._called: dict[tuple[str, str], list[dict[str, str]]] = {}

    def __call__(self, event: Event) -> None:
        if event.kind == "started":
            self._begin(event)
            return
        if event.kind == "tool_call":
            self._call(event)
        span = self._nearest(event)
        if span is None:
            return
        if event.kind == "usage":
            self._used(span, event.data)
        elif event.kind == "note":
            span.add_event("note", {"text": event.data["text"]})
        elif event.kind == "tool_call":
            span.add_event("tool_call", {"gen_ai.tool.name": event.data["tool"]})
        elif event.kind == "tool_result":
            self._answered(event)
        elif (event.run, event.path) in self._open:
            self._end(event)

    def _begin(self, event: Event) -> None:
        from opentelemetry import trace

        above = self._nearest(event)
        name = event.path.rpartition("/")[2]
        told = {"yggdrasil.path": event.path, "yggdrasil.kind": event.data["block_kind"]}
        if event.data["type"]:
            told["yggdrasil.type"] = event.data["type"]
        tool = self._tool(event)
        operation = "execute_tool" if tool else _operation(event.data["type"])
        if operation:
            told |= {"gen_ai.operation.name": operation, **tool}
            name = tool.get("gen_ai.tool.name", name)
        if operation == "invoke_agent":
            told["gen_ai.agent.name"] = name
        context = trace.set_span_in_context(above) if above is not None else None
        title = f"{operation} {name}" if operation else name
        nanoseconds = int(event.time * 1e9)
        span = self._tracer.start_span(title, context=context, attributes=told, start_time=nanoseconds)
        self._open.setdefault((event.run, event.path), []).append(span)

    def _call(self, event: Event) -> None:
        """Remember that a tool is called: what runs at its place next is that call."""
        known = {"gen_ai.tool.name": str(event.data["tool"]), "gen_ai.tool.type": "function"}
        named = {_CALL_ID: str(event.data["id"])} if event.data.get("id") else {}
        self._called.setdefault(_of_tool(event), []).append({**known, **named})

    def _answered(self, event: Event) -> None:
        """Forget the call that has its answer: until then the place may run again, and is that call still."""
        calls, id = self._called.get(_of_tool(event), []), event.data.get("id")
        left = [call for call in calls if call.get(_CALL_ID) != (None if id is None else str(id))]
        self._called[_of_tool(event)] = left
        if not left:
            del self._called[_of_tool(event)]

    def _tool(self, event: Event) -> dict[str, str]:
        """The call that begins here; of several at once nobody knows which."""
        calls = self._called.get((event.run, event.path), [])
        if len(calls) == 1:
            return calls[0]
        return {name: part for name, part in calls[-1].items() if name != _CALL_ID} if calls else {}

    def _nearest(self, event: Event) -> Any:
        path = event.path
        while path:
            if found := self._open.get((event.run, path)):
                return found[-1]
            path = path.rpartition("/")[0]
        return None

    def _used(self, span: Any, data: dict[str, Any]) -> None:
        if "model" in data:
            span.set_attribute("gen_ai.request.model", data["model"])
            if self._told(span, "yggdrasil.type").partition("/")[0] in ("", "llm", "vlm"):
                span.set_attribute("gen_ai.operation.name", "chat")
                span.update_name(f"chat {data['model']}")
        for part, name in _USAGE.items():
            span.set_attribute(name, self._told(span, name, 0) + data[part])

    @staticmethod
    def _told(span: Any, name: str, without: Any = "") -> Any:
        known: dict[str, Any] = dict(getattr(span, "attributes", None) or {})
        return known.get(name, without)

    def _end(self, event: Event) -> None:
        from opentelemetry.trace import StatusCode

        found = self._open[event.run, event.path]
        span = found.pop()
        if not found:
            del self._open[event.run, event.path]
        if event.kind == "failed":
            span.set_attribute("error.type", event.data["error"])
            span.set_status(StatusCode.ERROR, event.data["message"])
        elif event.kind != "finished":
            span.set_attribute("yggdrasil.end", event.kind)
        span.end(end_time=int(event.time * 1e9))
        if not self._open:
            self._called.clear()

    def close(self) -> None:
        """What never said its end ends now, the deepest first."""
        for spans in reversed(list(self._open.values())):
            for span in reversed(spans):
                span.end()
        self._open.clear()


def _of_tool(event: Event) -> tuple[str, str]:
    """Where the tool of a call runs, or of its answer."""
    return event.run, f"{event.path}/{as_step(str(event.data['tool']))}"


def _operation(type_name: str) -> str:
    """What the part does in the words of OpenTelemetry; '' for what they do not know."""
    if type_name == "agent":
        return "invoke_agent"
    return "chat" if type_name.startswith("llm/") else ""
