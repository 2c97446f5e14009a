"""One emulated Sentos tenant: its routes, its truth, its birth and rebirth."""

from __future__ import annotations

from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox import catalogue, catalogue_dirt, pictures
from sandbox.control import BadRequest
from sandbox.platform import Options, Tools
from sandbox.sentos.backstage import Backstage
from sandbox.sentos.gate import Ask, Gate, Handler, Refused
from sandbox.sentos.orders import Orders
from sandbox.sentos.products import Products
from sandbox.sentos.reference import Reference
from sandbox.sentos.settings import Settings, listed
from sandbox.sentos.store import Raw, Store, sellable, warehouse_of

FAULTS = ("errors_in_200", "images_missing", "variants_missing", "short_page", "picture_missing")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create(options: Options) -> SentosPlatform:
    """The platform that the options describe; ValueError for a setting it does not know."""
    return SentosPlatform(options)


class SentosPlatform:
    """What ``sandbox.platform.Platform`` asks for."""

    name = "sentos"

    def __init__(self, options: Options) -> None:
        self.options = options
        self.settings = Settings().changed(options.settings)
        self.tools = Tools.of(options, FAULTS)
        self.store = Store(self.tools)
        self.gate = Gate(self.tools, self._now, options.seed)
        self._orders = Orders(self.store, self.tools, self._now)
        self._products = Products(self.store, self.tools, self._now)
        self._reference = Reference(self.store, self.tools)
        if not self.store.seeded:
            self._begin()

    def routes(self) -> list[BaseRoute]:
        """The API below ``/api``, and the pictures; everything else below ``/api`` is 404 behind the same
        gate."""
        table = self._table()
        api: list[BaseRoute] = [
            Route(f"/api{path}", self.gate.endpoint(operation, _kind(method), handler), methods=[method])
            for method, path, operation, handler in table
        ]
        # HEAD comes along with GET; an unknown call counts as the kind its method says.
        for method in _METHODS:
            endpoint = self.gate.endpoint("unknown", _kind(method), _unknown)
            api.append(Route("/api/{rest:path}", endpoint, methods=[method]))
        return [*api, Route("/urunres/o_{id:int}.jpg", self.picture)]

    def control_routes(self) -> list[BaseRoute]:
        """The panel: orders, products, stock, switches."""
        return Backstage(self.store, self._orders, self._now, self._change).routes()

    def state(self) -> dict[str, Any]:
        """Credentials, counts, the truth of every product, stock by SKU and warehouse, orders in brief."""
        products = self.store.products.values()
        items = [item for product in products for item in sellable(product)]
        return {
            "platform": self.name,
            "auth": {"method": self.settings.auth, "key": self.settings.key, "secret": self.settings.secret},
            "settings": vars(self.settings),
            "counts": {
                "products": len(products),
                "variants": sum(len(product["variants"]) for product in products),
                "sellable": len(items),
                "dirty": sum(1 for product in products if self._truth(product["id"])["dirt"]),
                "orders": len(self.store.orders),
            },
            "warehouses": self.store.warehouses,
            "channels": list(self.store.channels.values()),
            "products": [self._brief(product) for product in products],
            # Reversed, so that of two owners of one SKU the first wins, as it does for orders.
            "stock": {item["sku"].strip(): _stock(item) for item in reversed(items) if item["sku"]},
            "orders": [_order(order) for order in self.store.orders.values()],
        }

    def reset(self) -> None:
        """Begin again with the catalogue of the options and without orders."""
        self.settings = Settings().changed(self.options.settings)
        self.store.clear()
        self.gate.reset()
        self._begin()

    def seed(self, products: int, seed: int, dirt: float) -> dict[str, Any]:
        """Replace the catalogue; the switches ``variants_total``, ``images`` and ``dirts`` shape it."""
        settings, dirts = self.settings, listed(self.settings.dirts)
        if unknown := sorted(set(dirts) - set(catalogue_dirt.NAMES)):
            raise BadRequest(
                f"unknown dirt {', '.join(unknown)}; known are {', '.join(catalogue_dirt.NAMES)}"
            )
        try:
            made = catalogue.generate(products, seed, dirt, settings.variants_total, settings.images, dirts)
        except ValueError as error:
            raise BadRequest(str(error)) from error
        self.store.fill(made)
        dirty = sum(1 for truth in made.truth.values() if truth["dirt"])
        return {"products": len(made.products), "sellable": made.sellable(), "dirty": dirty}

    async def picture(self, request: Request) -> Response:
        """A picture, without sign-in and outside the rate limits."""
        number = request.path_params["id"]
        known = self.store.pictures.get(number)
        if known is None or self.tools.faults.take("picture", only=("picture_missing",), id=str(number)):
            return Response("Not Found", 404, media_type="text/plain")
        return Response(pictures.draw(number, **known), media_type="image/jpeg")

    def _table(self) -> list[tuple[str, str, str, Handler]]:
        products, orders, reference = self._products, self._orders, self._reference
        return [
            ("GET", "/products", "products.list", products.listing),
            ("POST", "/products", "products.create", products.create),
            ("GET", "/products/{id}", "products.get", products.get),
            ("PUT", "/products/{id}", "products.update", products.update),
            (
                "PUT",
                "/products/{id}/platform-variants",
                "products.platform_variants",
                products.platform_variants,
            ),
            ("GET", "/categories", "categories.list", reference.categories),
            ("POST", "/categories", "categories.create", reference.new_category),
            ("GET", "/categories/{id}", "categories.get", reference.category),
            ("GET", "/warehouses", "warehouses.list", reference.warehouses),
            ("GET", "/platforms", "platforms.list", reference.platforms),
            ("GET", "/sales-channels", "channels.list", reference.channels),
            ("POST", "/sales-channels", "channels.create", reference.new_channel),
            ("GET", "/orders", "orders.list", orders.listing),
            ("POST", "/orders", "orders.create", orders.create),
            ("GET", "/orders/{id}", "orders.get", orders.get),
            ("PUT", "/orders/{id}", "orders.update", orders.update),
            ("POST", "/orders/invoice/{id}", "orders.invoice", orders.invoice),
            ("PUT", "/orders/invoice/{id}", "orders.invoice", orders.invoice),
            ("DELETE", "/orders/invoice/{id}", "orders.uninvoice", orders.uninvoice),
        ]

    def _now(self) -> Settings:
        return self.settings

    def _change(self, pairs: dict[str, Any]) -> None:
        self.settings = self.settings.changed(pairs)
        self.store.settings_changed()

    def _begin(self) -> None:
        self.store.save_channel(
            {"id": self.store.next_id("channel", 1), "name": "Web Mağaza", "url": "", "note": ""}
        )
        self.seed(self.options.products, self.options.seed, self.options.dirt)
        self.tools.state.commit()

    def _truth(self, number: int) -> Raw:
        clean: Raw = {"dirt": None, "expect": "synced", "accept": ["synced"], "reason": ""}
        return self.store.truth.get(number, clean)

    def _brief(self, product: Raw) -> Raw:
        skus = [item["sku"] for item in sellable(product)]
        count = len(product["variants"])
        brief = {"id": product["id"], "sku": product["sku"], "variants": count, "skus": skus}
        return {**brief, **self._truth(product["id"])}


def _kind(method: str) -> Literal["read", "write"]:
    return "read" if method == "GET" else "write"


def _unknown(_: Ask) -> Any:
    raise Refused(404, "Not Found")


def _stock(item: Raw) -> dict[str, int]:
    return {str(warehouse_of(row)): int(row["stock"]) for row in item["stocks"]}


def _order(order: Raw) -> Raw:
    names = (
        "id",
        "order_id",
        "order_code",
        "status",
        "source",
        "shop",
        "total",
        "shipping_total",
        "tracking_info",
    )
    lines = [{name: line[name] for name in ("sku", "quantity", "price")} for line in order["lines"]]
    return {**{name: order[name] for name in names}, "lines": lines}
