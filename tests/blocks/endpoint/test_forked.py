"""Parent and children that ask one endpoint at once each hear their own answers."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.blocks.endpoint.stand_in import said
from tests.forked import begun, forks
from yggdrasil.blocks.llm.openai import OpenAIModel

ROUNDS, CHILDREN, ASKED = 8, 4, 5
HEARD: defaultdict[object, set[str]] = defaultdict(set)
"""Who spoke, by connection."""


class Echo(BaseHTTPRequestHandler):
    """Say what was said, on a connection that stays open."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        word = body["messages"][-1]["content"]
        HEARD[self.client_address].add(word.rpartition(" ")[0])
        answer = said(word).encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


@forks
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_n36_two_hundred_answers_of_a_parent_and_its_forks_are_right(url: str) -> None:
    model = OpenAIModel(model="echo", base_url=url)

    def asked(name: str) -> list[list[str]]:
        words = [f"{name} {number}" for number in range(ASKED)]
        return [[word, model.run(messages=[{"role": "user", "content": word}]).text] for word in words]

    asked("parent")
    answers: list[list[str]] = []
    for turn in range(ROUNDS):
        children = [begun(partial(asked, f"child {turn} {child}")) for child in range(CHILDREN)]
        answers += asked("parent")
        for child in children:
            answers += child()
    assert len(answers) == ROUNDS * (CHILDREN + 1) * ASKED == 200
    assert [word for word, _ in answers] == [answer for _, answer in answers]
    assert all(len(who) == 1 for who in HEARD.values()) and len(HEARD) == ROUNDS * CHILDREN + 1
