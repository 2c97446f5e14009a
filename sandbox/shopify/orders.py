"""Reading orders with lines, money, customer, payments, refunds; updating their note, tags, metafields."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.errors import Refusal
from sandbox.shopify.ids import number_of
from sandbox.shopify.order_money import bag, tax
from sandbox.shopify.order_totals import shipping_net
from sandbox.shopify.pages import by_field, by_id, listed, page
from sandbox.shopify.products import by_custom_id, count
from sandbox.shopify.project import query, resolver
from sandbox.shopify.search import compiled

Obj = dict[str, Any]
FIELDS = {
    "id",
    "name",
    "status",
    "financial_status",
    "fulfillment_status",
    "created_at",
    "updated_at",
    "processed_at",
    "tag",
    "sku",
    "email",
    "customer_id",
    "source_identifier",
    "source_name",
    "po_number",
    "test",
    "total",
}
DAYS_SHOWN = 60
SORTS = {"UPDATED_AT": "updatedAt", "CREATED_AT": "createdAt", "PROCESSED_AT": "processedAt"}


@query("orders")
def orders(_: Any, arguments: Obj, context: Context) -> Obj:
    """A page of orders; with a query as the search index knows them."""
    by = SORTS.get(arguments.get("sortKey") or "PROCESSED_AT", "id")
    rows = context.store.sorted("order", by)
    test = compiled(arguments.get("query"), FIELDS)
    if arguments.get("query"):
        known = context.store.index.rows("order")
        found = {id for id, facts in known.items() if test is None or test(facts)}
        rows = [row for row in rows if row["id"] in found]
    rows = [row for row in rows if _visible(row, oldest)] if (oldest := _oldest(context)) else rows
    return page(rows, arguments, by_id if by == "id" else by_field(by))


def _oldest(context: Context) -> str | None:
    """Since when orders are shown: the last 60 days without ``read_all_orders``; None: all of them."""
    if "read_all_orders" in context.settings.granted:
        return None
    return (context.clock.now() - timedelta(days=DAYS_SHOWN)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _visible(order: Obj, oldest: str | None) -> bool:
    return oldest is None or order["createdAt"] >= oldest


@query("ordersCount")
def orders_count(_: Any, arguments: Obj, context: Context) -> Obj:
    """How many orders a query finds, capped by ``limit``."""
    if not arguments.get("query"):
        return count(len(context.store.kinds["order"]), arguments)
    test = compiled(arguments["query"], FIELDS)
    rows = context.store.index.rows("order").values()
    return count(sum(1 for facts in rows if test is None or test(facts)), arguments)


@query("order")
def order(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One order by id."""
    found = context.store.get("order", arguments["id"])
    return found if found and _visible(found, _oldest(context)) else None


@query("orderByIdentifier")
def order_by_identifier(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One order by id or custom id."""
    identifier = arguments["identifier"]
    if "customId" in identifier:
        return context.store.get("order", by_custom_id("ORDER", identifier["customId"], context) or "")
    return context.store.get("order", identifier["id"])


@resolver("Order", "lineItems")
def line_items(order: Obj, arguments: Obj, context: Context) -> Obj:
    """Its lines in order."""
    return listed(order["_lines"], arguments)


@resolver("Order", "nonFulfillableLineItems")
def non_fulfillable(order: Obj, arguments: Obj, context: Context) -> Obj:
    """Lines that nobody has to ship."""
    return listed([line for line in order["_lines"] if not line["requiresShipping"]], arguments)


@resolver("Order", "subtotalLineItemsQuantity")
def pieces(order: Obj, arguments: Obj, context: Context) -> int:
    """Pieces as placed."""
    return sum(line["quantity"] for line in order["_lines"])


@resolver("Order", "currentSubtotalLineItemsQuantity")
def current_pieces(order: Obj, arguments: Obj, context: Context) -> int:
    """Pieces after refunds and removals."""
    return sum(line["currentQuantity"] for line in order["_lines"])


@resolver("Order", "shippingLines")
def shipping_lines(order: Obj, arguments: Obj, context: Context) -> Obj:
    """How it is sent."""
    return listed([_ship(order, one) for one in order["_shipping"]], arguments)


@resolver("Order", "shippingLine")
def shipping_line(order: Obj, arguments: Obj, context: Context) -> Obj | None:
    """The first way it is sent; null for what is not sent."""
    return _ship(order, order["_shipping"][0]) if order["_shipping"] else None


def _ship(order: Obj, one: Obj) -> Obj:
    net = shipping_net(one)
    return {
        **one,
        "originalPriceSet": bag(order, one["_price"]),
        "discountedPriceSet": bag(order, net),
        "currentDiscountedPriceSet": bag(order, net),
        "discountAllocations": [],
        "taxLines": [tax(order, part) for part in one["_tax"]],
    }


@resolver("Order", "discountApplications")
def discount_applications(order: Obj, arguments: Obj, context: Context) -> Obj:
    """Discounts in the order they were applied."""
    return listed(order["_discounts"], arguments)


@resolver("Order", "customer")
def customer(order: Obj, arguments: Obj, context: Context) -> Obj | None:
    """Who bought; null when withheld, unknown, or the scope is missing."""
    if order["_withheld"]:
        _withheld(context, "customer")
        return None
    if not context.allowed("Order", "customer"):
        return None
    return context.store.get("customer", (order["_customer"] or {}).get("id", ""))


def _withheld(context: Context, field: str) -> None:
    page = "https://shopify.dev/docs/apps/launch/protected-customer-data"
    message = f"This app is not approved to use the {field} field. See {page} for more details."
    context.deny(Refusal(message, code="ACCESS_DENIED"), field)


def _protected(field: str) -> Any:
    def get(order: Obj, arguments: Obj, context: Context) -> Any:
        if order["_withheld"]:
            _withheld(context, field)
        return None if order["_withheld"] else order[field]

    return get


for _field in ("email", "phone", "billingAddress", "shippingAddress"):
    resolver("Order", _field)(_protected(_field))


@resolver("Order", "displayAddress")
def display_address(order: Obj, arguments: Obj, context: Context) -> Obj | None:
    """Where it goes, else who pays."""
    return None if order["_withheld"] else order["shippingAddress"] or order["billingAddress"]


@resolver("Order", "billingAddressMatchesShippingAddress")
def addresses_match(order: Obj, arguments: Obj, context: Context) -> bool:
    """Whether both addresses say the same."""
    one, other = order["billingAddress"] or {}, order["shippingAddress"] or {}
    return all(one.get(name) == other.get(name) for name in ("name", "company", "address1", "city", "zip"))


@resolver("Order", "statusPageUrl")
def status_page(order: Obj, arguments: Obj, context: Context) -> str:
    """Where the buyer looks."""
    return f"https://{context.settings.domain}/orders/{number_of(order['id'])}"


@resolver("Order", "currentTotalWeight", "totalWeight")
def weight(order: Obj, arguments: Obj, context: Context) -> str:
    """Grams, as a string; this sandbox weighs nothing."""
    return "0"


@resolver("Order", "returns", "localizedFields", "agreements", "events")
def none_of_these(order: Obj, arguments: Obj, context: Context) -> Obj:
    """This sandbox has none."""
    return listed([], arguments)


@resolver("Order", "transactions")
def transactions(order: Obj, arguments: Obj, context: Context) -> list[Obj]:
    """Its payments."""
    found: list[Obj] = order["_transactions"][: arguments.get("first") or None]
    return found


@resolver("OrderTransaction", "amountSet", "totalUnsettledSet")
def amount(one: Obj, arguments: Obj, context: Context) -> Obj:
    """What was paid."""
    return bag(context.store.kinds["order"][one["_order"]], one["_amount"])


@resolver("OrderTransaction", "parentTransaction")
def parent(one: Obj, arguments: Obj, context: Context) -> Obj | None:
    """The payment that a capture or refund belongs to."""
    rows = context.store.kinds["order"][one["_order"]]["_transactions"]
    return next((row for row in rows if row["id"] == one["_parent"]), None)
