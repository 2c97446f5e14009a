"""What pages show is what the database holds: rows of a run, pace of a run, figures of a day."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sync.application import Application
from sync.managers.views import dashboard, flows, items, logs, runs, words
from sync.managers.views.items import RowFilter
from sync.model.plan import PHASES
from sync.model.run import Mode, Status
from tests.pages import seed


def test_every_phase_and_part_has_words() -> None:
    assert set(words.PHASES) == set(PHASES)
    assert words.stage("read_source", "A", "B").english() == "Reading A"
    assert words.stage("apply:stock", "A", "B").english() == "Setting stock"
    assert words.field("metafield:sync.x").english() == "Metafield sync.x"


def test_pages_by_key_cover_every_row_once(ws: Application, shop: seed.Shop) -> None:
    run = ws.runs.get(seed.first_run(ws, shop, 95))
    seed.first_run(ws, shop, 10)
    found: list[str] = []
    after: int | None = 0
    while after is not None:
        page = items.page(ws, run, RowFilter(), after, 20)
        found += [row.item.source_id for row in page.rows]
        after = page.next_after
    assert found == [str(100 + n) for n in range(95)]


def test_filters_agree_with_the_report(ws: Application, shop: seed.Shop) -> None:
    run = ws.runs.get(seed.first_run(ws, shop, 200))
    for outcome, expected in runs.outcomes(ws, run).items():
        assert items.count(ws, run, RowFilter(outcome=outcome)) == (expected, False)
    assert sum(items.causes(ws, run).values()) == run.counts.parked + run.counts.skipped + run.counts.failed
    assert items.count(ws, run, RowFilter(phase="publish"))[0] == run.counts.created
    assert [r.item.label for r in items.page(ws, run, RowFilter(text="1042")).rows] == [seed.title(42)]
    assert [r.item.source_id for r in items.page(ws, run, RowFilter(text=seed.target_id(42))).rows] == ["142"]
    assert items.page(ws, run, RowFilter(text="%")).rows == ()


def test_a_variants_sku_finds_its_product(ws: Application, shop: seed.Shop) -> None:
    run = ws.runs.get(seed.preview(ws, shop, 12))
    [row] = items.page(ws, run, RowFilter(text="MD-1003-M")).rows
    assert row.item.sku == "MD-1003" and len(row.diffs) == 3 and row.more == 0 and row.chosen


def test_the_export_has_a_line_for_each_field_and_each_quiet_record(ws: Application, shop: seed.Shop) -> None:
    run = ws.runs.get(seed.preview(ws, shop, 1203))
    lines = list(items.export(ws, run))
    quiet = [line for line in lines if line.diff is None]
    assert len(quiet) == run.counts.unchanged == 802
    fields = Counter(line.diff.field for line in lines if line.diff)
    assert fields["available"] == 401 and fields["title"] == fields["tags"] == 200
    assert {line.item.source_id for line in lines} == {str(100 + n) for n in range(1203)}


def test_pace_and_time_left_while_writing(ws: Application, shop: seed.Shop) -> None:
    run_id = seed.running(ws, shop, 120)
    found = runs.progress(ws, run_id)
    assert found is not None and (found.done, found.total) == (70, 120)
    assert found.per_second is not None and found.seconds_left is not None
    assert abs(found.per_second * found.seconds_left - 50) < 1e-6
    assert [step.state for step in found.steps] == ["done", "done", "done", "done", "now", "open"]


def test_pace_while_reading_counts_from_the_stages_own_beginning(ws: Application, shop: seed.Shop) -> None:
    run_id = ws.run_verbs.start(shop.products.id, Mode.FULL, by="ayse")
    ws.queue.claim()
    ws.runs.update(run_id, status=Status.RUNNING, stage="read_source", done=50, total=0)
    found = runs.progress(ws, run_id)
    assert found is not None and found.total is None and found.seconds_left is None
    assert found.stage.english() == "Reading Sentos Moda"


def test_a_run_that_ended_is_not_under_way(ws: Application, shop: seed.Shop) -> None:
    assert runs.progress(ws, seed.first_run(ws, shop, 3)) is None
    assert runs.live(ws) == [] and runs.live_ids(ws) == frozenset()


def test_a_day_ends_where_the_day_before_begins(ws: Application, shop: seed.Shop) -> None:
    seed.stock_run(ws, shop, 20, seed.NOW - timedelta(hours=1), 1.0)
    seed.stock_run(ws, shop, 30, seed.NOW - timedelta(hours=25), 1.0)
    seed.preview(ws, shop, 12)
    now, before = dashboard.activity(ws, 24, seed.NOW)
    assert len(now.hours) == len(before.hours) == 24
    assert now.hours[0].at == before.hours[-1].at + timedelta(hours=1)
    assert (now.of("stock"), now.of("products"), before.of("stock"), now.failed) == (20, 4, 30, 0)
    assert now.success == 1.0 and dashboard.Span(()).success is None


def test_the_days_report_leaves_previews_out(ws: Application, shop: seed.Shop) -> None:
    seed.preview(ws, shop, 12)
    first = ws.runs.get(seed.first_run(ws, shop, 50)).counts
    found = dashboard.report(ws, 24)
    assert (found["read"], found["created"], found["parked"]) == (50, first.created, first.parked)


def test_a_record_that_fails_every_hour_counts_once(ws: Application, shop: seed.Shop) -> None:
    for hour in (2, 3, 4):
        seed.first_run(ws, shop, 100, seed.NOW - timedelta(hours=hour))
    assert {c.cause: c.count for c in dashboard.failures(ws)} == {"match.proposed": 3, "change.refused": 2}


def test_when_flows_run_next(ws: Application, shop: seed.Shop) -> None:
    from dataclasses import replace

    from storage.preferences import PAUSED
    from sync.model.flow import Schedule

    ws.links.save(replace(shop.products, schedule=Schedule(minutes=30)))
    [soon, by_hand] = dashboard.next_runs(ws)
    assert soon.flow.flow.id == shop.products.id and soon.at is not None and by_hand.at is None
    ws.preferences.set(PAUSED, True)
    assert all(n.at is None and n.paused for n in dashboard.next_runs(ws))


def test_names_of_everything_a_log_row_points_to(ws: Application, shop: seed.Shop) -> None:
    seed.logs(ws, shop, 30)
    known = logs.names(ws)
    assert {known.where(row) for row in ws.logs.page().rows} == {
        "Sentos Moda",
        "moda-evi",
        "Sentos Moda → moda-evi",
        "moda-evi → Sentos Moda",
    }
    assert logs.since("24h", seed.NOW) == seed.NOW - timedelta(hours=24) and logs.since("x", seed.NOW) is None


def test_a_cards_filters_are_in_words(ws: Application, shop: seed.Shop) -> None:
    from dataclasses import replace

    from sync.model.flow import ProductFilter

    flow = replace(
        shop.products,
        products=replace(shop.products.products, filters=ProductFilter(brands=("Mavi",), in_stock_only=True)),
    )
    assert [m.english() for m in flows.filters(flow)] == ["Brand: Mavi", "In stock only"]
