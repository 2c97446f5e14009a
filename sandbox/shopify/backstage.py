"""What a merchant, a buyer or a test does behind the API's back, written down in the ledger as ``hand.…``."""

from __future__ import annotations

from typing import Any

from sandbox.control import BadRequest
from sandbox.shopify import media, metafields, product_set
from sandbox.shopify.context import Context
from sandbox.shopify.errors import Refusal
from sandbox.shopify.ids import number_of
from sandbox.shopify.make import new_variant
from sandbox.shopify.options import add_values, present_options
from sandbox.shopify.product_fields import clean_tags, write_fields
from sandbox.shopify.publications import publish
from sandbox.shopify.store import Store
from sandbox.shopify.variant_fields import stock_new, write_variant

Obj = dict[str, Any]


class Hand(Context):
    """A context without a request: no scopes, no cost, no faults."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.fault = None
        self.base_url = ""

    def effect(self, kind: str, target: str, **details: Any) -> None:
        """Write an effect down as made by hand."""
        details.pop("key", None)
        self.ledger.effect(f"hand.{kind}", target, **details)


def create_product(store: Store, given: Obj) -> Obj:
    """A product as ``ProductSetInput`` describes it, made by hand; ``publications`` true publishes it
    everywhere."""
    hand, arguments = Hand(store), {"input": {k: v for k, v in given.items() if k != "publications"}}
    try:
        plan = product_set.planned(hand, arguments)
    except Refusal as refusal:
        raise BadRequest(refusal.message) from refusal
    if plan.errors:
        raise BadRequest("; ".join(error["message"] for error in plan.errors))
    product = product_set.applied(hand, plan)
    if given.get("publications"):
        for publication in store.kinds["publication"].values():
            publish(hand, product, publication)
    return product


def find_product(store: Store, key: str) -> Obj:
    """By number, gid, handle or the SKU of a variant; BadRequest if there is none."""
    for candidate in (key, f"gid://shopify/Product/{key}", store.handles.get(key, "")):
        if found := store.get("product", candidate):
            return found
    if ids := store.with_sku(key):
        return store.product_of(store.variants[ids[0]])
    raise BadRequest(f"there is no product {key!r}; give its id, handle or one of its SKUs")


def edit_product(store: Store, product: Obj, given: Obj) -> Obj:
    """Do to a product what ``given`` names: any of EDITS, in the order given."""
    hand = Hand(store)
    if odd := sorted(set(given) - set(EDITS)):
        raise BadRequest(f"unknown edit {', '.join(odd)}; a product knows: {', '.join(EDITS)}")
    for name, value in given.items():
        EDITS[name](hand, product, value)
    if store.get("product", product["id"]):
        store.touch(product)
    hand.effect("product.edited", str(number_of(product["id"])), args=given)
    return product


def _set(hand: Hand, product: Obj, given: Obj) -> None:
    write_fields(hand, product, given)


def _tags(hand: Hand, product: Obj, given: list[str]) -> None:
    product["tags"] = clean_tags([*product["tags"], *given])


def _untag(hand: Hand, product: Obj, given: list[str]) -> None:
    gone = {tag.casefold() for tag in given}
    product["tags"] = [tag for tag in product["tags"] if tag.casefold() not in gone]


def _variant(hand: Hand, product: Obj, given: Obj) -> None:
    """``{"options": {"Renk": "Mor"}, "sku": …, "price": …}``; options left out take their first value."""
    chosen = given.get("options") or {}
    pairs = [(name, str(chosen.get(name, values[0]))) for _, name, values in present_options(product).options]
    add_values(hand, product, pairs)
    variant = new_variant(hand.store, product, pairs)
    stock_new(hand, variant, given.get("inventoryQuantities") or [])
    hand.store.note_variant(variant)
    write_variant(hand, variant, {name: value for name, value in given.items() if name != "options"})
    product["_variants"].append(variant)


def _change_variant(hand: Hand, product: Obj, given: Obj) -> None:
    write_variant(hand, _by_sku(product, given["sku"]), {k: v for k, v in given.items() if k != "sku"})


def _drop_variant(hand: Hand, product: Obj, sku: str) -> None:
    variant = _by_sku(product, sku)
    if len(product["_variants"]) == 1:
        raise BadRequest("a product keeps at least one variant")
    hand.store.forget_variant(variant)
    product["_variants"].remove(variant)


def _by_sku(product: Obj, sku: str) -> Obj:
    for variant in product["_variants"]:
        if variant["_item"]["sku"] == sku:
            found: Obj = variant
            return found
    raise BadRequest(f"the product has no variant with SKU {sku!r}")


def _image(hand: Hand, product: Obj, given: Any) -> None:
    source = given if isinstance(given, dict) else {"originalSource": given, "contentType": "IMAGE"}
    if errors := media.source_errors(source, ["image"]):
        raise BadRequest(errors[0]["message"])
    media.attach(hand, product, media.create_file(hand, source))


def _drop_image(hand: Hand, product: Obj, given: Any) -> None:
    id = product["_media"][given] if isinstance(given, int) else given
    media.detach(hand, product, id)


def _metafield(hand: Hand, product: Obj, given: Obj) -> None:
    wanted = {"type": "single_line_text_field", **given}
    if errors := metafields.input_errors(hand, "PRODUCT", product["id"], wanted, ["metafield"]):
        raise BadRequest(errors[0]["message"])
    metafields.write(hand, product, wanted)


def _delete(hand: Hand, product: Obj, given: Any) -> None:
    hand.store.drop("product", product["id"])


EDITS: dict[str, Any] = {
    "set": _set,
    "add_tags": _tags,
    "remove_tags": _untag,
    "add_variant": _variant,
    "change_variant": _change_variant,
    "delete_variant": _drop_variant,
    "add_image": _image,
    "delete_image": _drop_image,
    "metafield": _metafield,
    "delete": _delete,
}
