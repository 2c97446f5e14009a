"""How each recorded store looked before its first step, as far as its steps depend on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.shopify import backstage
from sandbox.shopify.order_build import build_order
from tests.sandbox_shopify.replay import Recording, Stage

Obj = dict[str, Any]
STAGES: dict[str, Callable[[Recording], Stage]] = {}
ELSEWHERE = "HAR-571 transfer destination 20260505000619"


def stage(*names: str) -> Callable[[Callable[[Recording], Stage]], Callable[[Recording], Stage]]:
    """Register how the stages of recordings are set (the end of their names)."""

    def register(make: Callable[[Recording], Stage]) -> Callable[[Recording], Stage]:
        for name in names:
            STAGES[name] = make
        return make

    return register


def set_stage(recording: Recording) -> Stage:
    """The stage of a recording; an empty store if nothing is registered."""
    for name, make in STAGES.items():
        if recording.name.endswith(f"{name}.json"):
            return make(recording)
    return Stage()


def tracked_product(on: Stage, ids: Obj, quantity: int = 0, location: str | None = None) -> Obj:
    """A product with one tracked variant; ``ids`` holds the recorded productId, variantId,
    inventoryItemId."""
    variant: Obj = {
        "optionValues": [{"optionName": "Title", "name": "Default Title"}],
        "inventoryItem": {"tracked": True},
    }
    where = location or next(iter(on.store.kinds["location"]))
    variant["inventoryQuantities"] = [{"locationId": where, "name": "available", "quantity": quantity}]
    options = [{"name": "Title", "values": [{"name": "Default Title"}]}]
    given = {
        "title": f"Stage {len(on.store.kinds['product'])}",
        "productOptions": options,
        "variants": [variant],
    }
    product = backstage.create_product(on.store, given)
    made = product["_variants"][0]
    for key, ours in (
        ("productId", product["id"]),
        ("variantId", made["id"]),
        ("inventoryItemId", made["_item"]["id"]),
    ):
        if ids.get(key):
            on.ids[ids[key]] = ours
    return product


@stage("inventory-activate-on-hand")
def activate(recording: Recording) -> Stage:
    on = Stage()
    for one in recording.data["setup"].values():
        tracked_product(on, one)
    return on


@stage("inventory-adjust-zero-delta-noop")
def zero_delta(recording: Recording) -> Stage:
    on = Stage()
    for name in ("zeroProduct", "nonzeroProduct"):
        tracked_product(on, recording.data["setup"][name])
    return on


@stage("inventory-quantity-contracts-2026-04")
def contracts(recording: Recording) -> Stage:
    on = Stage()
    tracked_product(on, recording.data["setup"]["product"])
    return on


@stage("inventory-reason-validation")
def reasons(recording: Recording) -> Stage:
    on = Stage(locations=ELSEWHERE)
    setup = recording.data["setup"]
    on.ids[setup["locationId"]] = next(iter(on.store.kinds["location"]))
    tracked_product(on, setup, quantity=1)
    return on


@stage("inventorySetQuantities-name-validation", "inventorySetQuantities-quantity-bounds")
def cases(recording: Recording) -> Stage:
    on = Stage()
    for one in recording.data["cases"].values():
        tracked_product(on, one["setup"])
    return on


@stage("metafields-set-parity", "metafields-set-over-limit-parity", "metafields-set-stale-digest-parity")
def metafields(recording: Recording) -> Stage:
    on = Stage()
    product = tracked_product(on, {"productId": recording.data["downstreamReadVariables"]["id"]})
    before = recording.data.get("preconditionRead", {}).get("data", {}).get("product", {})
    for one in before.get("metafields", {}).get("nodes", ()):
        wanted = {name: one[name] for name in ("namespace", "key", "type", "value")}
        backstage.edit_product(on.store, product, {"metafield": wanted})
        on.ids[one["id"]] = product["_metafields"][f"{one['namespace']}/{one['key']}"]["id"]
    return on


@stage("product-set-parity")
def product_set(recording: Recording) -> Stage:
    on = Stage(
        locations="HAR-2332 Probe Source 1783701294047,HAR-2332 Probe Destination 1783701294047",
    )
    one, other = on.store.kinds["location"]
    on.ids |= {"gid://shopify/Location/113884070194": one, "gid://shopify/Location/113884102962": other}
    return on


@stage("product-variants-bulk-update-parity", "product-variants-bulk-create-parity")
def red_variant(recording: Recording) -> Stage:
    """The product with its red variant; for the creation, as the update recording left it."""
    # The store's search did not know the new SKUs yet when it was read.
    on, data = Stage(search_lag="3600"), recording.data
    nodes = data["mutation"]["response"]["data"]
    payload = next(iter(nodes.values()))
    red = payload["product"]["variants"]["nodes"][0]
    option = [{"name": "Color", "values": [{"name": "Red"}]}]
    variant: Obj = {
        "optionValues": [{"optionName": "Color", "name": "Red"}],
        "inventoryItem": {"tracked": True},
    }
    product = backstage.create_product(
        on.store, {"title": "Bulk", "productOptions": option, "variants": [variant]}
    )
    if "bulk-create" in recording.name:
        change = {name: red[name] for name in _KEPT} | {"inventoryItem": _item(red)}
        change["sku"] = red["sku"]
        backstage.edit_product(on.store, product, {"add_tags": []})
        from sandbox.shopify.variant_fields import write_variant

        write_variant(backstage.Hand(on.store), product["_variants"][0], change)
    made = product["_variants"][0]
    on.ids |= {payload["product"]["id"]: product["id"], red["id"]: made["id"]}
    on.ids[red["inventoryItem"]["id"]] = made["_item"]["id"]
    return on


_KEPT = ("barcode", "price", "compareAtPrice", "taxable", "taxCode", "requiresComponents", "showUnitPrice",
         "unitPriceMeasurement")  # fmt: skip


def _item(variant: Obj) -> Obj:
    names = ("tracked", "requiresShipping", "countryCodeOfOrigin", "provinceCodeOfOrigin", "measurement")
    item = variant["inventoryItem"]
    return {name: item[name] for name in names} | {"harmonizedSystemCode": item["harmonizedSystemCode"]}


@stage("product-variants-bulk-update-allow-partial-and-error-order")
def two_colours(recording: Recording) -> Stage:
    on, reads = Stage(), recording.data["partialRead"]
    after = reads["response"]["payload"]["data"]
    option = [{"name": "Color", "values": [{"name": "Red"}, {"name": "Blue"}]}]
    variants = [
        {
            "optionValues": [{"optionName": "Color", "name": colour.title()}],
            "sku": after[colour]["sku"],
            "price": after[colour]["price"],
            "inventoryItem": {"tracked": True},
        }
        for colour in ("red", "blue")
    ]
    product = backstage.create_product(
        on.store, {"title": "Two", "productOptions": option, "variants": variants}
    )
    on.ids[reads["request"]["variables"]["productId"]] = product["id"]
    for colour, made in zip(("red", "blue"), product["_variants"], strict=True):
        on.ids[after[colour]["id"]] = made["id"]
    return on


@stage("order-create-line-item-fields")
def line_fields(recording: Recording) -> Stage:
    on = Stage()
    tracked_product(on, {"productId": "gid://shopify/Product/9801098789170"})
    return on


@stage("refund-create-full-parity")
def refund(recording: Recording) -> Stage:
    on, given = Stage(), recording.data["variables"]["input"]
    lines = [{"title": "Hermes refundable full item", "price": "10.00", "quantity": 1}]
    spec = {"lines": lines, "shipping": [{"title": "Ground", "price": "5.00"}], "gateway": "manual"}
    order = build_order(on.store, spec)
    on.ids[given["orderId"]] = order["id"]
    on.ids[given["refundLineItems"][0]["lineItemId"]] = order["_lines"][0]["id"]
    on.ids[given["transactions"][0]["parentId"]] = order["_transactions"][0]["id"]
    return on


@stage("order-catalog-count-read")
def catalog(recording: Recording) -> Stage:
    """The two tagged orders, and the three newest ones that are paid and not shipped."""
    on, response = Stage(), recording.data["response"]["data"]
    rows = [*reversed(response["seedCatalog"]["nodes"]), *reversed(response["byStatus"]["nodes"])]
    for n, row in enumerate(rows):
        spec = {
            "lines": [{"title": "Line", "price": "55.00"}],
            "name": row["name"],
            "tags": row.get("tags"),
            "email": row.get("email"),
            "created_at": row.get("createdAt") or f"2026-07-03T00:00:{n:02d}Z",
        }
        on.ids[row["id"]] = build_order(on.store, spec)["id"]
    return on


@stage("product-reorder-media-parity")
def media(recording: Recording) -> Stage:
    on, ready = Stage(), recording.data["setup"]["readyRead"]["data"]["product"]
    product = tracked_product(on, {"productId": ready["id"]})
    for one in ready["media"]["nodes"]:
        source = {"originalSource": f"https://example.com/{one['alt'][8:]}.png", "alt": one["alt"]}
        backstage.edit_product(on.store, product, {"add_image": source})
        on.ids[one["id"]] = product["_media"][-1]
    return on


@stage("bulk-operation-run-query-concurrency-limit")
def five_running(recording: Recording) -> Stage:
    on = Stage(bulk_rate="0.001")
    tracked_product(on, {})
    for one in recording.data["successfulRuns"]:
        answer = on.run(one["query"], one["variables"])
        on.learn(one["response"]["data"], answer["data"])
    return on
