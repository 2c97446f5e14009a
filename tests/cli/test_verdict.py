"""The demo's verdict can fail: every kind of loss and doubling is seen in the sandboxes' states."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from sync.cli.demo import Demo
from sync.cli.verdict import Ledger, compare

Raw = dict[str, Any]


def source(number: int, *accept: str, dirt: str | None = None) -> Raw:
    skus = [f"S{number}-{n}" for n in (1, 2)]
    return {
        "id": number,
        "sku": f"P{number}",
        "skus": skus,
        "dirt": dirt,
        "accept": list(accept) or ["synced"],
    }


def target(number: int) -> Raw:
    return {
        "id": f"gid://shopify/Product/{number}",
        "handle": f"p-{number}",
        "metafields": {"sync.record": f"conn/{number}"},
        "variants": [{"sku": f"S{number}-1"}, {"sku": f"S{number}-2"}],
        "media": [
            {"source": f"http://x/{number}a.jpg"},
            {"source": f"http://x/{number}b.jpg"},
            {"id": "gone", "missing": True},
        ],
    }


def erp_order(number: int) -> Raw:
    return {"order_id": f"shop-{number}", "order_code": f"#10{number}", "source": "Web"}


@pytest.fixture
def world() -> Raw:
    """Four products, of which one parks, and three orders, of which one parks."""
    return {
        "sentos": {
            "products": [
                source(1),
                source(2),
                source(3, dirt="price_dot"),
                source(4, "parked", "skipped", dirt="price_zero"),
            ],
            "orders": [erp_order(1), erp_order(2)],
        },
        "shopify": {
            "products": [target(1), target(2), target(3), {**target(9), "metafields": {}}],
            "orders": [{"id": f"gid://shopify/Order/{n}", "name": f"#10{n}"} for n in (1, 2, 3)],
        },
        "products": {"1": "created", "2": "created", "3": "created", "4": "parked"},
        "orders": {
            "gid://shopify/Order/1": "created",
            "gid://shopify/Order/2": "created",
            "gid://shopify/Order/3": "parked",
        },
    }


def verdict(world: Raw) -> Ledger:
    return compare(world["sentos"], world["shopify"], world["products"], world["orders"])


def test_a_sound_world_has_nothing_lost_or_doubled(world: Raw) -> None:
    assert verdict(world) == Ledger()


def lose_product(w: Raw) -> None:
    del w["shopify"]["products"][1]


def lose_reported_product(w: Raw) -> None:
    lose_product(w)
    w["products"]["2"] = "parked"  # being parked is no excuse for a clean product


def fail_instead_of_park(w: Raw) -> None:
    w["products"]["4"] = "failed"


def leave_out_of_the_report(w: Raw) -> None:
    del w["products"]["4"]


def write_what_must_not_be(w: Raw) -> None:
    w["shopify"]["products"].append(target(4))


def lose_variant(w: Raw) -> None:
    w["shopify"]["products"][0]["variants"].pop()


def lose_order(w: Raw) -> None:
    del w["sentos"]["orders"][0]


def lose_failed_order(w: Raw) -> None:
    w["orders"]["gid://shopify/Order/3"] = "failed"


def forget_order(w: Raw) -> None:
    del w["orders"]["gid://shopify/Order/3"]


@pytest.mark.parametrize(
    "doctor",
    [
        lose_product,
        lose_reported_product,
        fail_instead_of_park,
        leave_out_of_the_report,
        write_what_must_not_be,
        lose_variant,
        lose_order,
        lose_failed_order,
        forget_order,
    ],
)
def test_every_loss_is_seen(world: Raw, doctor: Callable[[Raw], None]) -> None:
    doctor(world)
    found = verdict(world)
    assert found.counts() == {"lost": 1, "doubled": 0}, found


def double_product(w: Raw) -> None:
    twin = target(1)
    twin["variants"], twin["media"] = [{"sku": ""}], []
    w["shopify"]["products"].append(twin)


def double_sku(w: Raw) -> None:
    w["shopify"]["products"][3]["variants"].append({"sku": "S1-1"})


def double_picture(w: Raw) -> None:
    w["shopify"]["products"][0]["media"].append({"source": "http://x/1a.jpg"})


def double_order(w: Raw) -> None:
    w["sentos"]["orders"].append(erp_order(2))


def double_order_under_another_reference(w: Raw) -> None:
    w["sentos"]["orders"].append({**erp_order(2), "order_id": "shop-other-2", "order_code": "102"})


@pytest.mark.parametrize(
    "doctor", [double_product, double_sku, double_picture, double_order, double_order_under_another_reference]
)
def test_every_doubling_is_seen(world: Raw, doctor: Callable[[Raw], None]) -> None:
    doctor(world)
    found = verdict(world)
    assert found.counts() == {"lost": 0, "doubled": 1}, found


def test_three_of_a_kind_are_doubled_twice(world: Raw) -> None:
    world["sentos"]["orders"] += [erp_order(2), erp_order(2)]
    assert verdict(world).counts() == {"lost": 0, "doubled": 2}


def test_equal_numbers_of_other_channels_are_other_orders(world: Raw) -> None:
    world["sentos"]["orders"].append({"order_id": "77", "order_code": "#102", "source": "Trendyol"})
    assert verdict(world) == Ledger()


def test_a_verdict_is_good_only_if_all_is_well() -> None:
    row = {"second_run": {"writes": 0}}
    assert Demo(row, Ledger(), True).good
    assert not Demo(row, Ledger(), False).good
    assert not Demo(row, Ledger(lost=("x",)), True).good
    assert not Demo(row, Ledger(doubled=("x",)), True).good
    assert not Demo({"second_run": {"writes": 1}}, Ledger(), True).good


def test_the_states_are_only_read(world: Raw) -> None:
    before = copy.deepcopy(world)
    verdict(world)
    assert world == before
