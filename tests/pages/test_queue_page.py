"""The Queue page in AppTest: counts, rows, filter, why, process now, retry, dismiss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from storage.clock import utc_now
from storage.messages import stored_message
from storage.tables.sync import sync_queue
from sync.application import Application
from sync.model.entity import Entity
from sync.model.text import say
from tests.pages.operating import Open, labels, metrics, open_page, operator, texts, ws
from tests.pages.seed import stock as seed

__all__ = ["open_page", "operator", "ws"]


@pytest.fixture
def stores(ws: Application) -> seed.Stores:
    """Two matched stores with three records due, one of them failed."""
    made = seed.stores(ws)
    seed.matched(ws, made)
    records = [f"gid://shopify/ProductVariant/1{n:07}" for n in range(3)]
    with ws.db.write() as tx:
        ws.queue.push(tx, made.flow.id, Entity.STOCK, "a>b", records, made.link.b, delay=900)
        tx.execute(
            update(sync_queue)
            .where(sync_queue.c.record_id == records[0])
            .values(
                status="failed",
                retry_count=5,
                error_message=stored_message(say("The store did not answer.")),
                finished_at=utc_now() - timedelta(minutes=2),
            )
        )
    return made


def test_an_empty_queue_says_so(open_page: Open) -> None:
    assert "The queue is empty" in texts(open_page("queue"))


def test_counts_rows_and_why(open_page: Open, stores: seed.Stores) -> None:
    test = open_page("queue")
    assert metrics(test) == {"Pending": "2", "At work": "0", "Failed": "1", "Done": "0"}
    frame = test.dataframe[0].value
    assert len(frame) == 3
    failed = frame[frame["tries"] == 5].iloc[0]
    assert failed["why"] == "The store did not answer." and failed["what"].startswith("MD-1000-XS")


def test_rows_are_found_by_sku_and_status(open_page: Open, stores: seed.Stores) -> None:
    assert len(open_page("queue", q="MD-1000-S").dataframe[0].value) == 1
    assert len(open_page("queue", status="pending").dataframe[0].value) == 2
    assert "No row matches." in texts(open_page("queue", q="nothing like it"))


def test_all_that_failed_is_tried_again(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    test = open_page("queue")
    assert test.button(key="queue_now").disabled, "nothing is ticked"
    test.button(key="queue_retry_all").click().run()
    assert metrics(test)["Failed"] == "0" and metrics(test)["Pending"] == "3"
    assert "Retry all that failed" not in labels(test)


def test_who_may_only_look_cannot_act(open_page: Open, stores: seed.Stores) -> None:
    test = open_page("queue", role="viewer")
    assert test.button(key="queue_retry_all").disabled


def test_a_retry_is_told_on_the_readers_clock_and_in_the_readers_language(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    due = datetime(2031, 3, 4, 20, 30, 5, tzinfo=UTC)  # 23:30 in Istanbul
    with ws.db.write() as tx:
        tx.execute(
            update(sync_queue)
            .where(sync_queue.c.status == "pending", sync_queue.c.record_id.like("%1"))
            .values(due=due, retry_count=2, error_message=stored_message(say("This run has already ended.")))
        )
    english = open_page("queue", status="pending").dataframe[0].value
    told = next(text for text in english["why"] if text.startswith("Retry"))
    assert told == (
        "Retry 2 of 5 follows at 04 Mar 2031, 23:30. The last try ended with: This run has already ended."
    )
    turkish = "\n".join(open_page("queue", language="tr", status="pending").dataframe[0].value["why"])
    assert "04.03.2031 23:30" in turkish and "2031-03-04" not in turkish
    assert "already ended" not in turkish and "Retry" not in turkish and "It is due" not in turkish
