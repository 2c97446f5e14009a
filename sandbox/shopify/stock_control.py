"""The part of the control plane that tests and benches of stock use: change, look up, judge."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sandbox.answers import Json
from sandbox.control import BadRequest, body_of
from sandbox.shopify import stock_hand, stock_truth
from sandbox.shopify.engine import Engine
from sandbox.shopify.location_hand import change_location
from sandbox.shopify.store import Store

Obj = dict[str, Any]


class StockControl:
    """Routes below ``/_sandbox``. What they change is written into the ledger as ``hand.…``.

    - ``POST stock`` one row or ``rows``: ``sku``, ``location``, ``available`` | ``delta`` (negative: a sale)
    - ``POST stock/move`` ``{"count", "seed", "how": "sale"|"edit", "pieces", "location", "skus"}``
    - ``GET stock/plan`` what was generated · ``GET stock/level?sku=`` · ``POST stock/levels {"skus"}``
    - ``GET stock/digest?place=&common=`` · ``GET stock/levels.tsv?place=`` all levels
    - ``GET stock/effects?sku=`` when a SKU's levels were written, in scaled seconds
    - ``GET stock/judge?since=`` how often each place was written, twice, blindly; idempotency keys
    - ``GET|POST|DELETE hooks`` what strikes before the next call of an operation (see hooks.py)
    - ``POST locations`` ``{"location", "isActive", "isFulfillmentService"}`` see location_hand.py
    - ``POST products/tag`` ``{"tag", "skus" | "count", "seed"}`` · ``POST products/remove``
      ``{"skus" | "product_skus" | "count", "seed"}``
    - ``GET throttle`` points, throttles, idle seconds · ``POST throttle/forget {"fill"}`` counts anew
    """

    def __init__(self, store: Store, engine: Engine) -> None:
        self._store, self._engine = store, engine

    def routes(self) -> list[BaseRoute]:
        """See the class."""
        return [
            Route("/stock", self.stock, methods=["POST"]),
            Route("/stock/move", self.move, methods=["POST"]),
            Route("/stock/plan", self.plan),
            Route("/stock/level", self.level),
            Route("/stock/levels", self.levels, methods=["POST"]),
            Route("/stock/levels.tsv", self.all_levels),
            Route("/stock/effects", self.effects),
            Route("/stock/digest", self.digest),
            Route("/stock/judge", self.judge),
            Route("/hooks", self.list_hooks, methods=["GET"]),
            Route("/hooks", self.add_hook, methods=["POST"]),
            Route("/hooks", self.clear_hooks, methods=["DELETE"]),
            Route("/locations", self.location, methods=["POST"]),
            Route("/products/tag", self.tag, methods=["POST"]),
            Route("/products/remove", self.remove, methods=["POST"]),
            Route("/throttle", self.throttle),
            Route("/throttle/forget", self.forget, methods=["POST"]),
        ]

    async def stock(self, request: Request) -> Json:
        """One row, or ``rows``: ``sku``, ``location``, ``available`` or ``delta``."""
        body = await body_of(request)
        changed = stock_hand.set_stock(self._store, body.get("rows") or [body])
        return Json({"changed": changed, "t": round(self._store.tools.clock.monotonic(), 3)})

    async def location(self, request: Request) -> Json:
        """Close a location, open it again, or hand it to a fulfilment service."""
        return Json(change_location(self._store, await body_of(request)))

    async def move(self, request: Request) -> Json:
        """Many random levels at once."""
        return Json(stock_hand.move_many(self._store, await body_of(request)))

    async def plan(self, _: Request) -> Json:
        """What the generator made: rows by dirt, how many SKUs are common."""
        plan = self._store.settings.stock_plan
        return Json({"skus": plan.skus, "common": plan.common, "seed": plan.seed, "rows": plan.counts()})

    async def level(self, request: Request) -> Json:
        """The levels of every variant with a SKU."""
        return Json({"variants": stock_truth.levels_of(self._store, request.query_params.get("sku", ""))})

    async def levels(self, request: Request) -> Json:
        """The levels of many SKUs, by SKU."""
        skus = (await body_of(request)).get("skus")
        if not isinstance(skus, list):
            raise BadRequest("levels wants a list of skus")
        return Json({"levels": {sku: stock_truth.levels_of(self._store, sku) for sku in skus}})

    async def all_levels(self, request: Request) -> Response:
        """``row, sku, place, state, available, on_hand`` a line, tab separated; rows ascend by variant id."""
        lines = stock_truth.lines(self._store, _place(self._store, request))
        return StreamingResponse(stock_truth.chunks(lines), media_type="text/tab-separated-values")

    async def effects(self, request: Request) -> Json:
        """Every effect on the variants with a SKU, with scaled seconds in ``t``; ``now`` is that clock."""
        sku = request.query_params.get("sku", "")
        found = stock_truth.effects_of(self._store, sku)
        return Json({"effects": found, "now": round(self._store.tools.clock.monotonic(), 3)})

    async def digest(self, request: Request) -> Json:
        """Equal for two stores whose SKUs show the same quantities: see ``stock_truth.digest``."""
        common = request.query_params.get("common", "0") not in ("", "0")
        return Json(stock_truth.digest(self._store, _place(self._store, request), common))

    async def judge(self, request: Request) -> Json:
        """Effects of the API on stock after ``since``, counted by how often a place was written."""
        since = int(request.query_params.get("since", "0"))
        return Json(stock_truth.judged(self._store, since))

    async def list_hooks(self, _: Request) -> Json:
        """What is waiting to strike."""
        return Json({"hooks": self._engine.hooks.shown()})

    async def add_hook(self, request: Request) -> Json:
        """Let something happen before a later call: see hooks.py."""
        return Json(self._engine.hooks.add(await body_of(request)).to_dict(), 201)

    async def clear_hooks(self, _: Request) -> Json:
        """Take all hooks away."""
        self._engine.hooks.clear()
        return Json({"hooks": []})

    async def tag(self, request: Request) -> Json:
        """Tag products."""
        return Json(stock_hand.tag(self._store, await body_of(request)))

    async def remove(self, request: Request) -> Json:
        """Delete variants or products."""
        return Json(stock_hand.remove(self._store, await body_of(request)))

    async def throttle(self, _: Request) -> Json:
        """The bucket's statistics beside the counts of calls."""
        tools = self._store.tools
        most = {"most_in_flight": tools.most_in_flight}
        return Json({**self._engine.bucket.statistics(), **most, **tools.ledger.summary()})

    async def forget(self, request: Request) -> Json:
        """Count calls and points anew from here."""
        self._engine.bucket.forget(bool((await body_of(request)).get("fill")))
        self._store.tools.ledger.forget_calls()
        self._store.tools.most_in_flight = self._store.tools.in_flight
        return Json({"forgotten": True})


def _place(store: Store, request: Request) -> int | None:
    """The n-th location, counted from 0; None: all."""
    text = request.query_params.get("place", "")
    if not text:
        return None
    if not text.isdigit() or int(text) >= len(store.kinds["location"]):
        raise BadRequest(f"place counts the locations from 0, not {text!r}")
    return int(text)
