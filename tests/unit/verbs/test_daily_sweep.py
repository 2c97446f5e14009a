"""A stock flow that runs by deltas reads both stores whole by itself once a day, on a clock of the test's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from storage.tables.sync import attention
from sync.application import open_application
from sync.errors import Braked
from sync.managers.stock import recipe as stock_recipe
from sync.managers.verbs import runs as run_verbs
from sync.model.entity import Entity
from sync.model.flow import Schedule
from sync.model.plan import Park
from sync.model.run import Mode, Run, Scope, Status
from sync.model.support import Check
from sync.model.text import say
from sync.queue.schedule import FIRED, Schedules
from tests.unit.verbs.test_undo_stock import HERE, PLACE, Stores

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Days:
    """Two stores in step since noon of the first day, their schedule, and a clock that jumps."""

    def __init__(self, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stores, self.ws, self.at, self.loses = stores, stores.ws, NOON, False
        for module in (run_verbs, stock_recipe):
            monkeypatch.setattr(module, "utc_now", lambda: self.at)
        self.schedules = Schedules(self.ws, self._start, clock=lambda: self.at)
        self.started: list[Run] = []
        for connection in self.ws.connections.all():
            self.ws.connections.record_check(connection.id, Check(True, connection.identity), None)
        self._date(stores.run())
        self.ws.stock_stages.validate(stores.flow_id, "test", {})
        self.every(minutes=240)

    def every(self, **schedule: object) -> None:
        flow = self.stores.flow
        self.ws.links.save(replace(flow, schedule=Schedule(timezone="UTC", **schedule)))  # type: ignore[arg-type]
        self.ws.cursors.set(flow.id, FIRED, self.at.isoformat())

    def _start(self, flow: object) -> None:
        run_id = self.ws.run_verbs.start_scheduled(self.stores.flow)
        try:
            if self.loses:
                self.ws.runs.update(run_id, status=Status.FAILED)
            else:
                self.stores.go(run_id)
        except Braked as stop:
            self.ws.runs.update(run_id, status=Status.BRAKED, brakes=tuple(stop.hits))
        self._date(self.ws.runs.get(run_id))

    def _date(self, run: Run) -> None:
        """A run is stored a moment after the clock has struck."""
        at = self.at + timedelta(seconds=2)
        self.ws.runs.update(run.id, created_at=at, started_at=at, finished_at=at)
        self.started.append(self.ws.runs.get(run.id))

    def passed(self, mode: Mode) -> None:
        """A run that found nothing."""
        run_id = self.stores.begin(mode)
        figures = {"source": len(self.stores.source.products)}
        self.ws.runs.update(run_id, status=Status.DONE, figures=figures, created_at=self.at)

    def until(self, end: datetime, step: timedelta = HOUR) -> list[tuple[str, Mode]]:
        """What started up to then, as (day and time, mode)."""
        self.started.clear()
        while self.at < end:
            self.at += step
            self.schedules.fire(self.stores.flow_id)
        return [(f"{run.created_at:%d %H:%M}", run.mode) for run in self.started]

    def sweeps(self, end: datetime, step: timedelta = HOUR) -> list[str]:
        return [at for at, mode in self.until(end, step) if mode is Mode.SWEEP]


@pytest.fixture
def days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Days]:
    ws = open_application({"COUNTERPART_HOME": str(tmp_path)})
    try:
        yield Days(Stores(ws, 20), monkeypatch)
    finally:
        ws.close()


def test_the_first_start_after_a_day_is_a_sweep_all_others_are_deltas(days: Days) -> None:
    found = days.until(NOON + 73 * HOUR)
    assert len(found) == 18 and {mode for _, mode in found} == {Mode.DELTA, Mode.SWEEP}
    assert [at for at, mode in found if mode is Mode.SWEEP] == ["21 12:00", "22 12:00", "23 12:00"]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (7 * 60, ["21 16:00", "22 20:00"]),
        (12 * 60, ["21 12:00", "22 12:00"]),
        (24 * 60, ["21 12:00", "22 12:00"]),
    ],
)
def test_whatever_the_interval(days: Days, minutes: int, expected: list[str]) -> None:
    days.every(minutes=minutes)
    assert days.sweeps(NOON + 59 * HOUR) == expected


def test_a_whole_run_by_hand_counts_and_anything_less_does_not(days: Days) -> None:
    days.until(NOON + 12 * HOUR)
    days._date(days.stores.run(Mode.SWEEP))
    days.until(NOON + 20 * HOUR)
    stores = days.stores
    for mode, scope in (
        (Mode.FULL, Scope(skus=("SKU-1",))),
        (Mode.SWEEP, Scope(tags=("new",))),
        (Mode.TEST, Scope()),
        (Mode.PREVIEW, Scope()),
    ):
        days._date(stores.go(stores.begin(mode, scope)))
    plan = days.started[-1]
    days._date(stores.go(stores.begin(Mode.FULL, Scope(plan_of=plan.id))))
    assert {run.status for run in days.started} <= {Status.DONE, Status.PLANNED}
    assert days.sweeps(NOON + 58 * HOUR) == ["22 00:00"]


def test_by_the_crontab_each_is_a_sweep(days: Days) -> None:
    days.every(cron="0 3 * * *")
    assert days.until(NOON + 48 * HOUR) == [("21 03:00", Mode.SWEEP), ("22 03:00", Mode.SWEEP)]


def test_in_quiet_hours_it_waits_for_their_end(days: Days) -> None:
    days.every(minutes=240, quiet_from="11:00", quiet_to="15:00")
    assert days.sweeps(NOON + 30 * HOUR) == ["21 15:00"]


def test_a_sweep_that_fails_does_not_keep_the_changes_waiting(days: Days) -> None:
    days.until(NOON + 22 * HOUR)
    days.every(minutes=30)
    days.at, days.loses = NOON + 23 * HOUR + 50 * MINUTE, True
    assert days.until(NOON + 24 * HOUR, 10 * MINUTE) == [("21 12:00", Mode.SWEEP)]
    days.loses = False
    found = days.until(NOON + 25 * HOUR, 10 * MINUTE)
    assert found == [("21 12:30", Mode.DELTA), ("21 13:00", Mode.SWEEP)]
    days.every(minutes=240)
    assert days.sweeps(NOON + 50 * HOUR) == ["22 13:00"]


def test_a_flow_that_never_read_both_stores_sweeps_first(days: Days) -> None:
    """Its baseline was the product flow's last full run."""
    [first] = days.ws.runs.list(flow_id=days.stores.flow_id)
    days.ws.runs.update(first.id, status=Status.FAILED)
    assert days.until(NOON + 8 * HOUR) == [("20 16:00", Mode.SWEEP), ("20 20:00", Mode.DELTA)]


def test_what_deltas_cannot_see_is_found_within_a_day(days: Days) -> None:
    """Gone at the source, moved at the target, and a refusal that was mended long ago."""
    stores, ws = days.stores, days.ws
    flow = stores.flow
    flow = ws.links.save(replace(flow, stock=replace(flow.stock, gone="zero")))
    refused = Park(Entity.STOCK, "v7", "Ürün 7", "stock.refused", say("Refused."), sku="SKU-7")
    with ws.db.write() as tx:
        ws.attention.park(tx, flow.link_id, flow.id, days.started[0].id, [refused])
        tx.execute(update(attention).values(opened_at=NOON - HOUR))
    del stores.source.products["p3"]
    stores.put(stores.target, 5, PLACE, 2)
    stores.put(stores.source, 9, HERE, 8)
    days.until(NOON + 23 * HOUR)
    assert {run.mode for run in days.started} == {Mode.DELTA}
    assert stores.shown()[9] == 8 and stores.shown()[3] == 5, "deltas carry over what moves, and no more"
    assert [parked.cause for parked in ws.attention.list()] == ["stock.refused"]
    days.until(NOON + 24 * HOUR)
    assert stores.shown()[3] == 0
    assert [(d.sku, d.target) for d in ws.stock_differences.list(flow.id)] == [("SKU-5", 2)]
    assert not ws.attention.list()


def test_a_target_that_shrank_meanwhile_stops_the_sweep(days: Days) -> None:
    """However many deltas ran since both stores were last read: none of them saw the target."""
    stores = days.stores
    for minute in range(250):
        days.at = NOON + minute * MINUTE
        days.passed(Mode.DELTA)
    for n in range(15):
        del stores.target.products[f"p{n}"]
    days.at = NOON + 23 * HOUR
    days.until(NOON + 24 * HOUR)
    assert days.started[-1].mode is Mode.SWEEP and days.started[-1].status is Status.BRAKED
    assert [hit.code for hit in days.started[-1].brakes] == ["target.dropped"]
    assert not days.until(NOON + 30 * HOUR), "it waits for a person"


def test_what_only_the_target_can_explain_brings_the_sweep_forward(days: Days) -> None:
    """A row that it refuses (made anew there?), and items of the source without a partner (new at both?)."""
    days.every(minutes=30)
    days.until(NOON + 5 * HOUR)
    at = NOON + 5 * HOUR
    assert not [mode for _, mode in days.until(at + HOUR, 30 * MINUTE) if mode is Mode.SWEEP]
    flow, refused = days.stores.flow, Park(Entity.STOCK, "v-1", "One", "stock.refused", say("no such item"))
    with days.ws.db.write() as tx:
        days.ws.attention.park(tx, flow.link_id, flow.id, days.started[-1].id, [refused])
    assert days.until(at + 90 * MINUTE, 30 * MINUTE) == [("20 18:30", Mode.SWEEP)]


def test_more_items_without_a_partner_than_at_the_last_sweep(days: Days) -> None:
    days.every(minutes=30)
    days.until(NOON + 2 * HOUR, 30 * MINUTE)
    last = days.started[-1]
    days.ws.runs.update(last.id, figures={**last.figures, "skipped": {"only_source": 1}})
    assert days.until(NOON + 150 * MINUTE, 30 * MINUTE) == [("20 14:30", Mode.SWEEP)]
