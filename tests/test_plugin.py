"""A stranger's package: a block of its own, found by its entry point, without a line changed in ours."""

import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "strangers-tint"
version = "0.1"
[project.entry-points."yggdrasil.blocks"]
"stranger/tint" = "strangers_tint:Tint"
"stranger/broken" = "strangers_tint.nowhere:Broken"
[tool.hatch.build.targets.wheel]
packages = ["strangers_tint"]
"""
MODULE = '''
"""A block of somebody else."""
from yggdrasil.contract import Block
from yggdrasil.ports import Image

class Tint(Block, type="stranger/tint", role="Tool"):
    """Tint a picture red."""
    strength: float = 1.0
    def forward(self, image: Image) -> Image:
        from PIL import Image as Pictures
        red = Pictures.new("RGB", image.size, (255, 0, 0))
        return Pictures.blend(image.convert("RGB"), red, self.strength)
'''
USE = """
import sys
from PIL import Image
import yggdrasil as ygg
from yggdrasil.contract import UnknownType, registry
folder = sys.argv[1]
assert "strangers_tint" not in sys.modules and "stranger/tint" in registry.names()
assert registry.owner("stranger/tint") == "strangers-tint"
graph = ygg.Graph("g").add(registry.find("stranger/tint")(strength=0.5))
white = Image.new("RGB", (1, 1), (255, 255, 255))
ygg.save(graph, folder)
print(graph.run(image=white).image.getpixel((0, 0)))
try:
    registry.find("stranger/broken")
except UnknownType as error:
    print(error)
"""
COMMAND = "from yggdrasil.cli import main; main()"
LOAD = """
import sys
from PIL import Image
import yggdrasil as ygg
print(ygg.load(sys.argv[1]).run(image=Image.new("RGB", (1, 1), (255, 255, 255))).image.getpixel((0, 0)))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the stranger's package was built and installed."""
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    (source / "strangers_tint").mkdir()
    (source / "strangers_tint" / "__init__.py").write_text(MODULE)
    (source / "pyproject.toml").write_text(PYPROJECT)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    install = [*pip, "--no-deps", "--no-build-isolation", "--target", str(site), str(source)]
    subprocess.run(install, check=True, capture_output=True)
    return site


def python(site: Path | None, *args: str) -> str:
    paths = {"PYTHONPATH": str(site)} if site else {}
    done = subprocess.run(
        [sys.executable, *args], capture_output=True, text=True, check=False, env={**os.environ, **paths}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_plugin_works_in_a_graph_a_manifest_and_the_cli(site: Path, tmp_path: Path) -> None:
    folder = str(tmp_path / "tinted")
    told = python(site, "-c", USE, folder).splitlines()
    assert told[0] == "(255, 127, 127)"
    assert "'stranger/broken' of strangers-tint cannot be imported" in told[1]
    assert "install strangers-tint again" in told[1]
    assert python(site, "-c", LOAD, folder).strip() == "(255, 127, 127)", "a new process finds it by its name"
    described = python(site, "-c", f"import sys; sys.argv = ['yggdrasil', 'describe', {folder!r}, '--json']; {COMMAND}")
    assert "stranger/tint" in described


def test_without_the_plugin_its_manifest_is_refused_by_name(site: Path, tmp_path: Path) -> None:
    folder = str(tmp_path / "tinted")
    python(site, "-c", USE, folder)
    code = LOAD.replace("print(ygg", "try:\n    print(ygg") + "except ygg.YggError as error:\n    print(error)\n"
    told = python(None, "-c", code, folder)
    assert "no type 'stranger/tint' is installed" in told and "tinted/manifest.yaml: tool" in told


def test_the_walk_through_of_the_page_on_testing_passes_as_it_stands(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (root / "docs" / "testing.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"^```(?:py|toml)\n# (\S+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    assert set(files) == {"pyproject.toml", "my_tint.py", "test_tint.py"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    tests = [test for name, test in runpy.run_path(str(tmp_path / "test_tint.py")).items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()
    points = tomllib.loads(files["pyproject.toml"])["project"]["entry-points"]["yggdrasil.blocks"]
    module, _, name = points["walk/tint"].partition(":")
    assert getattr(sys.modules[module], name).type_name == "walk/tint"
