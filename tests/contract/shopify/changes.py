"""Changes as the managers hand them to the connector, sent and read back."""

from __future__ import annotations

from typing import Any

from sync.connectors.shopify import ShopifyConnector
from sync.model.call import Change, Diff, Outcome, Verb
from sync.model.entity import Entity
from sync.model.order import Order
from sync.model.page import ReadFilter
from sync.model.product import Product
from tests.contract.shopify_factory import a_product


def change(number: int, entity: Entity, verb: Verb, **other: Any) -> Change:
    return Change(f"c{number}", entity, verb, f"s{number}", **other)


def creation(number: int, places: tuple[str, ...] = (), **size: int) -> Change:
    body = a_product(number, places, **size)
    return change(number, Entity.PRODUCT, Verb.CREATE, body=body, key=f"key-{number}")


def send(connector: ShopifyConnector, *changes: Change) -> list[Outcome]:
    return [outcome for call in connector.batch(changes) for outcome in connector.send(call)]


def products(connector: ShopifyConnector, **which: Any) -> list[Product]:
    pages = connector.read(Entity.PRODUCT, ReadFilter(**which))
    return [record for page in pages for record in page.records if isinstance(record, Product)]


def orders(connector: ShopifyConnector, **which: Any) -> list[Order]:
    pages = connector.read(Entity.ORDER, ReadFilter(**which))
    return [record for page in pages for record in page.records if isinstance(record, Order)]


def stock(product: Product, place: str, before: int | None, after: int, variant: int = 0) -> Change:
    item = product.variants[variant].item_id
    diffs = (Diff("available", before, after),)
    return change(variant, Entity.STOCK, Verb.SET, target_id=item, place=place, diffs=diffs)
