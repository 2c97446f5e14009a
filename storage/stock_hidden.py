"""Which products a stock flow has hidden because they are gone at the source: once for each going, so that
a product which a person shows again stays shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, select, update

from storage.bulk import among, chunks
from storage.tables.stock import stock_changes, stock_hidden
from storage.upsert import upsert

_AT_ONCE = 1000

h, c = stock_hidden.c, stock_changes.c


def acted(tx: Connection, flow_id: str, product_ids: Collection[str]) -> dict[str, int]:
    """The going for which each of these products was last hidden, or found hidden; others are left out."""
    out: dict[str, int] = {}
    for part in chunks(sorted(product_ids), _AT_ONCE):
        query = select(h.product_id, h.going).where(h.flow_id == flow_id, h.done)
        out |= {row.product_id: row.going for row in tx.execute(query.where(among(tx, h.product_id, part)))}
    return out


def note(tx: Connection, flow_id: str, goings: Mapping[str, int], *, done: bool) -> None:
    """These products are to be hidden (`done`: are so already) for these goings."""
    rows = [
        {"flow_id": flow_id, "product_id": product, "going": going, "done": done}
        for product, going in goings.items()
    ]
    for part in chunks(rows, _AT_ONCE):
        upsert(tx, stock_hidden, part, key=["flow_id", "product_id"])


def note_applied(tx: Connection, flow_id: str, change_ids: Sequence[int]) -> None:
    """Whatever of these changes hides a product has been carried out."""
    products = select(c.item_id).where(among(tx, c.id, change_ids), c.phase == "gone", c.place == "")
    tx.execute(update(stock_hidden).where(h.flow_id == flow_id, h.product_id.in_(products)).values(done=True))
