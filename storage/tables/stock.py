"""Stock at any size: what each store showed when last read, what was matched, every change, and who may
write. Rows are narrow and typed, because there may be a million of them a store.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from storage.tables.base import BYTEWISE, BigId, Json, UtcDateTime, metadata

# A store's sellable items as last read. `sku` is trimmed NFC, `key` beside that case-folded, `loose` beside
# that without dashes and blanks: flows join on `loose` and compare by what they are set to.
stock_items = Table(
    "stock_items",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("connection_id", Text, ForeignKey("connections.id", ondelete="CASCADE"), nullable=False),
    Column("variant_id", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("product_id", Text, nullable=False),
    Column("sku", Text, nullable=False),  # "" for none
    Column("key", BYTEWISE, nullable=False),
    Column("loose", BYTEWISE, nullable=False),
    Column("label", Text, nullable=False),
    Column("kind", Text, nullable=False),  # plain, bundle, gift_card
    Column("tracked", Boolean, nullable=False),
    Column("tags", Text, nullable=False),  # as compared, "\n"-joined, with one before and after; "" for none
    Column("status", Text, nullable=False),  # its product's: active, draft, archived …; "" where nobody says
    Column("hash", Text, nullable=False),  # of everything read, levels included; "" once we wrote a level
    Column("sweep", Integer, nullable=False),  # the sweep that last found it new or changed
    Column("missed", Integer, nullable=False),  # complete sweeps in a row that did not
    Column("came_back", Integer, nullable=False),  # how often it was shown again after it had been missed
    UniqueConstraint("connection_id", "variant_id"),
    # A match walks all sides at once, in the order of their SKUs, and reads nothing but this index.
    Index("ix_stock_items_match", "loose", "connection_id", "missed", "kind", "tracked", "key"),
    Index("ix_stock_items_connection_id_item_id", "connection_id", "item_id"),
)

# Which items a sweep has shown so far, as packed ids: so a sweep that finds nothing new writes a row a page
# and not one an item. Part 0 says where the sweep began and stays, as the memory of its number.
stock_sweeps = Table(
    "stock_sweeps",
    metadata,
    Column("connection_id", Text, ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True),
    Column("sweep", Integer, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("seen", LargeBinary, nullable=False),
)

stock_levels = Table(
    "stock_levels",
    metadata,
    Column("stock_item", BigId, ForeignKey("stock_items.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Text, primary_key=True),
    Column("available", Integer, nullable=False),
    Column("on_hand", Integer),
    Column("reserved", Integer),
    Column("active", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

# Items of either side that a stock flow cannot pair, with why; the matched ones are `bindings`.
stock_unmatched = Table(
    "stock_unmatched",
    metadata,
    Column("flow_id", Text, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("side", Text, primary_key=True),
    Column("stock_item", BigId, ForeignKey("stock_items.id", ondelete="CASCADE"), primary_key=True),
    Column("why", Text, nullable=False),  # model.stock.Match
    Column("sku", Text, nullable=False),
    Index("ix_stock_unmatched_flow_id_why_stock_item", "flow_id", "why", "stock_item"),
)

# Products that a flow hides, or found hidden, because all of them is gone at the source: once for each going,
# so that a product which a person shows again stays shown.
stock_hidden = Table(
    "stock_hidden",
    metadata,
    Column("flow_id", Text, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("product_id", Text, primary_key=True),
    Column("going", Integer, nullable=False),  # how often its items at the source had come back by then
    Column("done", Boolean, nullable=False),  # False: planned, nothing came of it yet
)

# One row a flow: the stages, and the figures of its last match.
stock_stages = Table(
    "stock_stages",
    metadata,
    Column("flow_id", Text, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("baseline_run", Text, nullable=False),
    Column("baseline_at", UtcDateTime),
    Column("validated_at", UtcDateTime),
    Column("validated_by", Text, nullable=False),
    Column("figures", Json, nullable=False),  # what was confirmed: totals and sample
    Column("match", Json, nullable=False),  # counts by model.stock.Match, and when
)

# Every change of stock, planned or done: the plan, the change log and what undo reads.
stock_changes = Table(
    "stock_changes",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("run_id", Text, nullable=False),
    Column("flow_id", Text, nullable=False),
    Column("binding_id", BigId),
    Column("phase", Text, nullable=False),  # track, activate, stock, adjust
    Column("sku", BYTEWISE, nullable=False),
    Column("source_id", Text, nullable=False),  # the variant at the source
    Column("variant_id", Text, nullable=False),  # the variant at the target
    Column("item_id", Text, nullable=False),  # what stock is written by
    Column("place", Text, nullable=False),
    Column("before", Integer),  # what the target showed
    Column("after", Integer),
    Column("source", Integer),  # what the source showed
    Column("status", Text, nullable=False),  # a product's own change: what it was; "" for pieces
    Column("untold", Integer, nullable=False),  # what the baseline then remembers: lost at the target, untold
    Column("released", Integer, nullable=False),  # what it forgets by the source's word: on sale again
    Column("cause", Text, nullable=False),  # run, queue, order, webhook, manual, undo, hand (seen, not ours)
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),  # planned, sent, applied, refused, stale, unknown, dropped, seen
    Column("chosen", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("message", Json),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_stock_changes_run_id_state_phase", "run_id", "state", "phase", "id"),
    Index("ix_stock_changes_sku", "sku"),
    Index("ix_stock_changes_flow_id_at", "flow_id", "at", "id"),
    Index("ix_stock_changes_call_id", "call_id"),
)

# Where both sides differ: what a run that read both found, and what any run could not write or set apart. One
# row a pair and place, gone when they agree.
stock_differences = Table(
    "stock_differences",
    metadata,
    Column("flow_id", Text, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("binding_id", BigId, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("sku", BYTEWISE, nullable=False),
    Column("why", Text, nullable=False),  # model.stock.Difference
    Column("source", Integer, nullable=False),
    Column("target", Integer, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("run_id", Text, nullable=False),
    Index("ix_stock_differences_flow_id_why_binding_id", "flow_id", "why", "binding_id"),
)

# One writer per store and location. `store` is the account's identity, not the connection: two connections
# may lead to the same store.
stock_owners = Table(
    "stock_owners",
    metadata,
    Column("store", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("flow_id", Text, ForeignKey("flows.id", ondelete="CASCADE"), nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# Pieces of each variant in orders that a link's order flow has taken over, or is about to.
order_pieces = Table(
    "order_pieces",
    metadata,
    Column("link_id", Text, ForeignKey("links.id", ondelete="CASCADE"), primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("variant_id", Text, primary_key=True),
    Column("pieces", Integer, nullable=False),
    Column("placed_at", UtcDateTime, nullable=False),
    Index("ix_order_pieces_link_id_variant_id", "link_id", "variant_id"),
)
