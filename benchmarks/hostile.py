"""Minutes of random hostile files against every reader: only our own errors, bounded memory, nothing outside."""

from __future__ import annotations

import io
import json
import os
import random
import resource
import shutil
import sqlite3
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

ROOM = 3 << 30
"""Bytes of address space that the readers may take beside what is mapped when they begin."""
Reader = Callable[[Path, bytes], Any]


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 5
    readers, seeds = _readers()
    with Path("/proc/self/statm").open() as told:
        mapped = int(told.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (mapped + ROOM, mapped + ROOM))
    ends, raw, outside = _fuzz(readers, seeds, time.monotonic() + minutes * 60)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{ends.total()} files in {minutes:g} minutes, peak {peak} MiB resident")
    for name in readers:
        print(f"  {name}: {ends[name, 'refused']} refused, {ends[name, 'read']} read")
    print(
        f"errors that are not ours: {sum(raw.values())}",
        *(f"{n} × {told}" for told, n in raw.most_common(20)),
        sep="\n  ",
    )
    print(f"written outside: {outside}")
    print("short" if raw or outside else "holds")


def _fuzz(readers: dict[str, Reader], seeds: dict[str, list[bytes]], until: float) -> tuple[Counter, Counter, int]:
    from yggdrasil.contract import YggError

    ends: Counter[tuple[str, str]] = Counter()
    raw: Counter[str] = Counter()
    outside, dice, made = 0, random.Random(7), _invented()
    while time.monotonic() < until:
        name = dice.choice(list(readers))
        data = (
            next(made)
            if name in ("manifest", "config", "life") and dice.random() < 0.5
            else _mutated(dice, seeds[name])
        )
        room = Path(tempfile.mkdtemp())
        try:
            (room / "in").mkdir()
            readers[name](room / "in", data)
            ends[name, "read"] += 1
        except YggError:
            ends[name, "refused"] += 1
        except Exception as error:  # what it looks for: errors that are not ours, counted and told
            at = traceback.extract_tb(error.__traceback__)[-1]
            raw[f"{name}: {type(error).__name__} at {at.filename.rpartition('/')[2]}:{at.lineno}: {error!s:.80}"] += 1
            ends[name, "raw"] += 1
        finally:
            outside += [p.name for p in room.iterdir()] != ["in"]
            shutil.rmtree(room)
    return ends, raw, outside


def _mutated(dice: random.Random, seeds: list[bytes]) -> bytes:
    """A seed with some bytes changed, cut, doubled, or replaced by numbers at the edge."""
    data = bytearray(dice.choice(seeds))
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        at = dice.randrange(len(data) + 1) if dice.random() < 0.5 else dice.randrange(min(len(data), 200) + 1)
        match dice.randrange(5):
            case 0:
                data[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del data[at : at + dice.choice((1, 4, 64))]
            case 2:
                data[at:at] = data[at : at + dice.choice((4, 64, 512))]
            case 3:
                data[at : at + 8] = dice.choice((0, 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1)).to_bytes(8, "little")
            case _:
                data[at:at] = dice.choice(
                    (b"[", b"{", b"null", b"-1", b"1e999", b"../", b"\0", b"\x80", b": ", b"&a *a")
                )
    return bytes(data)


def _invented() -> Any:
    """Manifests, configs and lives that hypothesis thinks up."""
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    keys = [
        "format",
        "type",
        "kind",
        "nodes",
        "config",
        "structure",
        "files",
        "ref",
        "digests",
        "edges",
        "loops",
        "diary",
    ]
    words = st.sampled_from([*keys, "graph", "test_store/dice", "world", "stage", "#", "shelf:x", "a.value -> b.text"])
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | words
    values = st.recursive(
        leaves, lambda v: st.lists(v, max_size=4) | st.dictionaries(words | st.text(max_size=5), v, max_size=5)
    )
    whole = st.fixed_dictionaries(
        {"format": st.just(1)}, optional=dict.fromkeys(keys[1:-3], values) | {"diary": values}
    )
    checks: Any = list(HealthCheck)
    quiet = settings(max_examples=200, database=None, deadline=None, suppress_health_check=checks)
    found: list[bytes] = []

    @quiet
    @given(whole)
    def collect(value: Any) -> None:
        found.append(json.dumps(value).encode())

    while True:
        found.clear()
        collect()
        yield from found


def _readers() -> tuple[dict[str, Reader], dict[str, list[bytes]]]:
    """Every reader by name, and good files to begin from."""
    from tests.store import hostile_logs
    from tests.store.hostile import _life
    from yggdrasil.contract.artifacts import FolderArtifacts
    from yggdrasil.contract.pictures import read_picture
    from yggdrasil.contract.tensor_files import read_tensors
    from yggdrasil.contract.weights import check_kind
    from yggdrasil.store.load import load
    from yggdrasil.store.model_folder import read_config

    old = Path(tempfile.mkdtemp())
    world = hostile_logs.lived(old)
    columns, texts = _log(world)

    def in_log(folder: Path, data: bytes) -> Any:
        copied = Path(shutil.copytree(world, folder / "w"))
        return hostile_logs.use(copied) if _changed(copied, columns, data) else None

    def log_file(name: str) -> Reader:
        def read(folder: Path, data: bytes) -> Any:
            shutil.copytree(world, folder / "w")
            return hostile_logs.use(_put(folder, f"w/{name}", data).parent)

        return read

    readers: dict[str, Reader] = {
        "manifest": lambda f, d: load(_put(f, "m/manifest.yaml", d).parent),
        "config": lambda f, d: read_config(_put(f, "config.json", d)),
        "life": lambda f, d: _life(f, d.decode("utf-8", "replace")),
        "safetensors": lambda f, d: read_tensors(_put(f, "w.safetensors", d)),
        "gguf": lambda f, d: check_kind(_put(f, "w.gguf", d)),
        "picture": lambda f, d: read_picture((s := FolderArtifacts(f / "a")).get(s.put(d, "image/png").sha256)),
        "values of a log": in_log,
        "world.db": log_file("world.db"),
    }
    logs = {"world.db": [(world / "world.db").read_bytes()]}
    return readers, {**_good(old), "values of a log": texts, **logs}


def _put(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


def _log(home: Path) -> tuple[dict[str, list[str]], list[bytes]]:
    """The columns of a log by table, and the texts in it."""
    database = sqlite3.connect(home / "world.db")
    tables = [
        t for (t,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if "sqlite" not in t
    ]
    columns = {t: [row[1] for row in database.execute(f"PRAGMA table_info({t})")] for t in tables}
    rows = [row for t in tables for row in database.execute(f"SELECT * FROM {t}")]
    database.close()
    return columns, [value.encode() for row in rows for value in row if isinstance(value, str)]


def _changed(home: Path, columns: dict[str, list[str]], data: bytes) -> bool:
    """Put something strange into a column of the log; False where its own rules refuse it."""
    dice = random.Random(data)
    table, column = dice.choice([(t, c) for t, cs in columns.items() for c in cs])
    value = data.decode("utf-8", "replace") if dice.random() < 0.7 else dice.choice((None, -1, 2**62, 0.5, data))
    database = sqlite3.connect(home / "world.db")
    try:
        with database:
            database.execute(f"UPDATE {table} SET {column} = ? WHERE rowid % ? = 0", (value, dice.choice((1, 2, 3))))
    except sqlite3.IntegrityError:
        return False
    finally:
        database.close()
    return True


def _good(folder: Path) -> dict[str, list[bytes]]:
    """Good files of each kind."""
    import torch
    from PIL import Image

    import yggdrasil as ygg
    from tests.store.test_save_load import Dice, save
    from yggdrasil.contract.tensor_files import encode_tensors

    pictures: list[bytes] = []
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP"):
        buffer = io.BytesIO()
        Image.effect_noise((32, 32), 50).convert("RGB").save(buffer, kind)
        pictures.append(buffer.getvalue())
    saved = save(ygg.Graph("g").add(Dice(sides=4), "a").add(Dice(), "b"), folder / "g") / "manifest.yaml"
    shelf = Path(__file__).resolve().parent.parent / "worlds"
    return {
        "manifest": [saved.read_bytes(), *(p.read_bytes() for p in shelf.glob("*/manifest.yaml"))],
        "config": [b'{"model_type": "llama", "hidden_size": 64, "rope": {"a": [1, 2.5, null]}}'],
        "life": [b'{"diary": ["a", "b"]}', b'{"diary": []}'],
        "safetensors": [encode_tensors({"a": torch.ones(3, 4), "b": torch.zeros(2, dtype=torch.bfloat16)})],
        "gguf": [_gguf()],
        "picture": pictures,
    }


def _gguf() -> bytes:
    """A header with a text, a list, a number and one tensor."""
    data = b"GGUF" + struct.pack("<IQQ", 3, 1, 3)
    text, one = struct.pack("<Q", 2) + b"ab", struct.pack("<IQ", 8, 1) + struct.pack("<Q", 1) + b"x"
    for kind, value in ((8, text), (9, one), (4, bytes(4))):
        data += struct.pack("<Q", 3) + b"key" + struct.pack("<I", kind) + value
    return data + struct.pack("<Q", 1) + b"t" + struct.pack("<IQIQ", 1, 4, 0, 0) + bytes(64)


if __name__ == "__main__":
    main()
