"""What a pair remembers goes along where one of its items was made anew: pieces that the target sold untold
stay sold.

A pair that is over and holds such pieces is set aside, under a kind of its own, in the transaction that would
drop it; the pair that takes its place gets them in the transaction that makes it. So they outlast a process
that dies in between.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, text

from storage.stock_items import GONE_AFTER
from storage.stock_match_sql import Sides
from storage.tables.sync import bindings

FORMER = "former"
"""The kind of a pair that is over; nobody but this file looks at it."""
NEVER = -(2**31) + 1
"""A figure that no source shows: the new pair is decided as if its source had moved."""

b = bindings.c


def set_aside(tx: Connection, which: Sides, link_id: str, binding_ids: Sequence[int]) -> None:
    """Keeps those of these bindings, which are about to go, that hold pieces sold untold. What an earlier
    pass that died set aside of the same items makes room."""
    if not binding_ids:
        return
    listed = ",".join(str(int(one)) for one in binding_ids)
    same = "SELECT {id} FROM bindings WHERE id IN ({listed})"
    tx.execute(
        text(f"""
DELETE FROM bindings WHERE link_id = :link AND kind = :former
  AND (id_a IN ({same.format(id="id_a", listed=listed)}) OR id_b IN ({same.format(id="id_b", listed=listed)}))
"""),  # noqa: S608
        {"link": link_id, "former": FORMER},
    )
    tx.execute(
        text(f"""
UPDATE bindings SET kind = :former, parent_id = NULL WHERE id IN (
    SELECT o.id {_holding(which)} AND o.id IN ({listed}))"""),  # noqa: S608
        {"former": FORMER, "T": which.target},
    )


def any_aside(tx: Connection, link_id: str) -> bool:
    """Is a pair of the link set aside?"""
    query = select(b.id).where(b.link_id == link_id, b.kind == FORMER).limit(1)
    return tx.execute(query).first() is not None


def carry(tx: Connection, which: Sides, link_id: str, now: int) -> None:
    """Gives the pieces to the pairs that took the place of those set aside: of the same target item, or,
    where that is gone, of the same source item. Repeatable."""
    tx.execute(
        text(f"""
INSERT INTO stock_baselines
    (binding_id, location_id, {which.source_half}, {which.target_half}, at, untold, source_at)
SELECT b.id, f.place, :never, coalesce(l.available, 0), :now, f.pieces, f.source_at
FROM (SELECT o.link_id, o.{which.source_id} AS s, o.{which.target_id} AS t, i.missed, n.location_id AS place,
             n.source_at, {_pieces(which)} AS pieces {_holding(which)}
        AND o.link_id = :link AND o.kind = :former) f
JOIN bindings b ON b.link_id = f.link_id AND b.kind = 'variant'
     AND (b.{which.target_id} = f.t OR f.missed >= {GONE_AFTER} AND b.{which.source_id} = f.s)
JOIN stock_items i ON i.connection_id = :T AND i.variant_id = b.{which.target_id}
LEFT JOIN stock_levels l ON l.stock_item = i.id AND l.place = f.place AND l.active
WHERE f.pieces > 0
ON CONFLICT DO NOTHING"""),  # noqa: S608
        {"never": NEVER, "now": now, "link": link_id, "T": which.target, "former": FORMER},
    )


def drop_aside(tx: Connection, which: Sides, link_id: str) -> None:
    """All pairs have been made: what was taken over is forgotten, and what nobody can take over any more.
    The rest waits, for one of several items with a SKU may still go."""
    there = f"SELECT 1 FROM stock_items i WHERE i.missed < {GONE_AFTER} AND i.connection_id"  # noqa: S608
    pair = "SELECT 1 FROM bindings b WHERE b.link_id = :link AND b.kind = 'variant' AND"
    source, target = f"bindings.{which.source_id}", f"bindings.{which.target_id}"
    tx.execute(
        text(f"""
DELETE FROM bindings WHERE link_id = :link AND kind = :former AND (
    EXISTS ({pair} b.{which.target_id} = {target})
    OR NOT EXISTS ({there} = :T AND i.variant_id = {target})
       AND (EXISTS ({pair} b.{which.source_id} = {source})
            OR NOT EXISTS ({there} = :S AND i.variant_id = {source})))"""),  # noqa: S608
        {"link": link_id, "former": FORMER, "S": which.source, "T": which.target},
    )


def _pieces(which: Sides) -> str:
    """Remembered, and lost since the pair was last settled."""
    half = f"n.{which.target_half}"
    return f"n.untold + {half} - coalesce(l.available, {half})"


def _holding(which: Sides) -> str:
    """FROM and WHERE of bindings that hold pieces, by location."""
    return f"""
    FROM bindings o JOIN stock_baselines n ON n.binding_id = o.id
    JOIN stock_items i ON i.connection_id = :T AND i.variant_id = o.{which.target_id}
    LEFT JOIN stock_levels l ON l.stock_item = i.id AND l.place = n.location_id AND l.active
    WHERE {_pieces(which)} > 0"""
