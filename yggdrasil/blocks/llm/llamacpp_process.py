"""The other side of `llm/llamacpp`: one GGUF model behind JSON lines, so that a native abort ends only this process."""

from __future__ import annotations

import json
import os
import queue
import secrets
import sys
import threading
from typing import Any

from yggdrasil.blocks.llm.call_pieces import CallPieces

_PRIMED_TWICE = 2
_ERRORS = 1
"""The runtime's verbosity at which it says why it fails, and nothing else."""


class RequestInbox:
    """What comes in on stdin: requests in a queue, cancellations as a set; its end ends the process."""

    def __init__(self) -> None:
        self.requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.cancelled: set[int] = set()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin.buffer:
            request = json.loads(line)
            if request["op"] == "cancel":
                self.cancelled.add(request["id"])
            else:
                self.requests.put(request)
        os._exit(0)


class Served:
    """The loaded model and which conversation beginnings its key-value cache holds."""

    def __init__(self, path: str, context: int, threads: int) -> None:
        from importlib import import_module

        xllamacpp: Any = import_module("xllamacpp")
        params = xllamacpp.CommonParams()
        params.model.path = path
        params.n_ctx, params.n_parallel = context, 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.warmup, params.verbosity, params.use_jinja = False, _ERRORS, True
        params.no_extra_bufts = True
        params.cache_ram_mib = 0
        params.api_keys = [secrets.token_hex(32)]
        self._server = xllamacpp.Server(params)
        self._held: list[str] = []

    def chat(self, request: dict[str, Any], told: RequestInbox, number: int, send: Any) -> dict[str, Any]:
        """One turn, its pieces sent as they come."""
        cuts = _cuts(request)
        failed = self._prime(cuts)
        if failed is not None:
            return {"error": failed["error"]}
        turn = _Turn(lambda text: send({"id": number, "token": text}), lambda: number in told.cancelled)
        streaming = {"stream": True, "stream_options": {"include_usage": True}, "cache_prompt": bool(cuts)}
        answer = self._server.handle_chat_completions({**request, **streaming}, turn)
        if isinstance(answer, dict) and "error" in answer:
            return {"error": answer["error"]}
        done = turn.result()
        if "error" not in done and number not in told.cancelled:
            self._held = [*cuts, _cut(request, len(request["messages"]))]
        return done

    def _prime(self, cuts: list[str]) -> dict[str, Any] | None:
        """Bring the cache to a state that depends on these beginnings alone, whatever ran before.

        Each cut is read as one piece and its last token once more, as it also happens when the cut is found
        again; so warm and cold give the same bytes. Gives the runtime's refusal, if it refuses.
        """
        common = 0
        while common < min(len(cuts), len(self._held)) and cuts[common] == self._held[common]:
            common += 1
        steps = [(cuts[common - 1], 1)] if common else []
        steps += [(cut, _PRIMED_TWICE) for cut in cuts[common:]]
        self._held = []
        for cut, times in steps:
            for again in range(times):
                reuse = bool(common) or cut != cuts[0] or again > 0
                asked = {**json.loads(cut), "max_tokens": 0, "cache_prompt": reuse}
                answer = self._server.handle_chat_completions(asked)
                if "error" in answer:
                    return answer
        self._held = cuts
        return None


def _cuts(request: dict[str, Any]) -> list[str]:
    """The beginnings of the conversation that were turns of their own, shortest first."""
    roles = [message["role"] for message in request["messages"]]
    return [_cut(request, at) for at, role in enumerate(roles) if role == "assistant" and "user" in roles[:at]]


def _cut(request: dict[str, Any], at: int) -> str:
    tools = {"tools": request["tools"]} if "tools" in request else {}
    return json.dumps({"messages": request["messages"][:at], **tools})


class _Turn:
    """Gathers the pieces of a streamed turn; calling it gives True when the turn should stop."""

    def __init__(self, say: Any, stop: Any) -> None:
        self._say, self._stop = say, stop
        self._text: list[str] = []
        self._calls = CallPieces()
        self._finish = ""
        self._usage: dict[str, int] = {}
        self._error: Any = None

    def __call__(self, chunk: dict[str, Any]) -> bool:
        self._error = chunk.get("error") or self._error
        usage = chunk.get("usage")
        if usage:
            self._usage = {"prompt": usage["prompt_tokens"], "completion": usage["completion_tokens"]}
        for choice in chunk.get("choices", []):
            self._finish = choice.get("finish_reason") or self._finish
            self._take(choice.get("delta", {}))
        return bool(self._stop())

    def _take(self, delta: dict[str, Any]) -> None:
        if delta.get("content"):
            self._text.append(delta["content"])
            self._say(delta["content"])
        for call in delta.get("tool_calls") or []:
            function = call.get("function") or {}
            name, arguments = function.get("name") or "", function.get("arguments") or ""
            self._calls.take(call.get("index"), call.get("id") or "", name, arguments)

    def result(self) -> dict[str, Any]:
        if self._error:
            return {"error": self._error}
        calls = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in self._calls.calls]
        return {"text": "".join(self._text), "tool_calls": calls, "usage": self._usage, "finish_reason": self._finish}


def main() -> None:
    """Load what the first line names, then answer requests until stdin ends."""
    channel = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def send(message: dict[str, Any]) -> None:
        channel.write(json.dumps(message).encode() + b"\n")

    told = RequestInbox()
    load = told.requests.get()
    try:
        served = Served(load["path"], load["context"], load["threads"])
    except (RuntimeError, ValueError, OSError, ImportError) as error:
        send({"id": 0, "done": {"error": {"message": f"{type(error).__name__}: {error}"}}})
        os._exit(1)
    send({"id": 0, "done": {}})
    while True:
        request = told.requests.get()
        number = request["id"]
        done = served.chat(request["request"], told, number, send)
        if number in told.cancelled:
            done = {"cancelled": True}
        send({"id": number, "done": done})


if __name__ == "__main__":
    main()
