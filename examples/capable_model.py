"""A capable model behind an endpoint leads a world in full: one request a stage, and its prose arrives as it wrote it.

python examples/capable_model.py [--llm openai:MODEL@BASE_URL]

Without a model a stand-in answers here, by whatever schema it is given, and keeps what it was asked.
"""

import argparse
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import yggdrasil as ygg

PROSE = "The lamp swings over the black water. «Row», says Maud, and nobody else speaks. " * 12
asked: list[dict[str, Any]] = []


def made(schema: dict[str, Any], name: str = "") -> Any:
    """A value of the schema: long prose for a text, a name for a name."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return made(schema["anyOf"][0], name)
    if schema.get("type") == "object":
        return {key: made(part, key) for key, part in schema["properties"].items() if key in schema["required"]}
    if schema.get("type") == "array":
        return [made(schema["items"], name) for _ in range(schema.get("minItems", 1))]
    named = name in ("name", "slot")
    return f"Maud the {len(asked)}th" if named else PROSE if name in ("text", "prompt") else "a line of it"


class Endpoint(BaseHTTPRequestHandler):
    """The wire of OpenAI, as far as a chat needs it."""

    def do_POST(self) -> None:
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked.append(body)
        form = body.get("response_format", {}).get("json_schema", {}).get("schema")
        text = json.dumps(made(form), ensure_ascii=False) if form else "I know enough."
        choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what was asked is kept in `asked`."""


parser = argparse.ArgumentParser()
parser.add_argument("--llm", default="")
llm = parser.parse_args().llm
server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
threading.Thread(target=server.serve_forever, daemon=True).start()
model = ygg.LLM(llm or f"openai:stand-in@http://127.0.0.1:{server.server_port}/v1?native_tools=false")
world = ygg.World.from_template(
    "ships-log", llm=ygg.Agent(model), painter="illustrate", wish="a whaler that hunts clouds"
)
step = world.step("the mate sights a white shape in the fog")

for stage in step.stages:
    print(f"{stage.name}: {stage.status}, {stage.seconds:.1f} s")
print(f"{len(asked)} requests for the founding and four stages; the entry has {len(step.chronicle)} letters:")
print(step.chronicle[:160], "…")
