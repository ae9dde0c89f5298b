"""Every command and snippet of README.md and docs/ is run, in the order in which a reader meets it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.blocks.endpoint.anything import anything
from tests.blocks.endpoint.stand_in import standing_in

pytestmark = pytest.mark.models

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_WHOLE_WORLDS = ("README.md", "docs/extending.md", "docs/models.md")
"""Those whose examples make whole worlds by the real models, which takes minutes."""
EACH = [
    pytest.param(path, id=name, marks=pytest.mark.system if name in _WHOLE_WORLDS else ())
    for path in DOCUMENTS
    for name in (str(path.relative_to(ROOT)),)
]
_FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ENDPOINT = "http://127.0.0.1:8000/v1"
"""Where the documents have an endpoint; here a stand-in of the same wire format takes its place."""
_LONG = ("make ", "pip install", "git clone", "cd ")


def _snippets(document: Path, language: str) -> list[str]:
    return [body for kind, body in _FENCE.findall(document.read_text(encoding="utf-8")) if kind == language]


def _commands(document: Path) -> list[str]:
    lines = [line for body in _snippets(document, "bash") for line in body.splitlines()]
    return [line.partition("  #")[0].strip() for line in lines if line.strip() and not line.startswith("#")]


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "OPENAI_API_KEY": "none"}


@pytest.mark.parametrize("document", EACH)
def test_commands_run_as_they_stand(document: Path, tmp_path: Path) -> None:
    for command in _commands(document):
        if command.startswith(_LONG):
            _check_long(command)
            continue
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=_environment(), capture_output=True, text=True, timeout=300,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr[-2000:]}"


def _check_long(command: str) -> None:
    """`make` targets must be there (CI runs them whole: `make test`, and the fresh clone in tests/system)."""
    words = shlex.split(command)
    if words[0] == "make":
        subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, check=True)


@pytest.mark.parametrize("document", EACH)
def test_python_snippets_run_one_after_the_other(document: Path, tmp_path: Path) -> None:
    snippets = _snippets(document, "python")
    if not snippets:
        return
    script = tmp_path / "snippets.py"
    with standing_in() as endpoint:
        endpoint.answer = anything
        text = "\n\n".join(snippets).replace(_ENDPOINT, endpoint.url)
        script.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(script)], cwd=tmp_path, env=_environment(), capture_output=True,
            text=True, timeout=300, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def test_no_document_imports_from_deeper_than_a_public_module() -> None:
    rooms = ("errors", "ports", "state", "testing", "contract", "blocks")
    public = {"yggdrasil", *(f"yggdrasil.{room}" for room in rooms)}
    wrong = [
        f"{document.name}: {line}"
        for document in DOCUMENTS
        for line in document.read_text(encoding="utf-8").splitlines()
        if (found := re.match(r"\s*(?:from|import) (yggdrasil[\w.]*)", line)) and found[1] not in public
    ]
    assert wrong == []


def test_documents_link_to_what_is_there() -> None:
    for document in DOCUMENTS:
        prose = _FENCE.sub("", document.read_text(encoding="utf-8"))
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", prose):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
