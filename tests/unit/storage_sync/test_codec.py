"""Values come back from their JSON form as they went in, also through text and from older rows."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from storage.jsontext import dump_json, load_json
from storage.plans import signature
from sync.model.codec import dump, load
from sync.model.flow import Brakes, FieldMap, Flow, OrderSettings, ProductFilter, ProductSettings, Schedule
from sync.model.order import Fulfilment, Order
from sync.model.plan import Park
from sync.model.product import Media, Product, Variant
from sync.model.run import BrakeHit, Counts, Scope
from sync.model.text import Message, say
from tests.unit.storage_sync import made


def through_text(value: Any) -> Any:
    return load_json(dump_json(json.loads(json.dumps(dump(value)))))


@given(made.products)
def test_any_product_comes_back(product: Product) -> None:
    assert load(Product, through_text(product)) == product


@given(made.orders)
def test_any_order_comes_back(order: Order) -> None:
    assert load(Order, through_text(order)) == order


@pytest.mark.parametrize("value", [made.PRODUCT, made.VARIANT, made.MEDIA, made.ORDER, made.FULFILMENT])
def test_a_record_with_every_field_comes_back(value: Any) -> None:
    assert load(type(value), through_text(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        ProductSettings(
            fields=("title",),
            mappings=(FieldMap("brand", "tag"),),
            filters=ProductFilter(skus=("A",)),
            brakes=Brakes(floor=3, empty_source=False),
        ),
        OrderSettings(
            go_live_at=made.NOON, payments={}, default_vat=Decimal("20"), service_skus={"tip": "T"}
        ),
        Schedule(cron="30 3 * * 1-5"),
        Scope(skus=("A", "B"), confirmed=("x",)),
        Counts(3, 1, 1, 1),
        BrakeHit("prices", say("{count} prices", count=3), 3, 2),
    ],
)
def test_settings_and_reports_come_back(value: Any) -> None:
    assert load(type(value), through_text(value)) == value


def test_none_and_empty_stay_apart() -> None:
    for tags in (None, (), ("a",)):
        assert load(Product, through_text(Product("p", tags=tags))).tags == tags
    assert load(Variant, through_text(Variant("v", compare_at=made.lira("0")))).compare_at == made.lira(
        "0.00"
    )


def test_rows_of_other_versions_stay_readable() -> None:
    raw = {**dump(Schedule(minutes=5)), "invented_later": 1}
    assert load(Schedule, raw) == Schedule(minutes=5)
    assert load(ProductSettings, {}) == ProductSettings()


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError):
        dump(object())


def test_messages_keep_their_parameters() -> None:
    park = Park(
        Flow, "p", "P", "cause", say("{count} of {name}", count=2, name="ş"), facts={"candidates": ["1"]}
    )  # type: ignore[arg-type]
    raw = dump(park.message)
    assert load(Message, raw) == park.message and load(Message, raw).english() == "2 of ş"


@given(made.changes)
def test_a_signature_tells_equal_changes_apart_from_others(change: Any) -> None:
    assert signature(change) == signature(replace(change, id="another", label="another", key="another"))
    assert signature(change) != signature(replace(change, source_id=change.source_id + "x"))
    if change.diffs:
        assert signature(change) != signature(replace(change, diffs=()))


@pytest.mark.parametrize("value", [made.PRODUCT, made.VARIANT, made.MEDIA, made.ORDER, made.FULFILMENT])
def test_a_signature_sees_the_body(value: Product | Variant | Media | Order | Fulfilment) -> None:
    one = made.change(1, value)
    other = made.change(1, replace(value, id="another"))  # type: ignore[type-var]
    assert signature(one) == signature(made.change(1, load(type(value), through_text(value))))
    assert signature(one) != signature(other)
