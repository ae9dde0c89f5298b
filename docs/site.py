"""Builds the site: README.md is its front page, every decision stands in its contents, a warning is an error.

    python docs/site.py

writes build/site; its search needs no machine but the one that serves the files, such as

    python -m http.server --bind 127.0.0.1 --directory build/site 8080
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS, BUILD = ROOT / "docs", ROOT / "build"


def front_page() -> str:
    """README.md as it reads from within docs/."""
    first = decisions()[0].name
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return (
        text.replace("](docs/adr)", f"](adr/{first})")
        .replace("](docs/", "](")
        .replace("[examples](examples)", "`examples/`")
    )


def decisions() -> list[Path]:
    """Every decision, oldest first."""
    return sorted((DOCS / "adr").glob("*.md"))


def gathered() -> Path:
    """The pages and the settings of the site, beside each other; gives the settings' file."""
    pages = BUILD / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(DOCS, pages, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (pages / "index.md").write_text(front_page(), encoding="utf-8")
    listed = [f"      - {json.dumps(_heading(path), ensure_ascii=False)}: adr/{path.name}" for path in decisions()]
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    made = BUILD / "mkdocs.yml"
    made.write_text("\n".join([settings.rstrip(), "  - Решения:", *listed, ""]), encoding="utf-8")
    return made


def _heading(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def build() -> int:
    """Build it; gives the exit status, which is not 0 where anything is amiss."""
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "--config-file", str(gathered())]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(build())
