"""What the queue page shows and does."""

from __future__ import annotations

import pytest

from storage.queue import SCHEDULED, QueueFilter
from sync.errors import NeedsOperator, RecordRefused, Transient
from sync.managers.verbs.queue import QueueVerbs
from sync.managers.views import queue as view
from sync.model.run import Mode, Scope
from sync.queue.dispatch import WORKER_VARIABLE, works_here
from tests.queue.conftest import World


def refuse_seven(world: World) -> None:
    """1 done, 7 failed, 8 waiting for its second try, 9 due."""
    answers = {"7": RecordRefused("No such item."), "8": Transient("The shop is away.")}
    world.manager.act = lambda item: answers.get(item.record_id)
    world.push("1", "7", "8")
    world.work()
    world.push("9", priority=SCHEDULED)


def test_figures_and_rows(world: World) -> None:
    refuse_seven(world)
    shown = view.figures(world.ws)
    assert {k: n for k, n in shown.by_status.items() if n} == {"pending": 2, "completed": 1, "failed": 1}
    (share,) = shown.by_connection
    assert (share.key, share.name, share.pending, share.failed) == (world.partition, "Two", 2, 1)
    assert shown.oldest is not None
    page = view.lines(world.ws)
    assert [(line.what, line.status, line.may) for line in page.lines] == [
        ("9", "pending", ("now", "dismiss")),
        ("8", "pending", ("now", "dismiss")),
        ("7", "failed", ("retry", "dismiss")),
        ("1", "completed", ()),
    ]
    assert page.total == 4 and page.after == 0 and page.lines[0].flow == "Stock/stock"
    whys = [line.why.english() for line in page.lines]
    assert "waits for its turn" in whys[0] and whys[2:] == ["No such item.", "Done."]
    assert view.why(page.lines[1], "noon", "The shop is away.").english() == (
        "Retry 1 of 5 follows at noon. The last try ended with: The shop is away."
    )
    assert view.open_items(world.ws, world.flow.id) == 2


def test_filters_and_pages(world: World) -> None:
    refuse_seven(world)

    def found(**which: str) -> list[str]:
        return [line.what for line in view.lines(world.ws, QueueFilter(**which)).lines]

    assert found(status="failed") == ["7"] == found(text="such ITEM") == found(text="7")
    assert found(flow_id=world.flow.id, cause="webhook", entity="stock", partition=world.partition) == list(
        "9871"
    )
    assert found(flow_id="other") == found(cause="manual") == found(text="100%") == []
    first = view.lines(world.ws, limit=3)
    assert [x.what for x in view.lines(world.ws, after=first.after, limit=3).lines] == ["1"]
    line = view.line(world.ws, first.lines[0].id)
    assert line is not None and line.record_id == "9" and view.line(world.ws, 10**9) is None


def test_stages_are_shown_with_their_run_and_are_not_dismissed(world: World) -> None:
    with world.ws.db.write() as tx:
        run = world.ws.runs.start(tx, world.flow.id, 1, Mode.FULL, Scope(), "test")
        world.ws.queue.add(tx, run, "stock", "read_source", partition=world.partition)
    (line,) = view.lines(world.ws, QueueFilter(flow_id=world.flow.id)).lines
    assert (line.kind, line.what, line.run_id, line.flow, line.may) == (
        "stage",
        "read_source",
        run,
        "Stock/stock",
        ("now",),
    )
    with pytest.raises(NeedsOperator):
        QueueVerbs(world.ws).dismiss([line.id], "Ada")
    assert QueueVerbs(world.ws).now([line.id], "Ada") == 1


def test_verbs_say_who_asked(world: World) -> None:
    refuse_seven(world)
    verbs = QueueVerbs(world.ws)
    assert verbs.retry_all(QueueFilter(), "Ada") == 1
    assert verbs.now([line.id for line in view.lines(world.ws).lines if line.what == "8"], "Ada") == 1
    world.manager.act = lambda item: None
    world.work()
    assert world.statuses() == {"completed": 4}
    with pytest.raises(NeedsOperator, match="Look at the page again"):
        verbs.retry_all(QueueFilter(), "Ada")
    assert any("Ada asked for 1 queue items" in row.message.english() for row in world.ws.logs.page().rows)


def test_the_environment_may_leave_the_work_to_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        works_here({}) and works_here({WORKER_VARIABLE: "on"}) and not works_here({WORKER_VARIABLE: " Off "})
    )
    monkeypatch.setenv(WORKER_VARIABLE, "off")
    assert not world.ws.start() and not world.ws.works
    assert world.ws.start(always=True) and world.ws.works
