"""Two stores with a stock flow between them, filled by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from storage.database import Database
from storage.links import STORE_TO_STORE
from storage.stock_changes import NewStockChange, StockChanges
from storage.stock_items import StockItems
from storage.stock_match import StockMatch
from sync.model.flow import Flow, Link
from sync.model.stock import ItemKind, Match, StockItem, StockLevel
from tests.unit.storage_sync.conftest import Store


@dataclass
class Stock:
    """The repositories of a stock flow over one database; `a` feeds `b`."""

    store: Store
    link: Link
    flow: Flow

    def __post_init__(self) -> None:
        self.db: Database = self.store.db
        self.items, self.match = StockItems(self.db), StockMatch(self.db)
        self.changes = StockChanges(self.db)

    def sweep(self, side: str, items: Sequence[StockItem]) -> int:
        """A complete sweep of side "a" or "b"; answers how many items differed."""
        connection = getattr(self.link, side)
        number = self.items.begin_sweep(connection)
        differing = self.items.put(connection, items, number)
        self.items.end_sweep(connection, number)
        return differing

    def settings(self, **given: object) -> None:
        self.flow = replace(self.flow, stock=replace(self.flow.stock, **given))

    def refresh(self) -> dict[str, int]:
        """Counts that are not zero."""
        return {why: n for why, n in self.match.refresh(self.flow, self.link).items() if n}

    def paired(self) -> dict[str, str]:
        """Source variant → target variant."""
        pairs = self.match.pairs(self.link, self.flow.direction)
        return {p.source.variant_id: p.target.variant_id for p in pairs}

    def listed(self, why: Match | None = None) -> set[tuple[str, str, str]]:
        """(class, side, variant) of the exceptions."""
        kinds = [kind for kind in Match if kind is not Match.MATCHED] if why is None else [why]
        rows = [row for kind in kinds for row in self.match.listed(self.flow, self.link, kind, limit=1000)]
        return {(row.why, row.side, row.variant_id) for row in rows}

    def moved(self) -> set[str]:
        """Source variants of the pairs in need of a decision."""
        return {p.source.variant_id for p in self.match.pairs_moved(self.link, self.flow.direction)}

    def settle(self, bases: Mapping[str, tuple[int, int]], place: str = "B1") -> None:
        """Writes `after` (second number) at the target for source variants that show the first."""
        rows = []
        for pair in self.match.pairs_of(self.link, self.flow.direction, list(bases)):
            source, after = bases[pair.source.variant_id]
            rows.append(change(self.flow.id, pair.binding_id, pair.target.variant_id, source, after, place))
        self.changes.add(rows)
        ids = [row.id for row in self.changes.due("run", "stock")]
        with self.db.write() as tx:
            self.changes.applied(tx, self.link.b, ids)


def change(
    flow_id: str, binding: int | None, variant: str, source: int, after: int, place: str = "B1"
) -> NewStockChange:
    return NewStockChange(
        "run",
        flow_id,
        binding,
        "stock",
        f"SKU-{variant}",
        "s",
        variant,
        f"i{variant}",
        place,
        0,
        after,
        source,
    )


def item(variant: str, sku: str | None, *levels: tuple[str, int], **given: object) -> StockItem:
    """An item with (place, available) levels."""
    made = StockItem(variant, f"i{variant}", "p", sku, f"Item {variant}", True, ItemKind.PLAIN)
    shown = tuple(StockLevel(place, pieces, pieces, 0) for place, pieces in levels)
    return replace(made, levels=shown, **given)


def stock_of(store: Store, locations: Mapping[str, tuple[str, ...]] | None = None) -> Stock:
    a = store.connections.add("shopify", "Main", {"shop": "one"}, {"access_token": "shpat_one23456789"})
    b = store.connections.add("shopify", "Outlet", {"shop": "two"}, {"access_token": "shpat_two23456789"})
    link = store.links.add("Outlet", a.id, b.id, locations or {"B1": ("A1",)}, STORE_TO_STORE)
    return Stock(store, link, store.links.flows(link.id)[0])
