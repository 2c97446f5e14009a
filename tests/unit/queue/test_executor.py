"""The executor: whatever a stage does, its row and its run tell how it ended, and the worker lives on."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from sync.errors import (
    Braked,
    BrokenContract,
    Cancelled,
    NeedsOperator,
    OutcomeUnknown,
    RecordRefused,
    Transient,
)
from sync.managers.context import Context
from sync.model.run import BrakeHit, Counts, Status
from sync.model.text import say
from sync.queue.executor import Executor
from sync.queue.retry import TRIES
from tests.unit.queue.conftest import Stage
from tests.unit.storage_sync import made


def test_stages_follow_each_other_to_the_end(stage: Stage) -> None:
    stage.work()
    assert stage.manager.visits == ["one", "two", "report"] and stage.run.status is Status.DONE
    assert stage.queue() == [("one", "completed"), ("two", "completed"), ("report", "completed")]
    assert stage.run.started_at and stage.run.finished_at and not stage.ws.queue.busy(stage.run_id)


@pytest.mark.parametrize(
    "error", [Transient("Busy."), OutcomeUnknown("No answer."), Transient("Wait.", retry_after=0.5)]
)
def test_passing_trouble_is_tried_again_and_forgotten(stage: Stage, error: Exception) -> None:
    stage.manager.script["two"] = [error, error]
    stage.work(hurry=False)
    assert stage.run.status is Status.RUNNING and stage.run.error == error.message  # type: ignore[attr-defined]
    stage.work()
    assert stage.manager.visits == ["one", "two", "two", "two", "report"]
    assert stage.run.status is Status.DONE and stage.run.error is None, (
        "a trouble that has passed is no error"
    )


def test_a_retry_waits_longer_each_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    again = stage.ws.queue.again
    monkeypatch.setattr(random, "random", lambda: 0.0)
    monkeypatch.setattr(
        stage.ws.queue, "again", lambda tx, i, delay, m: (waits.append(delay), again(tx, i, delay, m))
    )
    stage.manager.script["one"] = [Transient("Busy.")] * 4 + [Transient("Busy.", retry_after=90.0)] * 2
    stage.work()
    assert waits == [2.5, 5.0, 10.0, 20.0, 90.0] and stage.run.status is Status.FAILED


def test_a_sandbox_waits_in_its_own_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    again = stage.ws.queue.again
    monkeypatch.setattr(random, "random", lambda: 0.0)
    monkeypatch.setattr(
        stage.ws.queue, "again", lambda tx, i, delay, m: (waits.append(delay), again(tx, i, delay, m))
    )
    with stage.ws.db.write() as tx:
        tx.exec_driver_sql("UPDATE connections SET sandbox = 1, speed = 50")
    stage.manager.script["one"] = [Transient("Busy.")]
    stage.work()
    assert waits == [0.05]


def test_trouble_that_stays_fails_the_run_after_five_retries(stage: Stage) -> None:
    stage.manager.script["one"] = [Transient("Busy.", "detail 42")] * 99
    stage.work()
    assert len(stage.manager.visits) == TRIES + 1 and stage.run.status is Status.FAILED
    assert stage.run.error == say("Busy.") and stage.queue() == [("one", "failed")]
    assert "error Busy. detail 42" in stage.logged()


@pytest.mark.parametrize(
    "error", [NeedsOperator("Grant the scope."), RecordRefused("No."), BrokenContract("What?")]
)
def test_what_needs_a_person_fails_at_once_with_its_sentence(stage: Stage, error: NeedsOperator) -> None:
    stage.manager.script["two"] = [error]
    stage.work()
    assert stage.manager.visits == ["one", "two"] and stage.run.status is Status.FAILED
    assert stage.run.error == error.message and stage.queue()[-1] == ("two", "failed")
    assert stage.start(), "a failed run makes room for the next"


def test_a_bug_is_logged_without_secrets_and_fails_the_run(stage: Stage) -> None:
    stage.manager.script["one"] = [KeyError("boom with s3cret-erp-value")]
    stage.work()
    assert stage.run.status is Status.FAILED and "unforeseen" in str(stage.run.error)
    logged = stage.logged()
    assert "Traceback" in logged and "KeyError" in logged and "boom" in logged
    assert "s3cret-erp-value" not in logged


def test_a_lost_disk_is_no_bug_of_one_run_only(stage: Stage) -> None:
    stage.manager.script["one"] = [OSError("no space left")]
    stage.work()
    assert stage.run.status is Status.FAILED
    stage.run_id = stage.start()
    stage.work()
    assert stage.run.status is Status.DONE


def test_a_cancelled_run_stops_at_its_next_safe_point(stage: Stage) -> None:
    def plan(ctx: Context) -> None:
        stage.ws.plans.add(
            ctx.run.id, [made.planned(1, made.price_change(1)), made.planned(2, outcome="unchanged")], 0
        )
        stage.ws.runs.cancel(ctx.run.id)

    stage.manager.script["one"] = [plan]
    stage.work()
    run = stage.run
    assert stage.manager.visits == ["one"] and run.status is Status.CANCELLED
    assert run.counts == Counts(read=2, unchanged=1, skipped=1) and run.counts.balanced
    assert stage.queue() == [("one", "completed"), ("two", "completed")]


def test_cancelling_does_not_wait_for_a_retry(stage: Stage) -> None:
    stage.manager.script["one"] = [Transient("Busy.", retry_after=3600)]
    stage.work(hurry=False)
    assert stage.run.status is Status.RUNNING
    stage.ws.runs.cancel(stage.run_id)
    stage.work(hurry=False)
    assert stage.run.status is Status.CANCELLED and stage.manager.visits == ["one"]


def test_a_brake_holds_the_run_with_its_reasons(stage: Stage) -> None:
    hit = BrakeHit("prices", say("{count} prices move", count=9), 9, 5)
    stage.manager.script["two"] = [Braked([hit])]
    stage.work()
    assert stage.run.status is Status.BRAKED and stage.run.error == hit.message
    assert stage.queue() == [("one", "completed"), ("two", "completed")]
    assert "warning 9 prices move" in stage.logged()
    with pytest.raises(NeedsOperator, match="already under way"):
        stage.start()


def test_stopping_the_process_does_not_end_the_run(stage: Stage) -> None:
    there, ws = threading.Event(), stage.ws

    def long_work(ctx: Context) -> None:
        there.set()
        while True:
            ws.clock(ctx.source_connection).sleep(0.05)

    stage.manager.script["two"] = [long_work]
    ws.executor.start()
    assert there.wait(120)
    ws.executor.stop()
    assert stage.run.status is Status.RUNNING and stage.queue()[-1] == ("two", "pending")
    ws.stopping.clear()
    stage.work()
    assert stage.manager.visits == ["one", "two", "two", "report"], "the first stage is not repeated"
    assert stage.run.status is Status.DONE
    with ws.db.read() as tx:
        assert tx.exec_driver_sql("SELECT max(retry_count) FROM sync_queue").scalar() == 0, (
            "a restart is no try"
        )


def test_what_a_killed_process_left_goes_on(stage: Stage) -> None:
    assert stage.ws.queue.claim() is not None  # … and the process dies
    done = threading.Event()
    stage.manager.script["report"] = [lambda _: done.set()]
    stage.ws.executor = Executor(stage.ws, lambda: None, threads=2)
    stage.ws.executor.start()
    assert done.wait(120)
    stage.ws.executor.stop()
    assert stage.manager.visits == ["one", "two", "report"]


def test_a_run_that_is_over_is_not_reported_twice(stage: Stage) -> None:
    """The process died after the run had ended and before its last row was completed."""
    stage.work()
    finished = stage.run
    with stage.ws.db.write() as tx:
        stage.ws.queue.add(tx, stage.run_id, "product", "report")
    stage.work()
    assert stage.manager.visits.count("report") == 1 and stage.run == finished
    assert stage.queue()[-1] == ("report", "completed")


def test_the_worker_outlives_an_ending_that_cannot_be_stored(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the ending broke")

    monkeypatch.setattr(stage.manager, "close", broken)
    stage.manager.script["one"] = [NeedsOperator("No.")] * 99
    stage.work()
    assert stage.run.status is Status.FAILED and stage.queue() == [("one", "failed")]
    assert "the ending broke" in stage.logged() and stage.run.finished_at


def test_the_worker_outlives_a_database_that_is_locked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    claim, troubles = stage.ws.queue.claim, [RuntimeError("locked")]

    def sometimes(**under: object) -> object:
        if troubles:
            raise troubles.pop()
        return claim(**under)  # type: ignore[arg-type]

    monkeypatch.setattr(stage.ws.queue, "claim", sometimes)
    assert stage.ws.executor._look() is False
    stage.work()
    assert stage.run.status is Status.DONE


def test_a_deleted_flow_takes_its_work_along(stage: Stage) -> None:
    stage.ws.links.delete(stage.ws.links.all()[0].id)
    stage.work()
    assert stage.manager.visits == [] and stage.queue() == []


def test_cancelled_is_no_failure_of_the_process(stage: Stage, tmp_path: Path) -> None:
    stage.manager.script["one"] = [Cancelled("Cancelled by the operator.")]
    stage.ws.runs.cancel(stage.run.id)
    stage.work()
    assert stage.run.status is Status.CANCELLED and stage.run.error is None
