"""The Sync page and the page of a run, in AppTest: empty, running, braked, planned, finished, ten thousand
records.
"""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from sync.application import Application
from sync.model.flow import ProductFilter
from sync.model.run import Mode, Scope, Status
from tests.pages import seed
from tests.pages.operating import Open, labels, metrics, open_page, operator, shop, texts, typed_in, ws

__all__ = ["open_page", "operator", "shop", "ws"]


def test_without_a_link_the_page_says_how_to_begin(open_page: Open) -> None:
    test = open_page("sync")
    assert "Nothing is linked yet" in texts(test)
    assert not test.dataframe


def test_each_flow_has_its_card_with_three_ways_to_run(open_page: Open, shop: seed.Shop) -> None:
    test = open_page("sync")
    assert {"Products", "Orders"} <= {s.value for s in test.subheader}
    assert (
        labels(test).count("Preview") == labels(test).count("Test (5)") == labels(test).count("Full run") == 2
    )
    assert "It has never run" in texts(test)


@pytest.mark.parametrize("mode", [Mode.PREVIEW, Mode.TEST, Mode.FULL])
def test_a_button_starts_its_run_and_opens_it(
    open_page: Open, ws: Application, shop: seed.Shop, mode: Mode
) -> None:
    test = open_page("sync")
    test.button(key=f"{mode}_{shop.products.id}").click().run()
    [run] = ws.runs.list()
    assert (run.mode, run.status, run.started_by) == (mode, Status.QUEUED, "ayse")
    assert ws.queue.claim() is not None
    assert test.title[0].value.startswith("Products")


def test_parts_and_single_records_become_the_runs_scope(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    test = open_page("sync")
    flow = shop.products.id
    test.button_group(key=f"parts_{flow}").set_value(["prices", "stock"])
    test.text_input(key=f"skus_{flow}").input(" MD-1-M, MD-2-L MD-1-M")
    test.text_input(key=f"ids_{flow}").input("1203")
    test.run()
    test.button(key=f"full_{flow}").click().run()
    assert ws.runs.list()[0].scope == Scope(("prices", "stock"), ("MD-1-M", "MD-2-L"), (), ("1203",))


def test_a_run_can_be_narrowed_by_filters(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    test, flow = open_page("sync"), shop.products.id
    test.text_input(key=f"brands_{flow}").input("Moda Evi, Pera Denim")
    test.text_input(key=f"title_{flow}").input(" Keten ")
    test.toggle(key=f"stocked_{flow}").set_value(True).run()
    test.button(key=f"preview_{flow}").click().run()
    [run] = ws.runs.list()
    wanted = ProductFilter(("Moda Evi", "Pera Denim"), (), (), "Keten", True)
    assert run.scope == Scope(filters=wanted)
    assert "Title contains: Keten" in texts(open_page("run", id=run.id)).replace("\\", "")


def test_what_is_typed_when_the_button_is_pressed_counts(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    """A click that comes before the page was drawn again with the filter."""
    test, flow = open_page("sync"), shop.products.id
    test.text_input(key=f"skus_{flow}").input("MD-1-M")
    test.button(key=f"full_{flow}").click().run()
    assert ws.runs.list()[0].scope.skus == ("MD-1-M",)


def test_one_order_alone(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    test = open_page("sync")
    test.text_input(key=f"names_{shop.orders.id}").input("#1001").run()
    test.button(key=f"test_{shop.orders.id}").click().run()
    assert ws.runs.list()[0].scope.names == ("#1001",)


def test_a_second_run_of_a_flow_cannot_be_started(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    seed.running(ws, shop)
    test = open_page("sync")
    assert test.button(key=f"full_{shop.orders.id}").disabled
    assert not test.button(key=f"full_{shop.products.id}").disabled


def test_a_run_that_began_since_the_page_was_drawn_is_refused_in_words(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    test = open_page("sync")
    seed.running(ws, shop)
    test.button(key=f"full_{shop.orders.id}").click().run()
    assert "already under way" in texts(test)
    assert len(ws.runs.list()) == 1


def test_a_flow_that_is_off_says_where_to_switch_it_on(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    from dataclasses import replace

    ws.links.save(replace(shop.products, enabled=False))
    test = open_page("sync")
    assert "switched off" in texts(test)
    assert test.button(key=f"preview_{shop.products.id}").disabled


def test_a_viewer_may_look_but_not_start(open_page: Open, shop: seed.Shop) -> None:
    test = open_page("sync", role="viewer")
    assert test.button(key=f"full_{shop.products.id}").disabled


def test_a_running_run_shows_stage_count_and_pace_and_can_be_cancelled(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    run_id = seed.running(ws, shop)
    test = open_page("sync")
    assert "Creating orders" in test.get("progress")[0].proto.text
    assert "70 of 120" in test.get("progress")[0].proto.text
    assert "left" in texts(test) and "44 calls" in texts(test)
    test.button(key=f"live_{run_id}_cancel").click().run()
    assert ws.runs.get(run_id).cancel_requested


# -- the page of a run ---------------------------------------------------------------------------------------


def test_an_unknown_run_is_said_plainly(open_page: Open, shop: seed.Shop) -> None:
    assert "There is no run nowhere" in texts(open_page("run", id="nowhere")).replace("\\", "")


def test_the_report_balances_on_the_page(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    test = open_page("run", id=seed.first_run(ws, shop, 120))
    shown = metrics(test)
    assert int(shown["Read"]) == sum(int(n) for name, n in shown.items() if name != "Read") == 120
    assert "report balances" in texts(test)


def test_a_report_that_does_not_balance_is_said(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    from dataclasses import replace

    run_id = seed.first_run(ws, shop, 20)
    ws.runs.update(run_id, counts=replace(ws.runs.get(run_id).counts, read=21))
    assert "does not balance" in texts(open_page("run", id=run_id))


def table_of(test: AppTest) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = test.dataframe[0].value.to_dict("records")  # type: ignore[assignment]
    return rows


def test_the_rows_say_what_changed_or_why_not(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    rows = table_of(open_page("run", id=seed.first_run(ws, shop, 60)))
    created = next(row for row in rows if row["outcome"] == ["Created"])
    assert "Variants: 6" in str(created["what"])
    assert any("same title" in str(row["what"]) for row in rows)


def test_the_address_filters_the_rows(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    run_id = seed.first_run(ws, shop, 200)
    rows = table_of(open_page("run", id=run_id, outcome="failed"))
    assert rows and all(row["outcome"] == ["Failed"] for row in rows)
    assert [row["sku"] for row in table_of(open_page("run", id=run_id, q="MD-1042"))] == ["MD-1042"]


def test_remote_text_shows_as_it_is(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    rows = table_of(open_page("run", id=seed.preview(ws, shop, 12)))
    assert any("<b>Yeni</b>" in str(row["what"]) for row in rows)


def test_the_brake_names_count_and_limit_and_asks_for_the_number(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    run_id = seed.braked(ws, shop, 30)
    test = open_page("run", id=run_id)
    assert "612 of 1,600 stock rows would go to 0; the limit is 320" in texts(test)
    test.button(key="confirm").click().run()
    assert test.button(key="brake_question_do").disabled
    typed_in(test, "confirm", "brake_question", "611")
    assert test.button(key="brake_question_do").disabled and ws.runs.get(run_id).status is Status.BRAKED
    typed_in(test, "confirm", "brake_question", "612")
    test.button(key="confirm").click()
    test.button(key="brake_question_do").click().run()
    run = ws.runs.get(run_id)
    assert (run.status, run.scope.confirmed) == (Status.QUEUED, ("stock.zeroed",))
    item = ws.queue.claim()
    assert item is not None and item.action == "brake"


def test_a_braked_run_can_be_ended_without_a_write(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    run_id = seed.braked(ws, shop, 30)
    open_page("run", id=run_id).button(key="abandon").click().run()
    run = ws.runs.get(run_id)
    assert run.status is Status.CANCELLED and run.counts.balanced and run.counts.skipped == 30
    assert run.first_write_at is None


def test_a_plan_is_unticked_and_applied(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    preview = seed.preview(ws, shop, 30)
    test = open_page("run", id=preview, q="MD-1003")
    test.button(key="untick_all").click().run()
    assert "9 rows ticked" in texts(test)
    test.button(key="apply").click().run()
    newest = ws.runs.list(limit=1)[0]
    assert (newest.mode, newest.scope.plan_of, newest.started_by) == (Mode.FULL, preview, "ayse")
    again = open_page("run", id=preview)
    assert "Carried out by ayse" in texts(again) and "Apply plan" not in labels(again)


def test_a_plan_made_with_other_settings_cannot_be_applied(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    preview = seed.preview(ws, shop, 12)
    ws.links.save(shop.products)
    test = open_page("run", id=preview)
    assert "settings were changed" in texts(test) and "Apply plan" not in labels(test)


def test_ten_thousand_records_are_shown_a_page_at_a_time(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    run_id = seed.stock_run(ws, shop, 10_283, seed.NOW, 0.9)
    test = open_page("run", id=run_id)
    assert metrics(test)["Read"] == "10,283"
    first = table_of(test)
    assert len(first) == 100 and "1–100 of more than 10,000" in texts(test)
    test.button(key="items_page_on").click().run()
    second = table_of(test)
    assert second[0]["sku"] == "MD-1100" and "101–200" in texts(test)
    test.button(key="items_page_back").click().run()
    assert table_of(test) == first


def test_the_page_reads_in_turkish_where_the_catalogue_does(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    test = open_page("run", id=seed.stock_run(ws, shop, 1500, seed.NOW, 0.1), language="tr")
    assert "1.500" in [str(m.value) for m in test.metric]
