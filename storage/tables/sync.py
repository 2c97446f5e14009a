"""What synchronising leaves behind: bindings with baselines, runs with their plan and calls, the queue,
parked records."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text

from storage.tables.base import BigId, Json, UtcDateTime, metadata

bindings = Table(
    "bindings",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("link_id", Text, ForeignKey("links.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("id_a", Text, nullable=False),
    Column("id_b", Text, nullable=False),
    Column("parent_id", BigId, ForeignKey("bindings.id", ondelete="CASCADE")),
    Column("origin", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("baseline", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("link_id", "kind", "id_a"),
    UniqueConstraint("link_id", "kind", "id_b"),
    Index("ix_bindings_parent_id", "parent_id"),
)

# A row per stocked item and place: narrow and typed, because there are most of these.
stock_baselines = Table(
    "stock_baselines",
    metadata,
    Column("binding_id", BigId, ForeignKey("bindings.id", ondelete="CASCADE"), primary_key=True),
    Column("location_id", Text, primary_key=True),
    Column("a_quantity", Integer, nullable=False),
    Column("b_quantity", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    # Pieces that a stock flow's target lost up to then and the source was not told of.
    Column("untold", Integer, nullable=False, server_default="0"),
    # When the source was read that this was settled by.
    Column("source_at", UtcDateTime, nullable=False, server_default="0"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("link_id", Text, ForeignKey("links.id", ondelete="CASCADE"), primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("verb", Text, nullable=False),  # bind, create, skip
    Column("target_id", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("flow_id", Text, ForeignKey("flows.id", ondelete="CASCADE"), nullable=False),
    Column("mode", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("scope", Json, nullable=False),
    Column("stage", Text, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("counts", Json, nullable=False),
    Column("brakes", Json, nullable=False),
    Column("figures", Json, nullable=False),  # what the brake looks at
    Column("error", Json),
    Column("flow_version", Integer, nullable=False),
    Column("started_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("first_write_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("cancel_requested", Boolean, nullable=False),
    Column("spent", Json, nullable=False),
    Index("ix_runs_flow_id_created_at", "flow_id", "created_at"),
    # One live run of a flow: the database keeps the promise. What queue items write is a run beside it.
    Index(
        "uq_runs_live_flow_id",
        "flow_id",
        unique=True,
        sqlite_where=text("status IN ('queued', 'running', 'braked') AND mode <> 'items'"),
        postgresql_where=text("status IN ('queued', 'running', 'braked') AND mode <> 'items'"),
    ),
)

staged = Table(
    "staged",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("side", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("body", Json, nullable=False),
    Index("ix_staged_run_id_side_position", "run_id", "side", "position"),
)

staged_keys = Table(
    "staged_keys",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("side", Text, nullable=False),
    Column("key", Text, nullable=False),  # sku, handle, barcode, title, custom
    Column("value", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("variant_id", Text, nullable=False),
    Index("ix_staged_keys_run_id_side_key_value", "run_id", "side", "key", "value"),
)

run_items = Table(
    "run_items",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("entity", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("target_id", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("planned", Text, nullable=False),  # the outcome if all goes well
    Column("outcome", Text, nullable=False),  # "" until settled
    Column("cause", Text, nullable=False),
    Column("message", Json),
    Column("local", Json),  # bindings, baselines and parks to store once the brake has let the run pass
    UniqueConstraint("run_id", "entity", "source_id"),
    Index("ix_run_items_run_id_outcome", "run_id", "outcome"),
)

changes = Table(
    "changes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("item_id", BigId, ForeignKey("run_items.id", ondelete="CASCADE"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("phase", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("target_id", Text, nullable=False),
    Column("parent_id", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("source_parent", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("diffs", Json, nullable=False),
    Column("body", Json),
    Column("settle", Json),  # the baseline pairs to store when it is applied
    Column("signature", Text, nullable=False),  # what an approved plan is compared by
    Column("chosen", Boolean, nullable=False),
    Column("state", Text, nullable=False),  # planned, sent, applied, refused, stale, unknown, dropped
    Column("message", Json),
    Column("call_id", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_changes_run_id_phase_state_seq", "run_id", "phase", "state", "seq"),
    Index("ix_changes_item_id", "item_id"),
    Index("ix_changes_at", "at"),
)

calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("connection_id", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("arguments", Json, nullable=False),
    Column("arguments_hash", Text, nullable=False),
    Column("change_ids", Json, nullable=False),
    Column("key", Text, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("state", Text, nullable=False),  # committed, answered, unknown, void
    Column("at", UtcDateTime, nullable=False),
    Index("ix_calls_run_id_state", "run_id", "state"),
)

sync_queue = Table(
    "sync_queue",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE")),  # of a stage; NULL for a record
    Column("flow_id", Text, ForeignKey("flows.id", ondelete="CASCADE")),  # of a record
    Column("record_id", Text, nullable=False, server_default=""),  # at the side where it moved
    Column("entity_type", Text, nullable=False),
    Column("action", Text, nullable=False),  # the stage, or "sync" for a record
    Column("direction", Text, nullable=False),  # "a>b": a record is read at a and written at b
    Column("partition", Text, nullable=False),  # the connection whose budget it spends
    Column("status", Text, nullable=False),  # pending, processing, completed, failed, dismissed
    Column("cause", Text, nullable=False, server_default=""),  # run, order, webhook, manual
    Column("worker", Text, nullable=False, server_default=""),  # who holds it
    Column("fence", Integer, nullable=False, server_default="0"),  # grows with every claim of its partition
    Column("first_at", UtcDateTime),  # when the record first moved: the debounce has a longest wait
    Column("priority", Integer, nullable=False),
    Column("due", UtcDateTime, nullable=False),
    Column("retry_count", Integer, nullable=False),
    Column("error_message", Json),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    # One pending stage of a run at a time.
    Index(
        "uq_sync_queue_pending_run_id_action",
        "run_id",
        "action",
        unique=True,
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
    # One pending row per record and target side: that is the debounce.
    Index(
        "uq_sync_queue_pending_record",
        "flow_id",
        "direction",
        "entity_type",
        "record_id",
        unique=True,
        sqlite_where=text("status = 'pending' AND run_id IS NULL"),
        postgresql_where=text("status = 'pending' AND run_id IS NULL"),
    ),
    Index("ix_sync_queue_status_priority_due", "status", "priority", "due"),
    Index("ix_sync_queue_partition_status_priority_due", "partition", "status", "priority", "due"),
)

# Where several workers can be: who runs the turns of a connection. Times are the database's own clock.
partitions = Table(
    "partitions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("lease_until", UtcDateTime, nullable=False),
    Column("fence", Integer, nullable=False),
)

# A schedule fires once, however many machines look at the clock.
fires = Table(
    "fires",
    metadata,
    Column("flow_id", Text, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("at", UtcDateTime, primary_key=True),
    Column("worker", Text, nullable=False),
)

attention = Table(
    "attention",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("link_id", Text, ForeignKey("links.id", ondelete="CASCADE"), nullable=False),
    Column("flow_id", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("message", Json, nullable=False),
    Column("facts", Json, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("closed_by", Text, nullable=False),
    # One open row per record and cause.
    Index(
        "uq_attention_open",
        "link_id",
        "entity",
        "record_id",
        "cause",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
    Index("ix_attention_closed_at", "closed_at"),
)
