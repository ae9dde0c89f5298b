"""Libraries that make their names when asked are asked by one thread at a time, wherever in the package."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import yggdrasil

_LAZY = ("diffusers", "transformers")
_COLD = """
import threading
import yggdrasil as ygg
painter, said, ready = ygg.load("painter", ygg.Graph), [], threading.Barrier(8)
def paint(seed):
    ready.wait()
    try:
        said.append(painter.run(prompt="a fox", seed=seed, steps=1).image.size)
    except BaseException as error:
        said.append(error)
threads = [threading.Thread(target=paint, args=(seed,)) for seed in range(8)]
[one.start() for one in threads]
[one.join() for one in threads]
assert len(set(said)) == 1 and len(said) == 8 and isinstance(said[0], tuple), said
"""


@pytest.mark.system
def test_eight_threads_of_a_fresh_process_paint_at_once():
    done = subprocess.run([sys.executable, "-c", _COLD], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def _unguarded(tree: ast.AST) -> list[int]:
    """Lines that import one of them outside of `with IMPORTING`."""
    found: list[int] = []
    for node in ast.iter_child_nodes(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None) or ""]
        guarded = isinstance(node, ast.With) and any(ast.unparse(i.context_expr) == "IMPORTING" for i in node.items)
        typing = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if isinstance(node, ast.Import | ast.ImportFrom) and any(n.partition(".")[0] in _LAZY for n in names):
            found.append(node.lineno)
        elif not (guarded or typing):
            found += _unguarded(node)
    return found


def test_every_import_of_them_stands_behind_the_one_door():
    package = Path(yggdrasil.__file__).parent
    texts = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    strays = {str(path): _unguarded(ast.parse(text)) for path, text in texts.items() if any(n in text for n in _LAZY)}
    assert len(strays) > 10
    assert not {path: lines for path, lines in strays.items() if lines}
