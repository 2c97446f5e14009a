"""The documents say what the code does: verbs, targets, variables, causes, scopes, messages, links."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from storage.tables import base, connections, logs, people, preferences, sync  # noqa: F401  fill the metadata
from sync.cli.parser import make_parser
from sync.connectors import registry
from sync.connectors.sentos import problems, statuses
from sync.connectors.sentos.settings import POINTS, PROFILES
from sync.connectors.sentos.signin import METHODS
from sync.connectors.shopify import failures, spec
from sync.managers.base import SyncManager
from sync.managers.orders import OrderSyncManager
from sync.managers.products import ProductSyncManager
from sync.managers.stock import StockSyncManager
from sync.managers.verbs.checks import PARTS_OF, stock_needs
from sync.managers.views import causes
from sync.model.entity import Entity
from sync.model.flow import Brakes, OrderSettings, StockSettings
from sync.model.support import Need

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.glob("*.md")])
CODE = ("sync", "storage", "console", "pages", "sandbox", "bench")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def coded(text: str) -> set[str]:
    """Everything that a page shows between backticks."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S)))


def plain(text: str) -> str:
    """One line, straight quotes."""
    return " ".join(text.replace("“", '"').replace("”", '"').split())


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


# -- what one types ----------------------------------------------------------------------------------------


def verbs() -> dict[str, argparse.ArgumentParser]:
    [action] = [a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(action.choices)


def test_every_verb_and_option_of_the_command_line_is_described() -> None:
    page = read("docs/operations.md")
    shown = coded(page)
    named = {text.split()[0] for text in shown}
    options = {word for text in shown for word in text.split() if word.startswith("--")}
    for name, parser in verbs().items():
        assert name in named, f"docs/operations.md does not describe the verb {name}"
        wanted = {o for a in parser._actions for o in a.option_strings if o.startswith("--")} - {"--help"}
        assert wanted <= options, f"{name}: not described: {sorted(wanted - options)}"


def test_no_verb_is_described_that_does_not_exist() -> None:
    table = re.search(r"\| verb \| what it does \|\n\|[-|]+\|\n(.*?)\n\n", read("docs/operations.md"), re.S)
    assert table
    described = {re.match(r"\| `(\S+)", row)[1].strip("`") for row in table[1].splitlines()}  # type: ignore[index]
    assert described == set(verbs())


def test_every_make_target_is_described() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", read("Makefile"), re.M))
    typed = [text.split() for text in coded(read("docs/operations.md"))]
    shown = {words[1] for words in typed if words[0] == "make" and len(words) > 1}
    assert targets and targets <= shown
    assert {name for name in shown if name.isalpha() and name.islower()} == targets


def test_every_environment_variable_is_described_and_no_other() -> None:
    sources = [path.read_text("utf-8") for path in python_files(*CODE)]
    used = {name for source in sources for name in re.findall(r"COUNTERPART_[A-Z_]+", source)}
    table = set(re.findall(r"^\| `(COUNTERPART_[A-Z_]+)` ", read("docs/operations.md"), re.M))
    assert used and used == table


def test_the_benchmarks_are_named() -> None:
    from bench.__main__ import NAMES

    assert {f"python -m bench {name}" for name in NAMES} <= coded(read("docs/numbers.md"))


# -- causes ------------------------------------------------------------------------------------------------

# Words of the same shape in these folders that are no causes.
NO_CAUSES = {
    *("product.created", "target.moved"),
    *("stock.figures", "stock.buffers", "stock.phases", "stock.source", "stock.states", "stock.trend"),
    *("stock.hide", "stock.open", "stock.read", "stock.stocked"),
}
# What gives a record its cause, by the name that is called.
GIVERS = {
    *("Problem", "problem", "_problem", "_note", "flaw"),
    *("Park", "park", "skip", "_skip", "done", "BrakeHit"),
}
PLAIN_CAUSES = {"filter", "operator", "parts", "unticked", "moved", "change.refused", "change.unknown"}
REFUSABLE = ("product", "variant", "media", "publication", "stock", "order", "fulfilment")


def causes_in_code() -> set[str]:
    """Every cause that the code can give a record, and every brake: what is handed to a giver, and every
    word of that shape in a known group."""
    groups = {name.partition(".")[0] for name in (*causes.CAUSES, *problems.CAUSES, *causes._GROUPS)}
    found = {*causes.CAUSES, *problems.CAUSES, *PLAIN_CAUSES, *(f"{entity}.refused" for entity in REFUSABLE)}
    for path in python_files("sync/engine", "sync/managers", "sync/connectors"):
        tree = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        found |= {word for node in tree for word in dotted(node) if word.partition(".")[0] in groups}
        calls = [node for node in tree if isinstance(node, ast.Call) and name_of(node.func) in GIVERS]
        found |= {word for call in calls for argument in call.args for word in dotted(argument)}
    return found - NO_CAUSES


def dotted(node: ast.AST) -> list[str]:
    """A text constant that has the shape of a cause, or nothing."""
    value = node.value if isinstance(node, ast.Constant) else None
    return [value] if isinstance(value, str) and re.fullmatch(r"[a-z]+\.[a-z_]+", value) else []


def name_of(function: ast.expr) -> str:
    return str(getattr(function, "id", "") or getattr(function, "attr", ""))


def causes_in_docs() -> set[str]:
    """The first column of the tables of causes and brakes."""
    found: set[str] = set()
    for page in ("docs/matching.md", "docs/orders.md", "docs/inventory.md"):
        for table in re.findall(r"^\| (?:cause|brake) \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", read(page), re.M):
            found |= set(re.findall(r"^\| `([^`]+)` \|", table, re.M))
    return found


def test_every_cause_is_explained() -> None:
    assert sorted(causes_in_code() - causes_in_docs()) == []


def test_no_cause_is_explained_that_does_not_exist() -> None:
    assert sorted(causes_in_docs() - causes_in_code()) == []


def test_every_decision_is_named() -> None:
    assert set(causes.VERBS) <= coded(read("docs/matching.md"))


def test_the_limits_of_the_brakes_are_the_defaults() -> None:
    page = read("docs/matching.md")
    for field in fields(Brakes):
        shown = "on" if field.default is True else str(field.default)
        assert re.search(rf"`{field.name}` {shown}\b", page), f"{field.name} is {shown}"
    orders = read("docs/orders.md")
    for name in ("brake_creates", "brake_older"):
        assert f"`{name}` {getattr(OrderSettings(), name)}" in orders


def test_the_status_tables_are_the_defaults() -> None:
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \| (\d+) ", read("docs/orders.md"), re.M)
    shown = {word: code for words, code in rows for word in re.findall(r"`([a-z_]+)`", words)}
    assert shown == dict(OrderSettings().status_out)


def test_where_the_invoice_identity_is_looked_for_is_described() -> None:
    s, shown = OrderSettings(), coded(read("docs/orders.md"))
    assert {s.identity_attribute, s.tax_office_attribute, s.tax_number_attribute} <= shown


# -- platforms ---------------------------------------------------------------------------------------------


def test_the_scopes_of_each_flow_are_exactly_those_of_the_code() -> None:
    page = read("docs/connecting-shopify.md")
    for entity, row in ((Entity.PRODUCT, "Products"), (Entity.ORDER, "Orders")):
        line = re.search(rf"^\| {row} \| (.*) \|$", page, re.M)
        assert line, row
        wanted = {scope for part in PARTS_OF[entity] for scope in spec.scopes(part)}
        assert set(re.findall(r"`([a-z_]+)`", line[1])) == wanted
    stock = re.search(r"^\| Stock \| (.*); at a destination also (.*) \|$", page, re.M)
    assert stock
    reads, writes = (set(re.findall(r"`([a-z_]+)`", part)) for part in stock.groups())
    assert reads == set(spec.scopes(Need.STOCK_READ))
    needs = stock_needs(StockSettings(gone="archive"))
    assert reads | writes == {scope for need in needs for scope in spec.scopes(need)}
    every = {scope for scopes in spec.SCOPES.values() for scope in scopes} | {spec.OLD_ORDERS}
    assert {text for text in coded(page) if re.fullmatch(r"(read|write)_[a-z_]+", text)} == every


def messages_of(page: str) -> list[str]:
    """The quoted messages of a page, each as the pieces between its dots."""
    return [plain(text) for text in re.findall(r'^\| "(.*?)" \|', read(page), re.M)]


def explains(quoted: str, message: str) -> bool:
    """Does a quoted message (with ... for what differs) begin a message of the code?"""
    pattern = ".*?".join(re.escape(piece) for piece in quoted.split("..."))
    return re.match(pattern, plain(re.sub(r"\{\w+\}", "x", message))) is not None


def test_what_shopify_refuses_is_explained() -> None:
    refusals = [*failures._OPERATOR.values(), *failures._GRANT.values()]
    for message in (*refusals, failures._MOVED, failures._BUSY, failures.NO_SCOPE):
        assert any(explains(quoted, message) for quoted in messages_of("docs/connecting-shopify.md")), message


def test_what_sentos_refuses_is_explained() -> None:
    for message in (statuses.UNAUTHORISED, statuses.FORBIDDEN, statuses.NO_SUCH_PLACE, statuses.BUSY):
        quotes = messages_of("docs/connecting-sentos.md")
        assert any(explains(quoted, message.id) for quoted in quotes), message.id


@pytest.mark.parametrize("page", [page.name for page in PAGES if page.parent == DOCS])
def test_every_quoted_message_is_one_of_the_code(page: str) -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in python_files("sync", "storage", "console")]
    constants = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    known = [value for value in constants if isinstance(value, str)]
    for quoted in messages_of(f"docs/{page}"):
        assert any(explains(quoted, message) for message in known), f"no code says: {quoted}"


def test_the_settings_of_sentos_are_described() -> None:
    page = read("docs/connecting-sentos.md")
    for name, profile in PROFILES.items():
        spacing = f"{profile.get_spacing:g}" if profile.get_spacing else "-"
        assert f"| `{name}` | {profile.gets_per_minute} | {spacing} |" in page
    assert set(POINTS) <= coded(page)
    assert all(f"| {method.title} |" in page for method in METHODS)


def test_every_platform_has_its_page() -> None:
    assert all((DOCS / f"connecting-{platform}.md").exists() for platform in registry.SPECS)


def test_the_stages_and_tables_are_described() -> None:
    page = read("docs/architecture.md")
    assert set(base.metadata.tables) <= coded(page)
    assert {"read_source", "read_target", "plan", "brake", "bind", "report"} <= coded(page)
    managers: tuple[type[SyncManager], ...] = (ProductSyncManager, OrderSyncManager, StockSyncManager)
    for manager in managers:
        assert ", ".join(manager.phases) in plain(page)


# -- pages -------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings make, as the usual hosts spell them."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)
    heads = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head) for head in re.findall(r"^#+ (.+)$", text, re.M)]
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_local_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"^\[[^\]]+\]: (\S+)$", text, re.M)
    for link in links:
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        place = (page.parent / target).resolve() if target else page
        assert place.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(place), f"{page.name}: {link} has no such heading"


def test_every_page_is_reached_from_the_readme() -> None:
    seen, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = re.findall(r"\]\(([^)\s#]+\.md)[^)\s]*\)", page.read_text("utf-8"))
        todo += [(page.parent / link).resolve() for link in links if "://" not in link]
    assert set(PAGES) <= seen


def test_pictures_are_light_and_the_readme_is_plain() -> None:
    for picture in (DOCS / "pictures").iterdir():
        assert picture.stat().st_size <= 200 * 1024, picture.name
    assert read("README.md").isascii()


def test_the_readme_names_what_starts_and_tests_it() -> None:
    readme = read("README.md")
    for line in (
        "make run",
        "make test",
        "apt-get install -y git make python3-venv",
        "http://127.0.0.1:8501",
        ".venv/bin/streamlit run app.py",
        ".venv/bin/python -m pytest",
    ):
        assert line in readme
