"""A store that refuses our token while stock is carried over: its connection says so until it answers."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from sync.managers import access
from sync.model.flow import Connection
from sync.model.run import Mode, Status
from tests.e2e.stores import Stores
from tests.e2e.test_stock_safety import raised
from tests.e2e.world import PATIENCE


def until(stores: Stores, status: str) -> Connection:
    """The target's connection, once it has that status."""
    end = time.monotonic() + PATIENCE
    while True:
        found = stores.ws.connections.get(stores.stores["target"].id)
        if found.status == status:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.01)


def test_a_run_and_a_queue_item_tell_the_connection(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_PAUSE", timedelta(0))
    [flow] = stores.link()
    stores.run(flow)
    target = stores.stores["target"]
    sku = next(sku for sku, n in target.levels().items() if n > 20)

    target.fault("expired_token", None)
    raised(stores, [sku], 6)
    assert stores.run(flow, Mode.SWEEP, expect=Status.FAILED).error is not None
    told = until(stores, "failed")
    assert told.reason is not None and "token" in told.reason.english()
    assert stores.ws.connections.get(stores.source.id).status == "connected"

    target.calm()
    stores.run(flow, Mode.SWEEP)
    assert until(stores, "connected").reason is None

    target.fault("expired_token", None)
    raised(stores, [sku], 3)
    stores.pushed(flow, [sku])
    until(stores, "failed")
    target.calm()
