"""Our end of the pipe to a llama.cpp process: starts it when needed, watches it, and ends it with us."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from yggdrasil.contract import Cancelled, CancelToken, YggError
from yggdrasil.contract.cancel import Inbox
from yggdrasil.contract.lanes import DeviceQueue
from yggdrasil.contract.os_fork import ending, renewed

_GRACE = 5.0
_COMPLAINT = re.compile(r"[\d.]+ E (?:\w+ +)*(\w+: .+)")
"""A line by which llama.cpp says what fails, after its clock and the name of its part."""
_ROOT = str(Path(__file__).parents[3])
_COMMAND = (sys.executable, "-P", "-m", "yggdrasil.blocks.llm.llamacpp_process")


class ModelDied(YggError):
    """The model's process ended in the middle of its work; the next call starts a fresh one."""


class ModelTimeout(YggError):
    """A turn took longer than its limit, so the model's process was ended."""


class ModelRefused(YggError):
    """The runtime refused the request: a conversation that is too long, a schema it cannot follow, a broken file."""


class _Limit(NamedTuple):
    """When the turn of a place is over: after so many seconds, at this time of the clock, or when it is cancelled."""

    seconds: float
    until: float
    cancel: CancelToken
    where: str


class Link:
    """One model, a file or pieces in order, in a process of its own; one turn at a time."""

    def __init__(self, pieces: list[Path], context: int, threads: int) -> None:
        path = pieces[0]
        if len(pieces) > 1:
            folder = Path(tempfile.mkdtemp(prefix="yggdrasil-gguf-"))
            ending(self, shutil.rmtree, folder, True)
            path = _laid_out(pieces, folder)
        self._load = {"op": "load", "path": str(path), "context": context, "threads": threads}
        self._line = DeviceQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._heard: Inbox[dict[str, Any] | None] = Inbox()
        self._complaints: IO[bytes] | None = None
        self._number = 0
        self._end: Callable[[], object] = lambda: None
        renewed(self, Link._leave)

    @property
    def pid(self) -> int | None:
        """The number of the process, if it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def chat(
        self, request: dict[str, Any], *, timeout: float, cancel: CancelToken, where: str, token: Callable[[str], None]
    ) -> dict[str, Any]:
        """One turn, of `timeout` seconds from when it comes; `token` may raise Cancelled too.

        Raises Cancelled, ModelDied, ModelTimeout, ModelRefused.
        """
        with self._line.turn(cancel, where):
            limit = _Limit(timeout, time.monotonic() + timeout, cancel, where)
            if self.pid is None:
                self._start()
                self._await(0, limit, token)
            self._number += 1
            self._send({"op": "chat", "id": self._number, "request": request})
            return self._await(self._number, limit, token)

    def close(self) -> None:
        """End the process."""
        self._end()

    def _leave(self) -> None:
        """In a forked child: the process belongs to the parent; the next turn here starts another."""
        process, self._process, self._complaints = self._process, None, None
        self._end = lambda: None
        if process is not None:
            process.returncode = 0
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    cast(Any, pipe).raw.close()

    def _start(self) -> None:
        self.close()
        self._heard = Inbox()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - `_end` closes it
        known = os.environ.get("PYTHONPATH")
        environment = {**os.environ, "PYTHONPATH": f"{_ROOT}{os.pathsep}{known}" if known else _ROOT}
        process = subprocess.Popen(
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints, env=environment
        )
        self._process = process
        self._end = ending(self, _end, process, self._complaints)
        threading.Thread(target=_listen, args=(process, self._heard), daemon=True).start()
        self._send(self._load)

    def _send(self, message: dict[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise self._died()
        try:
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise self._died() from error

    def _await(self, number: int, limit: _Limit, token: Callable[[str], None]) -> dict[str, Any]:
        try:
            while True:
                heard = self._heard.take(limit.cancel, limit.where, limit.until)
                if heard is None:
                    raise self._died()
                if heard["id"] != number:
                    continue
                if "token" in heard:
                    token(heard["token"])
                else:
                    return _result(heard["done"]) if number else self._loaded(heard["done"])
        except TimeoutError:
            self.close()
            mend = "raise `timeout`, or ask for fewer tokens"
            raise ModelTimeout(f"the turn met its time limit of {limit.seconds:g} s", mend=mend) from None
        except Cancelled:
            self._stop(number)
            raise

    def _loaded(self, done: dict[str, Any]) -> dict[str, Any]:
        """Nothing, or why the runtime does not load the file, in its own words."""
        if "error" not in done:
            return done
        said = next((found.group(1) for line in self._said() if (found := _COMPLAINT.match(line))), "")
        said = said or str(done["error"].get("message", done["error"]))
        raise ModelRefused(
            f"the runtime does not load it ({said[:400]})",
            where=self._load["path"],
            mend="fetch the file again; a model of a new kind wants a newer xllamacpp",
        )

    def _stop(self, number: int) -> None:
        """Ask the process to stop this turn; one that does not listen in time is ended."""
        if number == 0:
            self.close()
            return
        with contextlib.suppress(ModelDied):
            self._send({"op": "cancel", "id": number})
        until, nobody = time.monotonic() + _GRACE, CancelToken()
        try:
            while (heard := self._heard.take(nobody, until=until)) is not None:
                if heard["id"] == number and "done" in heard:
                    return
        except TimeoutError:
            self.close()

    def _died(self) -> ModelDied:
        process = self._process
        code = process.wait() if process is not None else None
        how = f"by signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"with code {code}"
        return ModelDied(
            f"the process of the model ended {how}{self._last_words()}",
            mend="call again: a fresh process is started; if it repeats, the file or the memory is at fault",
        )

    def _last_words(self) -> str:
        lines = self._said()
        return f" ({lines[-1][:200]})" if lines else ""

    def _said(self) -> list[str]:
        """What the process wrote to its standard error, line by line."""
        if self._complaints is None or self._complaints.closed:
            return []
        self._complaints.seek(0)
        return [line.strip() for line in self._complaints.read().decode(errors="replace").splitlines() if line.strip()]


def _laid_out(pieces: list[Path], folder: Path) -> Path:
    """The path of the first of the links that give pieces the names which the runtime looks for."""
    links = [folder / f"model-{n:05}-of-{len(pieces):05}.gguf" for n in range(1, len(pieces) + 1)]
    for link, piece in zip(links, pieces, strict=True):
        link.symlink_to(piece.absolute())
    return links[0]


def _result(done: dict[str, Any]) -> dict[str, Any]:
    if "error" in done:
        said = str(done["error"].get("message", done["error"]))[:400]
        raise ModelRefused(
            f"the runtime refused: {said}",
            mend="a conversation that is too long wants a larger `context`; a schema wants plainer patterns",
        )
    return done


def _listen(process: subprocess.Popen[bytes], heard: Inbox[dict[str, Any] | None]) -> None:
    if process.stdout is not None:
        with process.stdout as lines:
            for line in lines:
                heard.put(json.loads(line))
    heard.put(None)


def _end(process: subprocess.Popen[bytes], complaints: IO[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    complaints.close()
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
