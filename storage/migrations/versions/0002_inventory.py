"""Inventory at any size: stock tables, a queue of records, partitions, schedules on several machines."""
# ruff: noqa: E501

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_LIVE = sa.text("status IN ('queued', 'running', 'braked') AND mode <> 'items'")
_RECORD = sa.text("status = 'pending' AND run_id IS NULL")
# The log's words on PostgreSQL as SQLite's index has them: letters, digits, - _ #, without accents.
_WORDS = (
    "ALTER TABLE logs ADD COLUMN words tsvector GENERATED ALWAYS AS ("
    "array_to_tsvector(string_to_array(btrim(regexp_replace(regexp_replace(regexp_replace("
    "lower(replace(normalize(text || ' ' || coalesce(record, '') || ' ' || coalesce(sku, ''), NFD), 'I', 'i')), "
    r"'[\u0300-\u036f]', '', 'g'), '[^[:alnum:]_#-]+', ' ', 'g'), "
    r"'([^ ]{100})[^ ]+', '\1', 'g')), ' '))) STORED"
)


def upgrade() -> None:
    """From 0.1 to 0.2."""
    _stock()
    _queue()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_logs_words")
        op.execute(_WORDS)
        op.execute("CREATE INDEX ix_logs_words ON logs USING gin (words)")
        op.execute("CREATE STATISTICS st_logs_ids (dependencies, mcv) ON connection_id, link_id, flow_id FROM logs")
    op.drop_index("uq_runs_live_flow_id", "runs")
    op.create_index("uq_runs_live_flow_id", "runs", ["flow_id"], unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE)


def _queue() -> None:
    with op.batch_alter_table("sync_queue") as table:
        table.add_column(sa.Column("flow_id", sa.Text(), nullable=True))
        table.add_column(sa.Column("record_id", sa.Text(), server_default="", nullable=False))
        table.add_column(sa.Column("cause", sa.Text(), server_default="", nullable=False))
        table.add_column(sa.Column("worker", sa.Text(), server_default="", nullable=False))
        table.add_column(sa.Column("fence", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("first_at", sa.BigInteger(), nullable=True))
        table.alter_column("run_id", existing_type=sa.Text(), nullable=True)
        table.create_foreign_key(op.f("fk_sync_queue_flow_id"), "flows", ["flow_id"], ["id"], ondelete="CASCADE")
    op.create_index("ix_sync_queue_partition_status_priority_due", "sync_queue", ["partition", "status", "priority", "due"])
    op.create_index("uq_sync_queue_pending_record", "sync_queue", ["flow_id", "direction", "entity_type", "record_id"], unique=True, sqlite_where=_RECORD, postgresql_where=_RECORD)


def _stock() -> None:
    op.add_column("stock_baselines", sa.Column("untold", sa.Integer(), server_default="0", nullable=False))
    op.add_column("stock_baselines", sa.Column("source_at", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table('order_pieces',
    sa.Column('link_id', sa.Text(), nullable=False),
    sa.Column('order_id', sa.Text(), nullable=False),
    sa.Column('variant_id', sa.Text(), nullable=False),
    sa.Column('pieces', sa.Integer(), nullable=False),
    sa.Column('placed_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['link_id'], ['links.id'], name=op.f('fk_order_pieces_link_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('link_id', 'order_id', 'variant_id', name=op.f('pk_order_pieces'))
    )
    op.create_index('ix_order_pieces_link_id_variant_id', 'order_pieces', ['link_id', 'variant_id'], unique=False)
    op.create_table('partitions',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('lease_until', sa.BigInteger(), nullable=False),
    sa.Column('fence', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_partitions'))
    )
    op.create_table('budgets',
    sa.Column('connection_id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['connection_id'], ['connections.id'], name=op.f('fk_budgets_connection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('connection_id', 'name', name=op.f('pk_budgets'))
    )
    op.create_table('stock_changes',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('flow_id', sa.Text(), nullable=False),
    sa.Column('binding_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('phase', sa.Text(), nullable=False),
    sa.Column('sku', _BYTEWISE, nullable=False),
    sa.Column('source_id', sa.Text(), nullable=False),
    sa.Column('variant_id', sa.Text(), nullable=False),
    sa.Column('item_id', sa.Text(), nullable=False),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('before', sa.Integer(), nullable=True),
    sa.Column('after', sa.Integer(), nullable=True),
    sa.Column('source', sa.Integer(), nullable=True),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('untold', sa.Integer(), nullable=False),
    sa.Column('released', sa.Integer(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('chosen', sa.Boolean(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('call_id', sa.Text(), nullable=False),
    sa.Column('message', sa.Text(), nullable=True),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stock_changes'))
    )
    op.create_index('ix_stock_changes_call_id', 'stock_changes', ['call_id'], unique=False)
    op.create_index('ix_stock_changes_flow_id_at', 'stock_changes', ['flow_id', 'at', 'id'], unique=False)
    op.create_index('ix_stock_changes_run_id_state_phase', 'stock_changes', ['run_id', 'state', 'phase', 'id'], unique=False)
    op.create_index('ix_stock_changes_sku', 'stock_changes', ['sku'], unique=False)
    op.create_table('stock_items',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('connection_id', sa.Text(), nullable=False),
    sa.Column('variant_id', sa.Text(), nullable=False),
    sa.Column('item_id', sa.Text(), nullable=False),
    sa.Column('product_id', sa.Text(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('key', _BYTEWISE, nullable=False),
    sa.Column('loose', _BYTEWISE, nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('tracked', sa.Boolean(), nullable=False),
    sa.Column('tags', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('sweep', sa.Integer(), nullable=False),
    sa.Column('missed', sa.Integer(), nullable=False),
    sa.Column('came_back', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['connection_id'], ['connections.id'], name=op.f('fk_stock_items_connection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stock_items')),
    sa.UniqueConstraint('connection_id', 'variant_id', name=op.f('uq_stock_items_connection_id_variant_id'))
    )
    op.create_index('ix_stock_items_match', 'stock_items', ['loose', 'connection_id', 'missed', 'kind', 'tracked', 'key'], unique=False)
    op.create_index('ix_stock_items_connection_id_item_id', 'stock_items', ['connection_id', 'item_id'], unique=False)
    op.create_table('stock_sweeps',
    sa.Column('connection_id', sa.Text(), nullable=False),
    sa.Column('sweep', sa.Integer(), nullable=False),
    sa.Column('part', sa.Integer(), nullable=False),
    sa.Column('seen', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['connection_id'], ['connections.id'], name=op.f('fk_stock_sweeps_connection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('connection_id', 'sweep', 'part', name=op.f('pk_stock_sweeps'))
    )
    op.create_table('stock_levels',
    sa.Column('stock_item', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('available', sa.Integer(), nullable=False),
    sa.Column('on_hand', sa.Integer(), nullable=True),
    sa.Column('reserved', sa.Integer(), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['stock_item'], ['stock_items.id'], name=op.f('fk_stock_levels_stock_item'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('stock_item', 'place', name=op.f('pk_stock_levels')),
    sqlite_with_rowid=False
    )
    op.create_table('fires',
    sa.Column('flow_id', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('worker', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['flow_id'], ['flows.id'], name=op.f('fk_fires_flow_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('flow_id', 'at', name=op.f('pk_fires'))
    )
    op.create_table('stock_differences',
    sa.Column('flow_id', sa.Text(), nullable=False),
    sa.Column('binding_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('sku', _BYTEWISE, nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('source', sa.Integer(), nullable=False),
    sa.Column('target', sa.Integer(), nullable=False),
    sa.Column('since', sa.BigInteger(), nullable=False),
    sa.Column('seen_at', sa.BigInteger(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['flow_id'], ['flows.id'], name=op.f('fk_stock_differences_flow_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('flow_id', 'binding_id', 'place', name=op.f('pk_stock_differences'))
    )
    op.create_index('ix_stock_differences_flow_id_why_binding_id', 'stock_differences', ['flow_id', 'why', 'binding_id'], unique=False)
    op.create_table('stock_owners',
    sa.Column('store', sa.Text(), nullable=False),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('flow_id', sa.Text(), nullable=False),
    sa.Column('by', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['flow_id'], ['flows.id'], name=op.f('fk_stock_owners_flow_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('store', 'place', name=op.f('pk_stock_owners'))
    )
    op.create_table('stock_hidden',
    sa.Column('flow_id', sa.Text(), nullable=False),
    sa.Column('product_id', sa.Text(), nullable=False),
    sa.Column('going', sa.Integer(), nullable=False),
    sa.Column('done', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['flow_id'], ['flows.id'], name=op.f('fk_stock_hidden_flow_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('flow_id', 'product_id', name=op.f('pk_stock_hidden'))
    )
    op.create_table('stock_stages',
    sa.Column('flow_id', sa.Text(), nullable=False),
    sa.Column('baseline_run', sa.Text(), nullable=False),
    sa.Column('baseline_at', sa.BigInteger(), nullable=True),
    sa.Column('validated_at', sa.BigInteger(), nullable=True),
    sa.Column('validated_by', sa.Text(), nullable=False),
    sa.Column('figures', sa.Text(), nullable=False),
    sa.Column('match', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['flow_id'], ['flows.id'], name=op.f('fk_stock_stages_flow_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('flow_id', name=op.f('pk_stock_stages'))
    )
    op.create_table('stock_unmatched',
    sa.Column('flow_id', sa.Text(), nullable=False),
    sa.Column('side', sa.Text(), nullable=False),
    sa.Column('stock_item', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['flow_id'], ['flows.id'], name=op.f('fk_stock_unmatched_flow_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['stock_item'], ['stock_items.id'], name=op.f('fk_stock_unmatched_stock_item'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('flow_id', 'side', 'stock_item', name=op.f('pk_stock_unmatched'))
    )
    op.create_index('ix_stock_unmatched_flow_id_why_stock_item', 'stock_unmatched', ['flow_id', 'why', 'stock_item'], unique=False)
