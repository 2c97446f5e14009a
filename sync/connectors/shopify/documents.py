"""The GraphQL documents of `graphql/`, put together with the fragments that they spread.

Some are patterns: `Levels` and `StockLevels` get one alias for each location that is read,
`InventoryActivate`, `InventoryTrack` and `FulfilmentCreate` one for each row that travels in the call. All
are valid against the Shopify Admin 2026-10 schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, parse

FOLDER = Path(__file__).parent / "graphql"
_SPREAD = re.compile(r"\.\.\.([A-Z]\w*)")
_BY_LOCATION = frozenset({"Levels", "StockLevels"})
_LOCATION = re.compile(r"gid://shopify/Location/\d+")


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One executable text. `write` says that it is a mutation; the parsed parts serve the cost estimate."""

    name: str
    text: str
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]

    @property
    def write(self) -> bool:
        return self.operation.operation.value == "mutation"


@lru_cache(maxsize=256)
def document(name: str, locations: tuple[str, ...] = ()) -> Document:
    """The document of `graphql/<name>.graphql`; where it reads stock, that of `locations` (gids). KeyError if
    unknown, ValueError for a location that is no gid."""
    text = _source(name)
    parts = [
        text,
        *(
            _levels(part, locations) if part in _BY_LOCATION else _fragments()[part]
            for part in _needed(text, locations)
        ),
    ]
    return _made(name, "\n".join(parts))


@lru_cache(maxsize=64)
def repeated(name: str, rows: int) -> Document:
    """A pattern document with `rows` aliases: a0, a1 … with variables of the same numbers."""
    head, body = _pattern(name)
    variables = ", ".join(_numbered(head, n) for n in range(rows))
    fields = "\n".join(_numbered(body, n) for n in range(rows))
    operation = name.title().replace("_", "")
    return _made(name, f"mutation {operation}({variables}) {{\n{fields}\n}}\n")


def operation_name(found: Document) -> str:
    """The operation's own name, as the platform's logs show it."""
    return found.operation.name.value if found.operation.name else found.name


def names() -> list[str]:
    """All documents that can be executed."""
    return sorted(p.stem for p in FOLDER.glob("*.graphql") if p.stem != "fragments")


def _made(name: str, text: str) -> Document:
    parsed: DocumentNode = parse(text, no_location=True)
    operation = next(d for d in parsed.definitions if isinstance(d, OperationDefinitionNode))
    fragments = {d.name.value: d for d in parsed.definitions if isinstance(d, FragmentDefinitionNode)}
    return Document(name, text, operation, fragments)


@cache
def _source(name: str) -> str:
    path = FOLDER / f"{name}.graphql"
    if not re.fullmatch(r"\w+", name) or not path.is_file():
        raise KeyError(name)
    return path.read_text(encoding="utf-8")


@cache
def _fragments() -> dict[str, str]:
    """Every shared fragment's text by its name."""
    pieces = re.split(r"^(?=fragment )", _source("fragments"), flags=re.MULTILINE)
    return {piece.split()[1]: piece.strip() + "\n" for piece in pieces if piece.startswith("fragment ")}


def _needed(text: str, locations: tuple[str, ...]) -> list[str]:
    """Names of the fragments that a text spreads, also by way of others; each once, in order of first use."""
    return list(dict.fromkeys(_spreads(text)))


def _spreads(text: str) -> Iterator[str]:
    for name in _SPREAD.findall(text):
        yield name
        yield from _spreads(_fragments()[name])


def _levels(name: str, locations: tuple[str, ...]) -> str:
    """A fragment of levels with one alias a location; without locations it selects the id alone, which costs
    nothing."""
    head, _, body = _fragments()[name].removesuffix("}\n").partition("\n")
    head += "\n"
    if not locations:
        return f"{head}  id\n}}\n"
    return head + "".join(_level(body, n, gid) for n, gid in enumerate(locations)) + "}\n"


def _level(body: str, number: int, location: str) -> str:
    if not _LOCATION.fullmatch(location):
        raise ValueError(f"not a location id: {location!r}")
    return body.replace("l0:", f"l{number}:").replace("gid://shopify/Location/1", location)


def _pattern(name: str) -> tuple[str, str]:
    """Variable list and field of a pattern document."""
    found = re.search(r"^mutation \w+\(([^\n]*)\) \{\n(.*)\n\}\n", _source(name), re.MULTILINE | re.DOTALL)
    if found is None:
        raise KeyError(name)
    return found.group(1), found.group(2)


def _numbered(text: str, number: int) -> str:
    """The pattern's alias and variables with another number."""
    return re.sub(r"(\$\w*?|\b[af])0\b", rf"\g<1>{number}", text)
