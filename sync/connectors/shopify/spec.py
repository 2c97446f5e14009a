"""Shopify as settings page and engine find it: form, scopes, support. Pure."""

from __future__ import annotations

import re

from sync.connectors.shopify.batch import MAX_ROWS
from sync.connectors.shopify.batch_stock import MAX_ALIASES
from sync.connectors.shopify.cost import MUTATION
from sync.errors import NeedsOperator
from sync.model.call import Verb
from sync.model.entity import Entity
from sync.model.fields import LIST_FIELDS, PRODUCT_FIELDS, VARIANT_FIELDS
from sync.model.support import CallSize, FormField, Need, Support
from sync.model.text import say

CALLS_IN_FLIGHT = 8
# What a Plus shop's budget feeds at a usual answering time; smaller shops are told by `useful_in_flight`.
STOCK_CALLS_IN_FLIGHT = 32
# Reads by id show a write at once; what is waited for is a write that outlives its broken connection.
SETTLE_SECONDS = 10.0
# "The quantity can't be higher than 1,000,000,000." (recorded). One such row refuses the others of its call.
MOST_PIECES = 1_000_000_000
SHOP = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")

FIELDS = (
    FormField(
        "shop",
        "Shop domain",
        required=True,
        placeholder="name.myshopify.com",
        help="The permanent domain of the shop, its admin address, or just its name.",
    ),
    FormField(
        "client_id",
        "Client id",
        help="Of an app made in the Dev Dashboard of the organisation that owns the shop.",
    ),
    FormField(
        "client_secret",
        "Client secret",
        "secret",
        help="Of the same app. Counterpart fetches its own tokens with it.",
    ),
    FormField(
        "access_token",
        "Access token",
        "secret",
        placeholder="shpat_…",
        help="Only for an app made in the shop's admin before 2026, instead of client id and secret.",
    ),
    FormField(
        "api_secret",
        "API secret key",
        "secret",
        help="Of the app made in the shop's admin. Webhooks are checked with it.",
    ),
)

# Access scopes by entity (shopify.dev, "Access scopes"); a write scope holds the read scope of its name.
_PRODUCT = ("read_products", "write_products", "read_inventory", "read_locations", "read_publications")
_STOCK = ("read_products", "read_inventory", "write_inventory", "read_locations")
_ORDER = ("read_orders", "read_customers", "read_merchant_managed_fulfillment_orders")
SCOPES: dict[Entity | Need, tuple[str, ...]] = {
    Entity.PRODUCT: _PRODUCT,
    Entity.VARIANT: (*_PRODUCT, "write_inventory"),
    Entity.MEDIA: ("read_products", "write_products", "read_files", "write_files"),
    Entity.PUBLICATION: ("read_products", "read_publications", "write_publications"),
    Entity.STOCK: _STOCK,
    Need.STOCK_READ: ("read_products", "read_inventory", "read_locations"),
    Need.STOCK_HIDE: ("write_products",),
    Entity.ORDER: _ORDER,
    Entity.FULFILMENT: (*_ORDER, "write_merchant_managed_fulfillment_orders"),
}
# Not needed, but without it Shopify hides orders older than 60 days.
OLD_ORDERS = "read_all_orders"

_PRODUCT_NAMES = frozenset(f.name for f in (*PRODUCT_FIELDS, *LIST_FIELDS))
_VARIANT_NAMES = frozenset(f.name for f in VARIANT_FIELDS)
_ORDER_NAMES = frozenset({"lines", "total", "buyer", "status", "tracking"})
_GROUPS = {f.name: "product" for f in PRODUCT_FIELDS} | {"tags": "tags", "metafields": "metafields"}
# How stock travels (batch.py). Writes that are joined under aliases save round trips, not points.
_ROWS = CallSize(MAX_ROWS, points=MUTATION)
_ALIASES = CallSize(MAX_ALIASES, each=MUTATION)
_STOCK_CALLS = {Verb.SET: _ROWS, Verb.ADJUST: _ROWS, Verb.TRACK: _ALIASES, Verb.ACTIVATE: _ALIASES}

SUPPORT: dict[Entity, Support] = {
    Entity.PRODUCT: Support(
        _PRODUCT_NAMES,
        _PRODUCT_NAMES,
        _GROUPS,
        creates=True,
        updates=True,
        calls_in_flight=CALLS_IN_FLIGHT,
        settle_seconds=SETTLE_SECONDS,
        calls={Verb.UPDATE: CallSize(points=MUTATION)},
    ),
    Entity.VARIANT: Support(
        _VARIANT_NAMES,
        _VARIANT_NAMES,
        dict.fromkeys(_VARIANT_NAMES, "variant"),
        creates=True,
        updates=True,
        calls_in_flight=CALLS_IN_FLIGHT,
        settle_seconds=SETTLE_SECONDS,
    ),
    Entity.MEDIA: Support(
        frozenset({"url", "alt"}),
        frozenset({"url", "alt"}),
        creates=True,
        calls_in_flight=CALLS_IN_FLIGHT,
        settle_seconds=SETTLE_SECONDS,
    ),
    Entity.PUBLICATION: Support(
        frozenset({"channels"}),
        frozenset({"channels"}),
        creates=True,
        calls_in_flight=CALLS_IN_FLIGHT,
        settle_seconds=SETTLE_SECONDS,
    ),
    Entity.STOCK: Support(
        frozenset({"available", "on_hand", "reserved", "tracked"}),
        frozenset({"available", "tracked"}),
        updates=True,
        compares=True,
        calls_in_flight=STOCK_CALLS_IN_FLIGHT,
        settle_seconds=SETTLE_SECONDS,
        calls=_STOCK_CALLS,
        most=MOST_PIECES,
    ),
    Entity.ORDER: Support(
        _ORDER_NAMES, frozenset(), calls_in_flight=CALLS_IN_FLIGHT, settle_seconds=SETTLE_SECONDS
    ),
    Entity.FULFILMENT: Support(
        frozenset({"tracking"}),
        frozenset({"tracking"}),
        creates=True,
        updates=True,
        calls_in_flight=CALLS_IN_FLIGHT,
        settle_seconds=SETTLE_SECONDS,
    ),
}


def supports(entity: Entity) -> Support:
    """What Shopify can do with an entity; nothing for one that we do not sync there."""
    return SUPPORT.get(entity, Support())


def scopes(entity: Entity | Need) -> tuple[str, ...]:
    """The access scopes to grant for an entity."""
    return SCOPES.get(entity, ())


def missing_scopes(granted: frozenset[str], entities: tuple[Entity | Need, ...]) -> list[str]:
    """Needed and not granted, in the order in which the settings page lists them."""
    held = granted | {"read_" + s.removeprefix("write_") for s in granted if s.startswith("write_")}
    return [s for s in dict.fromkeys(s for entity in entities for s in scopes(entity)) if s not in held]


def normalise(values: dict[str, str]) -> dict[str, str]:
    """The form's values, trimmed, the shop as its permanent domain. NeedsOperator says what to enter
    instead."""
    made = {name: value.strip() for name, value in values.items()}
    made["shop"] = shop_domain(made.get("shop", ""))
    if made.get("access_token", "").startswith("shpss_"):
        raise NeedsOperator(
            say(
                "This is the app's secret (shpss_…), not an access token. Enter it as client secret, "
                "with the client id."
            )
        )
    if made.get("client_id") and made.get("access_token"):
        raise NeedsOperator(say("Enter either client id and secret, or an access token, not both."))
    return made


def shop_domain(raw: str) -> str:
    """name.myshopify.com out of what people paste: the domain, an address of the shop's admin, or the bare
    name."""
    text = raw.strip().casefold().removeprefix("https://").removeprefix("http://")
    host, _, path = text.partition("/")
    if host == "admin.shopify.com":
        found = re.match(r"store/([a-z0-9-]+)", path)
        host = found.group(1) if found else ""
    if host and "." not in host:
        host += ".myshopify.com"
    if not SHOP.fullmatch(host):
        raise NeedsOperator(
            say(
                "“{shop}” is not a Shopify shop domain. Enter the permanent domain, like "
                "name.myshopify.com; it is shown in the shop's admin under Settings, Domains.",
                shop=raw.strip(),
            )
        )
    return host
