"""Customers: read them; orders bring them along."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.ids import gid
from sandbox.shopify.order_frame import address
from sandbox.shopify.pages import by_field, by_id, listed, page
from sandbox.shopify.products import by_custom_id
from sandbox.shopify.project import query, resolver
from sandbox.shopify.search import compiled
from sandbox.shopify.store import Store

Obj = dict[str, Any]
FIELDS = {"id", "email", "phone", "first_name", "last_name", "tag", "updated_at"}


def customer_for(store: Store, given: Obj) -> Obj:
    """The customer with this e-mail or phone, else a new one."""
    for known in store.kinds["customer"].values():
        if given.get("email") and known["_email"] == given["email"]:
            return known
        if not given.get("email") and given.get("phone") and known["_phone"] == given["phone"]:
            return known
    number, now = store.number(), store.now()
    first, last = given.get("firstName"), given.get("lastName")
    made = {
        "__typename": "Customer",
        "id": gid("Customer", number),
        "legacyResourceId": str(number),
        "firstName": first,
        "lastName": last,
        "displayName": " ".join(part for part in (first, last) if part) or given.get("email") or "",
        "email": given.get("email"),
        "phone": given.get("phone"),
        "note": given.get("note"),
        "tags": sorted(given.get("tags") or ()),
        "locale": "tr",
        "state": "DISABLED",
        "taxExempt": False,
        "taxExemptions": [],
        "verifiedEmail": True,
        "canDelete": False,
        "dataSaleOptOut": False,
        "numberOfOrders": "0",
        "defaultAddress": address(store, given.get("address")),
        "createdAt": now,
        "updatedAt": now,
        "_email": given.get("email"),
        "_phone": given.get("phone"),
        "_metafields": {},
    }
    store.save("customer", made)
    return made


@query("customers")
def customers(_: Any, arguments: Obj, context: Context) -> Obj:
    """A page of customers."""
    by = {"UPDATED_AT": "updatedAt", "CREATED_AT": "createdAt"}.get(arguments.get("sortKey") or "", "id")
    rows = context.store.sorted("customer", by)
    if arguments.get("query"):
        test = compiled(arguments["query"], FIELDS)
        known = context.store.index.rows("customer")
        found = {id for id, facts in known.items() if test is None or test(facts)}
        rows = [row for row in rows if row["id"] in found]
    return page(rows, arguments, by_id if by == "id" else by_field(by))


@query("customer")
def customer(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One customer by id."""
    return context.store.get("customer", arguments["id"])


@query("customerByIdentifier")
def customer_by_identifier(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One customer by id, e-mail, phone or custom id."""
    identifier, store = arguments["identifier"], context.store
    if "customId" in identifier:
        return store.get("customer", by_custom_id("CUSTOMER", identifier["customId"], context) or "")
    if "id" in identifier:
        return store.get("customer", identifier["id"])
    key, value = next(iter(identifier.items()))
    field = "_email" if key == "emailAddress" else "_phone"
    return next((one for one in store.kinds["customer"].values() if one[field] == value), None)


@resolver("Customer", "defaultEmailAddress")
def default_email(owner: Obj, arguments: Obj, context: Context) -> Obj | None:
    """The e-mail with its consent: never given by this sandbox."""
    if not owner["_email"]:
        return None
    consent = {"marketingState": "NOT_SUBSCRIBED", "marketingOptInLevel": None, "marketingUpdatedAt": None}
    return {"emailAddress": owner["_email"], "validFormat": True, "openTrackingLevel": "UNKNOWN", **consent}


@resolver("Customer", "defaultPhoneNumber")
def default_phone(owner: Obj, arguments: Obj, context: Context) -> Obj | None:
    """The phone number."""
    if not owner["_phone"]:
        return None
    return {"phoneNumber": owner["_phone"], "marketingState": "NOT_SUBSCRIBED", "marketingUpdatedAt": None}


@resolver("Customer", "addressesV2")
def addresses(owner: Obj, arguments: Obj, context: Context) -> Obj:
    """The default address."""
    return listed([owner["defaultAddress"]] if owner["defaultAddress"] else [], arguments)


@resolver("Customer", "numberOfOrders")
def number_of_orders(owner: Obj, arguments: Obj, context: Context) -> str:
    """A count, as a string."""
    rows = context.store.kinds["order"].values()
    return str(sum(1 for one in rows if (one["_customer"] or {}).get("id") == owner["id"]))


@resolver("Customer", "orders")
def orders_of_customer(owner: Obj, arguments: Obj, context: Context) -> Obj:
    """What a customer ordered."""
    rows = [
        one
        for one in context.store.sorted("order", "id")
        if (one["_customer"] or {}).get("id") == owner["id"]
    ]
    return page(rows, arguments)
