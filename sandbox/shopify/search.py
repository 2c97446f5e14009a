"""Shopify's search syntax: ``status:active updated_at:>='2026-01-01T00:00:00Z' (sku:A OR sku:B) -tag:x``.

A filter that is malformed or unknown is ignored and everything is returned (shopify.dev, API search syntax).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Facts = dict[str, Any]
Test = Callable[[Facts], bool]
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\() | (?P<close>\)) |
      (?P<field>[A-Za-z_][\w.$-]*)\s*:\s*(?P<op><=|>=|<|>)?\s*
        (?P<value>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\s()]+) |
      (?P<word>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|-(?=\S)|[^\s()]+)
    )""",
    re.VERBOSE,
)
TIMES = {"created_at", "updated_at", "processed_at", "item_updated_at"}
NUMBERS = {"id", "product_id", "variant_id", "inventory_total", "inventory_quantity", "total", "customer_id"}
LISTS = {"status", "handle", "id", "product_ids", "product_status"}
# Fields whose filter may find more than the exact text: how much more, nobody says.
LOOSE = frozenset({"sku", "title"})


def compiled(query: str | None, fields: set[str], loose: bool = False) -> Test | None:
    """A test over facts, or None when everything matches; unknown fields and broken parts are ignored. With
    ``loose`` the fields of LOOSE also match texts that begin with the value, or that contain it as words."""
    if not query or not query.strip():
        return None
    return _Parser(query, fields, LOOSE if loose else frozenset()).run()


class _Parser:
    """Recursive descent over tokens; OR binds weaker than the AND that stands between plain terms."""

    def __init__(self, query: str, fields: set[str], loose: frozenset[str]) -> None:
        self._tokens = list(_TOKEN.finditer(query.strip()))
        self._fields, self._loose = fields, loose
        self._at = 0

    def run(self) -> Test | None:
        return self._either()

    def _peek(self) -> re.Match[str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _either(self) -> Test | None:
        parts = [self._both()]
        while (token := self._peek()) and token["word"] == "OR":
            self._at += 1
            parts.append(self._both())
        known = [part for part in parts if part is not None]
        if len(parts) > 1 and len(known) < len(parts):
            return None
        return (
            known[0] if len(known) == 1 else (lambda facts: any(t(facts) for t in known)) if known else None
        )

    def _both(self) -> Test | None:
        parts = []
        while (token := self._peek()) and not token["close"] and token["word"] != "OR":
            if token["word"] == "AND":
                self._at += 1
                continue
            parts.append(self._term())
        known = [part for part in parts if part is not None]
        if not known:
            return None
        return known[0] if len(known) == 1 else lambda facts: all(t(facts) for t in known)

    def _term(self) -> Test | None:
        token = self._peek()
        assert token is not None
        self._at += 1
        if token["word"] in ("-", "NOT"):
            return _negated(self._term() if self._peek() else None)
        if token["open"]:
            inner = self._either()
            if (end := self._peek()) and end["close"]:
                self._at += 1
            return inner
        if token["field"]:
            name, value = token["field"], _unquoted(token["value"])
            if name in self._loose and name in self._fields and not token["op"]:
                return _loosely(name, value)
            return _comparison(name, token["op"], value, self._fields)
        return _words(_unquoted(token["word"])) if token["word"] else None


def _negated(inner: Test | None) -> Test | None:
    return None if inner is None else lambda facts: not inner(facts)


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _words(text: str) -> Test:
    wanted = text.casefold().rstrip("*")
    return lambda facts: any(wanted in str(one).casefold() for one in facts["default"])


def _comparison(name: str, op: str | None, value: str, fields: set[str]) -> Test | None:
    if name.startswith("metafields."):
        key = name.removeprefix("metafields.")
        return lambda facts: (
            facts["metafields"].get(key) == value or (value == "*" and key in facts["metafields"])
        )
    if name not in fields:
        return None
    if name in TIMES:
        return _time(name, op, value)
    if name in NUMBERS and (op or not value.strip("-0123456789.,")):
        return _number(name, op, value)
    if op:
        return None
    return _text(name, value)


def _time(name: str, op: str | None, value: str) -> Test | None:
    at = _moment(value)
    if at is None:
        return None
    return lambda facts: _compare(facts[name], op, at)


def _moment(value: str) -> str | None:
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(name: str, op: str | None, value: str) -> Test | None:
    try:
        wanted = [Decimal(part) for part in value.split(",") if part]
    except InvalidOperation:
        return None
    if not wanted:
        return None
    if op:
        return lambda facts: any(_compare(Decimal(str(one)), op, wanted[0]) for one in _many(facts[name]))
    return lambda facts: any(Decimal(str(one)) in wanted for one in _many(facts[name]))


def _text(name: str, value: str) -> Test:
    choices = [part.strip() for part in value.split(",")] if name in LISTS else [value]
    wanted = [choice.casefold() for choice in choices if choice]
    exact = {one for one in wanted if not one.endswith("*")}
    prefixes = tuple(one[:-1] for one in wanted if one.endswith("*"))

    def test(facts: Facts) -> bool:
        for one in _many(facts[name]):
            folded = str(one).casefold()
            if folded in exact or (prefixes and folded.startswith(prefixes)):
                return True
        return False

    return test


def _loosely(name: str, value: str) -> Test:
    wanted = value.casefold().rstrip("*")
    return lambda facts: any(_begins(str(one).casefold(), wanted) for one in _many(facts[name]))


def _begins(text: str, wanted: str) -> bool:
    """Whether a text, or a word in it, begins with another text."""
    return text.startswith(wanted) or f" {wanted}" in text or f"-{wanted}" in text


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _compare(left: Any, op: str | None, right: Any) -> bool:
    if op == ">=":
        return bool(left >= right)
    if op == "<=":
        return bool(left <= right)
    if op == ">":
        return bool(left > right)
    if op == "<":
        return bool(left < right)
    return bool(left == right)
