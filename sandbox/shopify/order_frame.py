"""An order before its lines: identity, times, addresses, and everything that is null at first."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.ids import gid
from sandbox.shopify.order_totals import cents
from sandbox.shopify.store import Store

Obj = dict[str, Any]
FIRST_NAME = 1001


# What is the same for every order that a shopper places in the online store.
SAME: Obj = {
    "closedAt": None,
    "cancelledAt": None,
    "cancelReason": None,
    "confirmed": True,
    "taxExempt": False,
    "estimatedTaxes": False,
    "dutiesIncluded": False,
    "edited": False,
    "customerLocale": "tr-TR",
    "customerAcceptsMarketing": False,
    "registeredSourceUrl": None,
    "returnStatus": "NO_RETURN",
    "requiresShipping": True,
    "paymentTerms": None,
    "purchasingEntity": None,
    "cartToken": None,
    "checkoutToken": None,
    "clientIp": None,
    "app": None,
    "publication": None,
    "retailLocation": None,
    "attribution": None,
    "merchantEditable": True,
    "restockable": True,
    "_cancelling": None,
}
LISTS = (
    "alerts",
    "disputes",
    "merchantEditableErrors",
    "_discounts",
    "_transactions",
    "_refunds",
    "_fulfillments",
    "_fulfillment_orders",
)


def frame(store: Store, spec: Obj) -> Obj:
    """An order without lines; see ``order_build.build_order`` for ``spec``."""
    return {
        **_identity(store, spec),
        **SAME,
        **{name: [] for name in LISTS},
        **_buyer(store, spec),
        **_own(spec),
    }


def _identity(store: Store, spec: Obj) -> Obj:
    number, now = store.number(), store.now()
    count = FIRST_NAME + len(store.kinds["order"])
    placed = spec.get("created_at") or now
    return {
        "__typename": "Order",
        "id": gid("Order", number),
        "legacyResourceId": str(number),
        "name": spec.get("name") or f"#{count}",
        "number": count,
        "confirmationNumber": f"S{number % 10**8:08d}",
        "createdAt": placed,
        "updatedAt": spec.get("updated_at") or now,
        "processedAt": spec.get("processed_at") or placed,
        "test": bool(spec.get("test")),
        "sourceName": spec.get("source_name") or "web",
        "sourceIdentifier": spec.get("source_identifier"),
    }


def _buyer(store: Store, spec: Obj) -> Obj:
    code = (spec.get("discount") or {}).get("code")
    currency = spec.get("currency") or store.settings.currency
    return {
        "email": spec.get("email"),
        "phone": spec.get("phone"),
        "note": spec.get("note"),
        "poNumber": spec.get("po_number"),
        "tags": sorted(spec.get("tags") or ()),
        "customAttributes": [{"key": k, "value": v} for k, v in (spec.get("attributes") or {}).items()],
        "billingAddress": address(store, spec.get("billing")),
        "shippingAddress": address(store, spec.get("shipping_address")),
        "currencyCode": currency,
        "presentmentCurrencyCode": (spec.get("presentment") or {}).get("currency") or currency,
        "taxesIncluded": spec.get("taxes_included", True),
        "discountCode": code,
        "discountCodes": [code] if code else [],
    }


def _own(spec: Obj) -> Obj:
    """What the sums are made from."""
    amounts = {f"_{name}": str(cents(spec.get(name) or 0)) for name in ("tip", "duties", "fees", "rounding")}
    return {
        **amounts,
        "_rate": str((spec.get("presentment") or {}).get("rate") or 1),
        "_withheld": bool(spec.get("withheld")),
        "_customer": spec.get("customer"),
        "_financial": spec.get("financial_status"),
        "_metafields": {},
    }


def address(store: Store, given: Obj | None) -> Obj | None:
    """A mailing address with every field that Shopify has, null where nothing was given."""
    if given is None:
        return None
    first, last = given.get("firstName"), given.get("lastName")
    name = " ".join(part for part in (first, last) if part) or None
    country = given.get("countryCode") or "TR"
    names = {"TR": "Turkey", "CA": "Canada", "US": "United States", "DE": "Germany"}
    made: Obj = {
        "__typename": "MailingAddress",
        "id": gid("MailingAddress", store.number()) + "?model_name=Address",
        "firstName": first,
        "lastName": last,
        "name": name,
        "company": given.get("company"),
        "address1": given.get("address1"),
        "address2": given.get("address2"),
        "city": given.get("city"),
        "province": given.get("province"),
        "provinceCode": given.get("provinceCode"),
        "zip": given.get("zip"),
        "country": given.get("country") or names.get(country, country),
        "countryCode": country,
        "countryCodeV2": country,
        "phone": given.get("phone"),
        "latitude": None,
        "longitude": None,
        "timeZone": "Europe/Istanbul" if country == "TR" else None,
        "coordinatesValidated": False,
    }
    made["formattedArea"] = ", ".join(part for part in (made["city"], made["country"]) if part)
    lines = (name, made["address1"], made["address2"], made["zip"], made["city"], made["country"])
    made["formatted"] = [str(line) for line in lines if line]
    return made
