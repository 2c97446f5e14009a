"""A stock catalogue beside the ordinary objects of a store: found by id, handle or SKU, saved, searched."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, overload

from sandbox.clock import Clock
from sandbox.shopify.ids import number_of
from sandbox.shopify.stock_objects import ITEMS, VARIANTS, StockObjects
from sandbox.shopify.stock_plan import SIZES

Obj = dict[str, Any]
_HANDLE = re.compile(r"stok-(\d{7})")


class StockStore:
    """Columns seen as objects. An object is made when asked for and kept for the rest of the request, so that
    whoever asks twice changes the same one."""

    def __init__(self, objects: StockObjects, clock: Clock) -> None:
        self.objects, self.columns, self._clock = objects, objects.columns, clock
        self._views: dict[int, Obj] = {}
        self._by_sku: dict[str, list[int] | int] | None = None
        self._text: tuple[str, array[int]] | None = None
        # How often anything about the stock changed without an object being saved.
        self.changes = 0

    # time and views -------------------------------------------------------------------------------------

    def seconds(self) -> int:
        """The time of day in whole epoch seconds."""
        return int(self._clock.now().timestamp())

    def touched(self, product: int, now: int) -> None:
        """A product's stock moved."""
        self.columns.product_at[product] = now
        self.changes += 1
        if self._views:
            self._views.pop(product, None)

    def forget_views(self) -> None:
        """To be called between requests."""
        self._views.clear()

    # finding --------------------------------------------------------------------------------------------

    def view(self, number: int) -> Obj | None:
        """The object of the n-th product; the same one until views are forgotten."""
        if number in self._views:
            return self._views[number]
        made = self.objects.product(number)
        if made is not None:
            self._views[number] = made
        return made

    def product(self, id: str) -> Obj | None:
        """A product by gid."""
        number = self.objects.product_of(id)
        return self.view(number) if number >= 0 else None

    def variant(self, id: str) -> Obj | None:
        """A variant by gid."""
        row = self.objects.row_of(id, VARIANTS)
        return self.variant_at(row) if row >= 0 else None

    def item(self, id: str) -> Obj | None:
        """An inventory item by gid."""
        row = self.objects.row_of(id, ITEMS)
        if row < 0:
            return None
        found: Obj = self.variant_at(row)["_item"]
        return found

    def variant_at(self, row: int) -> Obj:
        """The variant of a living row."""
        product, id = self.view(row // len(SIZES)), self.objects.variant_id(row)
        assert product is not None
        return next(one for one in product["_variants"] if one["id"] == id)

    def handle(self, handle: str) -> str | None:
        """The gid of the product with a handle."""
        found = _HANDLE.fullmatch(handle)
        if not found or not self.columns.living_rows(int(found[1])):
            return None
        return f"gid://shopify/Product/{self.objects.base + int(found[1])}"

    def rows_with(self, sku: str) -> list[int]:
        """Living rows with exactly this SKU."""
        if self._by_sku is None:
            self._by_sku = {}
            for row, one in enumerate(self.columns.skus):
                self._learn(row, one)
        found = self._by_sku.get(sku, [])
        rows = [found] if isinstance(found, int) else found
        skus, alive = self.columns.skus, self.columns.is_alive
        return [row for row in rows if skus[row] == sku and alive(row)]

    def _learn(self, row: int, sku: str | None) -> None:
        if not sku:
            return
        assert self._by_sku is not None
        known = self._by_sku.setdefault(sku, row)
        if isinstance(known, int):
            if known != row:
                self._by_sku[sku] = [known, row]
        elif row not in known:
            known.append(row)

    # changing -------------------------------------------------------------------------------------------

    def save(self, product: Obj) -> bool:
        """Take a changed object back into the columns; False when it has to be kept as an object, which it is
        from then on: the columns no longer know it."""
        number = self.objects.product_of(product["id"])
        rows, skus = self.columns.living_rows(number), self.columns.skus
        before = [skus[row] for row in rows]
        self.changes += 1
        self._text = None
        if not self.objects.absorb(number, product):
            self._views.pop(number, None)
            for row in rows:
                self.columns.kill(row)
            return False
        for row, sku in zip(rows, before, strict=True):
            if self._by_sku is not None and skus[row] != sku:
                self._learn(row, skus[row])
        return True

    def drop_product(self, id: str) -> Obj | None:
        """Take a product out; what it was."""
        found = self.product(id)
        if found is not None:
            number = self.objects.product_of(id)
            for row in self.columns.living_rows(number):
                self.columns.kill(row)
            self._views.pop(number, None)
            self._text = None
        return found

    def drop_row(self, id: str, first: int) -> None:
        """Take one variant (first=VARIANTS) or item (ITEMS) out."""
        row = self.objects.row_of(id, first)
        if row >= 0:
            self.columns.kill(row)
            self._text = None

    # listing and searching ------------------------------------------------------------------------------

    def living_products(self) -> Iterator[int]:
        """Numbers of the products that are here, ascending."""
        columns = self.columns
        if not columns.dead:
            yield from range(columns.plan.products)
            return
        yield from (n for n in range(columns.plan.products) if columns.living_rows(n))

    def product_count(self) -> int:
        """How many products are here."""
        return self.columns.plan.products if not self.columns.dead else sum(1 for _ in self.living_products())

    def row_count(self) -> int:
        """How many variants are here."""
        return self.columns.rows - self.columns.dead

    def candidates(self, query: str | None) -> Iterable[int]:
        """Products that a search may find: never too few. Searches by SKU or by an uncommon tag look only at
        those that can match."""
        if found := narrowed_by_sku(query):
            return sorted({row // len(SIZES) for text in found for row in self._rows_near(text)})
        if (tag := narrowed_by_tag(query)) and tag != "stok":
            tags = self.columns.tags
            return sorted(n for n, names in tags.items() if any(one.casefold() == tag for one in names))
        return self.living_products()

    def _rows_near(self, text: str) -> Iterator[int]:
        """Rows whose SKU contains a text, whatever its case."""
        if self._text is None:
            lines = [(sku or "").casefold() for sku in self.columns.skus]
            starts, at = array("q"), 0
            for line in lines:
                starts.append(at)
                at += len(line) + 1
            self._text = ("\n".join(lines), starts)
        whole, starts = self._text
        at = whole.find(text)
        while at >= 0:
            row = bisect_right(starts, at) - 1
            if self.columns.is_alive(row):
                yield row
            at = whole.find(text, at + 1)


_SKU_TERMS = re.compile(
    r"""\(?\s*sku:('(?:[^'\\])*'|"(?:[^"\\])*"|[^\s()'"]+)((?:\s+OR\s+sku:(?:'[^'\\]*'|"[^"\\]*"|[^\s()'"]+))*)\s*\)?"""
)
_SKU_VALUE = re.compile(r"""sku:('[^'\\]*'|"[^"\\]*"|[^\s()'"]+)""")
_TAG_TERM = re.compile(r"""(?:^|\s)tag:('[^'\\]*'|"[^"\\]*"|[^\s()'"*]+)(?=\s|$)""")


def narrowed_by_sku(query: str | None) -> list[str]:
    """The SKUs that a query asks for when it asks for nothing but SKUs; else none."""
    if not query or not _SKU_TERMS.fullmatch(query.strip()):
        return []
    values = [value.strip("'\"").casefold().rstrip("*") for value in _SKU_VALUE.findall(query)]
    return values if all(values) else []


def narrowed_by_tag(query: str | None) -> str:
    """The tag that everything found must carry; "" when the query is not that plain."""
    if not query or re.search(r"\bOR\b|\bNOT\b|-|\(", query):
        return ""
    found = _TAG_TERM.search(query)
    return found[1].strip("'\"").casefold() if found else ""


class Rows(Sequence[Obj]):
    """Objects by their numbers, made when they are looked at."""

    def __init__(self, numbers: array[int], look: Callable[[int], Obj]) -> None:
        self.numbers, self._look = numbers, look

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, at: int) -> Obj: ...
    @overload
    def __getitem__(self, at: slice) -> Rows: ...
    def __getitem__(self, at: int | slice) -> Obj | Rows:
        if isinstance(at, slice):
            return Rows(self.numbers[at], self._look)
        return self._look(self.numbers[at])

    def only(self, ids: set[str]) -> Rows:
        """Those of the objects that have one of these gids."""
        wanted = {number_of(id) for id in ids}
        return Rows(array("q", (n for n in self.numbers if n in wanted)), self._look)


class Beside(dict[str, Any]):
    """A dict of objects beside a stock catalogue: what the dict does not have is looked up there."""

    def __init__(
        self,
        find: Callable[[str], Any],
        ids: Callable[[], Iterable[str]],
        drop: Callable[[str], Any] = lambda _: None,
        count: Callable[[], int] = lambda: 0,
    ) -> None:
        super().__init__()
        self._find, self._ids, self._drop, self._count = find, ids, drop, count

    def get(self, key: str, default: Any = None) -> Any:
        """The object of a key."""
        found = super().get(key)
        if found is None:
            found = self._find(key)
        return default if found is None else found

    def __missing__(self, key: str) -> Any:
        found = self._find(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or self._find(str(key)) is not None

    def __len__(self) -> int:
        return super().__len__() + self._count()

    def __iter__(self) -> Iterator[str]:
        yield from self._ids()
        yield from super().__iter__()

    def own(self) -> list[Any]:
        """What the dict itself holds."""
        return list(super().values())

    def values(self) -> Any:
        """All objects, one after the other."""
        return (self[key] for key in self)

    def items(self) -> Any:
        """All keys with their objects."""
        return ((key, self[key]) for key in self)

    def pop(self, key: str, default: Any = None) -> Any:
        """Take one out, wherever it is."""
        return super().pop(key) if super().__contains__(key) else self._drop(key) or default

    def __delitem__(self, key: str) -> None:
        if super().__contains__(key):
            super().__delitem__(key)
