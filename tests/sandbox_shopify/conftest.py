"""A Shopify sandbox in this process, on a clock that only tests move; and one over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandbox.clock import ManualClock
from sandbox.faults import Faults
from sandbox.ledger import Ledger
from sandbox.platform import Options, Tools
from sandbox.server import running
from sandbox.shopify.errors import DocumentRefused
from sandbox.shopify.media import settle_files
from sandbox.shopify.order_cancel import settle_cancellations
from sandbox.shopify.platform import EXTRA_FAULTS, ShopifyPlatform
from sandbox.statefile import StateFile

PRODUCT_SET = """mutation($id: ProductSetIdentifiers, $input: ProductSetInput!, $sync: Boolean = true) {
  productSet(identifier: $id, input: $input, synchronous: $sync) {
    product { id handle } productSetOperation { id status } userErrors { code field message } } }"""


class Desk:
    """A store one can talk to without HTTP."""

    def __init__(self, state: str | None = None, **settings: str) -> None:
        self.clock, kept = ManualClock(), StateFile(state)
        self.tools = Tools(self.clock, Ledger(self.clock, kept), Faults(EXTRA_FAULTS), kept)
        options = Options("shopify", settings={"plan": "plus", "fetch_media": "off", **settings})
        self.platform = ShopifyPlatform(options, self.tools)
        self.store, self.engine = self.platform.store, self.platform.engine

    def __call__(self, text: str, **variables: Any) -> dict[str, Any]:
        """One request; the whole answer."""
        settle_files(self.store)
        settle_cancellations(self.store)
        try:
            asked = self.engine.understand(text, variables)
        except DocumentRefused as refused:
            return self.engine.refusal(refused).body
        body = self.engine.answer(asked, "http://sandbox").body
        self.tools.state.commit()
        return body

    def data(self, text: str, **variables: Any) -> dict[str, Any]:
        """One request that must succeed; its ``data``."""
        answer = self(text, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    @property
    def locations(self) -> list[str]:
        """Ids of the locations."""
        return list(self.store.kinds["location"])

    def product(self, title: str = "Keten Gömlek", **given: Any) -> dict[str, Any]:
        """Make a product with the sizes S and M, three pieces of each at the first location; as the store
        holds it."""
        sizes = given.pop("sizes", ("S", "M"))
        code = given.pop("code", title[:2].upper())
        wanted = {
            "title": title,
            "productOptions": [
                {"name": "Beden", "position": 1, "values": [{"name": size} for size in sizes]}
            ],
            "variants": [self.variant(size, f"{code}-{size}") for size in sizes],
            **given,
        }
        payload = self.data(PRODUCT_SET, input=wanted)["productSet"]
        assert payload["userErrors"] == [], payload
        made: dict[str, Any] = self.store.kinds["product"][payload["product"]["id"]]
        return made

    def variant(self, size: str, sku: str, **given: Any) -> dict[str, Any]:
        """One entry of ``ProductSetInput.variants``."""
        return {
            "optionValues": [{"optionName": "Beden", "name": size}],
            "sku": sku,
            "price": "129.90",
            "inventoryItem": {"tracked": True},
            "inventoryQuantities": [{"locationId": self.locations[0], "name": "available", "quantity": 3}],
            **given,
        }


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def make_desk() -> Callable[..., Desk]:
    return Desk


@pytest.fixture
def http() -> Iterator[Any]:
    """``http(settings) -> (url, post)``: a sandbox over real HTTP and a function that sends one GraphQL
    request."""
    stacks = []

    def start(speed: float = 1000, **settings: str) -> Any:
        platform = ShopifyPlatform(Options("shopify", speed=speed, settings=settings))
        context = running(platform)
        served = context.__enter__()
        stacks.append(context)

        def post(
            text: str, token: str = "shpat_sandbox_token", version: str = "2026-10", **variables: Any
        ) -> Any:
            return requests.post(
                f"{served.url}/admin/api/{version}/graphql.json",
                json={"query": text, "variables": variables},
                headers={"X-Shopify-Access-Token": token},
                timeout=60,
            )

        return served, post

    yield start
    for context in stacks:
        context.__exit__(None, None, None)
