"""Schedules: cron as people know it, next fires, what is missed, what is refused."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storage import preferences
from storage.logs import LogRow
from sync.application import Application
from sync.errors import NeedsOperator
from sync.model.flow import Flow, Link, Schedule
from sync.model.text import say
from sync.queue.cron import cron_trigger
from sync.queue.schedule import FIRED, Schedules, next_fire, upcoming
from tests.unit.verbs.test_verbs_connections import run_live

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday


@pytest.fixture
def flow(ws: Application, link: Link) -> Flow:
    """The product flow, on, every 30 minutes."""
    found = next(f for f in ws.links.flows(link.id) if f.direction == "a>b")
    return ws.links.save(replace(found, enabled=True, schedule=Schedule(minutes=30)))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("0 3 * * *", "Sat 21 03:00"),
        ("0 3 * * 0", "Sun 22 03:00"),
        ("0 3 * * 7", "Sun 22 03:00"),
        ("0 3 * * 1-5", "Mon 23 03:00"),
        ("0 3 * * sat-mon", "Sat 21 03:00"),
        ("0 3 * * 5-7", "Sat 21 03:00"),
        ("*/15 15 * * *", "Fri 20 15:15"),
        ("0 3 * * */3", "Sat 21 03:00"),
        ("30 4 1 * *", "Tue 01 04:30"),
    ],
)
def test_cron_means_what_it_means_elsewhere(line: str, expected: str) -> None:
    fire = cron_trigger(line, "Europe/Istanbul").get_next_fire_time(None, NOON + timedelta(minutes=1))
    assert f"{fire:%a %d %H:%M}" == expected


def test_the_next_fire_is_in_utc_and_follows_the_zone() -> None:
    assert upcoming(Schedule(cron="0 3 * * *"), NOON, NOON) == datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
    tokyo = Schedule(cron="0 3 * * *", timezone="Asia/Tokyo")
    assert upcoming(tokyo, NOON, NOON) == datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    assert upcoming(Schedule(), NOON, NOON) is None


def test_however_many_fires_were_missed_one_is_due_at_once() -> None:
    for schedule in (Schedule(minutes=10), Schedule(cron="*/10 * * * *")):
        assert upcoming(schedule, NOON - timedelta(days=3), NOON) == NOON
        after = upcoming(schedule, NOON, NOON)
        assert after == NOON + timedelta(minutes=10)


def test_a_fire_counts_from_the_last_and_never_while_paused(ws: Application, flow: Flow) -> None:
    ws.cursors.set(flow.id, FIRED, (NOON - timedelta(minutes=10)).isoformat())
    assert next_fire(ws, flow, NOON) == NOON + timedelta(minutes=20)
    assert next_fire(ws, replace(flow, enabled=False), NOON) is None
    assert next_fire(ws, replace(flow, schedule=Schedule(minutes=30, paused=True)), NOON) is None
    ws.preferences.set(preferences.PAUSED, True)
    assert next_fire(ws, flow, NOON) is None


def test_firing_starts_a_run_once_and_is_left_out_while_one_is_live(
    ws: Application, link: Link, flow: Flow
) -> None:
    started: list[str] = []
    times = [NOON]
    schedules = Schedules(ws, lambda f: started.append(f.id), clock=lambda: times[-1])
    assert schedules.fire(flow.id)
    assert started == [flow.id]
    assert not schedules.fire(flow.id), "not due yet: another machine would fire a second time"
    assert next_fire(ws, flow, NOON) == NOON + timedelta(minutes=30)
    run_live(ws, link)
    times.append(NOON + timedelta(minutes=30))
    assert not schedules.fire(flow.id)
    assert started == [flow.id]
    assert any("left out" in row.message.english() for row in ws.logs.page().rows)


def test_a_refusal_is_logged_in_the_operators_words(ws: Application, flow: Flow) -> None:
    def refuse(_flow: Flow) -> None:
        raise NeedsOperator(say("The connection is not tested."))

    assert not Schedules(ws, refuse).fire(flow.id)
    assert [row.level for row in ws.logs.page().rows if "not tested" in row.message.english()] == ["warning"]


def test_a_flow_that_went_or_was_switched_off_does_not_fire(ws: Application, flow: Flow) -> None:
    schedules = Schedules(ws, lambda f: pytest.fail("fired"))
    ws.links.save(replace(flow, enabled=False))
    assert not schedules.fire(flow.id)
    assert not schedules.fire("gone")


def test_after_a_restart_a_missed_fire_runs_once(ws: Application, flow: Flow) -> None:
    ws.cursors.set(flow.id, FIRED, (datetime.now(UTC) - timedelta(hours=5)).isoformat())
    fired, count = threading.Event(), []

    def start(found: Flow) -> None:
        count.append(found.id)
        fired.set()

    schedules = Schedules(ws, start)
    schedules.start()
    try:
        assert fired.wait(120)
        end = time.monotonic() + 120  # the next fire is planned once this one has started its run
        while (due := next_fire(ws, flow)) is None or due < datetime.now(UTC) + timedelta(minutes=29):
            assert time.monotonic() < end, f"the next fire is planned for {due}"
            time.sleep(0.01)
    finally:
        schedules.stop()
    assert count == [flow.id]


def test_a_change_is_taken_over_and_a_pause_unplans(ws: Application, flow: Flow) -> None:
    schedules = Schedules(ws, lambda f: None)
    schedules.start()
    try:
        assert jobs(schedules) == {f"flow-{flow.id}"}
        ws.links.save(replace(flow, schedule=Schedule(minutes=30, paused=True)))
        schedules.reload()
        assert jobs(schedules) == set()
        ws.links.save(replace(flow, schedule=Schedule(cron="0 3 * * *")))
        schedules.reload()
        assert jobs(schedules) == {f"flow-{flow.id}"}
    finally:
        schedules.stop()


def jobs(schedules: Schedules) -> set[str]:
    assert schedules._scheduler is not None
    return {job.id for job in schedules._scheduler.get_jobs() if job.id.startswith("flow-")}


def test_pruning_keeps_what_the_retention_says(ws: Application, flow: Flow) -> None:
    old = datetime.now(UTC) - timedelta(days=100)
    ws.logs.write([LogRow("info", say("old"), at=old), LogRow("info", say("new"))])
    ws.preferences.set(preferences.LOG_DAYS, 30)
    assert Schedules(ws, lambda f: None).prune() == 1
    assert all(row.message.english() != "old" for row in ws.logs.page().rows)
