"""What a benchmark is judged by: the goals of the sizes that are promised, and a table that says "missed"."""

from __future__ import annotations

from typing import Any

import pytest

from bench import catalogue, queue_rate, stock_delta, stock_idle, stock_match, stock_push, stock_urgent
from bench.parts.goals import Goal, judged
from bench.table import line


def bounds(goals: Any) -> dict[str, float]:
    return {goal.figure: goal.bound for goal in goals}


def test_a_figure_at_its_bound_is_fine_and_beyond_it_is_missed() -> None:
    goals = (Goal("ratio", 1.15), Goal("jobs", 2000, least=True), Goal("second_run.writes", 0))
    fine = {"ratio": 1.15, "jobs": 2000, "second_run": {"writes": 0}}
    assert judged(fine, goals)["missed"] == []
    bad = {"ratio": 1.151, "jobs": 1999, "second_run": {"writes": 1}}
    assert judged(bad, goals)["missed"] == ["ratio", "jobs", "second_run.writes"]


def test_what_was_not_measured_is_missed() -> None:
    assert judged({}, [Goal("ratio", 1.15), Goal("n", 1, least=True)])["missed"] == ["ratio", "n"]


@pytest.mark.parametrize(
    ("skus", "plan", "wanted"),
    [
        (10_000, "standard", {"seconds_over_bound": 2.0, "peak_mb": 400}),
        (100_000, "standard", {"ratio": 1.15, "peak_mb": 500}),
        (1_000_000, "standard", {"ratio": 1.05, "peak_mb": 800}),
        (1_000_000, "plus", {"ratio": 1.25, "peak_mb": 800}),
        (300, "standard", {}),
    ],
)
def test_a_push_is_judged_by_what_its_size_promises(skus: int, plan: str, wanted: dict[str, float]) -> None:
    assert bounds(stock_push.goals(skus, plan)) == {"lost": 0, "doubled": 0, **wanted}


@pytest.mark.parametrize(("answers", "most"), [("per-row", 1.05), ("all-named", 2.0), ("first-named", 3.7)])
def test_with_stale_rows_the_write_calls_count_and_no_sale_is_overwritten(answers: str, most: float) -> None:
    found = bounds(stock_push.goals(100_000, "standard", 1.0, answers))
    assert found == {"lost": 0, "doubled": 0, "overwritten": 0, "write_ratio": most, "peak_mb": 500}
    few = bounds(stock_push.goals(300, "standard", 1.0, answers))
    assert "overwritten" in few and "write_ratio" not in few


def test_the_other_goals_are_those_of_the_table() -> None:
    assert bounds(stock_delta.goals(1_000)) == {
        "seconds": 5.0, "calls": 4, "bulk_reads": 0, "lost": 0, "doubled": 0,
    }  # fmt: skip
    assert bounds(stock_idle.GOALS) == {"writes": 0, "source_points": 15, "target_points": 15}
    assert bounds(stock_match.goals(1_000_000)) == {
        "seconds": 15.0, "again_seconds": 15.0, "peak_mb": 250, "missing": 0,
    }  # fmt: skip
    assert bounds(stock_urgent.goals(1_000_000, 100)) == {"p99_seconds": 3.0, "lost": 0, "n": 100}
    assert bounds(queue_rate.GOALS) == {"jobs_a_second": 2000, "lost": 0, "doubled": 0}
    assert bounds(catalogue.goals(1624, 10283, 1000))["ratio"] == 1.15


def test_the_table_prints_figures_with_their_goals_and_says_what_was_missed() -> None:
    goals = stock_push.goals(100_000, "standard")
    figures = {"ratio": 1.2, "peak_mb": 241, "lost": 0, "doubled": 0, "calls": 400}
    printed = line("stock-push", ("--skus", "100000"), 1, judged(figures, goals), ("calls",))
    assert printed.startswith("missed")
    assert "ratio 1.2 (≤ 1.15, missed)" in printed
    assert "peak_mb 241 (≤ 500)" in printed and "calls 400" in printed
    fine = judged({**figures, "ratio": 1.05}, goals)
    assert line("stock-push", (), 0, fine, ()).startswith("ok")


def test_a_bench_that_ended_otherwise_is_bad() -> None:
    assert line("queue", (), 1, {}, ()).startswith("BAD")
    assert line("queue", (), 2, judged({"lost": 0}, [Goal("lost", 0)]), ()).startswith("BAD")
