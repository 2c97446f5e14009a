"""What search knows about an object: the small, flat facts that filters compare with."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.ids import number_of

Obj = dict[str, Any]


def product_facts(product: Obj) -> Obj:
    """Facts for ``products`` and, below ``variants``, for ``productVariants`` and ``inventoryItems``."""
    variants = [_variant_facts(product, variant) for variant in product["_variants"]]
    return {
        "id": number_of(product["id"]),
        "title": product["title"],
        "handle": product["handle"],
        "status": product["status"],
        "vendor": product["vendor"],
        "product_type": product["productType"],
        "tag": product["tags"],
        "sku": [one["sku"] for one in variants if one["sku"]],
        "barcode": [one["barcode"] for one in variants if one["barcode"]],
        "variant_id": [one["id"] for one in variants],
        "created_at": product["createdAt"],
        "updated_at": product["updatedAt"],
        "published_status": "published" if product["_publications"] else "unpublished",
        "gift_card": "true" if product["isGiftCard"] else "false",
        "inventory_total": sum(one["inventory_quantity"] for one in variants),
        "metafields": _metafields(product),
        "default": [product["title"], product["handle"], product["vendor"], product["productType"]],
        "variants": variants,
    }


def _variant_facts(product: Obj, variant: Obj) -> Obj:
    item = variant["_item"]
    return {
        "gid": variant["id"],
        "item_gid": item["id"],
        "id": number_of(variant["id"]),
        "item_id": number_of(item["id"]),
        "sku": item["sku"] or "",
        "barcode": variant["barcode"] or "",
        "title": variant["title"],
        "product_id": number_of(product["id"]),
        "product_ids": number_of(product["id"]),
        "product_status": product["status"],
        "vendor": product["vendor"],
        "product_type": product["productType"],
        "tag": product["tags"],
        "updated_at": variant["updatedAt"],
        "created_at": variant["createdAt"],
        "item_updated_at": item["updatedAt"],
        "managed": "true" if item["tracked"] else "false",
        "requires_components": "true" if variant["requiresComponents"] else "false",
        "inventory_quantity": sum(level["_q"]["available"] for level in item["_levels"].values()),
        "location_id": [number_of(id) for id, level in item["_levels"].items() if level["isActive"]],
        "metafields": _metafields(variant),
        "default": [product["title"], variant["title"], item["sku"] or ""],
    }


def order_facts(order: Obj) -> Obj:
    """Facts for ``orders``."""
    customer = order.get("_customer") or {}
    return {
        "id": number_of(order["id"]),
        "name": [order["name"], order["name"].lstrip("#")],
        "status": _order_status(order),
        "financial_status": (order["displayFinancialStatus"] or "").lower(),
        "fulfillment_status": _fulfillment_words(order["displayFulfillmentStatus"]),
        "created_at": order["createdAt"],
        "updated_at": order["updatedAt"],
        "processed_at": order["processedAt"],
        "tag": order["tags"],
        "sku": [line["sku"] for line in order["_lines"] if line["sku"]],
        "email": order["email"] or "",
        "customer_id": number_of(customer.get("id", "")),
        "source_identifier": order["sourceIdentifier"] or "",
        "source_name": order["sourceName"] or "",
        "po_number": order["poNumber"] or "",
        "test": "true" if order["test"] else "false",
        "total": order["_totals"]["total"],
        "metafields": _metafields(order),
        "default": [order["name"], order["email"] or "", *(line["title"] for line in order["_lines"])],
    }


def _order_status(order: Obj) -> list[str]:
    if order["cancelledAt"]:
        return ["cancelled", "closed"]
    if order["closedAt"]:
        return ["closed"]
    return ["open", "not_closed"]


def _fulfillment_words(status: str) -> list[str]:
    return {
        "FULFILLED": ["fulfilled", "shipped"],
        "PARTIALLY_FULFILLED": ["partial", "unfulfilled"],
        "UNFULFILLED": ["unshipped", "unfulfilled"],
    }.get(status, [status.lower()])


def customer_facts(customer: Obj) -> Obj:
    """Facts for ``customers``."""
    return {
        "id": number_of(customer["id"]),
        "email": customer["_email"] or "",
        "phone": customer["_phone"] or "",
        "first_name": customer["firstName"] or "",
        "last_name": customer["lastName"] or "",
        "tag": customer["tags"],
        "updated_at": customer["updatedAt"],
        "metafields": _metafields(customer),
        "default": [customer["displayName"], customer["_email"] or ""],
    }


def file_facts(file: Obj) -> Obj:
    """Facts for ``files``."""
    return {
        "id": number_of(file["id"]),
        "filename": file["_filename"],
        "status": file["fileStatus"].lower(),
        "media_type": file["__typename"].upper().replace("MEDIAIMAGE", "IMAGE"),
        "created_at": file["createdAt"],
        "updated_at": file["updatedAt"],
        "metafields": {},
        "default": [file["_filename"], file["alt"] or ""],
    }


def _metafields(owner: Obj) -> dict[str, str]:
    return {f"{one['namespace']}.{one['key']}": one["value"] for one in owner.get("_metafields", {}).values()}


FACTS = {"product": product_facts, "order": order_facts, "customer": customer_facts, "file": file_facts}
