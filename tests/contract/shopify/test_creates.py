"""Products made at Shopify: once, with their first stock, with many variants, as fast as the points allow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sync.connectors.shopify import ShopifyConnector, spec
from sync.model.call import State
from tests.contract.sandboxes import Sandbox
from tests.contract.shopify.changes import creation, products, send
from tests.contract.shopify_factory import ShopifyHarness


class TestCreates:
    def test_the_same_create_twice_is_one_product(
        self, connector: ShopifyConnector, shop: ShopifyHarness
    ) -> None:
        [call] = connector.batch([creation(1, pictures=1)])
        first, second = connector.send(call), connector.send(call)
        assert first[0].target_id == second[0].target_id and len(shop.product_ids()) == 1

    def test_first_stock_travels_along(self, connector: ShopifyConnector, places: tuple[str, ...]) -> None:
        [outcome] = send(connector, creation(1, places))
        [made] = products(connector, ids=(outcome.target_id,))
        assert [level.available for level in made.variants[2].levels] == [7, 7]

    def test_many_variants_go_asynchronously(self, connector: ShopifyConnector) -> None:
        [call] = connector.batch([creation(1, variants=300)])
        [outcome] = connector.send(call)
        [made] = products(connector, ids=(outcome.target_id,))
        assert call.operation == "product_set_async" and len(made.variants) == 300

    def test_more_variants_than_shopify_allows_is_said_of_that_product(
        self, connector: ShopifyConnector
    ) -> None:
        [outcome] = send(connector, creation(1, variants=2049))
        assert (
            outcome.state is State.REFUSED
            and "2049" in str(outcome.message)
            and "2048" in str(outcome.message)
        )

    def test_a_deleted_definition_is_made_again(self, running: Sandbox) -> None:
        running.post("/reset")
        shop = ShopifyHarness.__new__(ShopifyHarness)
        shop.__dict__.update(ShopifyHarness(running, products=0).__dict__)
        running.post("/reset")
        connector = shop.connect()
        assert send(connector, creation(1))[0].state is State.APPLIED
        connector.close()

    def test_the_whole_bucket_is_spent_and_nothing_throttled(
        self, connector: ShopifyConnector, shop: ShopifyHarness
    ) -> None:
        calls = connector.batch([creation(n, pictures=3) for n in range(250)])
        with ThreadPoolExecutor(spec.CALLS_IN_FLIGHT) as pool:
            outcomes = [o for found in pool.map(connector.send, calls) for o in found]
        assert {o.state for o in outcomes} == {State.APPLIED} and len(shop.product_ids()) == 250
        assert not any(figures["throttled"] for _, figures in shop.trace.requests)
