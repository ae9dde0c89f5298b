"""The site is built without a warning, the reference holds every public name, its search needs no other machine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import yggdrasil

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "build" / "site"


def _built() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "site.py"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_every_public_name_stands_on_one_page_of_the_reference() -> None:
    pages = sorted((ROOT / "docs" / "reference").glob("*.md"))
    named = [name for page in pages for name in re.findall(r"^::: yggdrasil\.(\w+)", page.read_text("utf-8"), re.M)]
    assert sorted(named) == sorted([*yggdrasil.__all__, "blocks"])


def test_the_site_is_built_without_a_warning() -> None:
    _built()
    told = (SITE / "reference" / "worlds.html").read_text(encoding="utf-8")
    assert 'id="yggdrasil.World.fork"' in told and "A new branch after step" in told
    assert "Миры, которые растят агенты" in (SITE / "index.html").read_text(encoding="utf-8")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test's output is its failures."""


@contextmanager
def _served() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(SITE)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.system
def test_its_search_finds_a_page_and_a_name_and_asks_no_other_machine() -> None:
    from playwright.sync_api import expect, sync_playwright

    _built()
    asked_for: list[str] = []
    with _served() as address, sync_playwright() as browsers:
        browser = browsers.chromium.launch(
            executable_path=shutil.which("chromium") or "chromium", args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.on("request", lambda asked: asked_for.append(asked.url))
        page.goto(f"{address}index.html", wait_until="networkidle")
        page.keyboard.press("Control+k")
        for words, found in (("вид значения", "Виды значений"), ("register_kind", "register_kind")):
            page.keyboard.press("Control+a")
            page.keyboard.type(words)
            expect(page.get_by_role("option", name=found).first).to_be_visible(timeout=30_000)
        browser.close()
    assert asked_for and [url for url in asked_for if not url.startswith((address, "data:", "blob:"))] == []
