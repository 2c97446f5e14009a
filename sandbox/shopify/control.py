"""The Shopify part of the control plane: orders, products, stock, tokens, scopes, by hand."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from sandbox.answers import Json
from sandbox.control import BadRequest, body_of
from sandbox.shopify import backstage, order_edit, order_generate
from sandbox.shopify.bucket import Bucket
from sandbox.shopify.customers import customer_for
from sandbox.shopify.engine import Engine
from sandbox.shopify.ids import number_of
from sandbox.shopify.order_build import BadOrder, build_order
from sandbox.shopify.settings import Settings
from sandbox.shopify.state import order_state, product_state
from sandbox.shopify.store import Store
from sandbox.shopify.tokens import Tokens

Obj = dict[str, Any]
CHANGEABLE = (
    "scopes",
    "stale_answer",
    "search_lag",
    "media_delay",
    "bulk_rate",
    "fetch_media",
    "normalise_html",
    "sku_search",
    "routing_delay",
    "plan",
)


class Control:
    """Routes below ``/_sandbox``; each is written into the ledger as ``hand.…``."""

    def __init__(self, store: Store, tokens: Tokens, engine: Engine) -> None:
        self._store, self._tokens, self._engine = store, tokens, engine

    def routes(self) -> list[BaseRoute]:
        """``POST orders``, ``orders/{id}``, ``products``, ``products/{id}``, ``settings``,
        ``tokens/revoke``."""
        return [
            Route("/orders", self.place, methods=["POST"]),
            Route("/orders/{id:path}", self.change_order, methods=["POST"]),
            Route("/products", self.create_product, methods=["POST"]),
            Route("/products/{id:path}", self.change_product, methods=["POST"]),
            Route("/settings", self.settings, methods=["POST"]),
            Route("/tokens/revoke", self.revoke, methods=["POST"]),
        ]

    async def place(self, request: Request) -> Json:
        """``{"count", "seed", "dirt", "dirts", "hours"}`` draws orders; a body with ``lines`` is one order
        itself."""
        body = await body_of(request)
        try:
            if "lines" in body:
                if isinstance(body.get("customer"), dict) and "id" not in body["customer"]:
                    body["customer"] = {"id": customer_for(self._store, body["customer"])["id"]}
                orders = [build_order(self._store, body)]
            else:
                orders = order_generate.place_orders(self._store, body)
        except BadOrder as error:
            raise BadRequest(str(error)) from error
        for order in orders:
            self._store.tools.ledger.effect(
                "hand.order.placed", str(number_of(order["id"])), after=order["name"]
            )
        return Json({"placed": len(orders), "orders": [_brief(order) for order in orders]}, 201)

    async def change_order(self, request: Request) -> Json:
        """Edits of one order by id, gid or name: ``set``, ``lines``, ``refund``, ``cancel``, ``pay``."""
        order = order_edit.find_order(self._store, request.path_params["id"])
        return Json(order_state(order_edit.edit_order(self._store, order, await body_of(request))))

    async def create_product(self, request: Request) -> Json:
        """A product by hand, as ``ProductSetInput``."""
        product = backstage.create_product(self._store, await body_of(request))
        return Json(product_state(self._store, product), 201)

    async def change_product(self, request: Request) -> Json:
        """Edits of one product by id, handle or SKU: see ``backstage.EDITS``."""
        product = backstage.find_product(self._store, request.path_params["id"])
        return Json(
            product_state(self._store, backstage.edit_product(self._store, product, await body_of(request)))
        )

    async def settings(self, request: Request) -> Json:
        """Change switches while running: scopes, stale_answer, search_lag, plan, …; ``latency`` (scaled
        seconds that every answer travels) too."""
        body = await body_of(request)
        latency = _seconds(body.pop("latency", self._store.tools.latency))
        if odd := sorted(set(body) - set(CHANGEABLE)):
            raise BadRequest(f"cannot change {', '.join(odd)}; changeable: {', '.join(CHANGEABLE)}")
        try:
            checked = Settings.of({name: str(value) for name, value in body.items()})
        except ValueError as error:
            raise BadRequest(str(error)) from error
        for name in body:
            setattr(self._store.settings, name, getattr(checked, name))
        self._store.index.lag = self._store.settings.search_lag
        self._store.tools.latency = latency
        if "plan" in body:
            self._engine.bucket = Bucket(self._store.tools.clock, self._store.settings.plan)
        now = {name: getattr(self._store.settings, name) for name in CHANGEABLE}
        return Json({**now, "latency": latency})

    async def revoke(self, _: Request) -> Json:
        """Make every granted token invalid."""
        self._tokens.revoke_all()
        return Json({"revoked": True})


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise BadRequest(f"latency is a number of seconds, not {value!r}")
    return float(value)


def _brief(order: Obj) -> Obj:
    return {
        "id": order["id"],
        "name": order["name"],
        "total": order["_totals"]["total"],
        "financial": order["displayFinancialStatus"],
        "tags": order["tags"],
    }
