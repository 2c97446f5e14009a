"""What stock shows right now at the rows of a call, read by id, and what that says of a call whose answer
does not tell which of its rows were carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sync.connectors.shopify.client import Client
from sync.connectors.shopify.outcomes import STALE
from sync.connectors.shopify.wire.values import nodes, parts
from sync.model.call import Outcome, State
from sync.model.text import Message, say

Row = Mapping[str, Any]
_PAGE = 250


def by_id(
    client: Client, name: str, ids: list[str], locations: tuple[str, ...] = (), urgent: bool = False
) -> dict[str, Row]:
    """Records by their ids, read with `graphql/<name>.graphql`; those that do not exist are not among
    them."""
    found: dict[str, Row] = {}
    for part in parts(list(dict.fromkeys(ids)), _PAGE):
        data = client.query(name, {"ids": part}, locations=locations, urgent=urgent).data
        found |= {str(row["id"]): row for row in nodes(data["nodes"]) if row.get("id")}
    return found


def wanted(given: Row) -> list[Row]:
    """The rows of a stock call as (item, place, quantity to be there, quantity before), also where they went
    as deltas."""
    if "quantities" in given:
        return list(given["quantities"])
    return [{**row, "quantity": row["changeFromQuantity"] + row["delta"]} for row in given["changes"]]


def quantities(client: Client, rows: Sequence[Row], urgent: bool = False) -> list[int | None]:
    """What each row's place shows now, in pieces; None where the item is not stocked."""
    places = tuple(sorted({str(row["locationId"]) for row in rows}))
    ids = [str(row["inventoryItemId"]) for row in rows]
    items = by_id(client, "inventory_items", ids, places, urgent)
    return [
        _available(items.get(str(row["inventoryItemId"])), places.index(row["locationId"])) for row in rows
    ]


def counted(client: Client, ids: list[str]) -> list[bool]:
    """Is each inventory item counted by now?"""
    items = by_id(client, "inventory_tracked", ids)
    return [bool(items.get(one, {}).get("tracked")) for one in ids]


def judged(change: str, row: Row, have: int | None, why: Message) -> Outcome:
    """One row by what its place shows: as wanted, it is written; as before, it is not and goes again; else it
    moved."""
    if have == row["quantity"]:
        return Outcome(change, State.APPLIED, str(row["inventoryItemId"]))
    if have is not None and have == row["changeFromQuantity"]:
        return Outcome(change, State.REFUSED, message=why, named=False)
    return Outcome(change, State.STALE, message=say(STALE), actual=have)


def _available(item: Row | None, number: int) -> int | None:
    level = (item or {}).get(f"l{number}")
    if not isinstance(level, Mapping) or not level.get("isActive"):
        return None
    return next((int(q["quantity"]) for q in level.get("quantities") or ()), None)
