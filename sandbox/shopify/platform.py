"""The Shopify sandbox as the server sees it: routes, control plane, state, reset, seed."""

from __future__ import annotations

from typing import Any

from starlette.routing import BaseRoute

from sandbox.platform import Options, Tools
from sandbox.shopify import (
    activation,
    bulk,
    customers,
    definitions,
    files,
    fulfilment,
    inventory,
    levels,
    media,
    metafields,
    order_cancel,
    order_create,
    order_lines,
    order_money,
    order_write,
    orders,
    product_set,
    product_write,
    products,
    publications,
    refunds,
    shop,
    variants_bulk,
    webhooks,
)
from sandbox.shopify.bucket import Bucket
from sandbox.shopify.control import Control
from sandbox.shopify.engine import Engine
from sandbox.shopify.idempotency import CONCURRENT, FAILED
from sandbox.shopify.make import new_location, new_publication
from sandbox.shopify.seed import fill
from sandbox.shopify.settings import Settings
from sandbox.shopify.state import full_state
from sandbox.shopify.stock_control import StockControl
from sandbox.shopify.stock_seed import stock
from sandbox.shopify.store import Store
from sandbox.shopify.tokens import Tokens
from sandbox.shopify.transport import Transport

# Importing a module registers its resolvers.
RESOLVING = (
    activation,
    bulk,
    customers,
    definitions,
    files,
    fulfilment,
    inventory,
    levels,
    media,
    metafields,
    order_cancel,
    order_create,
    order_lines,
    order_money,
    order_write,
    orders,
    product_set,
    product_write,
    products,
    publications,
    refunds,
    shop,
    variants_bulk,
    webhooks,
)
EXTRA_FAULTS = ("without_media", "download", CONCURRENT, FAILED)


class ShopifyPlatform:
    """One store. It starts empty: products come from syncs, from ``POST /_sandbox/products`` or from a
    seed."""

    name = "shopify"

    def __init__(self, options: Options, tools: Tools | None = None) -> None:
        self.options = options
        self.settings = Settings.of(options.settings)
        self.tools = tools or Tools.of(options, EXTRA_FAULTS)
        self.store = Store(self.tools, self.settings)
        self.tokens = Tokens(self.store)
        self.engine = Engine(self.store, Bucket(self.tools.clock, self.settings.plan))
        if not self.store.kinds["location"]:
            self._furnish()
            if self.settings.stock_skus:
                stock(self.store)
            elif options.products:
                self.seed(options.products, options.seed, options.dirt)
        self.tools.state.commit()

    def _furnish(self) -> None:
        """Locations and sales channels, as a new store has them."""
        for name in _names(self.settings.locations):
            self.store.save("location", new_location(self.store, name))
        for name in _names(self.settings.publications):
            self.store.save("publication", new_publication(self.store, name))

    def routes(self) -> list[BaseRoute]:
        """GraphQL, tokens, bulk results and uploads."""
        return Transport(self.store, self.tokens, self.engine).routes()

    def control_routes(self) -> list[BaseRoute]:
        """What a test or the demo does behind the API's back."""
        stock_control = StockControl(self.store, self.engine)
        control = Control(self.store, self.tokens, self.engine)
        # Stock's come first: "products/tag" is no product's id.
        return [*stock_control.routes(), *control.routes()]

    def state(self) -> dict[str, Any]:
        """The full truth: products, orders, files, settings."""
        return full_state(self.store)

    def reset(self) -> None:
        """An empty store again, with its locations and channels, and the stock catalogue if it has one."""
        self.store.clear()
        self._furnish()
        if self.settings.stock_skus:
            stock(self.store)
        self.engine.hooks.clear()
        self.engine.bucket = Bucket(self.tools.clock, self.settings.plan)

    def seed(self, products: int, seed: int, dirt: float) -> dict[str, Any]:
        """Replace the catalogue by a generated one."""
        self.store.clear()
        self.tools.state.clear()
        self._furnish()
        return fill(self.store, products, seed)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def create(options: Options) -> ShopifyPlatform:
    """The platform that ``python -m sandbox shopify`` serves."""
    return ShopifyPlatform(options)
