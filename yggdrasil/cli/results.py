"""What a run gave: printed, or written into the file or folder that was named; nothing is overwritten unasked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yggdrasil.cli.output import short, tell, visible, write
from yggdrasil.contract.block import Block
from yggdrasil.contract.errors import PortError
from yggdrasil.contract.values import encode, form_of, suffix

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
_AGENT = "response"


@dataclass(frozen=True)
class Keeping:
    """Where outputs go: `file` takes the output named `port`, `folder` takes each, and none takes only large ones."""

    ports: tuple[str, ...] = ()
    """The output that the file takes, and its batch, whose parts are numbered."""
    file: Path | None = None
    folder: Path | None = None

    def keep(self, name: str, value: Any) -> Any:
        """The value as it is shown, or the path, media type and number of bytes of the file that it went to."""
        if isinstance(value, list) and value and not _is_small(value[0]):
            return [self._keep(name, part, f"-{number}") for number, part in enumerate(value, 1)]
        return self._keep(name, value, "")

    def _keep(self, name: str, value: Any, mark: str) -> Any:
        small = _is_small(value)
        if value is None or (small and self.folder is None and name not in self.ports):
            return value
        data, media_type, suffix = _as_text(value) if small else _as_media(value)
        path = self.file.with_stem(f"{self.file.stem}{mark}") if name in self.ports and self.file else None
        if path is None and self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{name}{mark}{suffix}"
        if path is None:
            path = _written_anew(Path(f"{name}{mark}{suffix}"), data)
        else:
            path.write_bytes(data)
        return {"path": str(path), "media_type": media_type, "bytes": len(data)}


def keeping(block: Block, out: str | None) -> Keeping:
    """How `-o` is meant for this block, checked before it runs. Raises PortError if one FILE cannot serve."""
    if not out:
        return Keeping()
    if out.endswith("/") or Path(out).is_dir():
        return Keeping(folder=Path(out))
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
    if block.outputs[port].kind.name == "image" and path.suffix.lower() in _PICTURES[1:]:
        raise PortError("pictures are written as PNG", where=f"-o {out}", mend=f"name it {path.with_suffix('.png')}")
    batches = [name for name, kind in kinds.items() if kind.of == kinds[port].name]
    return Keeping((port, *batches), path)


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
