"""Runs, report rows and changes as the recipes leave them behind, written in bulk."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from storage.ids import new_id
from storage.tables.sync import changes, run_items, runs
from sync.application import Application
from sync.model.call import Diff
from sync.model.codec import dump
from sync.model.flow import Flow
from sync.model.run import Counts, Mode, Scope, Status
from sync.model.text import Message
from tests.pages.seed.shop import target_id, title


def run(
    ws: Application, flow: Flow, mode: Mode, status: Status, at: datetime, seconds: float = 0, **values: Any
) -> str:
    """One row of `runs`."""
    row = {
        "id": new_id(),
        "flow_id": flow.id,
        "mode": mode.value,
        "status": status.value,
        "scope": dump(Scope()),
        "stage": "",
        "done": 0,
        "total": 0,
        "counts": dump(Counts()),
        "brakes": [],
        "figures": {},
        "error": None,
        "flow_version": flow.version,
        "started_by": "ayse",
        "created_at": at,
        "started_at": at + timedelta(seconds=1),
        "first_write_at": at + timedelta(seconds=max(2.0, seconds / 2)),
        "finished_at": at + timedelta(seconds=seconds) if seconds else None,
        "cancel_requested": False,
        "spent": {"calls": 61, "points": 18_240, "throttled": 0},
    } | {k: _stored(v) for k, v in values.items()}
    with ws.db.write() as tx:
        tx.execute(insert(runs).values(row))
    return str(row["id"])


def _stored(value: Any) -> Any:
    return value if isinstance(value, datetime) else dump(value)


@dataclass
class Rows:
    """Report rows and changes of one run, written in bulk."""

    run_id: str
    at: datetime
    spread: float = 60.0
    seed: int = 1

    def __post_init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.changes: list[dict[str, Any]] = []
        self.chance = random.Random(self.seed)

    def item(
        self,
        n: int,
        outcome: str,
        *,
        cause: str = "",
        message: Message | None = None,
        entity: str = "product",
        label: str = "",
        sku: str = "",
        settled: bool = True,
    ) -> int:
        """One record; answers its place for `change`."""
        self.items.append(
            {
                "run_id": self.run_id,
                "entity": entity,
                "source_id": str(100 + n),
                "target_id": target_id(n),
                "label": label or title(n),
                "sku": sku or f"MD-{1000 + n}",
                "planned": outcome,
                "outcome": outcome if settled else "",
                "cause": cause,
                "message": dump(message),
                "local": None,
            }
        )
        return len(self.items) - 1

    def change(
        self,
        place: int,
        phase: str,
        entity: str,
        verb: str,
        diffs: Sequence[Diff],
        *,
        label: str = "",
        state: str = "applied",
        message: Message | None = None,
    ) -> None:
        item = self.items[place]
        seq = len(self.changes)
        self.changes.append(
            {
                "place": place,
                "id": f"{self.run_id}-{seq}",
                "run_id": self.run_id,
                "seq": seq,
                "phase": phase,
                "entity": entity,
                "verb": verb,
                "source_id": item["source_id"],
                "target_id": item["target_id"],
                "parent_id": "",
                "place_": "",
                "source_parent": "",
                "label": label or item["label"],
                "key": "",
                "diffs": dump(tuple(diffs)),
                "body": None,
                "settle": [],
                "signature": f"{seq:032x}",
                "chosen": True,
                "state": state,
                "message": dump(message),
                "call_id": "",
                "tries": 0,
                "at": self.at + timedelta(seconds=self.chance.random() * self.spread),
            }
        )

    def write(self, ws: Application) -> Counts:
        """Stores everything and the run's report."""
        with ws.db.write() as tx:
            for start in range(0, len(self.items), 1000):
                part = self.items[start : start + 1000]
                tx.execute(insert(run_items), part)

            keys = list(
                tx.execute(
                    select(run_items.c.id).where(run_items.c.run_id == self.run_id).order_by(run_items.c.id)
                ).scalars()
            )
            rows = [
                {
                    **{k: v for k, v in c.items() if k not in ("place", "place_")},
                    "place": c["place_"],
                    "item_id": keys[c["place"]],
                }
                for c in self.changes
            ]
            for start in range(0, len(rows), 1000):
                tx.execute(insert(changes), rows[start : start + 1000])
        counts = ws.runs.count(self.run_id)
        ws.runs.update(self.run_id, counts=counts)
        return counts
