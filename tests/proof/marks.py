"""Which tests show which rows of the fault matrix: read from their sources, so that no run is needed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def shown() -> dict[str, list[str]]:
    """Return the tests of each row that a mark names, as pytest names them without parameters."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.fault(" not in text:
            continue
        where = path.relative_to(ROOT).as_posix()
        for name, row in _marks(ast.parse(text), prefix=where):
            if name not in found.setdefault(row, []):
                found[row].append(name)
    return found


def _marks(node: ast.AST, *, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield (test, row) for each mark; one outside any test belongs to the whole file."""
    for child in ast.iter_child_nodes(node):
        inner = prefix
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inner = f"{prefix}::{child.name}"
        if _is_fault(child):
            yield from ((prefix, row) for row in _words(child))
        yield from _marks(child, prefix=inner)


def _is_fault(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault"


def _words(node: ast.AST) -> Iterator[str]:
    assert isinstance(node, ast.Call)
    for word in node.args:
        if not (isinstance(word, ast.Constant) and isinstance(word.value, str)):
            raise TypeError(f"a fault mark names its rows in plain words: {ast.unparse(node)}")
        yield word.value
