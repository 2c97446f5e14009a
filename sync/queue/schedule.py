"""Schedules: when flows run by themselves. APScheduler is the clock and nothing more: what is due is worked
out from the flow and the moment of its last fire, both in the database, so that a restart neither loses nor
doubles a fire."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from storage import preferences
from storage.clock import Clock, utc_now
from storage.retention import Retention
from sync.errors import CounterpartError, NeedsOperator
from sync.model.flow import Flow, Schedule
from sync.model.text import Message, say
from sync.queue.cron import cron_trigger
from sync.queue.owner import certainly_dead, new_owner
from sync.queue.quiet import after_quiet, checked_quiet
from sync.queue.retry import storage_away
from sync.workspace import Workspace

FIRED = "schedule.fired"
"""Cursor of a flow: when its schedule last fired, or was set."""
REFUSED = "schedule.refused"
"""Cursor of a flow: why its last fire was not allowed (a Message as JSON), "" if it was."""
MOST_MINUTES = 7 * 24 * 60
_WATCH_SECONDS = 10.0
_AHEAD = timedelta(minutes=10)  # a fire later than now by more than this: the clock was set back since
_FIRST_PRUNE = timedelta(minutes=2)
_RECORDS_KEPT = timedelta(days=2)
_FIRES_KEPT = timedelta(days=30)
_log = logging.getLogger(__name__)


def checked_schedule(schedule: Schedule) -> Schedule:
    """The schedule, tidied. Raises NeedsOperator saying what it may be."""
    cron = " ".join(schedule.cron.split())
    if schedule.timezone not in available_timezones():
        raise NeedsOperator(
            say(
                "There is no time zone {zone}. Choose one such as Europe/Istanbul.",
                zone=schedule.timezone or "–",
            )
        )
    if schedule.minutes and cron:
        raise NeedsOperator(say("Choose either every so many minutes or a cron line, not both."))
    if not 0 <= schedule.minutes <= MOST_MINUTES:
        raise NeedsOperator(say("The interval must be between 1 and {most} minutes.", most=MOST_MINUTES))
    if cron:
        try:
            cron_trigger(cron, schedule.timezone)
        except ValueError as error:
            raise NeedsOperator(
                say(
                    "“{cron}” is no cron line ({reason}). "
                    "Example: 30 3 * * 1-5 for half past three on weekdays.",
                    cron=cron,
                    reason=str(error),
                )
            ) from error
    quiet_from, quiet_to = checked_quiet(schedule)
    return replace(schedule, cron=cron, quiet_from=quiet_from, quiet_to=quiet_to)


def upcoming(schedule: Schedule, last: datetime, now: datetime) -> datetime | None:
    """When a schedule that last fired at `last` fires next (UTC): `now` if that moment has passed, however
    many were missed; None if nothing is set. Raises ValueError for a broken cron line."""
    found = moment(schedule, last)
    return None if found is None else after_quiet(schedule, max(now, found))


def moment(schedule: Schedule, last: datetime) -> datetime | None:
    """The fire that follows the one at `last`, missed or not: the same on every machine."""
    if schedule.minutes:
        return last + timedelta(minutes=schedule.minutes)
    if not schedule.cron:
        return None
    trigger = cron_trigger(schedule.cron, schedule.timezone)
    found = trigger.get_next_fire_time(None, last + timedelta(seconds=1))
    return None if found is None else found.astimezone(UTC)


def active(ws: Workspace, flow: Flow) -> bool:
    """Does the flow run by itself at present?"""
    scheduled = bool(flow.schedule.minutes or flow.schedule.cron)
    return (
        flow.enabled and scheduled and not flow.schedule.paused and not ws.preferences.get(preferences.PAUSED)
    )


def next_fire(ws: Workspace, flow: Flow, now: datetime | None = None) -> datetime | None:
    """When the flow runs next by itself, for pages: needs no running scheduler. None: not by itself."""
    if not active(ws, flow):
        return None
    now = now or utc_now()
    try:
        return upcoming(flow.schedule, _last(ws, flow) or now, now)
    except (
        ValueError
    ):  # stored by an older version that allowed it; the settings page says so on the next save
        return None


def start_anew(ws: Workspace, flow: Flow, now: datetime | None = None) -> None:
    """The schedule counts from now: after a change or a pause nothing is caught up."""
    ws.cursors.set(flow.id, FIRED, (now or utc_now()).isoformat())


class Schedules:
    """Fires the flows of one workspace; several machines may, the database sees to it that one fire starts
    one run. `start_run` starts a flow's run; it raises NeedsOperator if that may not be, or one is under
    way."""

    def __init__(self, ws: Workspace, start_run: Callable[[Flow], object], clock: Clock = utc_now) -> None:
        self.ws, self._start_run, self._clock = ws, start_run, clock
        self._worker, self._guard = new_owner(), threading.RLock()
        self._planned: dict[str, tuple[Schedule, str]] = {}
        self._scheduler: BackgroundScheduler | None = None

    def start(self) -> None:
        """Begins to fire; what was missed while nobody ran fires once, at once."""
        with self._guard:
            if self._scheduler is not None:
                return
            self._scheduler = BackgroundScheduler(
                timezone=UTC,
                executors={"default": ThreadPoolExecutor(4)},
                job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            )
            self._scheduler.add_job(self.reload, "interval", seconds=_WATCH_SECONDS, id="watch")
            self._scheduler.add_job(self.prune, "cron", hour=3, minute=30, id="prune")
            self._scheduler.add_job(
                self.prune, "date", run_date=datetime.now(UTC) + _FIRST_PRUNE, id="prune-first"
            )
            self._scheduler.start()
            self.reload()

    def stop(self) -> None:
        """Fires nothing any more. A fire that is being carried out ends by itself."""
        with self._guard:
            scheduler, self._scheduler = self._scheduler, None
            self._planned.clear()
        if scheduler is not None:
            scheduler.shutdown(wait=False)

    def reload(self) -> None:
        """Takes over what was changed: called after a save, and by itself every few seconds for changes made
        elsewhere."""
        with self._guard:
            flows = {flow.id: flow for flow in self.ws.links.flows() if active(self.ws, flow)}
            for flow_id in [known for known in self._planned if known not in flows]:
                self._forget(flow_id)
            for flow in flows.values():
                last = _last(self.ws, flow)
                if last is None or last > self._clock() + _AHEAD:
                    start_anew(self.ws, flow, self._clock())
                if self._planned.get(flow.id) != self._mark(flow):
                    self._plan(flow)

    def fire(self, flow_id: str) -> bool:
        """Starts the flow's run, unless one is live, another machine did, it may not run by itself yet, or
        the schedule was paused meanwhile; answers whether it did. In quiet hours it waits for their end."""
        try:
            flow = self.ws.links.flow(flow_id)
        except NeedsOperator:
            return False
        now = self._clock()
        if not active(self.ws, flow) or after_quiet(flow.schedule, now) != now:
            return False
        last = _last(self.ws, flow)
        due = moment(flow.schedule, last) if last else now
        if due is None or due > now:  # another machine has fired meanwhile
            return False
        try:
            started = self.ws.fires.claim(flow.id, due, self._worker, certainly_dead) and self._started(flow)
        except Exception as error:
            if not storage_away(error):
                self._next(flow, last, now)
            raise  # with the database away this moment is not over: it fires again
        self._next(flow, last, now)
        return started

    def _next(self, flow: Flow, last: datetime | None, now: datetime) -> None:
        if _last(self.ws, flow) == last:
            start_anew(self.ws, flow, now)

    def prune(self) -> int:
        """Deletes what the retention of runs and of the log no longer keeps; answers how many rows."""
        prefs = self.ws.preferences
        runs = Retention(self.ws.db, self._clock).prune(prefs.get(preferences.RUN_DAYS)).total
        runs += self.ws.queue.prune_records(self._clock() - _RECORDS_KEPT)
        self.ws.fires.prune(self._clock() - _FIRES_KEPT)
        return runs + self.ws.logs.prune(prefs.get(preferences.LOG_ROWS), prefs.get(preferences.LOG_DAYS))

    def _fire(self, flow_id: str) -> None:
        try:
            self.fire(flow_id)
        except Exception:  # noqa: BLE001 the clock goes on whatever a fire ran into
            _log.exception("a scheduled run could not be started")
        with self._guard:
            self._planned.pop(flow_id, None)  # its moment has come, whatever became of it: plan the next
        self.reload()

    def _refused(self, flow: Flow, message: Message, detail: str = "") -> None:
        """Remembers why a fire started nothing ("" if it did); the log says so once for each reason, not
        with every fire."""
        reason = json.dumps(message.to_json()) if message.id else ""
        if reason == self.ws.cursors.get(flow.id, REFUSED):
            return
        self.ws.cursors.set(flow.id, REFUSED, reason)
        if reason:
            about = {"flow_id": flow.id, "link_id": flow.link_id, "entity": flow.entity.value}
            self.ws.journal.say("warning", message, detail=detail, **about)

    def _started(self, flow: Flow) -> bool:
        about = {"flow_id": flow.id, "link_id": flow.link_id, "entity": flow.entity.value}
        if self.ws.runs.list(flow_id=flow.id, live=True, limit=1):
            self.ws.journal.say(
                "info",
                say("A scheduled run was left out because the one before is still under way."),
                **about,
            )
            return False
        try:
            self._start_run(flow)
        except CounterpartError as error:
            self._refused(flow, error.message, error.detail)
            return False
        self._refused(flow, Message(""))
        return True

    def _mark(self, flow: Flow) -> tuple[Schedule, str]:
        return flow.schedule, self.ws.cursors.get(flow.id, FIRED)

    def _plan(self, flow: Flow) -> None:
        try:
            due = upcoming(flow.schedule, _last(self.ws, flow) or self._clock(), self._clock())
        except ValueError as error:
            due = None
            _log.error("flow %s has a schedule that cannot be: %s", flow.id, error)
        self._planned[flow.id] = self._mark(flow)
        if self._scheduler is not None and due is not None:
            self._scheduler.add_job(
                self._fire, "date", run_date=due, id=_job(flow.id), args=[flow.id], replace_existing=True
            )

    def _forget(self, flow_id: str) -> None:
        del self._planned[flow_id]
        if self._scheduler is not None and self._scheduler.get_job(_job(flow_id)):
            self._scheduler.remove_job(_job(flow_id))


def _job(flow_id: str) -> str:
    return f"flow-{flow_id}"


def _last(ws: Workspace, flow: Flow) -> datetime | None:
    raw = ws.cursors.get(flow.id, FIRED)
    return datetime.fromisoformat(raw) if raw else None
