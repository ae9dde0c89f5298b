"""vLLM's asynchronous engine behind plain calls: one loop a model, in a thread of its own, cancelled from outside."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from yggdrasil.contract import CancelToken, YggError
from yggdrasil.contract.cancel import Inbox
from yggdrasil.contract.forks import ending, lock, renewed

_COMPACT = {"backend": "xgrammar", "disable_any_whitespace": True}
"""A weak model whose JSON may hold free whitespace writes nothing else."""


class EngineError(YggError):
    """vLLM cannot run this model, or stopped in the middle of an answer."""


class Written(NamedTuple):
    """A whole answer: its text, how many tokens it has, and "stop" or "length"."""

    text: str
    tokens: int
    finish_reason: str


class Engine:
    """A model that vLLM loads at the first request, also after `close`; requests of many threads are batched by it.

    `lay_out` puts the model's files into an empty folder, which lives as long as the engine.
    """

    def __init__(self, lay_out: Callable[[Path], None], settings: dict[str, Any]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="yggdrasil-vllm-"))
        ending(self, shutil.rmtree, self._folder, True)
        lay_out(self._folder)
        self._settings = settings
        self._numbers = itertools.count()
        self._starting = lock()
        self._begin()
        renewed(self, Engine._begin)

    def _begin(self) -> None:
        """A loop of this process, and no engine yet: that of the parent has processes of the parent's."""
        self._engine: Any = None
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="yggdrasil-vllm").start()

    def _start(self) -> None:
        with self._starting:
            if self._engine is None:
                self._engine = asyncio.run_coroutine_threadsafe(self._started(self._settings), self._loop).result()
                atexit.register(self.close)

    async def _started(self, settings: dict[str, Any]) -> Any:
        from vllm import AsyncEngineArgs  # pyright: ignore
        from vllm.v1.engine.async_llm import AsyncLLM  # pyright: ignore

        arguments: Any = AsyncEngineArgs(
            model=str(self._folder), disable_log_stats=True, structured_outputs_config=_COMPACT, **settings
        )
        made: Any = AsyncLLM
        try:
            return made.from_engine_args(arguments)
        except (ValueError, RuntimeError, OSError) as error:
            mend = "see vLLM's own words above; its server takes the same model: openai:MODEL@BASE_URL"
            what = f"vLLM cannot load the model ({' '.join(str(error).split())[:200]})"
            raise EngineError(what, where=str(self._folder), mend=mend) from error

    def write(
        self, ids: list[int], how: dict[str, Any], *, cancel: CancelToken, where: str, token: Callable[[str], None]
    ) -> Written:
        """Continue the token ids under vLLM's sampling settings. Raises Cancelled, EngineError."""
        self._start()
        pieces: Inbox[Any] = Inbox()
        running = asyncio.run_coroutine_threadsafe(self._generate(ids, how, pieces), self._loop)
        text, count, reason = "", 0, ""
        try:
            while not reason:
                piece = pieces.take(cancel, where)
                if isinstance(piece, BaseException):
                    raise EngineError(f"vLLM stopped ({piece})", where=str(self._folder), mend="ask again") from piece
                text, count, reason = text + piece.text, count + len(piece.token_ids), piece.finish_reason or ""
                if piece.text:
                    token(piece.text)
        finally:
            running.cancel()
        return Written(text, count, "length" if reason == "length" else "stop")

    async def _generate(self, ids: list[int], how: dict[str, Any], pieces: Inbox[Any]) -> None:
        from vllm import SamplingParams  # pyright: ignore
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams  # pyright: ignore

        schema, plain = how.get("schema"), {name: value for name, value in how.items() if name != "schema"}
        bound: Any = None if schema is None else StructuredOutputsParams(json=schema)
        settings: Any = SamplingParams(**plain, structured_outputs=bound, output_kind=RequestOutputKind.DELTA)
        try:
            async for output in self._engine.generate({"prompt_token_ids": ids}, settings, str(next(self._numbers))):
                pieces.put(output.outputs[0])
        except asyncio.CancelledError:
            raise
        except Exception as error:  # it rises where the pieces are taken, in the thread of the run
            pieces.put(error)

    def close(self) -> None:
        """End the engine's processes; at the process's end at the latest, which would wait for them for ever."""
        with self._starting:
            engine, self._engine = self._engine, None
            atexit.unregister(self.close)
            if engine is not None:
                engine.shutdown()
