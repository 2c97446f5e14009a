"""A quantity that Shopify can never take is not sent: the others of its call would have to go once more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.model.run import Mode
from tests.e2e.stores import Stores, own_stores


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stores]:
    with own_stores(tmp_path / "home", source={"stock_skus": 10}, target={"stock_skus": 10}) as made:
        yield made


def test_it_is_parked_before_the_call_and_closed_once_mended(own: Stores) -> None:
    target = own.stores["target"]
    [flow] = own.link("target", target={target.places()[0]: (own.source.places()[0],)})
    [huge, *others] = sorted(own.source.levels())
    before = target.levels()[huge]
    own.source.stock(huge, 1_000_000_001)
    run = own.run(flow)
    assert len(target.calls("inventorySetQuantities")) == 1, own.why(run)
    assert (run.counts.parked, run.counts.failed) == (1, 0), own.why(run)
    assert {sku: target.levels()[sku] for sku in others} == {sku: own.source.levels()[sku] for sku in others}
    assert target.levels()[huge] == before
    [parked] = own.parked("stock.beyond")
    assert parked.label and parked.message.english()
    own.source.stock(huge, 1_000_000_000)
    own.run(flow, Mode.SWEEP)
    assert target.levels()[huge] == 1_000_000_000 and not own.parked("stock.beyond")
