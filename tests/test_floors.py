"""The house stands on floors: imports go down only, names say what a file is, and importing it is instant."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "yggdrasil"
CONTRACT, BLOCKS, FLOW, CYCLE = "contract", "blocks", "engine/flow", "engine/cycle"
LEVELS, AGENT, STATE, STORE, CLI, TALES = "levels", "agent", "state", "store", "cli", "storytelling"
PLUGINS, TESTING, TOP = "plugins", "testing", "__init__"
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
    TESTING: {CONTRACT, BLOCKS, FLOW, LEVELS, STORE},
    TOP: {CONTRACT, FLOW, AGENT, LEVELS, STORE, TESTING, "errors"},
    "errors": {CONTRACT, BLOCKS, CYCLE, STATE, AGENT, LEVELS},
    "__main__": {CLI},
    "engine/__init__": set(),
}
"""Floor → the floors that it may import besides itself (levels, agent and state are one storey: the nouns). Nobody
imports storytelling, the plugins (but for storytelling) or the faces: they are found by name, and a name that is
written down (for importlib, in an annotation, in a table) is an import, too."""

FILES = sorted(PACKAGE.rglob("*.py"))


def floor(parts: tuple[str, ...]) -> str:
    if parts[:1] == ("ports",):
        return CONTRACT
    if parts[:1] == ("engine",):
        return "/".join(parts[:2])
    return parts[0] if parts else ""


def imports(path: Path) -> list[tuple[int, str]]:
    """Every module that a file imports or names in a string, inside functions too, as absolute names."""
    found: list[tuple[int, str]] = []
    here = path.relative_to(PACKAGE.parent).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(here[: len(here) - node.level]) if node.level else ""
            module = ".".join(filter(None, (above, node.module or "")))
            found += [(node.lineno, f"{module}.{alias.name}") for alias in node.names]
        elif isinstance(node, ast.Constant) and _names_a_module(node.value):
            found.append((node.lineno, str(node.value).partition(":")[0]))
        elif isinstance(node, ast.Call):
            found += [(node.lineno, module) for module in _said(node, here)]
    return found


GROUP = "yggdrasil.blocks"
"""The entry points of blocks, which are called like the floor."""


def _names_a_module(text: object) -> bool:
    """Whether a constant is the name of a module of ours, or the beginning of one that is put together."""
    if not re.fullmatch(r"yggdrasil\.[\w.]*(:\w+)?", str(text)) or text == GROUP:
        return False
    return floor(tuple(str(text).partition(":")[0].split("."))[1:]) in {*BELOW, ""}


def _said(call: ast.Call, here: tuple[str, ...]) -> Iterator[str]:
    """Modules that a call's strings name: of somebody else by importlib, or with dots for the package."""
    said = [value.value for value in _arguments(call) if isinstance(value, ast.Constant)]
    callee = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    for text in (text for text in said if isinstance(text, str)):
        dots = len(text) - len(text.lstrip("."))
        if dots and any(getattr(value, "id", "") in ("__package__", "__name__") for value in _arguments(call)):
            yield ".".join((*here[: len(here) - dots], text[dots:]))
        elif not dots and callee in ("import_module", "__import__") and not _names_a_module(text):
            yield text


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def test_imports_go_down_only() -> None:
    wrong: list[str] = []
    for path in FILES:
        wrong += upward(path)
    assert wrong == []


def upward(path: Path) -> list[str]:
    """The imports of a file that do not go down."""
    own = floor(path.relative_to(PACKAGE).with_suffix("").parts)
    modules = [(line, module) for line, module in imports(path) if module.partition(".")[0] == "yggdrasil"]
    targets = [(line, module, floor(tuple(module.split(".")[1:]))) for line, module in modules]
    return [
        f"{path.relative_to(PACKAGE)}:{line} ({own}) imports {module}"
        for line, module, target in targets
        if target not in {own, *BELOW.get(own, ())}
    ]


FORBIDDEN = [
    ("agent/x.py", "levels.graph"),
    ("levels/x.py", "agent.agent"),
    ("store/x.py", "storytelling.tale"),
    ("contract/x.py", "storytelling"),
    ("cli/x.py", "storytelling.tale"),
    ("storytelling/x.py", "cli"),
    ("testing/x.py", "cli.commands"),
    ("engine/__init__.py", "cli"),
    ("__init__.py", "cli"),
    ("__init__.py", "storytelling.tale"),
    ("plugins/x.py", "blocks.llm"),
]
WAYS = {
    "plainly": "import yggdrasil.MODULE",
    "a name of it": "from yggdrasil.MODULE import thing",
    "inside a function": "def f():\n    from yggdrasil.MODULE import thing",
    "for types only": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import yggdrasil.MODULE",
    "in an annotation": "def f(x: 'yggdrasil.MODULE.Thing'): ...",
    "by importlib": "import importlib\nimportlib.import_module('yggdrasil.MODULE')",
    "by a renamed importlib": "from importlib import import_module as get\nget('yggdrasil.MODULE')",
    "by a keyword": "import importlib\nimportlib.import_module(name='yggdrasil.MODULE')",
    "from a table": "WHERE = {'thing': 'yggdrasil.MODULE'}",
    "as an entry point": "POINT = 'yggdrasil.MODULE:Thing'",
    "in two parts": "import importlib\nimportlib.import_module('yggdrasil.' + 'MODULE')",
    "as a pattern": "import importlib\nx = 'MODULE'\nimportlib.import_module(f'yggdrasil.{x}')",
    "from where it stands": "from ..MODULE import thing",
    "by importlib from where it stands": "import importlib\nimportlib.import_module('..MODULE', __package__)",
}


CASES = [(*pair, way) for pair in FORBIDDEN for way in WAYS if "/" in pair[0] or "from where it stands" not in way]
"""Nothing stands above the package, so that its own file cannot name it by dots."""


@pytest.mark.parametrize(("file", "module", "way"), CASES)
def test_an_import_that_goes_up_is_found_in_whatever_way_it_is_written(
    file: str, module: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "yggdrasil" / file
    path.parent.mkdir(parents=True)
    path.write_text(WAYS[way].replace("MODULE", module) + "\n")
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path / "yggdrasil")
    assert upward(path) != []


TABLES = ["__init__", "blocks/__init__", "contract/value_forms", "errors", "testing/other_process_server"]
"""The files that import what a table, or a stranger, names: such a name is no import that the floors could see."""


def runs_unseen(tree: ast.Module) -> list[int]:
    """The lines that import by a name put together there, or run code out of a text."""
    importing = {"import_module", "resolve_name", "__import__"}
    bound = (alias for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names)
    renamed = {alias.asname for alias in bound if alias.name in importing and alias.asname}
    found: list[int] = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        named = isinstance(call.func, ast.Name)
        callee = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        written = all(isinstance(argument, ast.Constant) for argument in _arguments(call)[:1])
        if (callee in importing | renamed and not written) or (named and callee in ("exec", "eval")):
            found.append(call.lineno)
    return found


def test_nobody_imports_what_is_not_written_down_but_who_has_a_table() -> None:
    unseen = {path for path in FILES if runs_unseen(ast.parse(path.read_text(encoding="utf-8")))}
    assert sorted(path.relative_to(PACKAGE).with_suffix("").as_posix() for path in unseen) == TABLES


@pytest.mark.parametrize(
    "code",
    [
        "import importlib\nimportlib.import_module('yggdrasil' + '.' + name)",
        "from importlib import import_module as get\nget('.'.join(['yggdrasil', name]))",
        "__import__(f'{__package__}.{name}')",
        "exec('from yggdrasil.agent import agent')",
    ],
)
def test_an_import_by_a_name_put_together_is_found(code: str) -> None:
    assert runs_unseen(ast.parse(code)) != []


def test_every_file_stands_on_a_floor() -> None:
    known = {*BELOW, "_shelf"}
    assert {floor(p.relative_to(PACKAGE).with_suffix("").parts) for p in FILES} <= known


def test_nothing_here_imports_langgraph() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in FILES
        for line, module in imports(path)
        if module.partition(".")[0].startswith(("langgraph", "langchain"))
    ]
    assert wrong == []


def test_a_file_is_a_noun_that_a_user_knows() -> None:
    empty = {"utils", "util", "base", "helpers", "helper", "manager", "core", "common", "misc"}
    assert [p for p in FILES if {p.stem, *p.relative_to(PACKAGE).parts[:-1]} & empty] == []


def test_no_file_is_longer_than_a_reader_finishes() -> None:
    lengths = {path: path.read_bytes().count(b"\n") for path in PACKAGE.rglob("*") if path.suffix in (".py", ".json")}
    assert lengths and [f"{path}: {lines}" for path, lines in lengths.items() if lines > 300] == []


def test_every_module_says_why_it_exists() -> None:
    written = {p: text for p in FILES if (text := p.read_text(encoding="utf-8")).strip()}
    assert [p for p, text in written.items() if not ast.get_docstring(ast.parse(text))] == []


@pytest.mark.parametrize("statement", ["import yggdrasil", "import yggdrasil.contract, yggdrasil.ports"])
def test_importing_is_instant(statement: str) -> None:
    heavy = ("torch", "transformers", "diffusers", "langgraph", "pydantic", "PIL", "numpy", "yaml", "openai", "rich")
    code = f"import sys; {statement}; print(*[n for n in {heavy!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
