"""Quiet hours, and schedules on several machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from storage.opening import open_database
from sync.errors import NeedsOperator
from sync.model.flow import Flow, Schedule
from sync.model.text import say
from sync.queue.quiet import after_quiet, put_off
from sync.queue.schedule import FIRED, Schedules, checked_schedule, next_fire, upcoming
from tests.queue.conftest import World

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NIGHT = Schedule(minutes=30, timezone="Europe/Istanbul", quiet_from="23:00", quiet_to="06:30")


@pytest.mark.parametrize(
    ("at", "then"),
    [
        ("2026-11-20T19:59:59", "2026-11-20T19:59:59"),  # 22:59:59 in Istanbul
        ("2026-11-20T20:00:00", "2026-11-21T03:30:00"),  # passes midnight
        ("2026-11-21T01:00:00", "2026-11-21T03:30:00"),
        ("2026-11-21T03:29:59", "2026-11-21T03:30:00"),
        ("2026-11-21T03:30:00", "2026-11-21T03:30:00"),
    ],
)
def test_a_fire_in_quiet_hours_is_put_off_to_their_end(at: str, then: str) -> None:
    moment, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (at, then))
    assert after_quiet(NIGHT, moment) == expected
    assert upcoming(NIGHT, moment - timedelta(minutes=30), moment) == expected
    assert put_off(NIGHT, expected) == (expected.minute == 30)


def test_quiet_hours_within_a_day_and_by_the_crontab() -> None:
    lunch = Schedule(cron="0 12 * * *", timezone="UTC", quiet_from="11:30", quiet_to="13:00")
    assert upcoming(lunch, NOON - timedelta(hours=20), NOON - timedelta(hours=1)) == NOON + timedelta(hours=1)
    assert after_quiet(Schedule(minutes=5), NOON) == NOON


def test_what_quiet_hours_may_be() -> None:
    tidy = checked_schedule(replace(NIGHT, quiet_from=" 7:05 ", quiet_to="9.30"))
    assert (tidy.quiet_from, tidy.quiet_to, tidy.minutes) == ("07:05", "09:30", 30)
    for wrong in ({"quiet_from": ""}, {"quiet_to": "24:00"}, {"quiet_from": "06:30"}, {"quiet_from": "soon"}):
        with pytest.raises(NeedsOperator):
            checked_schedule(replace(NIGHT, **wrong))


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[World]:
    made = World(open_database(tmp_path / "counterpart.db"), tmp_path)
    yield made
    made.close()


def scheduled(world: World, schedule: Schedule) -> Flow:
    return world.ws.links.save(replace(world.ws.links.flow(world.flow.id), schedule=schedule))


def test_nothing_starts_in_quiet_hours_and_pages_say_when(sqlite: World) -> None:
    flow = scheduled(sqlite, NIGHT)
    night = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
    sqlite.ws.cursors.set(flow.id, FIRED, (night - timedelta(hours=3)).isoformat())
    assert not Schedules(sqlite.ws, lambda f: pytest.fail("fired"), clock=lambda: night).fire(flow.id)
    assert next_fire(sqlite.ws, flow, night) == datetime(2026, 11, 21, 3, 30, tzinfo=UTC)


def test_of_several_machines_one_starts_the_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = scheduled(world, Schedule(minutes=30))
    started: list[str] = []
    world.ws.cursors.set(flow.id, FIRED, (NOON - timedelta(hours=1)).isoformat())
    machines = [Schedules(world.ws, lambda f: started.append(f.id), clock=lambda: NOON) for _ in range(3)]
    looked = world.ws.cursors.get(flow.id, FIRED)
    for machine in machines:  # each has seen the same last fire before any of them acted
        monkeypatch.setattr("sync.queue.schedule._last", lambda ws, flow: datetime.fromisoformat(looked))
        machine.fire(flow.id)
    assert started == [flow.id]
    monkeypatch.undo()
    for machine in machines:  # … and each has seen that one acted
        machine.fire(flow.id)
    assert started == [flow.id]


@pytest.mark.parametrize("away", [True, False])
def test_a_fire_that_met_a_database_away_fires_again(world: World, away: bool) -> None:
    """Another trouble is not met at every look: the schedule goes on to its next moment."""
    flow = scheduled(world, Schedule(minutes=30))
    started: list[str] = []
    gone = OperationalError("COMMIT", {}, Exception("gone"), connection_invalidated=True)
    troubles = [gone if away else ValueError("a bug")]

    def start(flow: Flow) -> None:
        if troubles:
            raise troubles.pop()
        started.append(flow.id)

    world.ws.cursors.set(flow.id, FIRED, (NOON - timedelta(hours=1)).isoformat())
    schedules = Schedules(world.ws, start, clock=lambda: NOON)
    with pytest.raises((OperationalError, ValueError)):
        schedules.fire(flow.id)
    assert schedules.fire(flow.id) is away and started == [flow.id][: int(away)]
    assert not schedules.fire(flow.id), "once"


def test_a_refusal_is_logged_once_for_each_reason(world: World) -> None:
    flow = scheduled(world, Schedule(minutes=1))
    reasons = iter(["Validate the baseline first."] * 3 + ["Take the orders over first."] * 2)

    def refuse(_flow: Flow) -> None:
        raise NeedsOperator(say(next(reasons)))

    for n in range(5):
        at = NOON + timedelta(minutes=n)
        world.ws.cursors.set(flow.id, FIRED, (at - timedelta(minutes=1)).isoformat())
        assert not Schedules(world.ws, refuse, clock=lambda at=at: at).fire(flow.id)  # type: ignore[misc]
    logged = [row.message.english() for row in world.ws.logs.page().rows if row.level == "warning"]
    assert sorted(logged) == ["Take the orders over first.", "Validate the baseline first."]
