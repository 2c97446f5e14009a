"""What a run page says of calls, points and throttles: each run's own, whoever works beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.managers.context import Context, spending_of
from sync.managers.sandboxes import SandboxProcess
from sync.model.run import Mode, Run
from sync.spending import FIELDS, Spending
from tests.e2e.stores import StandsStill, Stores
from tests.e2e.world import PATIENCE


def made(stores: Stores) -> dict[str, float]:
    """All that this process has spent at all stores."""
    traces = [stores.ws.spending.trace(store.id) for store in stores.stores.values()]
    return {name: sum(trace.totals[name] for trace in traces) for name in FIELDS}


def summed(*runs: Run) -> dict[str, float]:
    return {name: sum(run.spent.get(name, 0) for run in runs) for name in FIELDS}


def test_runs_side_by_side_are_not_charged_for_each_other(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large run stands still in the middle of its writing while the queue does an urgent item."""
    [flow] = stores.link()
    target = stores.stores["target"]
    stores.run(flow)
    sku, other = sorted(target.levels())[:2]
    stores.source.stock(other, 901)
    before = made(stores)
    stands = StandsStill(monkeypatch, Mode.SWEEP)
    run_id = stores.ws.run_verbs.start(flow.id, Mode.SWEEP, by="test")
    assert stands.reached.wait(PATIENCE)
    beside = made(stores)
    stores.source.stock(sku, 5)
    stores.pushed(flow, [sku])
    urgent = {name: made(stores)[name] - beside[name] for name in FIELDS}
    stands.go_on.set()
    run = stores.ended(run_id)
    [small] = [r for r in stores.ws.runs.list(flow_id=flow.id) if r.mode is Mode.ITEMS]
    assert urgent["calls"] >= 2 and summed(small) == pytest.approx(urgent)
    after = made(stores)
    assert run.spent["calls"] >= 3
    assert summed(small, run) == pytest.approx({name: after[name] - before[name] for name in FIELDS})


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_run_whose_stages_go_from_worker_to_worker_loses_no_ones_share(
    store_processes: dict[str, SandboxProcess],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    database: str,
) -> None:
    """A → B → A, each a process with traces of its own; the first comes back with what it did before."""
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else ""
    stores = Stores(store_processes, tmp_path / "home", url)
    try:
        [flow] = stores.link()
        run = stores.run(flow)
        ctx, before = stores.ws.stock.context(run), run.spent
        first, second = stores.ws.spending, Spending()
        for worker, calls in ((first, 3), (second, 5), (first, 2)):
            monkeypatch.setattr(stores.ws, "spending", worker)
            spend(ctx, calls)
        assert stores.ws.runs.get(run.id).spent["calls"] == before["calls"] + 10
        assert stores.ws.runs.get(run.id).spent["points"] == before["points"] + 100
    finally:
        stores.close()


def spend(ctx: Context, calls: int) -> None:
    with spending_of(ctx):
        for n in range(calls):
            ctx.ws.spending.trace(ctx.target_connection.id).request("x", seconds=0, points=10)
            if n == 1:
                ctx.progress(n, force=True)


def test_what_could_not_be_stored_is_stored_the_next_time(stores: Stores) -> None:
    spending = Spending()
    with spending.on_account_of("r1"):
        spending.trace("c").request("x", seconds=0, points=10, throttled=True)
    with pytest.raises(OSError), spending.handed_over("r1"):
        raise OSError("the database is away")
    with spending.handed_over("r1") as amounts:
        assert amounts == {"calls": 1, "points": 10, "throttled": 1}
    with spending.handed_over("r1") as amounts:
        assert not any(amounts.values())
