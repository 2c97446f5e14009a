"""Changes → Shopify calls, and what an answer makes of their members."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.connectors.shopify import outcomes, spec
from sync.connectors.shopify.batch import batch, keyed
from sync.connectors.shopify.outcomes import user_errors
from sync.errors import NeedsOperator
from sync.model.call import Call, Change, Diff, State, Verb
from sync.model.entity import Entity
from sync.model.order import Fulfilment, Tracking
from sync.model.product import Media, Product, Variant

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def made(*changes: Change) -> list[Call]:
    return batch(changes, NOW, lambda url: url.startswith("https"))


def a_change(n: int, entity: Entity, verb: Verb, **other: Any) -> Change:
    return Change(f"c{n}", entity, verb, f"s{n}", **other)


def stock(n: int, before: int | None = 1, after: int = 2, place: str = "L") -> Change:
    return a_change(
        n,
        Entity.STOCK,
        Verb.SET,
        target_id=f"item{n}",
        place=place,
        diffs=(Diff("available", before, after),),
    )


def variants(n: int, product: str = "P") -> Change:
    return a_change(
        n,
        Entity.VARIANT,
        Verb.UPDATE,
        target_id=f"v{n}",
        parent_id=product,
        diffs=(Diff("price", "1.00 TRY", "2.00 TRY"),),
    )


class TestBatch:
    def test_stock_travels_by_250(self) -> None:
        calls = made(*[stock(n) for n in range(1000)])
        assert [len(call.change_ids) for call in calls] == [250] * 4

    def test_a_delta_goes_with_what_it_starts_from(self) -> None:
        [call] = made(replace(stock(1, before=7, after=4), verb=Verb.ADJUST))
        sent = keyed(call)
        [row] = sent["input"]["changes"]
        assert (row["delta"], row["changeFromQuantity"], row["inventoryItemId"]) == (-3, 7, "item1")
        assert call.operation == "inventory_adjust" and sent["key"] == call.key
        assert sent["input"]["referenceDocumentUri"].endswith(call.key)

    def test_a_delta_from_nowhere_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="whole number"):
            made(replace(stock(1, before=None, after=4), verb=Verb.ADJUST))

    def test_a_stock_row_without_a_quantity_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="without a quantity"):
            made(a_change(1, Entity.STOCK, Verb.SET, target_id="i", place="L"))

    def test_counting_is_switched_on_for_25_items_a_call(self) -> None:
        calls = made(*[a_change(n, Entity.STOCK, Verb.TRACK, target_id=f"i{n}") for n in range(60)])
        assert [(c.operation, len(c.change_ids), c.cost) for c in calls] == [
            ("inventory_track", 25, 250.0),
            ("inventory_track", 25, 250.0),
            ("inventory_track", 10, 100.0),
        ]

    def test_different_stock_writes_do_not_mix(self) -> None:
        rows = [stock(1), replace(stock(2), verb=Verb.ADJUST), stock(3)]
        assert [call.operation for call in made(*rows)] == [
            "inventory_set",
            "inventory_adjust",
            "inventory_set",
        ]

    def test_the_observed_quantity_is_always_there_and_null_stays_null(self) -> None:
        [call] = made(stock(1, before=7), stock(2, before=None))
        stored = Call(
            call.id, call.operation, json.loads(json.dumps(call.arguments)), call.change_ids, call.key
        )
        rows = keyed(stored)["input"]["quantities"]
        assert [row["changeFromQuantity"] for row in rows] == [7, None]

    def test_a_place_is_named_once_a_call(self) -> None:
        assert [len(c.change_ids) for c in made(stock(1), stock(1, 2, 3), stock(1, place="M"))] == [1, 2]

    def test_a_quantity_that_is_no_whole_number_is_our_mistake(self) -> None:
        with pytest.raises(ValueError, match="whole number"):
            made(
                a_change(
                    1, Entity.STOCK, Verb.SET, target_id="i", place="L", diffs=(Diff("available", 1, "2"),)
                )
            )

    def test_keys_live_23_hours_and_are_one_a_call(self) -> None:
        first, second = made(*[stock(n) for n in range(251)])
        assert first.key != second.key and first.expires_at == NOW + timedelta(hours=23)
        assert keyed(first)["key"] == first.key
        assert keyed(first)["input"]["referenceDocumentUri"] == f"gid://counterpart/Call/{first.key}"

    def test_activations_have_keys_of_their_own_that_stay(self) -> None:
        [call] = made(
            *[a_change(n, Entity.STOCK, Verb.ACTIVATE, target_id=f"i{n}", place="L") for n in range(3)]
        )
        keys = [keyed(call)[f"key{n}"] for n in range(3)]
        assert len(set(keys)) == 3 and keys == [keyed(call)[f"key{n}"] for n in range(3)]

    def test_variants_join_by_product(self) -> None:
        calls = made(variants(1), variants(2), variants(3, "Q"))
        assert [(c.arguments["variables"]["productId"], len(c.change_ids)) for c in calls] == [
            ("P", 2),
            ("Q", 1),
        ]

    def test_new_variants_never_remove_one_made_by_hand(self) -> None:
        [call] = made(a_change(1, Entity.VARIANT, Verb.CREATE, parent_id="P", body=Variant("", sku="A")))
        assert call.arguments["variables"]["strategy"] == "PRESERVE_STANDALONE_VARIANT"

    def test_tags_name_only_what_comes_and_goes(self) -> None:
        diff = Diff("tags", ("a", "b"), ("b", "c"))
        [call] = made(a_change(1, Entity.PRODUCT, Verb.UPDATE, target_id="P", diffs=(diff,)))
        assert call.operation == "product_tags"
        assert call.arguments["variables"] == {"id": "P", "add": ["c"], "remove": ["a"]}

    @pytest.mark.parametrize(
        ("before", "after", "operation"),
        [((), ("a",), "tags_add"), (("a",), (), "tags_remove"), (None, ("a",), "tags_add")],
    )
    def test_tags_only_to_come_or_only_to_go(self, before: Any, after: Any, operation: str) -> None:
        [call] = made(
            a_change(1, Entity.PRODUCT, Verb.UPDATE, target_id="P", diffs=(Diff("tags", before, after),))
        )
        assert call.operation == operation

    def test_metafields_of_several_owners_join_up_to_25(self) -> None:
        diffs = (Diff("metafield:sync.a", None, "1"), Diff("metafield:custom.b", None, "2"))
        calls = made(
            *[a_change(n, Entity.PRODUCT, Verb.MARK, target_id=f"P{n}", diffs=diffs) for n in range(13)]
        )
        assert [len(c.change_ids) for c in calls] == [12, 1]
        assert calls[0].arguments["rows"][:4] == [0, 0, 1, 1]

    def test_channels_take_50_products_a_call(self) -> None:
        publish = [
            a_change(n, Entity.PUBLICATION, Verb.PUBLISH, target_id=f"P{n}", place="C") for n in range(60)
        ]
        other = a_change(99, Entity.PUBLICATION, Verb.PUBLISH, target_id="P1", place="D")
        assert [len(c.change_ids) for c in made(*publish, other)] == [50, 10, 1]

    def test_an_update_never_sends_lists(self) -> None:
        diffs = (Diff("title", "a", "b"), Diff("seo_title", "", "s"), Diff("category", "x", ""))
        [call] = made(a_change(1, Entity.PRODUCT, Verb.UPDATE, target_id="P", diffs=diffs))
        assert call.arguments["variables"] == {
            "product": {"id": "P", "title": "b", "seo": {"title": "s"}, "category": None}
        }

    def test_a_create_is_an_upsert_by_our_own_id(self) -> None:
        body = Product("", title="x", variants=(Variant("", sku="A"),))
        [call] = made(a_change(1, Entity.PRODUCT, Verb.CREATE, body=body, key="shop:1"))
        assert call.arguments["variables"]["identifier"] == {
            "customId": {"namespace": "sync", "key": "record", "value": "shop:1"}
        }

    def test_very_many_variants_go_asynchronously(self) -> None:
        many = tuple(Variant("", sku=str(n), options=(("No", str(n)),)) for n in range(251))
        [call] = made(
            a_change(1, Entity.PRODUCT, Verb.CREATE, body=Product("", title="x", variants=many), key="k")
        )
        assert call.operation == "product_set_async"

    def test_pictures_join_by_product_and_private_ones_stay_behind(self) -> None:
        [call] = made(
            *[
                a_change(n, Entity.MEDIA, Verb.CREATE, parent_id="P", body=Media("", url))
                for n, url in enumerate(("https://x.example/1.jpg", "http://10.0.0.1/2.jpg"))
            ]
        )
        assert [row["originalSource"] for row in call.arguments["variables"]["media"]] == [
            "https://x.example/1.jpg",
            "",
        ]

    def test_a_shipment_names_order_tracking_and_lines(self) -> None:
        body = Fulfilment("", "O", Tracking("Yurtiçi", "123"), lines=(("L1", 2),))
        [call] = made(a_change(1, Entity.FULFILMENT, Verb.CREATE, parent_id="O", body=body))
        assert {**call.arguments, "targets": 0} == {
            "order": "O",
            "tracking": {"company": "Yurtiçi", "number": "123"},
            "lines": [["L1", 2]],
            "notify": False,
            "targets": 0,
        }

    @pytest.mark.parametrize(
        "change",
        [
            a_change(1, Entity.ORDER, Verb.CREATE),
            a_change(1, Entity.CUSTOMER, Verb.UPDATE),
            a_change(1, Entity.PRODUCT, Verb.UPDATE, diffs=(Diff("nonsense", 1, 2),)),
            a_change(1, Entity.PRODUCT, Verb.UPDATE, diffs=(Diff("title", 1, 2), Diff("tags", (), ()))),
            a_change(1, Entity.VARIANT, Verb.UPDATE, diffs=(Diff("levels", 1, 2),)),
        ],
    )
    def test_what_shopify_cannot_do_is_a_value_error(self, change: Change) -> None:
        with pytest.raises(ValueError, match="Shopify cannot"):
            made(change)


class TestOutcomes:
    CALL = Call("1", "inventory_set", {}, ("a", "b", "c"))

    def errors(self, *rows: dict[str, Any], call: Call = CALL) -> Any:
        return user_errors(call, {"userErrors": list(rows)})

    def test_stale_rows_are_named_the_others_go_again(self) -> None:
        row = {
            "code": "CHANGE_FROM_QUANTITY_STALE",
            "field": ["input", "quantities", "1"],
            "message": "stale",
        }
        found = outcomes.refused_by_name(
            self.CALL, self.errors(row), frozenset({"CHANGE_FROM_QUANTITY_STALE"})
        )
        assert [(o.state, o.named) for o in found] == [
            (State.REFUSED, False),
            (State.STALE, True),
            (State.REFUSED, False),
        ]

    def test_a_refusal_that_names_nobody(self) -> None:
        found = outcomes.refused_by_name(
            self.CALL, self.errors({"field": ["input", "reason"], "message": "invalid"})
        )
        assert not any(o.named for o in found) and "invalid" in str(found[0].message)

    def test_the_only_member_is_always_meant(self) -> None:
        one = Call("1", "product_set", {}, ("a",))
        [found] = outcomes.refused_by_name(one, self.errors({"field": None, "message": "no"}, call=one))
        assert found.named and found.state is State.REFUSED

    def test_a_partial_update_applies_the_rest(self) -> None:
        row = {"field": ["variants", "1", "price"], "message": "Price must be greater than or equal to 0"}
        found = outcomes.partly_applied(self.CALL, self.errors(row))
        assert [o.state for o in found] == [State.APPLIED, State.REFUSED, State.APPLIED]

    def test_rows_lead_to_their_members(self) -> None:
        call = Call("1", "metafields_set", {"rows": [0, 0, 1, 2]}, ("a", "b", "c"))
        [error] = self.errors(
            {"elementIndex": 2, "field": ["metafields", "2", "value"], "message": "x"}, call=call
        )
        assert error.member == 1


class TestSpec:
    @pytest.mark.parametrize(
        "raw",
        [
            "moda",
            "Moda.myshopify.com",
            " https://moda.myshopify.com/admin/products ",
            "http://moda.myshopify.com",
            "https://admin.shopify.com/store/moda",
            "admin.shopify.com/store/moda/products/1?x=2",
        ],
    )
    def test_what_people_paste_is_the_permanent_domain(self, raw: str) -> None:
        assert spec.normalise({"shop": raw})["shop"] == "moda.myshopify.com"

    @pytest.mark.parametrize(
        "raw",
        [
            "",
            "www.moda.com",
            "moda.myshopify.com.evil.example",
            "evil.example/moda.myshopify.com",
            "https://admin.shopify.com/",
            "moda.myshopify.com@10.0.0.1",
            "mo da",
            "127.0.0.1",
            "-moda",
        ],
    )
    def test_anything_else_is_refused_with_the_way_on(self, raw: str) -> None:
        with pytest.raises(NeedsOperator, match="myshopify.com"):
            spec.normalise({"shop": raw})

    def test_a_secret_in_the_place_of_a_token_is_noticed(self) -> None:
        with pytest.raises(NeedsOperator, match="client secret"):
            spec.normalise({"shop": "moda", "access_token": "shpss_1"})

    def test_missing_scopes_are_named_and_write_holds_read(self) -> None:
        granted = frozenset({"write_products", "read_inventory", "read_locations"})
        assert spec.missing_scopes(granted, (Entity.PRODUCT, Entity.STOCK)) == [
            "read_publications",
            "write_inventory",
        ]

    def test_every_entity_has_its_scopes(self) -> None:
        assert all(spec.scopes(entity) for entity in spec.SUPPORT)


@pytest.mark.parametrize("verb", [Verb.SET, Verb.ADJUST, Verb.TRACK, Verb.ACTIVATE])
@pytest.mark.parametrize("rows", [1, 25, 26, 400])
def test_stock_is_packed_as_it_is_declared(verb: Verb, rows: int) -> None:
    """Estimates go by the declaration."""
    size = spec.supports(Entity.STOCK).calls[verb]
    calls = made(*[replace(stock(n), verb=verb) for n in range(rows)])
    assert len(calls) == -(-rows // size.rows)
    assert sum(call.cost for call in calls) == len(calls) * size.points + rows * size.each
