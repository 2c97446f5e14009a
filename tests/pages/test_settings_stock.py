"""The settings of a stock flow in AppTest: options, brakes, schedules by day and week, quiet hours."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sync.application import Application
from sync.model.flow import Schedule
from tests.pages.operating import Open, open_page, operator, texts, ws
from tests.pages.seed import stock as seed

__all__ = ["open_page", "operator", "ws"]


@pytest.fixture
def stores(ws: Application) -> seed.Stores:
    """Two stores whose stock flow is in operation."""
    made = seed.stores(ws)
    seed.matched(ws, made, 20)
    seed.live(ws, made)
    return made


@pytest.fixture
def page(open_page: Open, stores: seed.Stores) -> AppTest:
    return open_page("settings", role="admin", section="links", part="stock")


def find(kind: Any, end: str) -> Any:
    """The widget whose key ends so."""
    return next(widget for widget in kind if str(widget.key).endswith(end))


def test_a_link_between_stores_has_stock_and_locations_only(page: AppTest) -> None:
    parts = find(page.button_group, "part_chooser")
    assert [option.split(": ")[-1] for option in parts.options] == ["Stock", "Stock locations"]
    assert "Quantities by SKU" in texts(page)


def test_the_options_are_saved(page: AppTest, ws: Application, stores: seed.Stores) -> None:
    find(page.toggle, "_dashes").set_value(True)
    find(page.number_input, "_buffer").set_value(3)
    find(page.selectbox, "_drift").set_value("restore")
    find(page.selectbox, "_gone").set_value("zero")
    find(page.number_input, "_zeroed_count").set_value(44)
    next(b for b in page.button if str(b.label) == "Save stock settings").click().run()
    assert not page.exception
    saved = ws.links.flow(stores.flow.id).stock
    assert saved.fold_dashes and saved.buffers == {"": 3}
    assert (saved.drift, saved.gone, saved.brakes.zeroed_count) == ("restore", "zero", 44)


def test_a_weekly_schedule_with_quiet_hours(page: AppTest, ws: Application, stores: seed.Stores) -> None:
    find(page.button_group, "_way").set_value("weekly").run()
    find(page.multiselect, "_days").set_value([1, 4])
    find(page.toggle, "_quiet").set_value(True).run()
    next(b for b in page.button if str(b.label) == "Save schedule").click().run()
    assert not page.exception
    wanted = Schedule(0, "30 3 * * 1,4", "Europe/Istanbul", False, "22:00", "07:00")
    assert ws.links.flow(stores.flow.id).schedule == wanted
    assert find(page.button_group, "_way").value == "weekly", "it is read back as it was set"


def test_a_daily_schedule_is_a_cron_line(page: AppTest, ws: Application, stores: seed.Stores) -> None:
    find(page.button_group, "_way").set_value("daily").run()
    next(b for b in page.button if str(b.label) == "Save schedule").click().run()
    assert ws.links.flow(stores.flow.id).schedule.cron == "30 3 * * *"


def test_the_card_says_what_each_kind_of_schedule_reads(page: AppTest) -> None:
    daily, each = "Once a day one of them reads both sides whole", "Each run reads both sides whole"
    assert daily not in texts(page) and each not in texts(page)
    find(page.button_group, "_way").set_value("every").run()
    assert daily in texts(page) and each not in texts(page)
    find(page.button_group, "_way").set_value("weekly").run()
    assert daily not in texts(page) and each in texts(page)


def test_a_schedule_before_the_baseline_is_refused_with_the_reason(open_page: Open, ws: Application) -> None:
    new = seed.stores(ws)
    page = open_page("settings", role="admin", section="links", part="stock")
    find(page.button_group, "_way").set_value("daily").run()
    next(b for b in page.button if str(b.label) == "Save schedule").click().run()
    assert "The baseline is missing" in page.error[0].value
    assert ws.links.flow(new.flow.id).schedule == Schedule()
