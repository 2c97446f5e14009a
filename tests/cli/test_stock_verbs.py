"""The verbs of stock flows and of the queue, as they are typed."""

from __future__ import annotations

import json

import pytest

from sync.cli.demo_stores import demo_stores
from sync.cli.main import main
from sync.managers.trial import TrialPlan
from sync.model.entity import Entity
from sync.model.stock import Match


@pytest.fixture(scope="module")
def stores():
    return demo_stores(TrialPlan(kind="stores", skus=60, outlets=2, speed=1000.0))


def test_a_demo_of_stores_balances_and_a_second_run_writes_nothing(stores) -> None:
    row = stores.row
    assert stores.good, (row, stores.lost, stores.doubled)
    assert row["ledger"] == {"lost": 0, "doubled": 0} and row["second_run"]["writes"] == 0
    assert row["baseline"]["read"] == 2 * 60 and row["delta"]["updated"] >= 1


def test_what_is_lost_or_doubled_makes_a_demo_fail(stores) -> None:
    from dataclasses import replace

    assert not replace(stores, lost=("SKU-1",)).good
    assert not replace(stores, doubled=("SKU-1",)).good
    assert not replace(stores, row={**stores.row, "second_run": {"writes": 1}}).good


@pytest.fixture()
def typed(tmp_path, monkeypatch, capsys):
    """Types a command in an installation of its own; answers status, its JSON, and what it said aside."""
    monkeypatch.setenv("COUNTERPART_HOME", str(tmp_path))

    def say(*words: str):
        status = main([*words, "--json"])
        out, aside = capsys.readouterr()
        return status, json.loads(out) if out.strip() else None, aside

    return say


def test_an_empty_queue_says_so(typed) -> None:
    status, row, _ = typed("queue")
    assert status == 0 and row["rows"] == [] and not any(row["counts"].values())


@pytest.mark.parametrize("words", [("match", "stock"), ("validate", "stock"), ("push", "stock", "A")])
def test_without_a_stock_flow_the_way_on_is_named(typed, words) -> None:
    status, row, aside = typed(*words)
    assert status == 2 and row is None and "sandbox up" in aside


def test_moving_without_a_database_is_refused(typed) -> None:
    status, row, aside = typed("move-to-postgres", "postgresql://nobody@127.0.0.1:1/none")
    assert status == 2 and row is None and aside.strip()


def test_match_push_and_validate_on_two_stores(typed, tmp_path) -> None:
    from sync.application import open_application

    ws = open_application({"COUNTERPART_HOME": str(tmp_path)})
    ws.start()
    ws.trial.start(TrialPlan(kind="stores", skus=30, speed=1000.0, dirt=0.0))
    try:
        [flow] = [f for f in ws.links.flows() if f.entity is Entity.STOCK]
        status, run, aside = typed("run", "stock")
        assert status == 0 and run["balanced"] and run["updated"] > 0, (run, aside)
        status, row, _ = typed("match", "stock")
        assert status == 0 and set(row["match"]) == {kind.value for kind in Match}
        assert row["match"]["matched"] == 30 and row["match"]["duplicate"] == 0
        status, row, _ = typed("validate", "stock", "--yes")
        assert status == 0 and row["by"] == "command line" and row["figures"]["source"]["items"] == 30
        assert ws.stock_verbs.stage(flow.id).live
        status, _, aside = typed("run", "stock")
        assert status == 2 and "why it is needed" in aside, "a live flow asks for a reason"
        pairs = ws.stock_match.listed(flow, ws.links.get(flow.link_id), Match.MATCHED)
        sku = pairs[0].sku
        status, row, aside = typed("push", "stock", sku)
        assert (status, row, aside) == (0, {"queued": 1}, "")
        status, row, _ = typed("queue")
        assert status == 0 and sum(row["counts"].values()) >= 1
        status, _, aside = typed("push", "stock", "no such SKU")
        assert status == 2 and "no such SKU" in aside
    finally:
        ws.close()
