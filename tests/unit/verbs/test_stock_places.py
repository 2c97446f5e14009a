"""Which locations of a store stock may go to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sync.errors import NeedsOperator
from sync.managers.verbs import stock_rules
from sync.managers.verbs.offers import Offer
from sync.model.support import Choice

OWN, FOREIGN = Choice("L1", "Depo"), Choice("L2", "Kargo Depo", writable=False)


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    offers = {
        ("a", "warehouses"): Offer(),
        ("a", "locations"): Offer((OWN, FOREIGN)),
        ("b", "locations"): Offer((OWN, FOREIGN)),
    }
    get = SimpleNamespace(get=lambda connection, what, wait=0.0: offers[connection, what])
    monkeypatch.setattr(stock_rules, "offers_of", lambda ws: get)
    return SimpleNamespace(id="a", name="Source"), SimpleNamespace(id="b", name="Target")


def checked(ends: tuple[Any, Any], mapping: dict[str, tuple[str, ...]]) -> Any:
    return stock_rules.checked_places(SimpleNamespace(), *ends, mapping)  # type: ignore[arg-type]


def test_a_fulfilment_services_location_is_no_target(ends: tuple[Any, Any]) -> None:
    with pytest.raises(NeedsOperator, match="Kargo Depo of Target belongs to a fulfilment service"):
        checked(ends, {"L1": ("L1",), "L2": ("L2",)})


def test_one_that_is_not_chosen_is_in_nobodys_way(ends: tuple[Any, Any]) -> None:
    assert checked(ends, {"L1": ("L1",), "L2": ()}) == {"L1": ("L1",)}


def test_it_may_be_named_as_a_source(ends: tuple[Any, Any]) -> None:
    assert checked(ends, {"L1": ("L1", "L2")}) == {"L1": ("L1", "L2")}
