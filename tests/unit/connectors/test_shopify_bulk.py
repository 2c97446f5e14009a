"""Bulk results: joined from lines in any order, refused when torn, asked for seldom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sync.connectors.contract import Services
from sync.connectors.shopify.bulk import Bulk, BulkFailed
from sync.connectors.shopify.client import Answer
from sync.errors import OutcomeUnknown
from tests.contract.doubles import MemoryKeep, StillClock, Trace

PRODUCT, VARIANT, MEDIA = (
    "gid://shopify/Product/{}",
    "gid://shopify/ProductVariant/{}",
    "gid://shopify/MediaImage/{}",
)


def line(**row: Any) -> str:
    return json.dumps(row)


PRODUCTS = [
    line(id=MEDIA.format(91), image={"url": "u"}, __parentId=PRODUCT.format(2)),
    line(id=PRODUCT.format(10), title="ten"),
    line(id=PRODUCT.format(2), title="two"),
    line(publication={"id": "gid://shopify/Publication/1"}, __parentId=PRODUCT.format(2)),
    line(
        id="gid://shopify/Metafield/5",
        namespace="sync",
        key="record",
        value="k",
        __parentId=PRODUCT.format(10),
    ),
]
VARIANTS = [
    line(id=VARIANT.format(3), position=2, product={"id": PRODUCT.format(2)}),
    line(id=VARIANT.format(1), position=1, product={"id": PRODUCT.format(2)}),
    line(id=VARIANT.format(4), position=1, product={"id": PRODUCT.format(10)}, sku="Ş"),
    line(id=MEDIA.format(91), __parentId=VARIANT.format(3)),
]


class FakeClient:
    """Plays Shopify: `results` are the lines of each download in turn, `states` the statuses of each
    asking."""

    def __init__(self, clock: StillClock, seconds: float = 6.0) -> None:
        self.clock, self.seconds, self.http = clock, seconds, self
        self.results = {"products": [PRODUCTS], "variants": [VARIANTS]}
        self.failed: set[str] = set()
        self.busy = 0
        self.asked: list[str] = []
        self.started: dict[str, tuple[str, float]] = {}

    def query(self, name: str, variables: dict[str, Any]) -> Answer:
        self.asked.append(name)
        return Answer(getattr(self, name)(variables))

    def bulk_run(self, variables: dict[str, Any]) -> dict[str, Any]:
        if self.busy:
            self.busy -= 1
            return {
                "bulkOperationRunQuery": {
                    "bulkOperation": None,
                    "userErrors": [{"code": "OPERATION_IN_PROGRESS"}],
                }
            }
        kind = "variants" if "BulkVariants" in variables["query"] else "products"
        operation = f"{kind}-{len(self.asked)}"
        self.started[operation] = (kind, self.clock.monotonic())
        return {"bulkOperationRunQuery": {"bulkOperation": {"id": operation}, "userErrors": []}}

    def bulk_status(self, ids: dict[str, str]) -> dict[str, Any]:
        return {kind: self.state(kind, operation) for kind, operation in ids.items()}

    def state(self, kind: str, operation: str) -> dict[str, Any]:
        lines = self.results[kind][0]
        roots = sum('"__parentId"' not in one for one in lines)
        done = self.clock.monotonic() - self.started[operation][1] >= self.seconds
        status = ("FAILED" if operation in self.failed else "COMPLETED") if done else "RUNNING"
        return {
            "id": operation,
            "status": status,
            "objectCount": str(len(lines)),
            "rootObjectCount": str(roots),
            "url": kind if lines else None,
        }

    def bulk_cancel(self, variables: dict[str, Any]) -> dict[str, Any]:
        return {}

    def lines(self, url: str) -> Iterator[str]:
        queue = self.results[url]
        yield from queue.pop(0) if len(queue) > 1 else queue[0]


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def client(clock: StillClock) -> FakeClient:
    return FakeClient(clock)


def rows(client: FakeClient, keep: MemoryKeep | None = None, products: int = 2) -> list[Any]:
    services = Services(client.clock, keep or MemoryKeep(), Trace())
    with Bulk(client, services).catalogue((), products) as catalogue:  # type: ignore[arg-type]
        return [row for page in catalogue.pages(1) for row in page]


def test_children_find_their_parents_in_any_order(client: FakeClient) -> None:
    two, ten = rows(client)
    assert [two["title"], ten["title"]] == ["two", "ten"]
    assert [v["id"] for v in two["variants"]["nodes"]] == [VARIANT.format(1), VARIANT.format(3)]
    assert [m["id"] for m in two["media"]["nodes"]] == [MEDIA.format(91)]
    assert [m["id"] for m in two["variants"]["nodes"][1]["media"]["nodes"]] == [MEDIA.format(91)]
    assert two["resourcePublicationsV2"]["nodes"][0]["publication"]["id"] == "gid://shopify/Publication/1"
    assert ten["metafields"]["nodes"][0]["value"] == "k" and ten["variants"]["nodes"][0]["sku"] == "Ş"


def test_an_empty_shop_has_no_file(client: FakeClient) -> None:
    client.results = {"products": [[]], "variants": [[]]}
    assert rows(client) == []


def test_the_pace_is_learnt(client: FakeClient) -> None:
    keep, first = MemoryKeep(), FakeClient(client.clock, 60.0)
    rows(first, keep, 5000)
    second = FakeClient(client.clock, 60.0)
    rows(second, keep, 5000)
    assert first.asked.count("bulk_status") <= 6
    assert second.asked.count("bulk_status") <= 2


def test_a_busy_shop_is_waited_for(client: FakeClient) -> None:
    client.busy = 2
    assert len(rows(client)) == 2


def test_a_lost_answer_to_the_start_starts_once_more(
    client: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [OutcomeUnknown("no answer")]
    start = client.bulk_run

    def flaky(variables: dict[str, Any]) -> dict[str, Any]:
        if answers:
            raise answers.pop()
        return start(variables)

    monkeypatch.setattr(client, "bulk_run", flaky)
    assert len(rows(client)) == 2


def test_a_shop_that_stays_busy_gives_way_to_pages(client: FakeClient) -> None:
    client.busy = 99
    with pytest.raises(BulkFailed):
        rows(client)


def test_a_torn_file_is_fetched_anew(client: FakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.results["variants"] = [VARIANTS[:2], VARIANTS]
    monkeypatch.setattr(client, "state", lambda kind, operation: whole(kind))
    assert [len(r["variants"]["nodes"]) for r in rows(client)] == [2, 1]


def whole(kind: str) -> dict[str, Any]:
    lines = PRODUCTS if kind == "products" else VARIANTS
    roots = sum('"__parentId"' not in one for one in lines)
    return {"status": "COMPLETED", "objectCount": str(len(lines)), "rootObjectCount": str(roots), "url": kind}


def test_failing_twice_gives_way_to_pages(client: FakeClient) -> None:
    client.failed = {f"variants-{n}" for n in range(99)}
    with pytest.raises(BulkFailed):
        rows(client)


def test_a_line_that_is_no_json_is_no_whole_file(client: FakeClient) -> None:
    client.results["products"] = [[*PRODUCTS[:-1], PRODUCTS[-1][:20]]]
    with pytest.raises(BulkFailed):
        rows(client)
