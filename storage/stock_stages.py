"""How far each stock flow has come: baseline, validation, and with both its going live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from storage.clock import utc_now as now
from storage.database import Database
from storage.tables.stock import stock_stages
from storage.upsert import upsert
from sync.model.stock import StockStage

_NONE: Mapping[str, Any] = {
    "baseline_run": "",
    "baseline_at": None,
    "validated_at": None,
    "validated_by": "",
    "figures": {},
    "match": {},
}


class StockStages:
    """Reads and writes the stages. Methods with a `tx` join the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def get(self, flow_id: str) -> StockStage:
        """Where the flow stands; nothing is done yet for a flow that is not known."""
        with self.db.read() as tx:
            row = tx.execute(select(stock_stages).where(stock_stages.c.flow_id == flow_id)).first()
        if row is None:
            return StockStage(flow_id)
        return StockStage(
            flow_id,
            row.baseline_run,
            _iso(row.baseline_at),
            _iso(row.validated_at),
            row.validated_by,
            row.figures,
        )

    def baseline(self, tx: Connection, flow_id: str, run_id: str) -> None:
        """This run aligned everything."""
        _store(tx, flow_id, {"baseline_run": run_id, "baseline_at": now()})

    def begin_again(self) -> None:
        """No flow is aligned any more (after a restore): what was written since would look like sales."""
        undone = {"baseline_run": "", "baseline_at": None, "validated_at": None, "validated_by": ""}
        with self.db.write() as tx:
            tx.execute(update(stock_stages).values(undone))

    def validate(self, flow_id: str, by: str, figures: Mapping[str, object]) -> None:
        """This person confirmed these figures."""
        values = {"validated_at": now(), "validated_by": by, "figures": dict(figures)}
        with self.db.write() as tx:
            _store(tx, flow_id, values)


def _store(tx: Connection, flow_id: str, values: Mapping[str, Any]) -> None:
    """Sets these columns of the flow's row; a new row begins with nothing done."""
    kept = {name: lambda old, new: old for name in _NONE if name not in values}
    upsert(tx, stock_stages, [{"flow_id": flow_id, **_NONE, **values}], key=["flow_id"], update=kept)


def _iso(value: datetime | None) -> str:
    return value.isoformat() if value else ""
