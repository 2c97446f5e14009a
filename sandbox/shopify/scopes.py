"""Which access scope each root needs (shopify.dev, access scopes; descriptions of the 2026-10 schema)."""

from __future__ import annotations

from sandbox.shopify.errors import Refusal

# Roots and fields that no scope guards: shop, currentAppInstallation, publicApiVersions, node(s), bulk
# operations,
# staged uploads, jobs and webhook subscriptions.
_ROOTS = {
    "read_products": "products product productByIdentifier productVariants productVariant productsCount"
    " productVariantByIdentifier productVariantsCount productOperation",
    "write_products": "productSet productCreate productUpdate productDelete productVariantsBulkCreate"
    " productVariantsBulkUpdate productVariantsBulkDelete productOptionsCreate productOptionUpdate"
    " productReorderMedia",
    "read_inventory": "inventoryItem inventoryItems inventoryLevel",
    "write_inventory": "inventorySetQuantities inventoryAdjustQuantities inventorySetOnHandQuantities"
    " inventoryActivate inventoryItemUpdate inventoryBulkToggleActivation inventoryMoveQuantities"
    " inventoryDeactivate",
    "read_locations": "locations location locationByIdentifier",
    "read_publications": "publications publication",
    "write_publications": "publicationUpdate publishablePublish publishableUnpublish",
    "read_orders": "orders order orderByIdentifier ordersCount",
    "write_orders": "orderUpdate orderCancel orderCreate refundCreate orderMarkAsPaid orderClose",
    "read_merchant_managed_fulfillment_orders": "fulfillmentOrder fulfillmentOrders",
    "write_merchant_managed_fulfillment_orders": "fulfillmentCreate fulfillmentTrackingInfoUpdate"
    " fulfillmentCancel fulfillmentEventCreate",
    "read_customers": "customers customer customerByIdentifier",
    "write_customers": "customerSet",
    "read_files": "files",
    "write_files": "fileCreate fileUpdate fileDelete",
}
REQUIRED = {root: scope for scope, roots in _ROOTS.items() for root in roots.split()}
# Fields below a root that hold data of another scope.
FIELDS = {
    ("Order", "customer"): "read_customers",
    ("Order", "fulfillmentOrders"): "read_merchant_managed_fulfillment_orders",
    ("InventoryItem", "inventoryLevel"): "read_inventory",
    ("InventoryItem", "inventoryLevels"): "read_inventory",
    ("Product", "resourcePublications"): "read_publications",
    ("Product", "resourcePublicationsV2"): "read_publications",
}
# Metafields and tags need the scope of what they hang on.
OWNERS = {
    "Product": "products",
    "ProductVariant": "products",
    "Order": "orders",
    "Customer": "customers",
    "Location": "locations",
}


def check(root: str, granted: set[str]) -> None:
    """Refusal ACCESS_DENIED, naming the scope that a root needs and the app lacks."""
    need(REQUIRED.get(root), granted, root)


def check_owner(owner_type: str, granted: set[str], root: str) -> None:
    """The same for a write whose scope depends on the owner it touches."""
    subject = OWNERS.get(owner_type)
    need(f"write_{subject}" if subject else None, granted, root)


def need(scope: str | None, granted: set[str], field: str) -> None:
    """Refusal if ``scope`` is not among those granted."""
    if scope is None or scope in granted:
        return
    wanted = f"`{scope}` access scope."
    raise Refusal(
        f"Access denied for {field} field. Required access: {wanted}",
        code="ACCESS_DENIED",
        documentation="https://shopify.dev/api/usage/access-scopes",
        requiredAccess=wanted,
    )
