"""Every registered type has its entry point, and every entry point its type, so that a manifest finds it unimported."""

import ast
import tomllib
from pathlib import Path

import pytest

from yggdrasil.contract import Block, registry

ROOT = Path(__file__).resolve().parent.parent
DECLARED: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][
    registry.GROUP
]


def written() -> dict[str, str]:
    """type name → module:class, of every class statement in the package that names a type."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "yggdrasil").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                for keyword in node.keywords:
                    if keyword.arg == "type" and isinstance(keyword.value, ast.Constant):
                        found[str(keyword.value.value)] = f"{module}:{node.name}"
    return found


def test_types_and_entry_points_are_the_same() -> None:
    assert dict(sorted(written().items())) == dict(sorted(DECLARED.items()))


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_each_type_is_found_and_tells_what_it_is(name: str) -> None:
    found = registry.find(name)
    assert issubclass(found, Block) and found.type_name == name
    assert found.__doc__, "the docstring is what a model reads of it"
