"""The control plane of stock over real HTTP: change, look up, judge; plans, latency, throttles; hooks."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.sandbox_shopify.stock import SET


class Shop:
    """A served store with a generated catalogue, its control plane, and its stock as a client writes it."""

    def __init__(self, served: Any, post: Any) -> None:
        self.served, self.graphql, self.store = served, post, served.platform.store
        self.items = [one["_item"]["id"] for one in self.store.sorted("variant", "id")]
        self.places = list(self.store.kinds["location"])

    def get(self, path: str) -> Any:
        """The JSON of a control route."""
        answer = requests.get(f"{self.served.control}/{path}", timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def post(self, path: str, status: int = 200, **body: Any) -> Any:
        """Posts to a control route."""
        answer = requests.post(f"{self.served.control}/{path}", json=body, timeout=30)
        assert answer.status_code == status, answer.text
        return answer.json()

    def write(self, rows: list[tuple[str, int, int | None]], key: str) -> Any:
        """Sets quantities at the first place; the payload, or None if throttled."""
        quantities = [
            {"inventoryItemId": item, "locationId": self.places[0], "quantity": n, "changeFromQuantity": was}
            for item, n, was in rows
        ]
        given = {"name": "available", "reason": "correction", "quantities": quantities}
        answer = self.graphql(SET, input=given, key=key).json()
        return None if "errors" in answer else answer["data"]["inventorySetQuantities"]

    def now(self, item: str) -> int:
        """What is available at the first place."""
        found: int = self.store.items[item]["_levels"][self.places[0]]["_q"]["available"]
        return found


@pytest.fixture
def shop(http: Any) -> Any:
    """``shop(**settings)``."""
    return lambda speed=1000, **settings: Shop(
        *http(speed=speed, **{"stock_skus": "40", "plan": "plus", **settings})
    )


def test_levels_are_changed_and_looked_up(shop: Any) -> None:
    one = shop()
    sku, place = "TRN-0000002", "Mağaza"
    (variant,) = one.get(f"stock/level?sku={sku}")["variants"]
    was = variant["levels"][1]["available"]
    changed = one.post("stock", sku=sku, location=place, delta=-2)["changed"]
    assert changed == [{"sku": sku, "location": place, "before": was, "after": was - 2}]
    found = one.post("stock/levels", skus=[sku, "no such"])["levels"]
    assert found["no such"] == [] and found[sku][0]["levels"][1]["available"] == was - 2
    assert one.get("ledger?summary=1")["effects"] == {"hand.inventory.sold": 1}
    (effect,) = one.get(f"stock/effects?sku={sku}")["effects"]
    assert (effect["kind"], effect["before"], effect["after"]) == ("hand.inventory.sold", was, was - 2)
    assert one.post("stock", 400, sku="no such", delta=1)["error"].startswith("there is no variant")


@pytest.mark.parametrize("how", ["sale", "edit"])
def test_many_levels_move_as_the_seed_says(shop: Any, how: str) -> None:
    first, second = shop(), shop()
    asked = {"count": 25, "seed": 4, "how": how, "location": "Merkez Depo"}
    moved = [one.post("stock/move", **asked)["rows"] for one in (first, second)]
    assert moved[0] == moved[1] and len({row["sku"] for row in moved[0]}) == 25
    assert all(row["before"] != row["after"] for row in moved[0])
    for row in moved[0]:
        assert (
            first.get(f"stock/level?sku={row['sku']}")["variants"][0]["levels"][0]["available"]
            == row["after"]
        )
    assert "only 40 levels" in first.post("stock/move", 400, count=41, location="Merkez Depo")["error"]


def test_digests_agree_exactly_when_quantities_do(shop: Any) -> None:
    here, same, other = shop(), shop(shop="same"), shop(shop="other", stock_seed="2")
    assert here.get("stock/digest") == same.get("stock/digest") != other.get("stock/digest")
    here.post("stock", sku="TRN-0000002", delta=1)
    assert here.get("stock/digest") != same.get("stock/digest")
    assert here.get("stock/digest?place=1") == same.get("stock/digest?place=1")
    part = shop(shop="part", stock_common="30")
    assert part.get("stock/digest?common=1")["levels"] == 60
    lines = requests.get(f"{part.served.control}/stock/levels.tsv?place=0", timeout=60).text.splitlines()
    assert len(lines) == 40 and lines[0].split("\t") == ["0", "SKU-0000000", "0", "1", "37", "38"]


def test_a_judge_sees_writes_twice_blind_and_replayed(shop: Any) -> None:
    one = shop()
    a, b, c = one.items[:3]
    one.write([(a, 1001, one.now(a)), (b, 1001, one.now(b))], "k1")
    clean = one.get("stock/judge")
    assert (clean["written"], clean["again"], clean["blind"], clean["keys"]) == ({"1": 2}, 0, 0, 1)
    one.write([(a, 1002, 1001)], "k2")
    one.write([(a, 1002, 1001)], "k2")
    one.post("stock", sku=one.store.items[c]["sku"], delta=-1)
    one.write([(c, 1003, None)], "k3")
    found = one.get("stock/judge")
    assert found["written"] == {"1": 2, "2": 1}
    names = ("again", "blind", "overwritten", "by_hand", "keys", "replays", "effects")
    assert {name: found[name] for name in names} == {
        "again": 1, "blind": 1, "overwritten": 1, "by_hand": 1, "keys": 3, "replays": 1, "effects": 4,
    }  # fmt: skip
    later = one.get(f"stock/judge?since={found['last']}")
    assert (later["effects"], later["places"]) == (0, 0)


def test_a_hook_strikes_over_http_and_can_be_taken_away(shop: Any) -> None:
    one = shop()
    item = one.items[2]
    was = one.now(item)
    one.post("hooks", 201, rows=[{"sku": "TRN-0000002", "delta": -3}], after=1)
    assert one.write([(item, was + 1, was)], "a")["userErrors"] == []
    assert one.write([(item, was + 2, was + 1)], "b")["userErrors"][0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert one.now(item) == was - 2
    requests.delete(f"{one.served.control}/hooks", timeout=60)
    assert one.get("hooks") == {"hooks": []}
    assert "needs rows" in one.post("hooks", 400, operation="inventorySetQuantities")["error"]
    assert "unknown setting" in one.post("hooks", 400, rows=[{}], wen=1)["error"]


def test_products_are_tagged_and_removed(shop: Any) -> None:
    one = shop()
    assert one.post("products/tag", tag="yeni", skus=["TRN-0000002", "TRN-0000003"])["tagged"] == 1
    assert one.post("products/tag", tag="yeni", count=3, seed=2)["tagged"] == 3
    assert one.get("stock/level?sku=TRN-0000002")["variants"][0]["tags"] == ["stok", "yeni"]
    assert one.post("products/remove", skus=["TRN-0000002"]) == {"variants": 1, "products": 0}
    assert one.get("stock/level?sku=TRN-0000002")["variants"] == []
    assert one.post("products/remove", product_skus=["TRN-0000003"]) == {"variants": 0, "products": 1}
    assert one.post("products/remove", count=2)["products"] == 2
    assert one.get("state")["counts"]["products"] == 7


def test_a_reset_brings_the_generated_catalogue_back(shop: Any) -> None:
    one = shop()
    before = one.get("stock/digest")
    one.post("stock/move", count=10)
    one.post("hooks", 201, rows=[{"sku": "TRN-0000002", "delta": -3}])
    assert one.get("stock/digest") != before
    one.post("reset")
    assert one.get("stock/digest") == before
    assert one.get("hooks") == {"hooks": []} and one.get("ledger?summary=1")["effects"] == {}


def test_plan_and_latency_change_while_it_runs(shop: Any) -> None:
    one = shop(speed=1, plan="standard")
    for plan, size, rate in (("advanced", 4000.0, 200.0), ("plus", 20000.0, 1000.0)):
        one.post("settings", plan=plan)
        cost = one.graphql("{ shop { id plan { publicDisplayName } } }").json()["extensions"]["cost"]
        status = cost["throttleStatus"]
        assert (status["maximumAvailable"], status["restoreRate"]) == (size, rate)
    assert one.post("settings", latency=0.05)["latency"] == 0.05
    before = time.monotonic()
    one.graphql("{ shop { id } }")
    assert time.monotonic() - before >= 0.05
    assert "latency" in one.post("settings", 400, latency="much")["error"]


def test_throttle_statistics_tell_what_ran_over(shop: Any) -> None:
    one = shop(speed=0.001, plan="standard")
    one.post("throttle/forget", fill=True)
    for n in range(2):
        one.write([(one.items[n], 5, None)], str(n))
    found = one.get("throttle")
    assert found["by_operation"] == {"inventorySetQuantities": 2}
    # 10 for the mutation, 2 for the item and location of each of the changes selected, 1 for these.
    assert found["spent"] == found["points"] == found["points_by_operation"]["inventorySetQuantities"] == 26
    assert (found["throttled"], found["currentlyAvailable"]) == (0, 1974)
    served = one.served.platform.engine.bucket
    served._at -= 1000
    assert one.get("throttle")["ran_over"] == pytest.approx(100_000 - 26, abs=1)
    assert one.get("throttle")["idle_seconds"] == pytest.approx(1000, abs=1)
    served._level = 0
    assert one.write([(one.items[5], 5, None)], "late") is None
    assert one.get("throttle")["throttled"] == 1


def test_calls_in_flight_wait_for_the_latency_together(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the answers arrives before all of them travel."""
    one, travelling, all_travel = shop(speed=1), [], asyncio.Event()
    one.post("settings", latency=2)

    async def travel(seconds: float) -> None:
        travelling.append(seconds)
        if len(travelling) == 32:
            all_travel.set()
        await all_travel.wait()

    monkeypatch.setattr(one.served.platform.tools.clock, "sleep", travel)
    with ThreadPoolExecutor(32) as pool:
        payloads = list(pool.map(lambda n: one.write([(one.items[n], 1000 + n, None)], str(n)), range(32)))
    assert all(payload["userErrors"] == [] for payload in payloads) and travelling == [2.0] * 32
    assert one.get("throttle")["most_in_flight"] == 32
    assert one.get("stock/judge")["places"] == 32
