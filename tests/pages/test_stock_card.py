"""What a stock flow's card says before a run by hand and when its schedule was held up; the match as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from sync.application import Application
from sync.errors import NeedsOperator
from sync.managers.views import estimate, schedules, stock
from sync.model.flow import Flow, Schedule
from sync.model.text import say
from sync.queue.schedule import REFUSED, Schedules
from tests.pages.operating import Open, open_page, operator, texts, ws
from tests.pages.seed import stock as seed

__all__ = ["open_page", "operator", "ws"]


@pytest.fixture
def stores(ws: Application) -> seed.Stores:
    return seed.stores(ws)


def test_before_the_baseline_the_card_says_what_it_costs_at_most(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    assert "to write" not in texts(open_page("inventory")), "nothing is known yet"
    seed.matched(ws, stores)
    found = estimate.before(ws, stock.card(ws, stores.flow.id))
    assert found is not None and (found.by, found.rows, found.estimate.points) == ("most", 120, 10)
    shown = texts(open_page("inventory"))
    assert "At most 120 rows to write" in shown and "1 call, 10 points" in shown


def test_afterwards_it_says_what_is_known_to_differ(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    seed.matched(ws, stores)
    seed.aligned(ws, stores)
    assert estimate.before(ws, stock.card(ws, stores.flow.id)) is None, "nothing is known to differ"
    seed.live(ws, stores)
    assert "9 rows are known to differ. About" in texts(open_page("inventory"))


def test_a_schedule_that_was_held_up_says_why_in_the_readers_language(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    flow = ws.links.save(replace(stores.flow, schedule=Schedule(minutes=30)))
    why = say(
        "{count} orders have not been taken over yet; their pieces would be sold again. Run the order "
        "flow first.",
        count=3,
    )

    def refuse(_flow: Flow) -> None:
        raise NeedsOperator(why)

    assert not Schedules(ws, refuse).fire(flow.id)
    assert schedules.held(ws, flow) == why
    shown = texts(open_page("inventory"))
    assert "Next run" in shown and "Held up when it was last due: 3 orders" in shown
    ws.cursors.set(flow.id, REFUSED, "As an older version wrote it.")
    assert schedules.held(ws, flow) == say("As an older version wrote it.")
    ws.cursors.set(flow.id, REFUSED, "")
    assert schedules.held(ws, flow) is None


def test_the_csv_of_the_match_holds_what_is_shown(
    open_page: Open, ws: Application, stores: seed.Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed.matched(ws, stores)
    made: list[Sequence[object]] = []

    def button(_name: str, _head: object, rows: object, **_more: object) -> None:
        found: Iterable[Sequence[object]] = rows()  # type: ignore[operator]
        made[:] = list(found)

    monkeypatch.setattr("pages.inventory_parts.match.export_button", button)
    given = {"view": "match", "class": "matched"}
    open_page("inventory", **given)
    assert len(made) == 120
    open_page("inventory", **given, q=seed.sku(3))
    assert [row[2] for row in made] == [seed.sku(3)]
