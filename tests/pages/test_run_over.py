"""The page of a stock run that is over: what it did not write, and what nobody compared."""

from __future__ import annotations

from storage.clock import utc_now
from sync.application import Application
from sync.model.run import Mode, Scope, Status
from tests.pages.operating import Open, open_page, operator, texts, typed_in, ws
from tests.pages.seed import stock as seed
from tests.pages.test_inventory_page import stores

__all__ = ["open_page", "operator", "stores", "typed_in", "ws"]


def test_what_a_run_that_is_over_had_still_to_write_is_not_written(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    seed.matched(ws, stores)
    run = seed.writing(ws, stores)
    ws.runs.update(run, status=Status.FAILED, finished_at=utc_now())
    test = open_page("run", id=run)
    labels = [option for group in test.button_group for option in group.options]
    named = [getattr(label, "content", str(label)) for label in labels]
    assert any(label.startswith("Not written") for label in named), named
    assert not any("To write" in label for label in named), named
    shown = open_page("run", id=run, state="dropped").dataframe[0].value
    assert len(shown) == 50


def test_a_run_that_failed_before_comparing_says_so(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    seed.matched(ws, stores)
    with ws.db.write() as tx:
        run = ws.runs.start(tx, stores.flow.id, stores.flow.version, Mode.FULL, Scope(), "test")
        ws.runs.set(tx, run, status=Status.FAILED, finished_at=utc_now())
    assert "The run ended before anything was compared." in texts(open_page("run", id=run))


def test_nothing_compared_is_not_said_to_agree(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    seed.matched(ws, stores)
    card = texts(open_page("inventory"))
    assert "Not compared yet. The first full run or sweep does it." in card and "differ now" not in card
    page = texts(open_page("inventory", view="differences"))
    assert "Not compared yet. The first full run or sweep does it." in page and "agreed" not in page
