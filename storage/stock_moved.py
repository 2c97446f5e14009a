"""Pairs whose two items do not carry the same SKU any more."""

from __future__ import annotations

from sqlalchemy import text

from storage import stock_match_sql as sql
from storage.database import Database
from storage.stock_shape import bare, folded
from sync.model.flow import Flow, Link, StockSettings


def agree(settings: StockSettings, one: str, other: str) -> bool:
    """Are two stored SKUs the same as the flow compares them?"""
    return one == other or _compared(settings, one) == _compared(settings, other)


def _compared(settings: StockSettings, sku: str) -> str:
    """As `stock_match_sql.spelling` says it in SQL."""
    if settings.fold_case:
        return bare(folded(sku)) if settings.fold_dashes else folded(sku)
    return sku.replace("-", "").replace(" ", "") if settings.fold_dashes else sku


def moved(db: Database, flow: Flow, link: Link, binding_id: int) -> bool:
    """Does another item of either side carry a SKU of this pair, whose SKUs disagree? Then the next refresh
    parts it. A SKU that was only renamed keeps its pair."""
    which = sql.sides(link, flow.direction)
    query = text(sql.doubtful(flow, which, str(int(binding_id))))
    with db.read() as tx:
        row = tx.execute(query, {"S": which.source, "T": which.target}).one_or_none()
    return row is None or bool(row.moved)
