"""Needs you in AppTest: who decided what, one by one, many at once, and by CSV."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from console import csvfile
from pages.sync_parts import decisions_csv
from sync.application import Application
from sync.errors import NeedsOperator
from sync.model.run import Mode
from tests.pages import seed
from tests.pages.operating import Open, open_page, operator, shop, texts, typed_in, ws

__all__ = ["open_page", "operator", "shop", "ws"]


def test_nothing_linked(open_page: Open) -> None:
    assert "Nothing is linked yet" in texts(open_page("needs_you"))


def test_nothing_waits(open_page: Open, shop: seed.Shop) -> None:
    assert "Nothing needs you" in texts(open_page("needs_you"))


def shown(test: AppTest) -> list[str]:
    return [str(row["label"]) for row in test.dataframe[0].value.to_dict("records")]


def test_items_are_grouped_by_cause_and_filtered_by_the_address(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    seed.waiting(ws, shop, 24)
    test = open_page("needs_you", cause="target.gone")
    assert len(shown(test)) == len(ws.attention.list(cause="target.gone")) > 0
    assert len(shown(open_page("needs_you", q="MD-1010"))) == 1


def test_both_sides_stand_beside_each_other(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    seed.waiting(ws, shop, 24)
    test = open_page("needs_you", cause="match.ambiguous")
    written = texts(test).replace("\\", "")
    assert "Sentos Moda" in written and "moda-evi" in written
    assert "ESKI-" in written and "already bound to 100" in written


def test_binding_keeps_the_decision_and_starts_a_run_of_that_record(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    seed.waiting(ws, shop, 24)
    test = open_page("needs_you", cause="match.proposed")
    parked = ws.attention.list(cause="match.proposed")[0]
    target = parked.facts["candidates"][0]
    test.button(key=f"bind_{parked.id}_{target}").click().run()
    assert ws.decisions.of(shop.link.id, "product")[parked.record_id] == ("bind", target)
    closed = ws.attention.get(parked.id)
    assert closed is not None and closed.closed_by == "ayse"
    [run] = ws.runs.list()
    assert (run.mode, run.scope.ids) == (Mode.FULL, (parked.record_id,))


def test_with_the_switch_off_the_next_run_carries_it_out(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    seed.waiting(ws, shop, 24)
    test = open_page("needs_you", cause="match.proposed")
    test.toggle(key="run_now").set_value(False).run()
    parked = ws.attention.list(cause="match.proposed")[0]
    test.button(key=f"create_{parked.id}").click().run()
    assert ws.decisions.of(shop.link.id, "product")[parked.record_id] == ("create", "")
    assert ws.runs.list() == []


def test_skipping_asks_first(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    seed.waiting(ws, shop, 24)
    test = open_page("needs_you", cause="target.gone")
    parked = ws.attention.list(cause="target.gone")[0]
    test.button(key=f"skip_{parked.id}").click().run()
    still = ws.attention.get(parked.id)
    assert still is not None and still.closed_at is None
    typed_in(test, f"skip_{parked.id}", "sure_skip", "1")
    test.button(key=f"skip_{parked.id}").click()
    test.button(key="sure_skip_do").click().run()
    assert ws.decisions.of(shop.link.id, "product")[parked.record_id] == ("skip", "")


def test_trying_all_again_limits_a_run_to_the_records(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    seed.waiting(ws, shop, 24)
    open_page("needs_you", cause="price.zero").button(key="retry_all").click().run()
    [run] = ws.runs.list()
    wanted = {p.facts["product"] for p in ws.attention.list(cause="price.zero")}
    assert set(run.scope.ids) == wanted and run.flow_id == shop.products.id


def test_resolved_items_say_who_closed_them(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    seed.waiting(ws, shop, 24)
    test = open_page("needs_you", state="resolved")
    test.button_group(key="state").set_value("resolved").run()
    assert set(test.dataframe[0].value["by"]) == {"ayse"}
    assert "Closed by ayse" in texts(test)


def test_a_viewer_cannot_decide(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    seed.waiting(ws, shop, 24)
    test = open_page("needs_you", role="viewer")
    assert test.button(key="retry_all").disabled


@pytest.mark.parametrize("dialect", [csvfile.INTERNATIONAL, csvfile.TURKISH])
def test_an_exported_file_reads_back(dialect: csvfile.Dialect) -> None:
    content = csvfile.csv_bytes(("id", "verb", "target_id"), [(7, "bind", "-5"), (8, "", "=x")], dialect)
    assert decisions_csv.rows_of(content) == [
        (2, {"id": "7", "verb": "bind", "target_id": "-5"}),
        (3, {"id": "8", "verb": "", "target_id": "=x"}),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"a,b\n1,2\n", "needs the columns"), (b"\xff\xfe1", "not UTF-8"), (b"", "needs the columns")],
)
def test_a_file_that_is_none_is_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(NeedsOperator, match=said):
        decisions_csv.rows_of(content)


def test_what_a_setting_mends_leads_there(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    seed.waiting(ws, shop, 24)
    links = [
        link.proto.page for link in open_page("needs_you", role="admin", cause="price.zero").get("page_link")
    ]
    assert "settings" in links
    assert not open_page("needs_you", cause="price.zero").get("page_link")
