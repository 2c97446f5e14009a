"""Whatever a platform answers: a correct sync, or a run that ends in words and leaves the next one free."""

from __future__ import annotations

from typing import Any

import pytest

from sync.model.run import Status
from tests.e2e.world import World

# (side, fault, settings): passing troubles, after which the same run goes on by itself.
PASSING: list[tuple[str, str, dict[str, Any]]] = [
    ("erp", "html_body", {"match": {"operation": "products.list"}}),
    ("erp", "html_body", {"match": {"operation": "products.list"}, "params": {"status": 503}}),
    ("erp", "truncated_json", {"match": {"operation": "products.list"}}),
    ("erp", "server_error", {"match": {"operation": "products.list"}, "count": 3}),
    ("erp", "throttle", {"match": {"operation": "products.list"}, "count": 2, "params": {"retry_after": 7}}),
    ("erp", "reset", {"match": {"operation": "products.list"}, "count": 2}),
    ("erp", "timeout_before", {"match": {"operation": "products.list"}, "params": {"hold": 5}}),
    ("erp", "short_page", {"match": {"operation": "products.list"}}),
    ("shop", "html_body", {"match": {"operation": "products"}}),
    ("shop", "html_body", {"match": {"kind": "read"}, "count": 3, "params": {"status": 502}}),
    ("shop", "truncated_json", {"match": {"kind": "read"}, "count": 3}),
    ("shop", "server_error", {"match": {"kind": "read"}, "count": 4, "params": {"status": 500}}),
    ("shop", "throttle", {"count": 12}),
    ("shop", "reset", {"match": {"kind": "read"}, "count": 4}),
    ("shop", "timeout_before", {"match": {"kind": "read"}, "count": 2, "params": {"hold": 5}}),
    ("shop", "expired_token", {"match": {"operation": "products"}}),
    ("shop", "expired_token", {"match": {"operation": "productSet"}, "after": 3}),
]


@pytest.mark.parametrize(
    ("side", "fault", "how"), PASSING, ids=[f"{s}-{f}-{n}" for n, (s, f, _) in enumerate(PASSING)]
)
def test_a_passing_trouble_does_not_show_in_the_result(
    world: World, side: str, fault: str, how: dict[str, Any]
) -> None:
    where = world.erp if side == "erp" else world.shop
    where.fault(fault, **{"count": 1, **how})
    assert world.run().counts.created == 8
    assert where.hits() == how.get("count", 1), where.get("/faults")
    where.calm()
    assert len(world.products()) == 8 and world.available() == world.summed()
    assert all(
        p["publications"] == ["Online Store"] and len(p["media"]) == 2 for p in world.products().values()
    )
    world.quiet()


# Lasting troubles: the run fails in words before anything is written, and the next one is whole.
LASTING = [
    ("erp", "html_body", {"match": {"operation": "products.list"}}),
    ("erp", "server_error", {"match": {"operation": "products.list"}}),
    ("erp", "expired_token", {}),
    ("erp", "short_page", {}),
    ("shop", "html_body", {"match": {"kind": "read"}}),
    ("shop", "truncated_json", {"match": {"kind": "read"}}),
    ("shop", "expired_token", {}),
]


@pytest.mark.parametrize(
    ("side", "fault", "how"), LASTING, ids=[f"{s}-{f}-{n}" for n, (s, f, _) in enumerate(LASTING)]
)
def test_a_lasting_trouble_ends_the_run_in_words(
    world: World, side: str, fault: str, how: dict[str, Any]
) -> None:
    where = world.erp if side == "erp" else world.shop
    where.fault(fault, None, **how)
    run = world.run(expect=Status.FAILED)
    assert run.error is not None and run.error.english().endswith(".")
    assert world.shop.effects() == [] and run.first_write_at is None
    where.calm()
    assert world.run().counts.created == 8
    assert world.available() == world.summed()


def test_a_failed_page_in_the_middle_is_never_missing(world: World) -> None:
    world.erp.post("/settings", {"page_cap": 3})
    world.run()
    world.shop.mark()
    world.edit(4101, title="Yeni")
    world.erp.fault("server_error", None, match={"operation": "products.list", "page": "2"})
    run = world.run(expect=Status.FAILED)
    assert world.shop.effects() == [] and world.parked() == []
    assert run.counts.read == 0 and run.counts.balanced
    world.erp.calm()
    assert world.run().counts.updated == 1
    assert world.parked() == []


def test_a_page_that_is_short_once_is_read_again(world: World) -> None:
    world.erp.post("/settings", {"page_cap": 3})
    world.run()
    world.erp.fault("short_page", 1, match={"page": "2"})
    assert world.run().counts.unchanged == 8
    assert world.parked() == []


def test_php_empties_and_other_spellings(world: World) -> None:
    world.erp.post(
        "/settings",
        {
            "empty_objects": "array",
            "stock": "string",
            "warehouse": "object",
            "money": "comma",
            "wrap": "data",
        },
    )
    world.edit(4102, prices=[])
    world.edit(4103, variants=[{**v, "model": []} for v in world.raw(4103)["variants"][:1]])
    assert world.run().counts.created == 8
    assert world.available() == world.summed()
    world.quiet()
    for settings in (
        {"model": "string", "money": "dot"},
        {"money": "number", "stock": "int", "warehouse": "int"},
    ):
        world.erp.post("/settings", settings)
        world.quiet()


def test_401_in_mid_run_ends_it_and_a_new_run_resumes(world: World) -> None:
    """The secret was changed at the shop while a run was writing."""
    world.shop.fault("expired_token", None, match={"operation": "productSet"}, after=4)
    run = world.run(expect=Status.FAILED)
    assert run.error is not None and "token" in run.error.english()
    there = len(world.products())
    assert 0 < there < 8 and run.counts.created == there and run.counts.skipped == 8 - there
    world.shop.calm()
    assert world.run().counts.created == 8 - there
    assert all(p["publications"] == ["Online Store"] for p in world.products().values()), (
        "created, but never published"
    )
    assert world.available() == world.summed()
    world.quiet()


def test_a_500_that_is_a_throttle_slows_down_and_goes_on(world: World) -> None:
    world.erp.post("/settings", {"error_rate": 0.4})
    assert world.run().counts.created == 8
    world.erp.post("/settings", {"error_rate": 0})
    world.quiet()
    assert world.erp.get("/ledger", summary=1)["throttled"] == 0
