"""What failed for good is told wherever somebody looks: card and dashboard, with a way to the queue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.clock import utc_now
from storage.queue import QueueFilter
from storage.stock_changes import StockChanges
from sync.application import Application
from sync.managers.views import dashboard, stock
from sync.model.entity import Entity
from sync.model.run import Counts, Mode, Status
from sync.model.text import say
from tests.pages import seed as whole
from tests.pages.operating import Open, metrics, open_page, operator, texts, ws
from tests.pages.seed import stock as seed

__all__ = ["open_page", "operator", "ws"]
TRIES = 6


@pytest.fixture
def stores(ws: Application) -> seed.Stores:
    """Two records of which no try was ever answered: the queue has given both up."""
    made = seed.stores(ws)
    seed.matched(ws, made)
    for n in range(TRIES):
        at = utc_now() - timedelta(minutes=20 - n)
        counts = Counts(read=2, failed=2)
        run_id = whole.run(ws, made.flow, Mode.ITEMS, Status.RED, at, 1.0, counts=counts)
        StockChanges(ws.db).add([seed.change(made, run_id, n, "unknown", "order") for n in (1, 2)])
    _given_up(ws, made, 2)
    return made


def _given_up(ws: Application, made: seed.Stores, records: int) -> None:
    ids = [f"gid://shopify/ProductVariant/1{n:07}" for n in range(1, records + 1)]
    with ws.db.write() as tx:
        ws.queue.push(tx, made.flow.id, Entity.STOCK, "a>b", ids, made.link.b)
    batch = ws.queue.claim_records(worker="w")
    with ws.db.write() as tx:
        ws.queue.fail(tx, batch, say("No answer came."))


def test_every_record_counts_once_however_often_it_was_tried(ws: Application, stores: seed.Stores) -> None:
    now, _before = dashboard.activity(ws)
    assert now.failed == 2
    assert [(one.cause, one.count) for one in dashboard.failures(ws)] == [("not.answered", 2)]
    assert stock.card(ws, stores.flow.id).failed == 2


def test_what_failed_without_a_row_counts_too(ws: Application, stores: seed.Stores) -> None:
    _given_up(ws, stores, 5)
    now, _before = dashboard.activity(ws)
    assert now.failed == 5
    found = {one.cause: one.count for one in dashboard.failures(ws)}
    assert found == {"not.answered": 2, "stock.given_up": 3}


def test_what_was_written_later_has_not_failed(ws: Application, stores: seed.Stores) -> None:
    counts = Counts(read=2, updated=2)
    run_id = whole.run(ws, stores.flow, Mode.DELTA, Status.DONE, utc_now(), 1.0, counts=counts)
    StockChanges(ws.db).add([seed.change(stores, run_id, n, "applied") for n in (1, 2)])
    ws.queue.dismiss(ws.queue.ids(QueueFilter(status="failed"), 10))
    now, _before = dashboard.activity(ws)
    assert now.failed == 0 and not dashboard.failures(ws)


def test_the_dashboard_does_not_contradict_itself(open_page: Open, stores: seed.Stores) -> None:
    test = open_page("dashboard")
    assert metrics(test)["Failed changes"] == "2"
    assert "Nothing failed" not in texts(test)
    assert "2 failed in the queue" in _links(test)


def test_the_card_leads_to_what_failed(open_page: Open, stores: seed.Stores) -> None:
    assert "2 failed in the queue" in _links(open_page("inventory"))


def _links(test: object) -> str:
    return "\n".join(link.proto.label for link in test.get("page_link"))  # type: ignore[attr-defined]
