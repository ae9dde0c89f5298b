"""An OpenAI-compatible endpoint on this machine that does what a test says, and a proxy that cuts its answers."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


class StandIn:
    """An endpoint that answers as the test says and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.models: list[dict[str, Any]] | None = None
        self.answer: Answer = stream("hello")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                kind = self.headers.get("content-type", "")
                outer.asked.append(json.loads(raw) if "json" in kind else {"raw": raw})
                outer.headers.append({k.lower(): v for k, v in self.headers.items()})
                outer.paths.append(self.path)
                try:
                    outer.answer(self, outer.asked[-1])
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def do_GET(self) -> None:
                outer.paths.append(self.path)
                if outer.models is None:
                    return send(self, 404, "application/json", "{}")
                return send(self, 200, "application/json", json.dumps({"object": "list", "data": outer.models}))

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        vars(self.server)["over"] = self.over = threading.Event()
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


def over_of(handler: BaseHTTPRequestHandler) -> threading.Event:
    """Set when the endpoint is closed: an answer that is to come too late waits for it."""
    return vars(handler.server)["over"]


@contextmanager
def standing_in() -> Iterator[StandIn]:
    made = StandIn()
    try:
        yield made
    finally:
        made.close()


def send(
    handler: BaseHTTPRequestHandler, status: int, media: str, body: str | bytes, headers: dict[str, str] | None = None
) -> None:
    handler.send_response(status)
    handler.send_header("content-type", media)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body.encode() if isinstance(body, str) else body)


def sending(status: int, media: str, body: str | bytes, headers: dict[str, str] | None = None) -> Answer:
    return lambda handler, _: send(handler, status, media, body, headers)


def giving(value: Any) -> Answer:
    """A JSON answer."""
    return sending(200, "application/json", json.dumps(value))


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
    data = {
        "id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more,
    }  # fmt: skip
    return f"data: {json.dumps(data)}\n\n"


def usage() -> str:
    spent = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    data = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": spent}
    return f"data: {json.dumps(data)}\n\ndata: [DONE]\n\n"


def said(*words: str, finish: str | None = "stop") -> str:
    """The bytes of a streamed turn."""
    parts = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": word}) for word in words)]
    return "".join([*parts, *([chunk({}, finish), usage()] if finish else [])])


def stream(*words: str, finish: str | None = "stop") -> Answer:
    return sending(200, "text/event-stream", said(*words, finish=finish))


def calling(tool: str, arguments: str = "{}") -> Answer:
    """A streamed turn that calls a tool."""
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": tool, "arguments": arguments}}
    return sending(200, "text/event-stream", chunk({"tool_calls": [call]}) + chunk({}, "tool_calls") + usage())


def one_after_the_other(*answers: Answer) -> Answer:
    """Each request gets the next answer, and the last one for ever."""
    left = list(answers)

    def answer(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler, body)

    return answer


class CuttingProxy:
    """Passes requests on to an endpoint and its answers back, but for each answer at most `limit` bytes."""

    def __init__(self, url: str, limit: int | None = None) -> None:
        self.limit = limit
        self._port = int(url.rpartition(":")[2].partition("/")[0])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client, self.limit), daemon=True).start()

    def _pass_on(self, client: socket.socket, left: int | None) -> None:
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            threading.Thread(target=_pump, args=(client, server), daemon=True).start()
            with contextlib.suppress(OSError):
                while left is None or left > 0:
                    data = server.recv(65536 if left is None else min(left, 65536))
                    if not data:
                        break
                    client.sendall(data)
                    left = None if left is None else left - len(data)
            for side in (client, server):
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
