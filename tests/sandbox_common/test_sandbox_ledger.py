"""The ledger holds every effect and counts every call."""

from __future__ import annotations

from pathlib import Path

from sandbox.clock import ManualClock
from sandbox.ledger import Ledger, argument_hash
from sandbox.statefile import StateFile


def test_effects_are_numbered_and_read_from_where_one_left_off() -> None:
    ledger = Ledger(ManualClock())
    for name in ("a", "b", "c"):
        ledger.effect("order.created", name, key=f"k-{name}", args={"x": name})
    first = ledger.to_dict(limit=2)
    assert [entry["target"] for entry in first["effects"]] == ["a", "b"]
    assert first["more"]
    rest = ledger.to_dict(since=first["next"])
    assert [entry["target"] for entry in rest["effects"]] == ["c"]
    assert not rest["more"]


def test_an_effect_keeps_what_it_saw_then() -> None:
    ledger, after = Ledger(ManualClock()), {"stock": 3}
    ledger.effect("stock.set", "sku", after=after)
    after["stock"] = 9
    assert ledger.to_dict()["effects"][0]["after"] == {"stock": 3}


def test_equal_arguments_have_equal_hashes_whatever_their_order() -> None:
    assert argument_hash({"a": 1, "b": [1, 2]}) == argument_hash({"b": [1, 2], "a": 1})
    assert argument_hash({"a": 1}) != argument_hash({"a": "1"})
    assert argument_hash(None) is None


def test_the_summary_counts_calls_and_effects() -> None:
    ledger = Ledger(ManualClock())
    ledger.call("products.list", kind="read", status=200, points=2.5)
    ledger.call("products.list", kind="read", status=429, throttled=True, refused=True)
    ledger.call("orders.create", kind="write", status=200, points=10)
    ledger.effect("order.created", "1")
    assert ledger.summary() == {
        "calls": 3, "reads": 2, "writes": 1, "throttled": 1, "refused": 1, "points": 12.5,
        "effects": {"order.created": 1}, "by_operation": {"products.list": 2, "orders.create": 1},
        "points_by_operation": {"products.list": 2.5, "orders.create": 10},
    }  # fmt: skip
    assert [call["status"] for call in ledger.calls(since=1)] == [429, 200]


def test_effects_survive_a_restart_and_go_on_counting(tmp_path: Path) -> None:
    path = str(tmp_path / "state.db")
    state = StateFile(path)
    Ledger(ManualClock(), state).effect("order.created", "1")
    state.close()
    state = StateFile(path)
    ledger = Ledger(ManualClock(), state)
    assert ledger.summary()["effects"] == {"order.created": 1}
    assert ledger.effect("order.created", "2")["seq"] == 2
    ledger.clear()
    state.close()
    state = StateFile(path)
    assert Ledger(ManualClock(), state).to_dict()["effects"] == []
    state.close()
