"""Reading products, variants and what hangs on them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.errors import Refusal
from sandbox.shopify.ids import gid
from sandbox.shopify.pages import by_field, by_id, listed, page
from sandbox.shopify.project import query, resolver
from sandbox.shopify.search import compiled
from sandbox.shopify.stock_store import Rows

Obj = dict[str, Any]
PRODUCT_FIELDS = {
    "id",
    "title",
    "handle",
    "status",
    "vendor",
    "product_type",
    "tag",
    "sku",
    "barcode",
    "variant_id",
    "created_at",
    "updated_at",
    "published_status",
    "gift_card",
    "inventory_total",
}
VARIANT_FIELDS = {
    "id",
    "sku",
    "barcode",
    "title",
    "product_id",
    "product_ids",
    "product_status",
    "vendor",
    "product_type",
    "tag",
    "updated_at",
    "created_at",
    "managed",
    "requires_components",
    "location_id",
    "inventory_quantity",
}
PRODUCT_SORTS = {"UPDATED_AT": "updatedAt", "CREATED_AT": "createdAt", "TITLE": "title", "VENDOR": "vendor"}
MOST_VARIANTS = 2048


@query("products")
def products(_: Any, arguments: Obj, context: Context) -> Obj:
    """A page of products; with a query as the search index knows them."""
    by = PRODUCT_SORTS.get(arguments.get("sortKey") or "ID", "id")
    rows = context.store.sorted("product", by)
    test = compiled(arguments.get("query"), PRODUCT_FIELDS, context.settings.sku_search == "loose")
    if arguments.get("query") or context.fault_is("empty_catalogue"):
        known = context.store.searched(arguments.get("query"))
        found = {gid("Product", facts["id"]) for facts in known if test is None or test(facts)}
        rows = [] if context.fault_is("empty_catalogue") else those(rows, found)
    return page(rows, arguments, by_id if by == "id" else by_field(by))


def those(rows: Sequence[Obj], ids: set[str]) -> Sequence[Obj]:
    """The rows with one of these ids, in their order."""
    return rows.only(ids) if isinstance(rows, Rows) else [row for row in rows if row["id"] in ids]


@query("productVariants")
def product_variants(_: Any, arguments: Obj, context: Context) -> Obj:
    """A page of variants of all products, by id or by SKU."""
    rows = context.store.sorted("variant", "id")
    if arguments.get("query") or context.fault_is("empty_catalogue"):
        found = matching_variants(arguments.get("query"), context)
        rows = [] if context.fault_is("empty_catalogue") else those(rows, found)
    if arguments.get("sortKey") == "SKU":
        rows = sorted(rows, key=lambda row: (row["_item"]["sku"] or "", by_id(row)[1]))
        return page(rows, arguments, lambda row: (row["_item"]["sku"] or "", by_id(row)[1]))
    return page(rows, arguments)


def matching_variants(text: str | None, context: Context) -> set[str]:
    """Ids of the variants that search finds."""
    test = compiled(text, VARIANT_FIELDS, context.settings.sku_search == "loose")
    found = set()
    for facts in context.store.searched(text):
        for one in facts["variants"]:
            if test is None or test(one):
                found.add(one["gid"])
    return found


@query("productsCount")
def products_count(_: Any, arguments: Obj, context: Context) -> Obj:
    """How many products a query finds, capped by ``limit``."""
    test = compiled(arguments.get("query"), PRODUCT_FIELDS, context.settings.sku_search == "loose")
    if not arguments.get("query"):
        return count(len(context.store.kinds["product"]), arguments)
    rows = context.store.searched(arguments["query"])
    return count(sum(1 for facts in rows if test is None or test(facts)), arguments)


@query("productVariantsCount")
def variants_count(_: Any, arguments: Obj, context: Context) -> Obj:
    """How many variants a query finds, capped by ``limit``."""
    if not arguments.get("query"):
        return count(len(context.store.variants), arguments)
    return count(len(matching_variants(arguments["query"], context)), arguments)


def count(number: int, arguments: Obj) -> Obj:
    """A ``Count``: exact up to its limit (10,000 unless told; null: no limit)."""
    limit = arguments.get("limit", 10_000)
    if limit is not None and number > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": number, "precision": "EXACT"}


@query("product")
def product(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One product by id, as it is now."""
    return context.store.get("product", arguments["id"])


@query("productByIdentifier")
def product_by_identifier(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One product by id, handle or custom id."""
    identifier = arguments["identifier"]
    if "handle" in identifier:
        return context.store.get("product", context.store.handles.get(identifier["handle"], ""))
    if "customId" in identifier:
        return context.store.get("product", by_custom_id("PRODUCT", identifier["customId"], context) or "")
    return context.store.get("product", identifier["id"])


def by_custom_id(owner_type: str, custom: Obj, context: Context) -> str | None:
    """The owner of a custom id; Refusal NOT_FOUND without a definition of type ``id``."""
    namespace = resolved_namespace(custom.get("namespace"))
    if not context.store.is_custom_id(owner_type, namespace, custom["key"]):
        raise Refusal(
            "Metafield definition of type 'id' is required when using custom ids.", code="NOT_FOUND"
        )
    return context.store.custom_ids.get((owner_type, namespace, custom["key"], custom["value"]))


APP_NAMESPACE = "app--987654321"


def resolved_namespace(namespace: str | None) -> str:
    """``$app`` and nothing mean the app's own namespace."""
    if not namespace or namespace == "$app":
        return APP_NAMESPACE
    if namespace.startswith("$app:"):
        return f"{APP_NAMESPACE}--{namespace.removeprefix('$app:')}"
    return namespace


@query("productVariant")
def product_variant(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One variant by id."""
    return context.store.variants.get(arguments["id"])


@query("productVariantByIdentifier")
def variant_by_identifier(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One variant by id or custom id."""
    identifier = arguments["identifier"]
    if "customId" in identifier:
        return context.store.variants.get(
            by_custom_id("PRODUCTVARIANT", identifier["customId"], context) or ""
        )
    return context.store.variants.get(identifier["id"])


@resolver("Product", "variants")
def variants_of_product(owner: Obj, arguments: Obj, context: Context) -> Obj:
    """Its variants by position; one product may be asked for 2,000 at once, several for 250."""
    limit = MOST_VARIANTS if context.root.type_name == "Product" else 250
    return listed(owner["_variants"], arguments, limit)


@resolver("Product", "variantsCount")
def product_variants_count(owner: Obj, arguments: Obj, context: Context) -> Obj:
    """Number of variants, exact."""
    return {"count": len(owner["_variants"]), "precision": "EXACT"}


@resolver("Product", "options")
def options(owner: Obj, arguments: Obj, context: Context) -> list[Obj]:
    """Its options in order, each knowing which values variants use."""
    used = {
        (one["name"], one["value"]) for variant in owner["_variants"] for one in variant["selectedOptions"]
    }
    made = []
    for option in owner["_options"][: arguments.get("first") or None]:
        values = [
            {**value, "hasVariants": (option["name"], value["name"]) in used} for value in option["_values"]
        ]
        names = [value["name"] for value in values if value["hasVariants"]]
        made.append({**option, "optionValues": values, "values": names})
    return made


@resolver("Product", "totalInventory")
def total_inventory(owner: Obj, arguments: Obj, context: Context) -> int:
    """Sellable stock of tracked variants over all locations."""
    return sum(available(variant["_item"]) for variant in owner["_variants"] if variant["_item"]["tracked"])


def available(item: Obj) -> int:
    """What is available of an item over its active locations."""
    return sum(level["_q"]["available"] for level in item["_levels"].values() if level["isActive"])


@resolver("Product", "onlineStoreUrl")
def online_store_url(owner: Obj, arguments: Obj, context: Context) -> str | None:
    """Where shoppers find it; null unless it is in force and published to the online store."""
    if owner["publishedAt"] is None or owner["status"] not in ("ACTIVE", "UNLISTED"):
        return None
    return f"https://{context.settings.domain}/products/{owner['handle']}"


@resolver("Product", "tracksInventory")
def tracks_inventory(owner: Obj, arguments: Obj, context: Context) -> bool:
    """Whether any variant is tracked."""
    return any(variant["_item"]["tracked"] for variant in owner["_variants"])


@resolver("Product", "hasOnlyDefaultVariant")
def has_only_default(owner: Obj, arguments: Obj, context: Context) -> bool:
    """Whether it has just the one variant that every product is born with."""
    return len(owner["_variants"]) == 1 and owner["_variants"][0]["title"] == "Default Title"


@resolver("Product", "description")
def description(owner: Obj, arguments: Obj, context: Context) -> str:
    """The description without markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", owner["descriptionHtml"]).split())


@resolver("Product", "priceRangeV2")
def price_range(owner: Obj, arguments: Obj, context: Context) -> Obj:
    """Lowest and highest price of its variants."""
    prices = sorted((float(variant["price"]), variant["price"]) for variant in owner["_variants"])
    low, high = (prices[0][1], prices[-1][1]) if prices else ("0.0", "0.0")
    currency = context.settings.currency
    return {
        "minVariantPrice": {"amount": low, "currencyCode": currency},
        "maxVariantPrice": {"amount": high, "currencyCode": currency},
    }


@resolver("Product", "collections")
def collections(owner: Obj, arguments: Obj, context: Context) -> Obj:
    """Its collections: this sandbox has none."""
    return listed([], arguments)


@resolver("ProductVariant", "product")
def product_of_variant(owner: Obj, arguments: Obj, context: Context) -> Obj:
    """The product of a variant."""
    return context.store.product_of(owner)


@resolver("ProductVariant", "sku")
def sku(owner: Obj, arguments: Obj, context: Context) -> Any:
    """The SKU lives on the inventory item."""
    return owner["_item"]["sku"]


@resolver("ProductVariant", "inventoryItem")
def inventory_item_of_variant(owner: Obj, arguments: Obj, context: Context) -> Obj:
    """The inventory item of a variant."""
    item: Obj = owner["_item"]
    return item


@resolver("ProductVariant", "inventoryQuantity")
def inventory_quantity(owner: Obj, arguments: Obj, context: Context) -> int:
    """What is available over all locations."""
    return available(owner["_item"])


@resolver("ProductVariant", "displayName")
def display_name(owner: Obj, arguments: Obj, context: Context) -> str:
    """Title of the product, then of the variant."""
    return f"{context.store.product_of(owner)['title']} - {owner['title']}"


@resolver("ProductVariant", "availableForSale")
def available_for_sale(owner: Obj, arguments: Obj, context: Context) -> bool:
    """Whether it can be bought: untracked, overselling allowed, or in stock."""
    item = owner["_item"]
    return not item["tracked"] or owner["inventoryPolicy"] == "CONTINUE" or available(item) > 0
