"""Entities and the three ways of keeping them in step."""

from __future__ import annotations

from enum import StrEnum


class Entity(StrEnum):
    """What is synchronised. Variants, media, stock rows … are records of their own under a parent."""

    PRODUCT = "product"
    VARIANT = "variant"
    MEDIA = "media"
    PUBLICATION = "publication"
    STOCK = "stock"
    CUSTOMER = "customer"
    ORDER = "order"
    FULFILMENT = "fulfilment"
    REFUND = "refund"


class Kind(StrEnum):
    """mirror: merged field by field · counter: base + ΔA + ΔB · document: created once, away from its
    origin."""

    MIRROR = "mirror"
    COUNTER = "counter"
    DOCUMENT = "document"


KIND = {
    Entity.PRODUCT: Kind.MIRROR,
    Entity.VARIANT: Kind.MIRROR,
    Entity.MEDIA: Kind.MIRROR,
    Entity.PUBLICATION: Kind.MIRROR,
    Entity.STOCK: Kind.MIRROR,
    Entity.CUSTOMER: Kind.MIRROR,
    Entity.ORDER: Kind.DOCUMENT,
    Entity.FULFILMENT: Kind.DOCUMENT,
    Entity.REFUND: Kind.DOCUMENT,
}
