"""The house stands on floors: imports go down only, names say what a file is, and importing it is instant."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "yggdrasil"
CONTRACT, BLOCKS, FLOW, CYCLE = "contract", "blocks", "engine/flow", "engine/cycle"
LEVELS, AGENT, STATE, STORE, CLI, TALES = "levels", "agent", "state", "store", "cli", "storytelling"
PLUGINS, TESTING = "plugins", "testing"
BELOW = {
    CONTRACT: set(),
    BLOCKS: {CONTRACT},
    PLUGINS: {CONTRACT},
    FLOW: {CONTRACT},
    CYCLE: {CONTRACT},
    STATE: {CONTRACT, BLOCKS, FLOW, CYCLE},
    AGENT: {CONTRACT, BLOCKS, FLOW, CYCLE, STATE},
    LEVELS: {CONTRACT, BLOCKS, FLOW, CYCLE, STATE},
    STORE: {CONTRACT, BLOCKS, FLOW, CYCLE, STATE, AGENT, LEVELS},
    TALES: {CONTRACT, BLOCKS, STATE, AGENT, LEVELS, PLUGINS},
    CLI: {CONTRACT, BLOCKS, FLOW, CYCLE, STATE, AGENT, LEVELS, STORE},
    TESTING: {CONTRACT, FLOW, LEVELS, STORE},
}
"""Floor → the floors that it may import besides itself (levels, agent and state are one storey: the nouns). Nobody
imports storytelling, the plugins (but for storytelling) or the faces: they are found by name."""

FILES = sorted(PACKAGE.rglob("*.py"))


def floor(parts: tuple[str, ...]) -> str:
    if parts[:1] == ("ports",):
        return CONTRACT
    if parts[:1] == ("engine",):
        return "/".join(parts[:2])
    return parts[0] if parts else ""


def imports(path: Path) -> list[tuple[int, str]]:
    """Every module that a file imports, inside functions too, as absolute names."""
    found: list[tuple[int, str]] = []
    here = path.relative_to(PACKAGE.parent).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(here[: len(here) - node.level]) if node.level else ""
            module = ".".join(filter(None, (above, node.module or "")))
            found += [(node.lineno, f"{module}.{alias.name}") for alias in node.names]
        elif isinstance(node, ast.Call) and _is_import_module(node):
            found.append((node.lineno, str(node.args[0].value)))  # type: ignore[attr-defined]
    return found


def _is_import_module(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in ("import_module", "__import__") and bool(node.args) and isinstance(node.args[0], ast.Constant)


def test_imports_go_down_only() -> None:
    wrong: list[str] = []
    for path in FILES:
        own = floor(path.relative_to(PACKAGE).with_suffix("").parts)
        if own not in BELOW:
            continue
        for line, module in imports(path):
            parts = tuple(module.split("."))
            if parts[0] != "yggdrasil":
                continue
            target = floor(parts[1:])
            if target != own and target not in BELOW[own]:
                wrong.append(f"{path.relative_to(PACKAGE)}:{line} ({own}) imports {module}")
    assert wrong == []


def test_every_file_stands_on_a_floor() -> None:
    known = {*BELOW, "__init__", "__main__", "engine/__init__", "_shelf"}
    assert {floor(p.relative_to(PACKAGE).with_suffix("").parts) for p in FILES} <= known


def test_only_the_cycle_engine_imports_langgraph() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in FILES
        if not path.is_relative_to(PACKAGE / "engine" / "cycle")
        for line, module in imports(path)
        if module.partition(".")[0].startswith("langgraph")
    ]
    assert wrong == []


def test_a_file_is_a_noun_that_a_user_knows() -> None:
    empty = {"utils", "util", "base", "helpers", "helper", "manager", "core", "common", "misc"}
    assert [p for p in FILES if {p.stem, *p.relative_to(PACKAGE).parts[:-1]} & empty] == []


def test_every_module_says_why_it_exists() -> None:
    written = {p: text for p in FILES if (text := p.read_text(encoding="utf-8")).strip()}
    assert [p for p, text in written.items() if not ast.get_docstring(ast.parse(text))] == []


@pytest.mark.parametrize("statement", ["import yggdrasil", "import yggdrasil.contract, yggdrasil.ports"])
def test_importing_is_instant(statement: str) -> None:
    heavy = ("torch", "transformers", "diffusers", "langgraph", "pydantic", "PIL", "numpy", "yaml", "openai", "rich")
    code = f"import sys; {statement}; print(*[n for n in {heavy!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
