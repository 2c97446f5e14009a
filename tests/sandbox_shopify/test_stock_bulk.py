"""Bulk results out of columns: line by line what the executor answers, in files, beside other requests."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests

from sandbox.shopify import bulk_walk
from sandbox.shopify.bulk_result import Result
from sandbox.shopify.context import Context
from tests.sandbox_shopify.conftest import Desk
from tests.sandbox_shopify.stock import items, row, stock_desk, write
from tests.sandbox_shopify.test_stock_writes import ADJUST

RUN = """mutation($q: String!, $g: Boolean = false) { bulkOperationRunQuery(query: $q, groupObjects: $g) {
  bulkOperation { id status } userErrors { message } } }"""
STATE = """query($id: ID!) { bulkOperation(id: $id) { status errorCode objectCount rootObjectCount fileSize
url
  partialDataUrl } }"""
LEVELS = "inventoryLevels { edges { node { id isActive location { id name } %s } } }"
NAMES = 'quantities(names: ["available", "on_hand", "committed", "damaged", "odd"])'
# {0} and {1} are the locations.
DOCUMENTS = {
    "plain": "{{ productVariants {{ edges {{ node {{ id sku }} }} }} }}",
    "aliases": """{{ productVariants(sortKey: ID) {{ edges {{ node {{ number: id code: sku displayName title
      barcode price position requiresComponents selectedOptions {{ value name }} compareAtPrice updatedAt
      kind: __typename product {{ id tags isGiftCard status title handle updatedAt }}
      inventoryItem {{ __typename id tracked updatedAt measurement {{ weight {{ value unit }} }}
      l0: inventoryLevel(locationId: "{0}", includeInactive: true) {{ isActive
        quantities(names: ["available"]) {{ quantity }} }}
      l1: inventoryLevel(locationId: "{1}") {{ id isActive updatedAt createdAt
        quantities(names: ["on_hand", "committed"]) {{ id name quantity updatedAt }} location {{ name }} }}
      l2: inventoryLevel(locationId: "gid://shopify/Location/1") {{ isActive }} }} }} }} }} }}""",
    "fragments": """query Stock {{ productVariants {{ ...Page }} }}
      fragment Page on ProductVariantConnection {{ edges {{ node {{ ...Variant }} }} }}
      fragment Variant on ProductVariant {{ id sku inventoryQuantity inventoryItem {{ ...Item }} }}
      fragment Item on InventoryItem {{ id ... on InventoryItem {{ sku tracked }}
        at: inventoryLevel(locationId: "{0}") {{ quantities(names: ["available", "on_hand", "damaged"]) {{
        name quantity updatedAt }} }} }}""",
    "children": """{{ productVariants {{ edges {{ node {{ id sku inventoryItem {{ id
      inventoryLevels {{ edges {{ node {{ id isActive location {{ id name }}
      quantities(names: ["available", "on_hand", "committed", "damaged", "odd"]) {{ name quantity }} }} }} }}
      }} media {{ edges {{ node {{ id }} }} }} }} }} }} }}""",
    "inactive children": """{{ productVariants {{ edges {{ node {{ id inventoryItem {{
      inventoryLevels(includeInactive: true) {{ edges {{ node {{ id isActive item {{ id sku }}
      quantities(names: ["available"]) {{ quantity }} }} }} }} }} product {{ id tags }} }} }} }} }}""",
}
# What only the executor answers.
LEFT = {
    "search": '{ productVariants(query: "sku:SKU*") { edges { node { id sku } } } }',
    "by sku": "{ productVariants(sortKey: SKU) { edges { node { id sku } } } }",
    "reversed": "{ productVariants(reverse: true) { edges { node { id sku } } } }",
    "products": "{ products { edges { node { id variants { edges { node { id sku } } } } } } }",
    "other fields": "{ productVariants { edges { node { id availableForSale } } } }",
}


@pytest.fixture
def lived() -> Desk:
    """A store in which everything has happened that columns and objects tell differently."""
    desk = stock_desk(stock_skus="120", stock_dirt="0.2", stock_unstocked="0.2")
    ids, plan = items(desk), desk.store.settings.stock_plan
    clean = [n for n in range(120) if not plan.dirt_of(n)]
    desk.clock.advance(90)
    write(desk, [row(desk, ids[clean[0]], 77, None), row(desk, ids[clean[5]], 0, None, place=1)])
    damaged = {"inventoryItemId": ids[clean[1]], "locationId": desk.locations[0], "delta": 4,
               "changeFromQuantity": None, "ledgerDocumentUri": "gid://erp/Doc/1"}  # fmt: skip
    desk.data(ADJUST, input={"name": "damaged", "reason": "other", "changes": [damaged]}, key="d")
    off = """mutation($i: ID!, $l: ID!) { inventoryBulkToggleActivation(inventoryItemId: $i,
      inventoryItemUpdates: [{locationId: $l, activate: false}]) { userErrors { message } } }"""
    desk.data(off, i=ids[clean[2]], l=desk.locations[1])
    products = desk.store.sorted("product", "id")
    tag = 'mutation($i: ID!) { tagsAdd(id: $i, tags: ["yeni \\"%s\\""]) { userErrors { message } } }'
    desk.data(tag, i=products[3]["id"])
    rename = (
        'mutation($i: ID!) { productUpdate(product: {id: $i, title: "Başka"}) { userErrors { message } } }'
    )
    desk.data(rename, i=products[6]["id"])
    delete = "mutation($i: ID!) { productDelete(input: {id: $i}) { deletedProductId } }"
    desk.data(delete, i=products[9]["id"])
    desk.product("Yeni Ürün", code="NEU")
    return desk


def run(desk: Desk, text: str, together: bool) -> tuple[dict[str, Any], list[bytes]]:
    """Runs a bulk query to its end; its state and its lines."""
    payload = desk.data(RUN, q=text, g=together)["bulkOperationRunQuery"]
    assert payload["userErrors"] == [] and payload["bulkOperation"]["status"] == "CREATED"
    desk.clock.advance(10)
    id = payload["bulkOperation"]["id"]
    state: dict[str, Any] = desk.data(STATE, id=id)["bulkOperation"]
    result = desk.store.kinds["bulk"][id]["_result"]
    return state, b"".join(result.chunks()).splitlines(keepends=True)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_columns_answer_byte_for_byte_what_the_executor_does(
    lived: Desk, name: str, together: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = DOCUMENTS[name].format(*lived.locations)
    asked = lived.engine.understand(text, {})
    root = asked.operation.roots[0]
    assert bulk_walk.projected(root, Context(lived.store, asked.operation, {}, "")) is not None
    state, lines = run(lived, text, together)
    monkeypatch.setattr(bulk_walk, "projected", lambda root, context: None)
    other, wanted = run(lived, text, together)
    assert lines == wanted and len(lines) >= 116
    keep = ("status", "objectCount", "rootObjectCount", "fileSize")
    assert {key: state[key] for key in keep} == {key: other[key] for key in keep}
    assert state["objectCount"] == str(len(lines)) and state["rootObjectCount"] == "118"


@pytest.mark.parametrize("name", LEFT)
def test_other_documents_are_left_to_the_executor(lived: Desk, name: str) -> None:
    asked = lived.engine.understand(LEFT[name], {})
    context = Context(lived.store, asked.operation, {}, "")
    if name != "reversed":
        assert bulk_walk.projected(asked.operation.roots[0], context) is None
    _, lines = run(lived, LEFT[name], False)
    ids = [json.loads(line)["id"] for line in lines]
    assert len(ids) > 10 and len(set(ids)) == len(ids)


def test_a_missing_scope_fails_the_operation() -> None:
    desk = stock_desk(scopes="read_products")
    text = """{ productVariants { edges { node { id inventoryItem { id
      inventoryLevels { edges { node { id } } } } } } } }"""
    state, _ = run(desk, text, False)
    assert (state["status"], state["errorCode"], state["url"]) == ("FAILED", "ACCESS_DENIED", None)


def test_an_operation_lasts_as_long_as_its_objects_take() -> None:
    desk = stock_desk(bulk_rate="4")
    id = desk.data(RUN, q=DOCUMENTS["plain"].format())["bulkOperationRunQuery"]["bulkOperation"]["id"]
    desk.clock.advance(5.5)
    half = desk.data(STATE, id=id)["bulkOperation"]
    assert (half["status"], half["objectCount"], half["url"]) == ("RUNNING", "20", None)
    desk.clock.advance(5.1)
    assert desk.data(STATE, id=id)["bulkOperation"]["status"] == "COMPLETED"


def test_only_the_latest_results_are_kept() -> None:
    desk = stock_desk()
    text = DOCUMENTS["plain"].format()
    first = run(desk, text, False)[0]["url"]
    for _ in range(8):
        run(desk, text, False)
    held = [one for one in desk.store.kinds["bulk"].values() if isinstance(one.get("_result"), Result)]
    assert first and len(held) == 6


def ended(post: Any, id: str, status: str) -> dict[str, Any]:
    """Asks until the operation has this status; fails after a minute."""
    end = time.monotonic() + 60
    while True:
        state: dict[str, Any] = post(STATE, id=id).json()["data"]["bulkOperation"]
        if state["status"] == status:
            return state
        assert time.monotonic() < end, state
        time.sleep(0.01)


def test_a_result_is_downloaded_while_requests_are_answered(http: Any) -> None:
    served, post = http(stock_skus="6000", plan="plus")
    text = DOCUMENTS["children"].format()
    started = post(RUN, q=text).json()["data"]["bulkOperationRunQuery"]["bulkOperation"]
    state = ended(post, started["id"], "COMPLETED")
    answer = requests.get(state["url"], timeout=60)
    assert len(answer.content) == int(state["fileSize"])
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert len(lines) == 18_000 == int(state["objectCount"])
    assert [("__parentId" in line) for line in lines] == [False] * 6000 + [True] * 12_000


def test_half_a_result_is_left_by_a_failed_operation(http: Any) -> None:
    served, post = http(stock_skus="2000", plan="plus", bulk_rate="1000000")
    requests.post(f"{served.control}/faults", json={"name": "failed_bulk", "count": 1}, timeout=60)
    id = post(RUN, q=DOCUMENTS["plain"].format()).json()["data"]["bulkOperationRunQuery"]["bulkOperation"][
        "id"
    ]
    state = ended(post, id, "FAILED")
    assert state["errorCode"] == "INTERNAL_SERVER_ERROR" and state["url"] is None
    half = requests.get(state["partialDataUrl"], timeout=60).text.splitlines()
    assert 1000 <= len(half) < 2000
