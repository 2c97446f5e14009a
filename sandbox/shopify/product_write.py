"""``productCreate``, ``productUpdate``, ``productDelete``, tags, and the order of media."""

from __future__ import annotations

from typing import Any

from sandbox.shopify import media, metafields, scopes
from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.ids import number_of, type_of
from sandbox.shopify.make import DEFAULT_OPTION, DEFAULT_VALUE, new_product, new_variant, set_choice
from sandbox.shopify.options import Wanted, lay_options, option_errors, wanted_options
from sandbox.shopify.order_write import new_job
from sandbox.shopify.owners import owner_of, save_owner
from sandbox.shopify.product_fields import chosen_handle, clean_tags, field_errors, write_fields
from sandbox.shopify.products import by_custom_id
from sandbox.shopify.project import mutation
from sandbox.shopify.shop import shop_object
from sandbox.shopify.variant_fields import stock_new

Obj = dict[str, Any]


@mutation("productCreate")
def product_create(_: Any, arguments: Obj, context: Context) -> Obj:
    """A product with one variant, published nowhere."""
    given, shop = arguments.get("product") or arguments.get("input") or {}, shop_object(context)
    wanted = wanted_options(given.get("productOptions") or [], None)
    errors = field_errors(context, given, None, []) + option_errors(wanted, ["productOptions"])
    errors += _metafield_errors(context, given, "")
    files, wrong = media_inputs(arguments.get("media") or [])
    if errors or wrong:
        return {"product": None, "shop": shop, "userErrors": errors or wrong}
    store = context.store
    product = new_product(store, given["title"].strip(), chosen_handle(context, given))
    store.handles[product["handle"]] = product["id"]
    write_fields(context, product, given)
    options = wanted if wanted.options else Wanted([(None, DEFAULT_OPTION, [DEFAULT_VALUE])])
    lay_options(context, product, options)
    variant = new_variant(store, product, [])
    set_choice(variant, [(name, values[0]) for _, name, values in options.options])
    product["_variants"] = [variant]
    stock_new(context, variant, [])
    store.note_variant(variant)
    for one in given.get("metafields") or ():
        metafields.write(context, product, one)
    for one in files:
        media.attach(context, product, media.create_file(context, one))
    store.touch(product)
    context.effect(
        "product.created", str(number_of(product["id"])), args=given, after={"handle": product["handle"]}
    )
    return {"product": product, "shop": shop, "userErrors": []}


def _metafield_errors(context: Context, given: Obj, owner: str) -> list[Obj]:
    errors = []
    for n, one in enumerate(given.get("metafields") or ()):
        errors += metafields.input_errors(context, "PRODUCT", owner, one, ["metafields", str(n)])
    return errors


def media_inputs(given: list[Obj]) -> tuple[list[Obj], list[Obj]]:
    """``CreateMediaInput`` as file inputs, and what is wrong with them."""
    files, errors = [], []
    for n, one in enumerate(given):
        kind = "IMAGE" if one.get("mediaContentType") == "IMAGE" else one.get("mediaContentType")
        file = {"originalSource": one["originalSource"], "alt": one.get("alt"), "contentType": kind}
        errors += media.source_errors(file, ["media", str(n)])
        files.append(file)
    return files, errors


@mutation("productUpdate")
def product_update(_: Any, arguments: Obj, context: Context) -> Obj:
    """Change the fields that are given; media is added at the end."""
    given = arguments.get("product") or arguments.get("input") or {}
    product = _meant(arguments, given, context)
    if product is None:
        return {"product": None, "userErrors": [user_error(["id"], "Product does not exist")]}
    errors = field_errors(context, given, product, []) + _metafield_errors(context, given, product["id"])
    files, wrong = media_inputs(arguments.get("media") or [])
    if errors or wrong:
        return {"product": product, "userErrors": errors or wrong}
    write_fields(context, product, given)
    for one in given.get("metafields") or ():
        metafields.write(context, product, one)
    for one in files:
        media.attach(context, product, media.create_file(context, one))
    context.store.touch(product)
    context.effect("product.updated", str(number_of(product["id"])), args=arguments)
    return {"product": product, "userErrors": []}


def _meant(arguments: Obj, given: Obj, context: Context) -> Obj | None:
    identifier, store = arguments.get("identifier") or {}, context.store
    if "handle" in identifier:
        return store.get("product", store.handles.get(identifier["handle"], ""))
    if "customId" in identifier:
        return store.get("product", by_custom_id("PRODUCT", identifier["customId"], context) or "")
    return store.get("product", identifier.get("id") or given.get("id") or "")


@mutation("productDelete")
def product_delete(_: Any, arguments: Obj, context: Context) -> Obj:
    """Delete a product with everything below it."""
    id, shop = arguments["input"]["id"], shop_object(context)
    product = context.store.get("product", id)
    if product is None:
        error = user_error(["id"], "Product does not exist")
        return {"deletedProductId": None, "productDeleteOperation": None, "shop": shop, "userErrors": [error]}
    context.store.drop("product", id)
    context.effect("product.deleted", str(number_of(id)), before=product["handle"])
    return {"deletedProductId": id, "productDeleteOperation": None, "shop": shop, "userErrors": []}


@mutation("tagsAdd")
def tags_add(_: Any, arguments: Obj, context: Context) -> Obj:
    """Add tags, leaving the others."""
    return _tags(arguments, context, "tagsAdd")


@mutation("tagsRemove")
def tags_remove(_: Any, arguments: Obj, context: Context) -> Obj:
    """Remove tags, leaving the others."""
    return _tags(arguments, context, "tagsRemove")


def _tags(arguments: Obj, context: Context, root: str) -> Obj:
    scopes.check_owner(type_of(arguments["id"]), context.settings.granted, root)
    owner = owner_of(arguments["id"], context)
    if owner is None or "tags" not in owner:
        kind = type_of(arguments["id"]) or "Node"
        return {"node": None, "userErrors": [user_error(["id"], f"{kind} does not exist")]}
    before, named = owner["tags"], clean_tags(arguments["tags"])
    gone = {tag.casefold() for tag in named}
    after = (
        clean_tags([*before, *named])
        if root == "tagsAdd"
        else [t for t in before if t.casefold() not in gone]
    )
    if after != before:
        owner["tags"] = after
        save_owner(owner, context)
        target = f"{type_of(owner['id'])}/{number_of(owner['id'])}"
        context.effect("tags.changed", target, args=arguments, before=before, after=after)
    return {"node": owner, "userErrors": []}


@mutation("productReorderMedia")
def reorder_media(_: Any, arguments: Obj, context: Context) -> Obj:
    """Move media to other places, one move after the other."""
    product = context.store.get("product", arguments["id"])
    if product is None:
        error = user_error(["id"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
        return {"job": None, "mediaUserErrors": [error], "userErrors": [error]}
    unknown = [n for n, move in enumerate(arguments["moves"]) if move["id"] not in product["_media"]]
    if unknown:
        at = ["moves", str(unknown[0]), "id"]
        error = user_error(at, "Media does not exist", "MEDIA_DOES_NOT_EXIST")
        return {"job": None, "mediaUserErrors": [error], "userErrors": [error]}
    order = list(product["_media"])
    for move in arguments["moves"]:
        order.remove(move["id"])
        order.insert(max(0, int(move["newPosition"])), move["id"])
    product["_media"] = order
    context.store.touch(product)
    context.effect("media.reordered", str(number_of(product["id"])), args=arguments)
    return {"job": new_job(context), "mediaUserErrors": [], "userErrors": []}
