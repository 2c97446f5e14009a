"""What each (entity, verb) does to the store: one small function each, found in a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sync.connectors.memory.store import Store
from sync.model.call import Change, Outcome, State, Verb
from sync.model.entity import Entity
from sync.model.fields import parse_money
from sync.model.order import Fulfilment, Order, Tracking
from sync.model.product import Level, Media, Product, Variant
from sync.model.text import say

Effect = Callable[[Store, Change], Outcome]
_MONEY = ("price", "compare_at", "cost")


class Refusal(Exception):
    """The platform's reason, for one record."""


def apply(store: Store, change: Change) -> Outcome:
    """Carries out one change and writes it into the ledger; a refusal is an outcome."""
    try:
        reason = store.refuse.get(change.label)
        if reason is not None:
            raise Refusal(reason)
        outcome = EFFECTS[change.entity, change.verb](store, change)
    except Refusal as refusal:
        return Outcome(change.id, State.REFUSED, change.target_id, say(str(refusal)))
    if outcome.state is State.APPLIED:
        store.done.append((change, outcome))
    return outcome


def _applied(change: Change, target_id: str = "") -> Outcome:
    return Outcome(change.id, State.APPLIED, target_id or change.target_id)


def _product_of(store: Store, product_id: str) -> Product:
    if product_id not in store.products:
        raise Refusal("There is no such product.")
    return store.products[product_id]


def _order_of(store: Store, order_id: str) -> Order:
    if order_id not in store.orders:
        raise Refusal("There is no such order.")
    return store.orders[order_id]


def _create_product(store: Store, change: Change) -> Outcome:
    if not isinstance(change.body, Product) or not change.body.title:
        raise Refusal("A product needs a title.")
    new_id = store.keys.get(change.key) or store.new_id("p")
    if change.key:
        store.keys[change.key] = new_id
    store.products[new_id] = store.identified(replace(change.body, id=new_id))
    return _applied(change, new_id)


def _update_product(store: Store, change: Change) -> Outcome:
    product = _product_of(store, change.target_id)
    values: dict[str, Any] = {d.field: d.after for d in change.diffs}
    store.products[product.id] = replace(product, **values)
    return _applied(change)


def _mark_product(store: Store, change: Change) -> Outcome:
    product = _product_of(store, change.target_id)
    marks = {d.field.removeprefix("metafield:"): str(d.after) for d in change.diffs}
    store.products[product.id] = replace(product, metafields={**product.metafields, **marks})
    return _applied(change)


def _create_variant(store: Store, change: Change) -> Outcome:
    _product_of(store, change.parent_id)
    if not isinstance(change.body, Variant):
        raise Refusal("A variant is missing.")
    variant = store.identified_variant(replace(change.body, id="", item_id=""))
    store.put_variant(change.parent_id, variant)
    return _applied(change, variant.id)


def _variant_value(name: str, value: Any) -> Any:
    if name in _MONEY:
        return parse_money(value)
    return Decimal(str(value)) if name == "weight" and value is not None else value


def _update_variant(store: Store, change: Change) -> Outcome:
    owner = next((p for p in store.products.values() for v in p.variants if v.id == change.target_id), None)
    if owner is None:
        raise Refusal("There is no such variant.")
    variant = next(v for v in owner.variants if v.id == change.target_id)
    names = {"weight": "weight_grams"}
    values = {names.get(d.field, d.field): _variant_value(d.field, d.after) for d in change.diffs}
    store.put_variant(owner.id, replace(variant, **values))
    return _applied(change)


def _create_media(store: Store, change: Change) -> Outcome:
    product = _product_of(store, change.parent_id)
    if not isinstance(change.body, Media):
        raise Refusal("A picture is missing.")
    media = replace(change.body, id=store.new_id("m"))
    store.products[product.id] = replace(product, media=(*(product.media or ()), media))
    return _applied(change, media.id)


def _publish(store: Store, change: Change) -> Outcome:
    product = _product_of(store, change.target_id or change.parent_id)
    channels = tuple(sorted({*(product.channels or ()), change.place}))
    store.products[product.id] = replace(product, channels=channels)
    return _applied(change, product.id)


def _level(variant: Variant, place: str) -> Level | None:
    return next((level for level in variant.levels if level.location_id == place), None)


def _with_level(variant: Variant, level: Level) -> Variant:
    others = tuple(known for known in variant.levels if known.location_id != level.location_id)
    return replace(variant, levels=(*others, level))


def _item(store: Store, change: Change) -> tuple[Product, Variant]:
    found = store.owner(change.target_id)
    if found is None:
        raise Refusal("There is no such inventory item.")
    return found


def _activate(store: Store, change: Change) -> Outcome:
    product, variant = _item(store, change)
    known = _level(variant, change.place)
    quantity = known.available if known else 0
    store.put_variant(product.id, _with_level(variant, Level(change.place, quantity)))
    return _applied(change)


def _track(store: Store, change: Change) -> Outcome:
    product, variant = _item(store, change)
    store.put_variant(product.id, replace(variant, tracked=True))
    return _applied(change)


def _adjust_stock(store: Store, change: Change) -> Outcome:
    """A delta, carried out only where the quantity before is still there: then it is the same as setting."""
    if change.before("available") is None:
        raise Refusal("A delta needs the quantity that it starts from.")
    return _set_stock(store, change)


def _set_stock(store: Store, change: Change) -> Outcome:
    product, variant = _item(store, change)
    known, wanted, before = (
        _level(variant, change.place),
        change.after("available"),
        change.before("available"),
    )
    if known is None or not known.active:
        raise Refusal("The item is not stocked at this location.")
    if before is not None and before != known.available:
        return Outcome(
            change.id, State.STALE, change.target_id, say("The stock moved in between."), known.available
        )
    if not isinstance(wanted, int):
        raise Refusal("A quantity is a whole number.")
    store.put_variant(product.id, _with_level(variant, Level(change.place, wanted)))
    return _applied(change)


def _create_order(store: Store, change: Change) -> Outcome:
    if not isinstance(change.body, Order) or not change.body.lines:
        raise Refusal("An order needs lines.")
    new_id = store.new_id("o")
    if change.key:
        store.keys[change.key] = new_id
    store.orders[new_id] = replace(change.body, id=new_id, reference=change.key or change.body.reference)
    return _applied(change, new_id)


def _advance_order(store: Store, change: Change) -> Outcome:
    order = _order_of(store, change.target_id)
    store.orders[order.id] = replace(order, status=str(change.after("status")))
    return _applied(change)


def _create_fulfilment(store: Store, change: Change) -> Outcome:
    order = _order_of(store, change.parent_id)
    if not isinstance(change.body, Fulfilment):
        raise Refusal("A fulfilment is missing.")
    made = replace(change.body, id=store.new_id("f"), order_id=order.id)
    store.orders[order.id] = replace(order, fulfilment="fulfilled", fulfilments=(*order.fulfilments, made))
    return _applied(change, made.id)


def _update_fulfilment(store: Store, change: Change) -> Outcome:
    order = next((o for o in store.orders.values() for f in o.fulfilments if f.id == change.target_id), None)
    if order is None:
        raise Refusal("There is no such fulfilment.")
    values = {d.field.removeprefix("tracking."): str(d.after) for d in change.diffs}
    moved = tuple(
        replace(f, tracking=_tracked(f.tracking, values)) if f.id == change.target_id else f
        for f in order.fulfilments
    )
    store.orders[order.id] = replace(order, fulfilments=moved)
    return _applied(change)


def _tracked(tracking: Tracking, values: dict[str, str]) -> Tracking:
    return replace(tracking, **{k: v for k, v in values.items() if k in ("company", "number", "url")})


EFFECTS: dict[tuple[Entity, Verb], Effect] = {
    (Entity.PRODUCT, Verb.CREATE): _create_product,
    (Entity.PRODUCT, Verb.UPDATE): _update_product,
    (Entity.PRODUCT, Verb.MARK): _mark_product,
    (Entity.VARIANT, Verb.CREATE): _create_variant,
    (Entity.VARIANT, Verb.UPDATE): _update_variant,
    (Entity.MEDIA, Verb.CREATE): _create_media,
    (Entity.PUBLICATION, Verb.PUBLISH): _publish,
    (Entity.STOCK, Verb.ACTIVATE): _activate,
    (Entity.STOCK, Verb.SET): _set_stock,
    (Entity.STOCK, Verb.ADJUST): _adjust_stock,
    (Entity.STOCK, Verb.TRACK): _track,
    (Entity.ORDER, Verb.CREATE): _create_order,
    (Entity.ORDER, Verb.ADVANCE): _advance_order,
    (Entity.FULFILMENT, Verb.CREATE): _create_fulfilment,
    (Entity.FULFILMENT, Verb.UPDATE): _update_fulfilment,
}
