"""What must not stand in the source at all, so that nobody has to ask whether it is used safely."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("app.py", "console", "pages", "storage", "sync", "sandbox")
FILES = [
    f
    for place in PRODUCT
    for f in ([ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py")))
]
#: (module, name) → why it must not be called.
FORBIDDEN = {
    "pickle": "it runs what it reads",
    "marshal": "it runs what it reads",
    "shelve": "it pickles",
    "yaml": "it may run what it reads",
    "dill": "it pickles",
    "xml": "entities may be bombs",
    "telnetlib": "plain text",
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
#: The one place that hands our own, constant script to the browser.
SCRIPTED = {"console/access.py": 1}


@cache
def trees() -> list[tuple[str, ast.Module]]:
    names = [file.relative_to(ROOT).as_posix() for file in FILES]
    return [(name, ast.parse((ROOT / name).read_text(encoding="utf-8"))) for name in names]


@cache
def calls() -> list[tuple[str, ast.Call, str]]:
    """(file, call, dotted name of what is called)."""
    return [
        (name, node, ast.unparse(node.func))
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]


def test_nothing_is_imported_that_runs_what_it_reads() -> None:
    found = []
    for name, tree in trees():
        for node in ast.walk(tree):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [(name, m) for m in modules if m.partition(".")[0] in FORBIDDEN]
    assert found == []


def test_no_text_is_run_as_code() -> None:
    assert [(name, called) for name, _node, called in calls() if called in FORBIDDEN_CALLS] == []


def test_no_shell_is_started() -> None:
    shells = [
        (name, called)
        for name, node, called in calls()
        if called in ("os.system", "os.popen", "subprocess.getoutput", "asyncio.create_subprocess_shell")
        or (called.startswith("subprocess.") and any(k.arg == "shell" for k in node.keywords))
    ]
    assert shells == []


def test_no_page_draws_html_or_frames_or_pictures() -> None:
    """Markdown is escaped by `plain`; these would show what was put into them."""
    drawn: dict[str, int] = {}
    for name, node, called in calls():
        raw = called in ("st.html", "st.image", "st.iframe", "st.video", "st.audio", "st.link_button")
        if raw or "components" in called or any((k.arg or "").startswith("unsafe_") for k in node.keywords):
            drawn[name] = drawn.get(name, 0) + 1
    assert drawn == SCRIPTED
    columns = [
        name
        for name, _node, called in calls()
        if called.endswith(("LinkColumn", "ImageColumn", "JsonColumn", "column_config.Column"))
    ]
    assert columns == []


# Statements that SQLAlchemy has no word for, or not a quick one. What is put in are names of our own tables
# and constants of the module, or row ids as numbers; values go as parameters.
OF_OUR_NAMES = {
    "storage/bulk.py": 1,
    "storage/logs.py": 1,
    "storage/move.py": 1,
    "storage/partitions.py": 1,
    "storage/queue_folding.py": 1,
    "storage/stock_carried.py": 4,
}


def test_sql_is_never_built_from_text() -> None:
    """Statements come from SQLAlchemy; a literal text of ours may stand in one, a joined one may not, but for
    the few that are counted above."""
    found = []
    for name, node, called in calls():
        takes_sql = called.rpartition(".")[2] in (
            "text",
            "literal_column",
            "exec_driver_sql",
            "executescript",
            "execute",
        )
        if takes_sql and node.args and name.startswith(("storage", "sync", "sandbox")):
            joined = isinstance(node.args[0], ast.JoinedStr) and any(
                isinstance(v, ast.FormattedValue) for v in node.args[0].values
            )
            if joined or isinstance(node.args[0], ast.BinOp):
                found.append((name, node.lineno, ast.unparse(node.args[0])))
    ours = Counter(name for name, _, statement in found if "PRAGMA" not in statement)
    assert ours == OF_OUR_NAMES


def test_whoever_searches_by_part_of_a_word_escapes_the_wildcards() -> None:
    for name, node, called in calls():
        by_part = called.rpartition(".")[2] in ("contains", "icontains", "startswith", "like", "ilike")
        if by_part and (".c." in called or re.search(r"\b[a-z]\.(label|sku|name)\b", called)):
            assert any(k.arg == "autoescape" for k in node.keywords), f"{name}:{node.lineno}"


def test_certificates_are_always_checked() -> None:
    for name, node, called in calls():
        for keyword in node.keywords:
            off = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            assert not (keyword.arg in ("verify", "check_hostname") and off), f"{name}: {called}"
        assert "_create_unverified_context" not in called and "CERT_NONE" not in ast.unparse(node), name


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("server.address", '"127.0.0.1"'),
        ("client.showErrorDetails", '"none"'),
        ("client.toolbarMode", '"minimal"'),
        ("browser.gatherUsageStats", "false"),
        ("server.fileWatcherType", '"none"'),
    ],
)
def test_the_shipped_settings_are_the_safe_ones(option: str, value: str) -> None:
    import tomllib

    given = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    section, name = option.split(".")
    assert str(given[section][name]).lower() == value.strip('"')
    for off in ("enableCORS", "enableXsrfProtection", "trustedUserHeaders", "corsAllowedOrigins"):
        assert off not in given["server"], "the defaults protect"
