"""The match of a stock flow: which items of both sides are the same by SKU. Refreshed range by range in short
transactions; what holds stays, what is no longer true goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, TextClause, delete, select, text

from storage import stock_match_sql as sql
from storage.bulk import among, chunks, run_many
from storage.clock import to_micros
from storage.clock import utc_now as now
from storage.database import Database
from storage.stock_carried import any_aside, carry, drop_aside, set_aside
from storage.stock_match_list import MatchList
from storage.stock_pairs import StockPairs
from storage.tables.stock import stock_items, stock_stages, stock_unmatched
from storage.tables.sync import bindings
from storage.upsert import upsert
from sync.model.flow import Flow, Link
from sync.model.stock import Match
from sync.model.values import key_of

RANGE = 10_000
"""Items of a side in one transaction: a tenth of a second or so."""

Listed = dict[tuple[str, int], tuple[str, str]]


class StockMatch(StockPairs, MatchList):
    """Finds and keeps pairs of items, and why the others have none; both can be listed."""

    def refresh(self, flow: Flow, link: Link) -> Mapping[str, int]:
        """Matches anew; answers how many items are in each class (pairs count once). Bindings that hold stay;
        one whose SKUs no longer agree goes only when the SKU has moved to another item. Flat memory."""
        return _Refresh(self.db, flow, link).run()

    def counts(self, flow_id: str) -> Mapping[str, Any]:
        """The figures of the last refresh by class, and "at" (ISO); empty before the first."""
        with self.db.read() as tx:
            found = tx.execute(select(stock_stages.c.match).where(stock_stages.c.flow_id == flow_id)).scalar()
        return dict(found or {})


class _Refresh:
    """One pass over both sides."""

    def __init__(self, db: Database, flow: Flow, link: Link) -> None:
        self.db, self.flow = db, flow
        self.sides = sql.sides(link, flow.direction)
        self.params: dict[str, Any] = {
            "S": self.sides.source,
            "T": self.sides.target,
            "link": link.id,
            "flow": flow.id,
            "now": to_micros(now()),
        }
        self.first = True
        self.counts: Counter[str] = Counter({match.value: 0 for match in Match})
        self.aside = False

    def run(self) -> Mapping[str, int]:
        if self.db.dialect == "postgresql":
            with self.db.write() as tx:  # a store just read for the first time is not in its statistics yet
                tx.execute(text("ANALYZE stock_items"))
        self._review()
        with self.db.read() as tx:
            self.aside = any_aside(tx, self.params["link"])
        low: str | None = ""
        while low is not None:
            low = self._range(low)
        if self.aside:
            with self.db.write() as tx:
                drop_aside(tx, self.sides, self.params["link"])
        for side in (self.sides.source, self.sides.target):
            self._nameless(side)
        self._tidy()
        return self._keep()

    def _review(self) -> None:
        """Goes through the bindings that are there: counts those that hold, drops those that do not."""
        b = bindings.c
        query = select(b.id_a).where(b.link_id == self.params["link"], b.kind == "variant")
        low = ""
        while True:
            page = query.where(b.id_a > low).order_by(b.id_a)
            with self.db.read() as tx:
                high = tx.execute(page.offset(RANGE - 1).limit(1)).scalar()
                last = high or tx.execute(page.order_by(None).order_by(b.id_a.desc()).limit(1)).scalar()
                if last is None:
                    return
                self.first = False
                doubtful = self._standing(tx, low, last)
            if doubtful:
                self._drop(doubtful)
            low = last

    def _standing(self, tx: Connection, low: str, high: str) -> list[str]:
        tags, names = sql.tagged(self.flow, "s.tags")
        gather = "group_concat" if self.db.dialect == "sqlite" else "string_agg"
        statement = text(sql.standing(self.flow, self.sides, tags, gather))
        row = tx.execute(statement, {**self.params, **names, "low": low, "high": high}).one()
        self.counts["matched"] += int(row.good or 0)
        return str(row.doubtful).split(",") if row.doubtful else []

    def _drop(self, ids: Sequence[str]) -> None:
        with self.db.write() as tx:
            for part in chunks(ids, 500):
                found = tx.execute(
                    text(sql.doubtful(self.flow, self.sides, ",".join(part))), self.params
                ).all()
                gone = [row.id for row in found if row.moved]
                set_aside(tx, self.sides, self.params["link"], gone)
                dropped = among(tx, bindings.c.id, gone)
                tx.execute(delete(bindings).where(dropped, bindings.c.kind == "variant"))
                self.counts["matched"] += sum(1 for row in found if row.there and not row.moved)

    def _range(self, low: str) -> str | None:
        """Matches the SKUs after `low`; answers where the range ended, None after the last."""
        params = {**self.params, "low": low, "size": 2 * RANGE}
        tags, names = sql.tagged(self.flow, "n.tags")
        with self.db.read() as tx:
            high = params["high"] = tx.execute(text(sql.BORDER), params).scalar()
        with self.db.write() as tx:
            tx.execute(text(sql.GROUPS[self.db.dialect]))
            tx.execute(text("DELETE FROM match_groups"))
            tx.execute(text(sql.group(self.flow, high)), params)
            for made in (
                sql.pair_plain(self.sides, tags, self.first),
                sql.pair_rest(self.flow, self.sides, tags),
            ):
                self.counts["matched"] += tx.execute(text(made), {**params, **names}).rowcount
            if self.aside:
                carry(tx, self.sides, params["link"], params["now"])
            wanted = self._listing(tx.execute(text(sql.odd(self.flow, self.sides)), params).all())
            self._list(tx, wanted, text(sql.listed(high)), params)
        return high

    def _nameless(self, side: str) -> None:
        """Items without a SKU: there may be as many as there are items."""
        after = 0
        while True:
            params = {**self.params, "side": side, "after": after, "size": RANGE}
            with self.db.write() as tx:
                ids = tx.execute(text(sql.nameless(self.sides)), params).all()
                last = ids[-1].id if len(ids) == RANGE else 2**62
                wanted = self._listing(ids)
                self._list(tx, wanted, text(sql.LISTED_NAMELESS), {**params, "last": last})
            if len(ids) < RANGE:
                return
            after = last

    def _listing(self, rows: Sequence[Row[Any]]) -> Listed:
        wanted: Listed = {}
        for row in rows:
            why = _why(row)
            ours = row.tags if row.at_source else row.twin_tags
            if why is None or (ours is not None and not self._takes_part(ours)):
                continue
            self.counts[why.value] += 1
            wanted["source" if row.at_source else "target", row.id] = (why.value, row.sku)
        return wanted

    def _takes_part(self, tags: str) -> bool:
        wanted = set(map(key_of, self.flow.stock.tags))
        return not wanted or not wanted.isdisjoint(tags.split("\n"))

    def _list(self, tx: Connection, wanted: Listed, query: TextClause, params: Mapping[str, Any]) -> None:
        """Makes the list say `wanted` where `query` reads what it says now."""
        found = tx.execute(query, dict(params))
        there: Listed = {(row.side, row.stock_item): (row.why, row.sku) for row in found}
        flow_id = self.flow.id
        run_many(
            tx,
            "DELETE FROM stock_unmatched WHERE flow_id = ? AND side = ? AND stock_item = ?",
            [(flow_id, *key) for key in there if wanted.get(key) != there[key]],
        )
        run_many(
            tx,
            "INSERT INTO stock_unmatched (flow_id, side, stock_item, why, sku) VALUES (?, ?, ?, ?, ?)",
            [(flow_id, *key, *value) for key, value in wanted.items() if there.get(key) != value],
        )

    def _tidy(self) -> None:
        """Off the list goes what is of neither side any more: the flow was turned round or led elsewhere."""
        u, i = stock_unmatched.c, stock_items.c
        for side, connection in (("source", self.sides.source), ("target", self.sides.target)):
            here = select(i.id).where(i.id == u.stock_item, i.connection_id == connection).exists()
            with self.db.write() as tx:
                tx.execute(delete(stock_unmatched).where(u.flow_id == self.flow.id, u.side == side, ~here))

    def _keep(self) -> Mapping[str, int]:
        counts = dict(self.counts)
        stored = {**counts, "at": now().isoformat()}
        row = {
            "flow_id": self.flow.id,
            "baseline_run": "",
            "validated_by": "",
            "figures": {},
            "match": stored,
        }
        with self.db.write() as tx:
            upsert(
                tx,
                stock_stages,
                [row],
                key=["flow_id"],
                update={name: lambda old, new: old for name in ("baseline_run", "validated_by", "figures")},
            )
        return counts


def _why(row: Row[Any]) -> Match | None:
    """The class of an item, None if there is nothing to say."""
    special = row.special if row.ns == row.nt == 1 else None
    bound = row.twin is not None
    if row.kind != "plain" or (special and not bound):
        return Match(special or row.kind)
    if bound:  # a pair is listed once, though neither side may count it
        told = not row.at_source and not row.twin
        return None if row.tracked or told else Match.UNTRACKED
    if not row.sku:
        return Match.EMPTY
    if row.ns > 1 or row.nt > 1:
        return Match.DUPLICATE
    if row.at_source:
        return Match.ONLY_SOURCE
    return Match.ONLY_TARGET
