"""The folder of a world, opened: the log, the artifacts, the lock, and the content at any step."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from yggdrasil.contract.artifacts import FolderArtifacts, storing, write_durably
from yggdrasil.contract.os_fork import ending, lock
from yggdrasil.contract.value_forms import PICTURE
from yggdrasil.contract.values import form_of_media
from yggdrasil.engine.cycle.branches import Branch
from yggdrasil.engine.cycle.database import dumps
from yggdrasil.engine.cycle.errors import LogError, ReadOnlyPlace
from yggdrasil.engine.cycle.lock import holding
from yggdrasil.engine.cycle.log import FILE, Log
from yggdrasil.state.content import Content
from yggdrasil.state.operations import apply, parse_operations

LOCK = "world.lock"
CURSOR = "cursor.db"
"""What an earlier version kept beside the log; nobody reads it."""
_CACHED = 8


class Life:
    """One world's folder, opened. Several handles on branches share it."""

    def __init__(self, home: Path | None) -> None:
        with storing(home or Path(tempfile.gettempdir())):
            self.home = home.resolve() if home else Path(tempfile.mkdtemp(prefix="yggdrasil-world-"))
        if home is None:
            ending(self, shutil.rmtree, self.home, True)
        refuse_links(self.home)
        check_there(self.home)
        self.log = Log(self.home)
        self.artifacts = FolderArtifacts(self.home / "artifacts")
        self._contents: dict[tuple[int, int], Content] = {}
        self._intents: dict[int, tuple[int, list[str], list[Any]]] = {}
        self._pictures: dict[int, tuple[int, dict[str, dict[str, Any]]]] = {}
        self._holder = 0
        self._first_style: str | None = None
        self.told_wish = False
        self._lock = lock()

    @contextmanager
    def writing(self, wait: float) -> Iterator[None]:
        """Hold the world's lock; inside of it, again is free. Raises WorldBusy after `wait` seconds."""
        if self._holder == threading.get_ident():
            yield
            return
        if self.log.database.read_only:
            raise ReadOnlyPlace(str(self.home))
        with holding(self.home / LOCK, wait):
            self._holder = threading.get_ident()
            try:
                yield
            finally:
                self._holder = 0

    def content(self, branch: Branch, step: int) -> Content:
        """The world's content after `step`: the nearest known one and the operations since."""
        if step < 0:
            raise LogError("the world is not founded", where=str(self.home), mend="step it once")
        key = (self.log.branches.owner(branch, step), step)
        known = self._contents.get(key)
        if known is None:
            last, content = self._nearest(branch, step)
            operations = self.log.snapshots.operations(branch, last + 1, step)
            known, _ = apply(content, parse_operations(operations, f"step {last + 1} … {step}"))
            with self._lock:
                while len(self._contents) >= _CACHED:
                    del self._contents[next(iter(self._contents))]
                self._contents[key] = known
        return known

    def content_after_last(self, branch: Branch, step: int, position: int) -> Content:
        """What the stage at `position` of `step` finds where nothing was applied within the step."""
        del position
        return self.content(branch, step - 1)

    def content_before(self, branch: Branch, step: int, position: int) -> Content:
        """The content that the stage at `position` of `step` finds."""
        content = self.content(branch, step - 1)
        operations = self.log.snapshots.operations(branch, step, step, position)
        return apply(content, parse_operations(operations))[0] if operations else content

    def intents(self, branch: Branch, step: int) -> list[Any]:
        """What should have happened in each whole step before `step`, oldest first; only what is new is read.

        Steps before an open one are over for ever, so their texts are kept; the stages of a step share the values.
        """
        known, texts, values = self._intents.get(branch.id, (0, [], []))
        if known != step:
            first = known if 0 < known < step else 1
            texts = [*(texts if first > 1 else []), *map(dumps, self.log.outputs(branch, "intent", first, step - 1))]
            values = json.loads(f"[{','.join(texts)}]")
            self._intents[branch.id] = (step, texts, values)
        return list(values)

    def pictures(self, branch: Branch, step: int) -> dict[str, dict[str, Any]]:
        """The pictures of the whole steps before `step`, such as `scene of step 3`; only what is new is read."""
        known, found = self._pictures.get(branch.id, (0, {}))
        if known != step:
            first = known if 0 < known < step else 1
            found = dict(found) if first > 1 else {}
            for number, made in self.log.numbered_outputs(branch, "artifacts", first, step - 1):
                shown = {
                    slot: one for slot, one in made.items() if form_of_media(str(one.get("media_type"))) is PICTURE
                }
                found |= {f"{slot} of step {number}": one for slot, one in shown.items()}
            self._pictures[branch.id] = (step, found)
        return found

    def _nearest(self, branch: Branch, step: int) -> tuple[int, Content]:
        before = self._contents.get((self.log.branches.owner(branch, max(step - 1, 0)), step - 1))
        if before is not None:
            return step - 1, before
        known, value = self.log.snapshots.nearest(branch, step)
        return known, stored_content(value, f"{self.home / FILE}: step {known}")

    def first_style(self, branch: Branch) -> str:
        """The style that the world was founded with."""
        if self._first_style is None:
            self._first_style = str(self.log.snapshots.nearest(branch, 0)[1].get("style", ""))
        return self._first_style

    def forget_cached(self) -> None:
        with self._lock:
            self._contents.clear()
            self._intents.clear()
            self._pictures.clear()

    def copy_to(self, target: Path) -> None:
        """Copy the life into another folder: the log as it is now, and before it every artifact that it names.

        Raises NotStored, and what was there stays whole.
        """
        with storing(target):
            target.mkdir(parents=True, exist_ok=True)
            refuse_links(target)
            work = tempfile.TemporaryDirectory(dir=target, prefix=".tmp-")
        with work as folder:
            self.log.database.copy_to(Path(folder) / FILE)
            copied = Log(Path(folder))
            try:
                self._copy_artifacts(copied.artifacts(), FolderArtifacts(target / "artifacts"))
                copied.database.copy_to(target / FILE)
            finally:
                copied.close()

    def _copy_artifacts(self, named: set[str], copies: FolderArtifacts) -> None:
        for sha in named:
            if self.artifacts.has(sha) and not copies.has(sha):
                name = self.artifacts.path(sha).name
                write_durably(copies.root / sha[:2] / name, self.artifacts.get(sha))

    def prune(self) -> list[str]:
        """Remove artifacts that no step of any branch names; gives their sha256."""
        named = self.log.artifacts()
        unread = sorted(sha for sha in self.artifacts.names() if sha not in named)
        for sha in unread:
            self.artifacts.path(sha).unlink()
        return unread

    def close(self) -> None:
        """Close the files; a temporary folder goes when nobody holds this life any more."""
        self.log.close()


def check_there(home: Path, founding: str = "") -> None:
    """Refuse a folder whose log is gone or empty though a life was there: it must not begin anew unsaid.

    `founding` is what a manifest says of that life. Raises LogError; nothing is written.
    """
    log = home / FILE
    empty = log.is_file() and not log.stat().st_size
    if log.exists() and not empty:
        return
    traces = [name for name in (LOCK, CURSOR, "artifacts", "manifest.yaml") if (home / name).exists()]
    lost = [name for name in traces if name != "manifest.yaml" or empty]
    if founding or lost:
        what = "is empty" if empty else "is gone"
        mend = "restore it from a copy; to begin anew, take `founding` out of the manifest's `digests` and remove "
        raise LogError(f"{what}, though a world lived here", where=str(log), mend=f"{mend}{', '.join((FILE, *lost))}")


def stored_content(value: Any, where: str) -> Content:
    """A snapshot as content. Raises LogError for what is none."""
    try:
        return Content.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        what = f"the snapshot is no content ({'.'.join(map(str, first['loc']))}: {first['msg']})"
        raise LogError(what, where=where, mend="restore it from a copy") from None


def refuse_links(home: Path, files: tuple[str, ...] = (FILE, CURSOR)) -> None:
    """Refuse a folder whose files are links: what a world writes would land elsewhere. Raises LogError."""
    databases = (f"{name}{end}" for name in files for end in ("", "-wal", "-shm", "-journal"))
    for name in (*databases, LOCK, f"{LOCK}.turn", "artifacts"):
        if (home / name).is_symlink():
            mend = "put the file itself there, or move the whole folder and link to that"
            raise LogError("is a link, by which a world would write elsewhere", where=str(home / name), mend=mend)
    for folder in (home / "artifacts").glob("??"):
        if folder.is_symlink():
            raise LogError("is a link, by which a world would write elsewhere", where=str(folder), mend="remove it")
