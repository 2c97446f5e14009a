"""`queue`: small jobs through the durable queue. Some threads say that records are due, one transaction a
delivery of ten; others claim them, do nothing, and complete them, as turns do. Every job is written down,
claimed, and settled in the database: nothing is kept in memory."""

from __future__ import annotations

import argparse
import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import func, select

from bench.parts.database import postgres
from bench.parts.figures import Watch, parser, say
from bench.parts.goals import NOTHING_WRONG, Goal, judged
from bench.parts.memory import TreeMemory
from storage.tables.sync import sync_queue
from sync.application import Application, open_application
from sync.model.entity import Entity
from sync.model.flow import Flow

GOALS = (Goal("jobs_a_second", 2_000, least=True), *NOTHING_WRONG)
_DELIVERY = 10
_PUSHERS, _WORKERS, _FLOWS = 2, 2, 4


def main(argv: Sequence[str]) -> int:
    """Prints the figures; exit status 1 below 2,000 jobs a second, or if a job was lost or done twice."""
    args = _arguments(argv)
    server: AbstractContextManager[str] = postgres() if args.database == "postgresql" else nullcontext("")
    with (
        tempfile.TemporaryDirectory(prefix="counterpart-bench-") as home,
        TreeMemory() as memory,
        server as url,
    ):
        env = {"COUNTERPART_DATABASE_URL": url} if url else {}
        ws = open_application({"COUNTERPART_HOME": home, **env})
        try:
            figures = _measure(ws, args.jobs)
        finally:
            ws.close()
        figures |= {"database": args.database, "peak_mb": memory.peak_mb}
    figures = judged(figures, GOALS)
    say(figures, args.json)
    return int(bool(figures["missed"]))


def _measure(ws: Application, jobs: int) -> dict[str, Any]:
    flows = [_flow(ws, n) for n in range(_FLOWS)]
    pushed, done, over = [0] * _PUSHERS, Counter[str](), threading.Event()
    guard, watch = threading.Lock(), Watch()

    def work() -> None:
        while True:
            last = over.is_set()
            items = ws.queue.claim_records()
            if not items:
                if last:
                    return
                over.wait(0.02)
                continue
            with ws.db.write() as tx:
                ws.queue.complete(tx, items)
            with guard:
                done.update(item.record_id for item in items)

    with ThreadPoolExecutor(_PUSHERS + _WORKERS) as pool:
        workers = [pool.submit(work) for _ in range(_WORKERS)]
        pushers = [pool.submit(_push, ws, flows, jobs, n, pushed) for n in range(_PUSHERS)]
        for pusher in pushers:
            pusher.result()
        pushing = watch.seconds
        over.set()
        for worker in workers:
            worker.result()
    seconds = watch.seconds
    stored = _stored(ws)
    return {
        "jobs": sum(pushed),
        "seconds": round(seconds, 2),
        "jobs_a_second": round(sum(pushed) / seconds, 0),
        "push_seconds": round(pushing, 2),
        "lost": sum(pushed) - stored.get("completed", 0),
        "doubled": sum(n - 1 for n in done.values()),
        "rows": stored,
    }


def _push(ws: Application, flows: Sequence[Flow], jobs: int, number: int, pushed: list[int]) -> None:
    """Every record once, so that nothing folds."""
    for start in range(number * _DELIVERY, jobs, _PUSHERS * _DELIVERY):
        flow = flows[start // _DELIVERY % len(flows)]
        ids = [f"gid://shopify/ProductVariant/{n}" for n in range(start, min(start + _DELIVERY, jobs))]
        with ws.db.write() as tx:
            ws.queue.push(tx, flow.id, Entity.STOCK, "a>b", ids, flow.link_id, priority=100, cause="webhook")
        pushed[number] += len(ids)


def _flow(ws: Application, number: int) -> Flow:
    a, b = (
        ws.connections.add("shopify", f"{side}{number}", {}, {}, sandbox=True).id for side in ("one", "two")
    )
    link = ws.links.add(f"bench {number}", a, b, {}, ((Entity.STOCK, "a>b"),))
    return ws.links.flows(link.id)[0]


def _stored(ws: Application) -> dict[str, int]:
    with ws.db.read() as tx:
        rows = tx.execute(select(sync_queue.c.status, func.count()).group_by(sync_queue.c.status))
        return {str(status): int(count) for status, count in rows}


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    made = parser("queue", __doc__)
    made.add_argument("--jobs", type=int, default=50_000)
    made.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    return made.parse_args(argv)
