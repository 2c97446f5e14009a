"""Imports point one way, and never in a circle: what docs/architecture.md says of the house."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("sync", "storage", "console", "pages", "sandbox", "bench")
FILES = [ROOT / "app.py", *(path for place in PLACES for path in sorted((ROOT / place).rglob("*.py")))]
NEVER = {
    "sync/engine": ("requests", "sqlalchemy", "streamlit", "storage", "sync.connectors", "sync.managers"),
    "sync/connectors": ("streamlit", "storage", "sync.engine", "sync.managers", "sync.queue"),
    "sync/queue": ("streamlit", "sync.managers", "sync.application", "sync.connectors"),
    "sync/managers": ("streamlit", "sync.application", "sync.cli"),
    "sync": ("streamlit", "pages", "console", "sandbox"),
    "storage": ("streamlit", "sync.connectors", "sync.engine", "sync.managers", "sync.workspace", "sandbox"),
    "pages": ("sqlalchemy", "requests", "storage.tables", "sync.connectors", "sandbox"),
    "console": ("requests", "storage.tables", "sync.connectors", "pages", "sandbox"),
    "sandbox": ("sync", "storage", "pages", "console"),
}
"""Place → what its files never import."""


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def named_by(path: Path) -> frozenset[str]:
    """Every module that a file names anywhere in it; `from a import b` names a and a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative imports are not read here"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def broken(place: str, forbidden: tuple[str, ...]) -> Iterator[str]:
    for path in sorted((ROOT / place).rglob("*.py")):
        for name in sorted(named_by(path)):
            if any(name == one or name.startswith(f"{one}.") for one in forbidden):
                yield f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("place", NEVER)
def test_no_arrow_runs_back(place: str) -> None:
    assert list(broken(place, NEVER[place])) == []


def test_the_model_knows_python_alone() -> None:
    strange = {
        f"{path.name} imports {name}"
        for path in (ROOT / "sync/model").rglob("*.py")
        for name in named_by(path)
        if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith("sync.model")
    }
    assert strange == set()


def test_no_file_imports_another_in_a_circle() -> None:
    """Imports inside functions count, too: they hide a circle, they do not untie it."""
    files = {module_of(path): path for path in FILES}
    # "from a import b" runs a/__init__.py as well; a package's face is no room of its own.
    rooms = {name for name, path in files.items() if path.name != "__init__.py"}
    graph = {name: (named_by(files[name]) & rooms) - {name} for name in rooms}
    assert sum(map(len, graph.values())) > 1_000  # it does see the imports
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" → ".join(circle.args[1]))
