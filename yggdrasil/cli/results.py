"""What a run gave: printed, or written into the file or folder that was named; nothing is overwritten unasked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yggdrasil.cli.output import short, tell, visible, write, write_bytes
from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import PortError, YggError
from yggdrasil.contract.kinds import Kind
from yggdrasil.contract.value_forms import ARRAY
from yggdrasil.contract.values import encode, form_of, suffix
from yggdrasil.state.names import folder_name

_AGENT = "response"
STDOUT = Path("-")
"""`-o -`: the output goes to standard output as it is, and nothing else does."""


@dataclass(frozen=True)
class Destination:
    """Where outputs go: `file` takes the output named `port`, `folder` takes each, and none takes only large ones."""

    ports: tuple[str, ...] = ()
    """The output that the file takes, and its batch, whose parts are numbered."""
    file: Path | None = None
    folder: Path | None = None

    def keep(self, name: str, value: Any) -> Any:
        """The value as it is shown, or the path, media type and number of bytes of the file that it went to."""
        if isinstance(value, list) and any(part is not None and not _is_small(part) for part in value):
            return [self._keep(name, part, f"-{number}") for number, part in enumerate(value, 1)]
        return self._keep(name, value, "")

    def _keep(self, name: str, value: Any, mark: str) -> Any:
        small = _is_small(value)
        if value is None or (small and self.folder is None and name not in self.ports):
            return value
        data, media_type, suffix = _as_text(value) if small else _as_media(value)
        if name in self.ports and self.file is not None:
            path = _written_as(self.file, mark, "" if small else suffix, data)
        else:
            folder = self.folder or Path()
            folder.mkdir(parents=True, exist_ok=True)
            path = _written_anew(folder / f"{_file_stem(name)}{mark}{suffix}", data)
        return {"path": str(path), "media_type": media_type, "bytes": len(data)}


def destination(block: Block, out: str | None) -> Destination:
    """How `-o` is meant for this block, checked before it runs. Raises PortError if one FILE cannot serve."""
    if not out:
        return Destination()
    if out.endswith("/") or Path(out).is_dir():
        return Destination(folder=Path(out))
    names = [_AGENT] if block.role == "Agent" else list(block.outputs)
    kinds = {name: block.outputs[name].kind for name in names}
    singles = {kind.name for kind in kinds.values()}
    names = [name for name, kind in kinds.items() if not (kind.of and kind.of in singles)]
    files = [name for name in names if kinds[name].large]
    port = files[0] if len(files) == 1 else names[0] if len(names) == 1 else ""
    if not port:
        raise PortError(
            f"one file cannot hold {', '.join(files or names)}", where=f"-o {out}",
            mend=f"end it in a slash: -o {out}/ writes each output into a file of its name",
        )  # fmt: skip
    path = Path(out)
    if not path.parent.is_dir():
        raise PortError("there is no such folder", where=f"-o {path.parent}", mend="make it, or choose another")
    _check_ending(path, kinds[port])
    batches = [name for name, kind in kinds.items() if kind.of == kinds[port].name]
    return Destination((port, *batches), path)


def _check_ending(path: Path, kind: Kind) -> None:
    """Raises PortError for a name that promises another format than the one that is written."""
    if kind.form is None or path.suffix == "" or path == STDOUT:
        return
    endings = [*kind.form.media_types.values(), *(ARRAY.media_types.values() if kind.tensor else ())]
    if path.suffix.lower() not in endings:
        named = " or ".join(str(path.with_suffix(ending)) for ending in endings)
        what = f"{kind.name} is written as {' or '.join(endings)}, from which the same value comes back"
        raise PortError(what, where=f"-o {path}", mend=f"name it {named}")


def _written_as(file: Path, mark: str, suffix: str, data: bytes) -> Path:
    """Write the file that was named; a value that its format does not hold goes to a new one beside it."""
    if file == STDOUT:
        write_bytes(data)
        return file
    path = file.with_stem(f"{file.stem}{mark}")
    if not suffix or path.suffix.lower() in ("", suffix):
        path.write_bytes(data)
        return path
    return _written_anew(path.with_suffix(suffix), data)


def _is_small(value: Any) -> bool:
    return form_of(value) is None


def _as_text(value: Any) -> tuple[bytes, str, str]:
    if isinstance(value, str):
        return value.encode(), "text/plain;charset=utf-8", ".txt"
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    return f"{text}\n".encode(), "application/json", ".json"


def _as_media(value: Any) -> tuple[bytes, str, str]:
    data, media_type = encode(value)
    return data, media_type, suffix(media_type)


def _file_stem(port: str) -> str:
    """The port's name as the name of one file, whatever a stranger called the port."""
    if port.isidentifier():
        return port
    try:
        return folder_name(port)
    except YggError:
        return "output"


def _written_anew(path: Path, data: bytes) -> Path:
    """Write a file that was not there before: `image.png`, else `image-2.png` …"""
    number, free = 2, path
    while True:
        try:
            with free.open("xb") as file:
                file.write(data)
            return free
        except FileExistsError:
            free, number = path.with_stem(f"{path.stem}-{number}"), number + 1


def results_page(block: Block, shown: dict[str, Any]) -> None:
    """The outputs for people: an agent's answer alone, a lone output without its name."""
    if block.role == "Agent":
        status = shown["status"]
        if status["state"] != "done":
            tell(f"{status['state']}: {status.get('kind', '')} {status.get('limit', '')}")
        shown = {_AGENT: shown[_AGENT]}
    for name, value in shown.items():
        text = _told(value)
        write(visible(text if len(shown) == 1 else f"{name}: {text}"))


def _told(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"path", "media_type", "bytes"}:
        return short(value["path"])
    if isinstance(value, list) and value and all(isinstance(part, dict) and "media_type" in part for part in value):
        return ", ".join(_told(part) for part in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
