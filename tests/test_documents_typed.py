"""What README.md, docs/ and examples/ show is typed as an editor at its strictest wants it: no rule is off.

One import is let pass, that of langgraph: it has no stubs and says nowhere that it is typed (no py.typed), so pyright
infers its types; what is shown of it is checked by them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.test_documents import DOCUMENTS, ROOT, _snippets

SETTINGS = {"typeCheckingMode": "strict", "pythonVersion": "3.11"}
UNTYPED = 'Stub file not found for "langgraph.graph"'


def test_every_snippet_and_example_is_strictly_typed(tmp_path: Path) -> None:
    for script in (ROOT / "examples").glob("*.py"):
        (tmp_path / f"examples_{script.name}").write_bytes(script.read_bytes())
    for document in DOCUMENTS:
        if snippets := _snippets(document, "python"):
            name = "_".join(document.relative_to(ROOT).with_suffix("").parts).replace("-", "_").lower()
            (tmp_path / f"{name}.py").write_text("\n\n".join(snippets), encoding="utf-8")
    assert _errors(tmp_path) == []


def _errors(folder: Path) -> list[str]:
    (folder / "pyrightconfig.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pyright",
        "--pythonpath",
        sys.executable,
        "--project",
        str(folder),
        "--outputjson",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    said = json.loads(done.stdout)
    assert said["summary"]["filesAnalyzed"] > 0
    return [
        f"{Path(found['file']).name}:{found['range']['start']['line'] + 1}: {found['message']}"
        for found in said["generalDiagnostics"]
        if found["message"] != UNTYPED
    ]
