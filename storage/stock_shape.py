"""How a sellable item becomes a row: its SKU in three spellings, and a hash of all that was read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from sync.model.flow import Flow
from sync.model.stock import StockItem, StockLevel
from sync.model.values import key_of

COLUMNS = (
    "variant_id",
    "item_id",
    "product_id",
    "sku",
    "key",
    "loose",
    "label",
    "kind",
    "tracked",
    "tags",
    "status",
)
"""What a row says of the item, in this order."""
HASHED = ("variant_id", "item_id", "product_id", "sku", "label", "kind", "tracked", "tags", "status")

LevelRow = tuple[str, int, int | None, int | None, bool]
_DASHES = "".join(c for c in map(chr, range(0x11000)) if unicodedata.category(c) == "Pd")
_APART = re.compile(rf"[\s{re.escape(_DASHES)}]+")


@dataclass(slots=True)  # not frozen: that would cost as much as the rest of making one
class Fresh:
    """An item just read, as it would be stored. `content` hashes item and levels, `hash` the places that were
    asked for beside them."""

    row: tuple[Any, ...]
    levels: tuple[LevelRow, ...]
    content: str
    hash: str

    def comparable(self, stored: str) -> bool:
        """Was the stored hash made of a read of the same places, and is it still true?"""
        return bool(stored) and stored[len(self.content) :] == self.hash[len(self.content) :]


def clean(sku: str | None) -> str:
    """Trimmed, NFC; "" for none."""
    if not sku:
        return ""
    return sku.strip() if sku.isascii() else unicodedata.normalize("NFC", sku.strip())


def folded(sku: str) -> str:
    """Case-folded: equal for people who do not mind capitals."""
    return sku.lower() if sku.isascii() else unicodedata.normalize("NFC", sku.casefold())


def bare(text: str) -> str:
    """Without dashes and blanks of any kind; a text of nothing else stays as it is."""
    if text.isascii():
        return "".join(text.replace("-", "").split()) or text
    return _APART.sub("", text) or text


def loose(sku: str) -> str:
    """The loosest spelling that can still be the same SKU: flows join on it."""
    return bare(folded(clean(sku)))


def speller(flow: Flow) -> Callable[[str], str]:
    """How this flow compares SKUs: what `stock_match_sql.spelling` says in SQL."""
    if flow.stock.fold_case:
        return loose if flow.stock.fold_dashes else lambda sku: folded(clean(sku))
    return lambda sku: clean(sku).replace("-", "").replace(" ", "") if flow.stock.fold_dashes else clean(sku)


def fresh(item: StockItem, only: frozenset[str] = frozenset()) -> Fresh:
    """The rows of an item; of its levels only those at `only` (empty: all)."""
    sku = clean(item.sku)
    key = folded(sku)
    tags = _folded_tags(tuple(item.tags)) if item.tags else ""
    tracked = item.tracked is not False
    label = item.label or sku
    kind = item.kind.value
    status = item.status
    row = (item.id, item.item_id, item.product_id, sku, key, bare(key), label, kind, tracked, tags, status)
    levels = _rows(level for level in item.levels if not only or level.location_id in only)
    hashed = (item.id, item.item_id, item.product_id, sku, label, kind, tracked, tags, status)
    content = _hash(hashed, levels)
    return Fresh(row, levels, content, content + _suffix(only))


def hash_of(row: tuple[Any, ...], levels: Iterable[StockLevel]) -> str:
    """Equal for equal content, in whatever order the levels came."""
    return _hash(row, _rows(levels))


def _hash(row: tuple[Any, ...], levels: tuple[LevelRow, ...]) -> str:
    return blake2b(repr((row, levels)).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


@lru_cache(1000)
def _folded_tags(tags: tuple[str, ...]) -> str:
    """As flows compare them; most items have their product's, and so their neighbours'."""
    return "\n" + "\n".join(map(key_of, tags)) + "\n"


@lru_cache(64)
def _suffix(only: frozenset[str]) -> str:
    return "@" + blake2b("\n".join(sorted(only)).encode(), digest_size=4).hexdigest() if only else ""


def _rows(levels: Iterable[StockLevel]) -> tuple[LevelRow, ...]:
    """One row a place (the last word about it holds), in the order of places."""
    rows = [(s.location_id, s.available, s.on_hand, s.reserved, bool(s.active)) for s in levels]
    if len(rows) < 2:
        return tuple(rows)
    return tuple(sorted({row[0]: row for row in rows}.values(), key=_place))


def _place(row: LevelRow) -> str:
    return row[0]
