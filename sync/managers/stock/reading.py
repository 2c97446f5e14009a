"""Reading both stores into `stock_items`: a whole sweep, or the items that a run is about."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sync.connectors.contract import Connector
from sync.errors import BrokenContract
from sync.managers.context import Context
from sync.managers.stock.in_flight import note_reading
from sync.managers.stock.pairless import not_gone
from sync.managers.stock.scope import cursor, keep_cursor, mark_of, narrow, places, source_places
from sync.model.entity import Entity
from sync.model.page import Page, ReadFilter
from sync.model.run import Mode
from sync.model.stock import StockItem
from sync.model.text import say
from sync.model.values import key_of

_LOOK = 0.3  # seconds between two looks at whether the run has been cancelled
_SWEEPS: dict[str, threading.Lock] = {}
_GUARD = threading.Lock()


class Reading:
    """Reads for one run. `urgent`: somebody waits."""

    def __init__(self, ctx: Context, *, urgent: bool = False) -> None:
        self.ctx, self.ws, self.urgent = ctx, ctx.ws, urgent

    def source(self) -> None:
        """All of the source, or what a narrow run asks for. A delta hands in the cursor of the last sweep: if
        all is as it was, nothing is transferred twice."""
        ctx, scope = self.ctx, self.ctx.run.scope
        note_reading(ctx)
        if scope.ids or scope.skus:
            keep_cursor(ctx, "", "")
            self.items(ctx.source, ctx.source_connection.id, ctx.source_side, scope.ids, scope.skus)
            keep_cursor(ctx, "", "")  # what is stored is newer than the cursor now
            return
        mark = mark_of(ctx)
        since = cursor(ctx, mark) if ctx.run.mode is Mode.DELTA else ""
        found = self._sweep(ctx.source, ctx.source_connection.id, source_places(ctx), since)
        keep_cursor(ctx, mark, found)

    def target(self) -> None:
        """All of the target; for a delta nothing, because what was last seen is good enough to compare with:
        whatever moved since is refused by the platform and read again. For single items those they are bound
        to and those that share their SKU."""
        ctx, scope = self.ctx, self.ctx.run.scope
        compares = ctx.target.support(Entity.STOCK).compares
        if ctx.run.mode is Mode.DELTA and compares:
            return
        if scope.ids or scope.skus:
            self._target_of(list(self._asked()))
        else:
            self._sweep(ctx.target, ctx.target_connection.id, tuple(places(ctx)), "")

    def _asked(self) -> dict[str, str]:
        """Variant id → SKU of the source's items that this run is about."""
        ctx = self.ctx
        rows = [
            *self.ws.stock_items.by_variant(ctx.source_connection.id, ctx.run.scope.ids).values(),
            *self.ws.stock_items.by_sku(ctx.source_connection.id, ctx.run.scope.skus),
        ]
        return {row.variant_id: row.sku for row in rows}

    def _target_of(self, variant_ids: Sequence[str]) -> None:
        ctx = self.ctx
        pairs = self.ws.stock_match.pairs_of(ctx.link, ctx.flow.direction, variant_ids)
        bound = {pair.source.variant_id: pair.target.variant_id for pair in pairs}
        skus = tuple(sku for variant, sku in self._asked().items() if variant not in bound and sku)
        self.items(ctx.target, ctx.target_connection.id, ctx.target_side, tuple(bound.values()), skus)

    def items(
        self,
        connector: Connector,
        connection_id: str,
        side: str,
        ids: Sequence[str] = (),
        skus: Sequence[str] = (),
    ) -> set[str]:
        """Reads single items and stores what they show; answers the variant ids that were found."""
        ctx, found = self.ctx, set[str]()
        where = source_places(ctx) if side == ctx.source_side else tuple(places(ctx))
        for which in (
            ReadFilter(ids=tuple(ids), locations=where, urgent=self.urgent) if ids else None,
            ReadFilter(skus=tuple(skus), locations=where, urgent=self.urgent) if skus else None,
        ):
            for page in connector.read(Entity.STOCK, which) if which else ():
                ctx.check()
                records = [r for r in page.records if isinstance(r, StockItem)]
                self.ws.stock_items.put(connection_id, records, places=where)
                found |= {r.id for r in records}
        return found

    def _sweep(self, connector: Connector, connection_id: str, where: tuple[str, ...], since: str) -> str:
        """One whole read; answers its cursor. Raises BrokenContract if it ends incomplete: nothing is ever
        concluded from half a store."""
        with self._alone(connection_id):
            return self._swept(connector, connection_id, where, since)

    @contextmanager
    def _alone(self, connection_id: str) -> Iterator[None]:
        """One sweep of a store at a time: pages of two, mixed, would be neither's content. (Several processes
        do not meet here: a store is one partition.)"""
        with _GUARD:
            lock = _SWEEPS.setdefault(connection_id, threading.Lock())
        while not lock.acquire(timeout=_LOOK):
            self.ctx.check()
        try:
            yield
        finally:
            lock.release()

    def _swept(self, connector: Connector, connection_id: str, where: tuple[str, ...], since: str) -> str:
        sweep, done, page = self.ws.stock_items.begin_sweep(connection_id), 0, Page(())
        hidden = set[str]()
        for page in connector.read(Entity.STOCK, ReadFilter(locations=where), since):
            self.ctx.check()
            if page.unchanged:
                self.ws.stock_items.keep_sweep(connection_id)
                self._seen(connection_id, self.ws.stock_items.count(connection_id))
                return since
            if not done and connection_id == self.ctx.source_connection.id:
                keep_cursor(self.ctx, "", "")  # until all is read, what is stored is neither content
            records = [r for r in page.records if isinstance(r, StockItem)]
            self.ws.stock_items.put(connection_id, records, sweep, where)
            hidden |= {r.product_id for r in records if r.problems and r.product_id}
            done += len(records)
            self.ctx.progress(done, page.expected)
        self.ctx.progress(done, done, force=True)
        if not page.complete:
            raise BrokenContract(
                say(
                    "Reading ended before everything had been read. Nothing was changed; the run can be "
                    "started again."
                ),
                f"stock of {connection_id}: {done} items, expected {page.expected}",
            )
        self.ws.stock_items.end_sweep(connection_id, sweep)
        not_gone(self.ws, connection_id, hidden)
        self._seen(connection_id, done)
        return page.cursor

    def _seen(self, connection_id: str, count: int) -> None:
        """How many items a whole read showed: what the brakes look at."""
        side = "source" if connection_id == self.ctx.source_connection.id else "target"
        figures = self.ws.runs.get(self.ctx.run.id).figures
        self.ws.runs.update(self.ctx.run.id, figures={**figures, side: count})


def tagged(run_tags: Sequence[str], flow_tags: Sequence[str], tags: Sequence[str]) -> bool:
    """Does an item carry one of the tags that the run and the flow ask for? None asked: yes."""
    has = set(map(key_of, tags))
    return all(not asked or has & set(map(key_of, asked)) for asked in (run_tags, flow_tags))


__all__ = ["Reading", "narrow", "tagged"]
