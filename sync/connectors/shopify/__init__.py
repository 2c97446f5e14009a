"""Shopify, by its GraphQL Admin API 2026-10."""

from sync.connectors.contract import Spec
from sync.connectors.shopify import spec
from sync.connectors.shopify.connector import ShopifyConnector

SPEC = Spec(
    platform="shopify",
    title="Shopify",
    fields=spec.FIELDS,
    entities=tuple(spec.SUPPORT),
    open=ShopifyConnector,
    normalise=spec.normalise,
    scopes=spec.scopes,
    supports=spec.supports,
)

__all__ = ["SPEC", "ShopifyConnector"]
