"""After a restore: what was sent since the backup is found again at the targets; nothing is sent twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from sync.application import Application
from sync.cli.verdict import compare
from sync.model.run import Mode, Scope, Status
from tests.cli.conftest import ORDERS, PRODUCTS, Home


def states(ws: Application) -> tuple[Any, Any]:
    ask = {name: process.ask("GET", "/state") for name, process in ws.trial.processes.items()}
    return ask["sentos"], ask["shopify"]


def test_an_older_backup_never_makes_twins(home: Home, tmp_path: Path) -> None:
    assert home.sync("backup", str(tmp_path / "before.zip")).code == 0
    assert home.sync("run", "product", "--json").json["created"] == PRODUCTS
    assert home.sync("backup", str(tmp_path / "between.zip")).code == 0
    assert home.sync("run", "order", "--json").json["created"] == ORDERS

    # the orders that were sent after this backup are found by their references
    assert home.sync("restore", str(tmp_path / "between.zip")).code == 0
    orders = home.sync("run", "order", "--json")
    assert orders.code == 0 and orders.json["created"] == 0 and orders.json["read"] == ORDERS, orders.json

    # and the products that were sent after this one by their marks
    assert home.sync("restore", str(tmp_path / "before.zip")).code == 0
    products = home.sync("run", "product", "--json")
    assert products.code == 0 and products.json["created"] == 0 and products.json["read"] == PRODUCTS, (
        products.json
    )
    again = home.sync("run", "order", "--json")
    assert again.code == 0 and again.json["created"] == 0, again.json

    ws = home.opened()
    try:
        ws.start()
        sentos, shopify = states(ws)
        fates = {str(p["id"]): "created" for p in sentos["products"]}
        found = compare(sentos, shopify, fates, {o["id"]: "created" for o in shopify["orders"]})
        assert found.counts() == {"lost": 0, "doubled": 0}, found
        assert len(shopify["products"]) == PRODUCTS and len(sentos["orders"]) == ORDERS
        effects = ws.trial.processes["shopify"].ask("GET", "/ledger")["effects"]
        created = Counter(e["target"] for e in effects if e["kind"] == "product.created")
        assert len(created) == PRODUCTS and set(created.values()) == {1}
    finally:
        ws.close()


def test_runs_that_were_live_in_the_backup_are_closed(home: Home, tmp_path: Path) -> None:
    ws = home.opened()
    flow = next(f for f in ws.links.flows() if f.entity.value == "product")
    with ws.db.write() as tx:
        run_id = ws.runs.start(tx, flow.id, flow.version, Mode.FULL, Scope(), "test")
        ws.queue.add(tx, run_id, "product", "read_source")
    ws.close()
    assert home.sync("backup", str(tmp_path / "live.zip")).code == 0
    assert home.sync("restore", str(tmp_path / "live.zip")).code == 0
    done = home.sync("run", "product", "--json")
    assert done.code == 0 and done.json["created"] == PRODUCTS
    ws = home.opened()
    closed = ws.runs.get(run_id)
    assert (
        closed.status is Status.CANCELLED
        and closed.finished_at
        and "backup was put back" in str(closed.error)
    )
    assert not ws.queue.busy(run_id)
    ws.close()
