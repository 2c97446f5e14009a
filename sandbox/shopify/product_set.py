"""``productSet``: create or update a product with everything below it; lists that are sent are the whole
list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.shopify import media, metafields
from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.ids import gid, number_of
from sandbox.shopify.make import DEFAULT_OPTION, DEFAULT_VALUE, new_product, new_variant, set_choice
from sandbox.shopify.options import (
    Choice,
    Wanted,
    choice_of,
    lay_options,
    option_errors,
    twin_errors,
    wanted_options,
)
from sandbox.shopify.product_fields import chosen_handle, field_errors, write_fields
from sandbox.shopify.products import by_custom_id, resolved_namespace
from sandbox.shopify.project import mutation, query, resolver
from sandbox.shopify.variant_fields import (
    set_stock,
    stock_errors,
    stock_new,
    variant_errors,
    variant_file,
    write_variant,
)

Obj = dict[str, Any]
OPERATION_SECONDS = 1.0
MOST_QUANTITIES = 50_000


@dataclass(slots=True)
class Plan:
    """What a call asks for, checked: the product it meets, options, and per variant its choice and twin."""

    given: Obj
    product: Obj | None
    custom: Obj | None = None
    wanted: Wanted | None = None
    choices: list[Choice] = field(default_factory=list)
    twins: list[Obj | None] = field(default_factory=list)
    errors: list[Obj] = field(default_factory=list)


@mutation("productSet")
def product_set(_: Any, arguments: Obj, context: Context) -> Obj:
    """Synchronously, or as an operation to be polled."""
    plan = planned(context, arguments)
    if arguments.get("synchronous", True):
        product = None if plan.errors else applied(context, plan)
        return {"product": product, "productSetOperation": None, "userErrors": plan.errors}
    product = None if plan.errors else applied(context, plan)
    operation = {
        "__typename": "ProductSetOperation",
        "id": gid("ProductSetOperation", context.store.number()),
        "_due": context.clock.monotonic() + OPERATION_SECONDS,
        "_product": product["id"] if product else None,
        "_errors": plan.errors,
    }
    context.store.save("operation", operation)
    return {"product": None, "productSetOperation": operation, "userErrors": []}


@query("productOperation")
def product_operation(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """An asynchronous productSet, by id."""
    return context.store.get("operation", arguments["id"])


@resolver("ProductSetOperation", "status")
def operation_status(operation: Obj, arguments: Obj, context: Context) -> str:
    """CREATED, ACTIVE after half of its time, COMPLETE at its end."""
    left = operation["_due"] - context.clock.monotonic()
    return "COMPLETE" if left <= 0 else "ACTIVE" if left <= OPERATION_SECONDS / 2 else "CREATED"


@resolver("ProductSetOperation", "product")
def operation_product(operation: Obj, arguments: Obj, context: Context) -> Obj | None:
    """The product, once the operation is complete."""
    done = operation_status(operation, {}, context) == "COMPLETE"
    return context.store.get("product", operation["_product"] or "") if done else None


@resolver("ProductSetOperation", "userErrors")
def operation_errors(operation: Obj, arguments: Obj, context: Context) -> list[Obj]:
    """What was refused, once the operation is complete."""
    done = operation_status(operation, {}, context) == "COMPLETE"
    found: list[Obj] = operation["_errors"] if done else []
    return found


# What is asked for --------------------------------------------------------------------------------------


def planned(context: Context, arguments: Obj) -> Plan:
    """What a call asks for, with every error; nothing is changed."""
    given, identifier = arguments["input"], arguments.get("identifier") or {}
    plan = Plan(given, None)
    if context.fault_is("partial_user_errors"):
        plan.errors = [user_error(["input"], "The product could not be saved.", "GENERIC_ERROR")]
        return plan
    plan.errors = _identify(context, plan, identifier)
    if not plan.errors:
        plan.errors = (
            field_errors(context, given, plan.product, ["input"])
            + _variants(context, plan)
            + _files(context, given)
            + _metafields(context, plan)
        )
    return plan


def _identify(context: Context, plan: Plan, identifier: Obj) -> list[Obj]:
    """Find the product that is meant; the errors of an identifier that contradicts the input."""
    given, store = plan.given, context.store
    if identifier and given.get("id"):
        message = "The id field is not allowed if identifier is provided."
        return [user_error(["input"], message, "ID_NOT_ALLOWED")]
    if id := identifier.get("id") or given.get("id"):
        plan.product = store.get("product", id)
        if plan.product is None:
            return [user_error(["input", "id"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")]
    elif "handle" in identifier:
        if not given.get("handle"):
            message = "The handle field is required in the input when it is the identifier."
            return [user_error(["input", "handle"], message, "MISSING_FIELD_REQUIRED")]
        if given["handle"] != identifier["handle"]:
            message = "The handle in the input must match the handle of the identifier."
            return [user_error(["input", "handle"], message, "INPUT_MISMATCH")]
        plan.product = store.get("product", store.handles.get(identifier["handle"], ""))
    elif "customId" in identifier:
        plan.custom = identifier["customId"]
        plan.product = store.get("product", by_custom_id("PRODUCT", identifier["customId"], context) or "")
        return _custom_mismatch(given, identifier["customId"])
    return []


def _custom_mismatch(given: Obj, custom: Obj) -> list[Obj]:
    """Metafields that are sent must hold the id value itself."""
    if given.get("metafields") is None:
        return []
    place = (resolved_namespace(custom.get("namespace")), custom["key"], custom["value"])
    for one in given["metafields"]:
        if (resolved_namespace(one.get("namespace")), one.get("key"), one.get("value")) == place:
            return []
    message = "The metafields in the input must contain the custom id of the identifier."
    return [user_error(["input", "metafields"], message, "METAFIELD_MISMATCH")]


def _variants(context: Context, plan: Plan) -> list[Obj]:
    given = plan.given
    options, variants = given.get("productOptions"), given.get("variants")
    if options is not None and variants is None:
        message = "Variants input is required when updating product options"
        return [user_error(["input", "variants"], message, "VARIANTS_INPUT_MISSING")]
    if variants is None:
        return []
    if options is None:
        message = "Product options input is required when updating variants"
        return [user_error(["input", "productOptions"], message, "PRODUCT_OPTIONS_INPUT_MISSING")]
    if len(variants) > context.settings.max_variants:
        message = f"Variants are over the limit of {context.settings.max_variants}"
        return [user_error(["input", "variants"], message, "VARIANTS_OVER_LIMIT")]
    plan.wanted = wanted_options(options, plan.product)
    return option_errors(plan.wanted, ["input", "productOptions"]) or _each_variant(context, plan, variants)


def _each_variant(context: Context, plan: Plan, variants: list[Obj]) -> list[Obj]:
    assert plan.wanted is not None
    errors: list[Obj] = []
    for n, one in enumerate(variants):
        path = ["input", "variants", str(n)]
        choice = choice_of(one["optionValues"], plan.wanted, plan.product, path, open_values=False)
        plan.choices.append(choice)
        twin = _present(plan.product, one.get("id"), choice)
        plan.twins.append(twin)
        if one.get("id") and twin is None:
            message = "Product variant does not exist"
            errors.append(user_error([*path, "id"], message, "PRODUCT_VARIANT_DOES_NOT_EXIST"))
        errors += choice.errors
        errors += variant_errors(context, one, twin["id"] if twin else "", path)
        errors += stock_errors(context, twin, one.get("inventoryQuantities") or [], path)
    if sum(len(one.get("inventoryQuantities") or ()) for one in variants) > MOST_QUANTITIES:
        message = f"The number of inventory quantities is over the limit of {MOST_QUANTITIES}"
        errors.append(user_error(["input", "variants"], message, "INVENTORY_QUANTITIES_LIMIT_EXCEEDED"))
    return errors or twin_errors(plan.choices, ["input", "variants"], "INVALID_VARIANT")


def _present(product: Obj | None, id: str | None, choice: Choice) -> Obj | None:
    """The variant that an entry means: by id, else the one with the same option values."""
    for variant in product["_variants"] if product else ():
        values = tuple(one["value"].casefold() for one in variant["selectedOptions"])
        if id == variant["id"] or (id is None and values == choice.key):
            found: Obj = variant
            return found
    return None


def _files(context: Context, given: Obj) -> list[Obj]:
    errors, files = [], given.get("files") or []
    for n, one in enumerate(files):
        errors += _file_errors(context, one, ["input", "files", str(n)])
    listed = {one.get("id") or one.get("originalSource") for one in files}
    for n, variant in enumerate(given.get("variants") or ()):
        one = variant.get("file")
        if one and (one.get("id") or one.get("originalSource")) not in listed:
            message = "The file of a variant must be one of the product's files"
            errors.append(user_error(["input", "variants", str(n), "file"], message, "INVALID_INPUT"))
    return errors


def _file_errors(context: Context, given: Obj, path: list[str]) -> list[Obj]:
    if given.get("id"):
        if context.store.get("file", given["id"]) is None:
            return [user_error([*path, "id"], "File does not exist", "INVALID_INPUT")]
        return media.alt_errors(given, path)
    errors = media.source_errors(given, path)
    # productSet has no codes of its own for files.
    return [{**error, "code": "INVALID_INPUT"} for error in errors]


def _metafields(context: Context, plan: Plan) -> list[Obj]:
    owner = plan.product["id"] if plan.product else ""
    errors = []
    for n, one in enumerate(plan.given.get("metafields") or ()):
        errors += metafields.input_errors(context, "PRODUCT", owner, one, ["input", "metafields", str(n)])
    return [{**error, "code": "INVALID_METAFIELD"} for error in errors]


# Doing it -----------------------------------------------------------------------------------------------


def applied(context: Context, plan: Plan) -> Obj:
    """Do what a plan without errors asks for; the product."""
    store, given = context.store, plan.given
    created = plan.product is None
    product = plan.product or new_product(store, given["title"].strip(), chosen_handle(context, given))
    if created:
        store.handles[product["handle"]] = product["id"]
    write_fields(context, product, given)
    files = _lay_files(context, product, given)
    if plan.wanted is not None:
        _lay_variants(context, product, plan, files)
    elif created:
        _default_variant(context, product)
    _lay_metafields(context, product, plan)
    store.touch(product)
    _note(context, product, plan, created)
    return product


def _note(context: Context, product: Obj, plan: Plan, created: bool) -> None:
    custom = plan.custom
    key = (
        f"{resolved_namespace(custom.get('namespace'))}.{custom['key']}={custom['value']}" if custom else None
    )
    context.effect(
        "product.created" if created else "product.updated",
        str(number_of(product["id"])),
        key=key,
        args=plan.given,
        after={
            "handle": product["handle"],
            "variants": len(product["_variants"]),
            "media": len(product["_media"]),
        },
    )


def _default_variant(context: Context, product: Obj) -> None:
    lay_options(context, product, Wanted([(None, DEFAULT_OPTION, [DEFAULT_VALUE])]))
    variant = new_variant(context.store, product, [(DEFAULT_OPTION, DEFAULT_VALUE)])
    product["_variants"] = [variant]
    stock_new(context, variant, [])
    context.store.note_variant(variant)


def _lay_variants(context: Context, product: Obj, plan: Plan, files: dict[str, str]) -> None:
    assert plan.wanted is not None
    store = context.store
    lay_options(context, product, plan.wanted)
    kept: list[Obj] = []
    for given, choice, twin in zip(plan.given["variants"], plan.choices, plan.twins, strict=True):
        variant = twin or new_variant(store, product, choice.pairs)
        set_choice(variant, choice.pairs)
        rows = given.get("inventoryQuantities") or []
        if twin is None:
            stock_new(context, variant, rows)
            store.note_variant(variant)
        else:
            set_stock(context, variant, rows)
        write_variant(context, variant, given)
        if given.get("file"):
            source = given["file"].get("id") or given["file"].get("originalSource")
            variant_file(context, product, variant, files.get(source))
        variant["position"] = len(kept) + 1
        kept.append(variant)
    ids = {variant["id"] for variant in kept}
    for variant in product["_variants"]:
        if variant["id"] not in ids:
            store.forget_variant(variant)
            context.effect("variant.deleted", str(number_of(variant["id"])), before=variant["_item"]["sku"])
    product["_variants"] = kept


def _lay_files(context: Context, product: Obj, given: Obj) -> dict[str, str]:
    """Make the product's media the given list; answers which id or source became which file."""
    if given.get("files") is None:
        return {id: id for id in product["_media"]}
    known: dict[str, str] = {}
    order: list[str] = []
    for one in given["files"]:
        file = context.store.get("file", one["id"]) if one.get("id") else media.create_file(context, one)
        assert file is not None
        if one.get("id") and one.get("alt") is not None:
            file["alt"] = one["alt"]
            context.store.save("file", file)
        known[one.get("id") or one["originalSource"]] = file["id"]
        order.append(file["id"])
    for id in [id for id in product["_media"] if id not in order]:
        media.detach(context, product, id)
        context.effect("media.detached", str(number_of(product["id"])), before=number_of(id))
    for id in order:
        file = context.store.get("file", id)
        assert file is not None
        media.attach(context, product, file)
    product["_media"] = order
    return known


def _lay_metafields(context: Context, product: Obj, plan: Plan) -> None:
    given = list(plan.given.get("metafields") or ())
    if plan.given.get("metafields") is not None:
        wanted = {metafields.place(resolved_namespace(one.get("namespace")), one["key"]) for one in given}
        for at in [at for at in product["_metafields"] if at not in wanted]:
            gone = product["_metafields"].pop(at)
            context.store.forget_metafield(gone)
            context.effect(
                "metafield.deleted", f"Product/{number_of(product['id'])}:{at}", before=gone["value"]
            )
    elif plan.custom:
        given = [{**plan.custom, "type": "id"}]
    for one in given:
        metafields.write(context, product, one)
