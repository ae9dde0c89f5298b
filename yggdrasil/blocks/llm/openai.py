"""Models behind any OpenAI-compatible endpoint (vLLM, OpenAI, Ollama …); the secret stays in the environment."""

from __future__ import annotations

import os
import queue
import threading
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from yggdrasil.blocks.llm.abilities import LanguageModel, Message, Schema, ToolCall, Turn, Usage
from yggdrasil.contract import YggError, here
from yggdrasil.contract.torch_block import one_instance

if TYPE_CHECKING:
    from openai import OpenAI

_LOOK = 0.1


class EndpointError(YggError):
    """The endpoint cannot be reached, refuses, or answers with something that is no whole turn; `status` if HTTP."""

    def __init__(self, what: str, *, status: int = 0, mend: str = "") -> None:
        self.status = status
        super().__init__(what, where=here().path, mend=mend)


def _plain_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("base_url must begin with http:// or https:// and name a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("base_url must hold no user, password or query: name the secret's variable in `key`")
    return url.rstrip("/")


def _variable(name: str) -> str:
    if name and not (name.isascii() and name.replace("_", "a").isalnum() and name.upper() == name and len(name) <= 64):
        raise ValueError("key is the NAME of an environment variable, such as OPENAI_API_KEY, never the secret")
    return name


class OpenAIModel(LanguageModel, type="llm/openai"):
    """A chat model behind an OpenAI-compatible endpoint. `key` names the environment variable of its secret."""

    model: str
    base_url: Annotated[str, AfterValidator(_plain_url)]
    key: Annotated[str, AfterValidator(_variable)] = ""
    timeout: Annotated[float, Field(gt=0, le=86400)] = 120.0
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    native_tools: bool = True
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"

    def chat(
        self,
        messages: list[Message],
        *,
        tools: list[dict[str, Any]] | None = None,
        schema: Schema | None = None,
        max_tokens: int = 512,
        temperature: float = 0.7,
        seed: int = 0,
    ) -> Turn:
        request: dict[str, Any] = {
            "model": self.model,
            "messages": messages,
            self.limit: max_tokens,
            "temperature": temperature,
            "seed": seed % 2**31,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if tools:
            request["tools"] = tools
        if schema is not None:
            request["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        return _read(_Reading(self._client(), request, self.timeout, self._secret()))

    def calls_tools(self) -> bool:
        """Whether the model behind the endpoint calls tools by itself; the config says it."""
        return self.native_tools

    def _secret(self) -> str:
        if not self.key:
            return ""
        found = os.environ.get(self.key)
        if not found:
            raise EndpointError(
                f"the environment variable {self.key} is not set",
                mend=f"export {self.key}=… before the run; a secret never stands in a manifest",
            )
        return found

    def _client(self) -> OpenAI:
        secret = self._secret()
        known = ("openai", self.base_url, self.key, str(hash(secret)), str(self.timeout), str(self.retries))

        def make() -> OpenAI:
            from openai import DefaultHttpxClient, OpenAI

            transport = DefaultHttpxClient(follow_redirects=False, timeout=self.timeout)
            client = OpenAI(
                api_key=secret or "none",
                base_url=self.base_url,
                timeout=self.timeout,
                max_retries=self.retries,
                http_client=transport,
            )
            weakref.finalize(client, transport.close)
            return client

        self._held = one_instance(known, make)
        return self._held


class _Reading:
    """A request whose answer is read in a thread, so that a cancelled run need not wait for the endpoint."""

    def __init__(self, client: OpenAI, request: dict[str, Any], timeout: float, secret: str) -> None:
        self._client, self._request, self._secret = client, request, secret
        self.pieces: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.until = time.monotonic() + timeout
        self._left = threading.Event()
        threading.Thread(target=self._work, daemon=True).start()

    def leave(self) -> None:
        """Stop reading; the connection is closed at its next piece."""
        self._left.set()

    def _work(self) -> None:
        import httpx2
        import openai

        begun = False
        try:
            raw = self._client.chat.completions.with_raw_response.create(**self._request)
            media = raw.headers.get("content-type", "")
            if "event-stream" not in media:
                raw.http_response.close()
                self.pieces.put(_not_a_stream(media))
                return
            begun = True
            with raw.parse() as stream:
                for chunk in stream:
                    self.pieces.put(chunk)
                    if self._left.is_set():
                        break
        except openai.OpenAIError as error:
            self.pieces.put(_broken(error, self._secret) if begun else _typed(error, self._secret))
        except (httpx2.HTTPError, httpx2.StreamError, OSError, ValueError) as error:
            self.pieces.put(_broken(error, self._secret))
        finally:
            self.pieces.put(None)


def _read(reading: _Reading) -> Turn:
    place, turn = here(), _Gathered()
    try:
        while True:
            place.check()
            if time.monotonic() > reading.until:
                raise EndpointError("the turn met its time limit", mend="raise `timeout`, or ask for fewer tokens")
            try:
                piece = reading.pieces.get(timeout=_LOOK)
            except queue.Empty:
                continue
            if piece is None:
                return turn.whole()
            if isinstance(piece, EndpointError):
                piece.where = place.path
                raise piece
            turn.take(piece, place.token)
    finally:
        reading.leave()


class _Gathered:
    """The pieces of a streamed turn put together."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._calls: dict[int, list[str]] = {}
        self._usage = Usage(0, 0)
        self._finish = ""

    def take(self, chunk: Any, say: Callable[[str], None]) -> None:
        if chunk.usage is not None:
            self._usage = Usage(chunk.usage.prompt_tokens or 0, chunk.usage.completion_tokens or 0)
        for choice in (chunk.choices or [])[:1]:
            self._finish = choice.finish_reason or self._finish
            if choice.delta is None:
                continue
            if choice.delta.content:
                self._text.append(choice.delta.content)
                say(choice.delta.content)
            for call in choice.delta.tool_calls or []:
                held = self._calls.setdefault(call.index or 0, ["", "", ""])
                held[0] = call.id or held[0]
                if call.function is not None:
                    held[1] += call.function.name or ""
                    held[2] += call.function.arguments or ""

    def whole(self) -> Turn:
        if not self._finish:
            raise EndpointError(
                "the stream broke off before the turn was whole",
                mend="run again; if it repeats, look at the endpoint's own log or at a proxy between",
            )
        calls = [ToolCall(*self._calls[index]) for index in sorted(self._calls)]
        finish = "tool_calls" if calls and self._finish == "stop" else self._finish
        return Turn("".join(self._text), calls, self._usage, finish)


def _not_a_stream(media: str) -> EndpointError:
    kind = media.partition(";")[0] or "no media type"
    return EndpointError(
        f"the endpoint answered with {kind} instead of a stream of events",
        mend="check base_url: it ends in /v1 for most servers; a web page means that it is another service",
    )


def _typed(error: Any, secret: str) -> EndpointError:
    status = int(getattr(error, "status_code", 0) or 0)
    said = str(getattr(error, "message", "") or error)
    response = getattr(error, "response", None)
    if response is not None and "html" in response.headers.get("content-type", ""):
        said = "it answered with a web page"
    mend = {
        401: "check the secret in the environment variable that `key` names",
        403: "the secret may not use this model",
        404: "check `model` and base_url (it ends in /v1 for most servers)",
        429: "wait, or lower the rate",
    }.get(status, "check that the endpoint runs and that base_url is right")
    kind = type(error).__name__
    head = f"the endpoint refused with HTTP {status}" if status else f"the endpoint cannot be used ({kind})"
    return EndpointError(f"{head}: {_hidden(said, secret)[:300].rstrip('.')}", status=status, mend=mend)


def _broken(error: Exception, secret: str) -> EndpointError:
    return EndpointError(
        f"the answer broke off ({type(error).__name__}: {_hidden(str(error), secret)[:200]})",
        mend="run again; if it repeats, look at the endpoint's own log or at a proxy between",
    )


def _hidden(text: str, secret: str) -> str:
    return text.replace(secret, "***") if secret else text
