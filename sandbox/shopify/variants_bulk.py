"""``productVariantsBulkCreate/Update/Delete`` and adding options and values to a product."""

from __future__ import annotations

from typing import Any

from sandbox.shopify import media
from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.ids import number_of
from sandbox.shopify.make import new_variant, set_choice
from sandbox.shopify.options import (
    Choice,
    add_values,
    choice_of,
    lay_options,
    option_errors,
    present_options,
    twin_errors,
    wanted_options,
)
from sandbox.shopify.product_write import media_inputs
from sandbox.shopify.project import mutation
from sandbox.shopify.variant_fields import (
    stock_errors,
    stock_new,
    variant_errors,
    variant_file,
    write_variant,
)

Obj = dict[str, Any]


def _gone() -> Obj:
    return user_error(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")


@mutation("productVariantsBulkCreate")
def bulk_create(_: Any, arguments: Obj, context: Context) -> Obj:
    """Add variants to a product: all, or none if one is refused."""
    product = context.store.get("product", arguments["productId"])
    if product is None:
        return {"product": None, "productVariants": None, "userErrors": [_gone()]}
    choices, errors = _create_errors(context, product, arguments)
    if errors:
        return {"product": product, "productVariants": [], "userErrors": errors}
    alone = _standalone(product, arguments.get("strategy") or "DEFAULT")
    made = [
        _create(context, product, given, choice)
        for given, choice in zip(arguments["variants"], choices, strict=True)
    ]
    if alone is not None:
        _remove(context, product, [alone["id"]])
    _files(context, product, arguments)
    context.store.touch(product)
    detail = {"skus": [variant["_item"]["sku"] for variant in made]}
    context.effect("variants.created", str(number_of(product["id"])), args=arguments, detail=detail)
    return {"product": product, "productVariants": made, "userErrors": []}


def _create_errors(context: Context, product: Obj, arguments: Obj) -> tuple[list[Choice], list[Obj]]:
    wanted, choices, errors = present_options(product), [], []
    for n, given in enumerate(arguments["variants"]):
        path = ["variants", str(n)]
        choice = choice_of(given.get("optionValues") or [], wanted, product, path, open_values=True)
        choices.append(choice)
        errors += choice.errors + variant_errors(context, given, "", path)
        errors += stock_errors(context, None, given.get("inventoryQuantities") or [], path)
    most = context.settings.max_variants
    if not errors and len(product["_variants"]) + len(choices) > most:
        errors.append(
            user_error(["variants"], f"Exceeded maximum of {most} variants per product", "INVALID_INPUT")
        )
    return choices, errors or _twins(product, choices)


def _twins(product: Obj, choices: list[Choice]) -> list[Obj]:
    """Choices that repeat each other or a variant that is there."""
    present = {
        tuple(one["value"].casefold() for one in variant["selectedOptions"])
        for variant in product["_variants"]
    }
    errors = []
    for n, choice in enumerate(choices):
        if choice.key in present:
            message = f"The variant '{choice.title}' already exists. Please change at least one option value."
            errors.append(
                user_error(["variants", str(n)], message, "VARIANT_ALREADY_EXISTS_CHANGE_OPTION_VALUE")
            )
    return errors or twin_errors(choices, ["variants"], "VARIANT_ALREADY_EXISTS_CHANGE_OPTION_VALUE")


def _standalone(product: Obj, strategy: str) -> Obj | None:
    """The variant every product is born with, if it is to go."""
    variants = product["_variants"]
    if strategy == "PRESERVE_STANDALONE_VARIANT" or len(variants) != 1:
        return None
    first: Obj = variants[0]
    if strategy == "REMOVE_STANDALONE_VARIANT" or first["title"] == "Default Title":
        return first
    return None


def _create(context: Context, product: Obj, given: Obj, choice: Choice) -> Obj:
    add_values(context, product, choice.pairs)
    variant = new_variant(context.store, product, choice.pairs)
    stock_new(context, variant, given.get("inventoryQuantities") or [])
    context.store.note_variant(variant)
    write_variant(context, variant, given)
    product["_variants"].append(variant)
    _picture(context, product, variant, given)
    return variant


def _picture(context: Context, product: Obj, variant: Obj, given: Obj) -> None:
    if given.get("mediaId"):
        variant_file(context, product, variant, given["mediaId"])
    for source in given.get("mediaSrc") or ():
        known = [
            one
            for id in product["_media"]
            if (one := context.store.get("file", id)) and one["_source"] == source
        ]
        file = (
            known[0]
            if known
            else media.create_file(context, {"originalSource": source, "contentType": "IMAGE"})
        )
        variant_file(context, product, variant, file["id"])


def _files(context: Context, product: Obj, arguments: Obj) -> None:
    files, _ = media_inputs(arguments.get("media") or [])
    for one in files:
        media.attach(context, product, media.create_file(context, one))


@mutation("productVariantsBulkUpdate")
def bulk_update(_: Any, arguments: Obj, context: Context) -> Obj:
    """Change variants: all, or none if one is refused, or those that are fine with
    ``allowPartialUpdates``."""
    product = context.store.get("product", arguments["productId"])
    if product is None:
        return {"product": None, "productVariants": None, "userErrors": [_gone()]}
    variants = {variant["id"]: variant for variant in product["_variants"]}
    plans = [_update_plan(context, product, variants, n, one) for n, one in enumerate(arguments["variants"])]
    errors = [error for _, _, wrong in plans for error in wrong]
    named = [variants[one["id"]] for one in arguments["variants"] if one.get("id") in variants]
    if errors and not arguments.get("allowPartialUpdates"):
        return {"product": product, "productVariants": named, "userErrors": errors}
    for given, (variant, choice, wrong) in zip(arguments["variants"], plans, strict=True):
        if variant is not None and not wrong:
            _update(context, product, variant, choice, given)
    _files(context, product, arguments)
    context.store.touch(product)
    context.effect("variants.updated", str(number_of(product["id"])), args=arguments, after=len(named))
    return {"product": product, "productVariants": named, "userErrors": errors}


def _update_plan(
    context: Context, product: Obj, variants: dict[str, Obj], n: int, given: Obj
) -> tuple[Obj | None, Choice | None, list[Obj]]:
    path, id = ["variants", str(n)], given.get("id")
    if not id:
        error = user_error(
            [*path, "id"], "Product variant is missing ID attribute", "PRODUCT_VARIANT_ID_MISSING"
        )
        return None, None, [error]
    variant = variants.get(id)
    if variant is None:
        error = user_error([*path, "id"], "Product variant does not exist", "PRODUCT_VARIANT_DOES_NOT_EXIST")
        return None, None, [error]
    errors = variant_errors(context, given, id, path)
    if given.get("inventoryQuantities"):
        message = "Inventory quantities can only be provided during create. "
        message += "To update inventory for existing variants, use inventoryAdjustQuantities."
        code = "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE"
        errors.append(user_error([*path, "inventoryQuantities"], message, code))
    choice = None
    if given.get("optionValues"):
        present = [{"optionName": one["name"], "name": one["value"]} for one in variant["selectedOptions"]]
        choice = choice_of([*present, *given["optionValues"]], present_options(product), product, path, True)
        errors += choice.errors
        others = [{**product, "_variants": [one for one in product["_variants"] if one["id"] != id]}]
        errors += [{**error, "code": "VARIANT_ALREADY_EXISTS"} for error in _twins(others[0], [choice])]
    return variant, choice, errors


def _update(context: Context, product: Obj, variant: Obj, choice: Choice | None, given: Obj) -> None:
    if choice is not None:
        add_values(context, product, choice.pairs)
        set_choice(variant, choice.pairs)
    write_variant(context, variant, given)
    _picture(context, product, variant, given)
    for one in given.get("quantityAdjustments") or ():
        level = variant["_item"]["_levels"].get(one["locationId"])
        if level is not None:
            level["_q"]["available"] += one.get("adjustment") or 0
            level["_at"]["available"] = level["updatedAt"] = context.store.now()


@mutation("productVariantsBulkDelete")
def bulk_delete(_: Any, arguments: Obj, context: Context) -> Obj:
    """Delete variants; a product keeps at least one."""
    product = context.store.get("product", arguments["productId"])
    if product is None:
        return {"product": None, "userErrors": [_gone()]}
    known = {variant["id"] for variant in product["_variants"]}
    errors = [
        user_error(
            ["variantsIds", str(n)],
            "At least one variant does not belong to the product",
            "AT_LEAST_ONE_VARIANT_DOES_NOT_BELONG_TO_THE_PRODUCT",
        )
        for n, id in enumerate(arguments["variantsIds"])
        if id not in known
    ]
    if errors:
        return {"product": product, "userErrors": errors}
    if known <= set(arguments["variantsIds"]):
        message = "Cannot delete the last variant of a product"
        return {
            "product": product,
            "userErrors": [user_error(["variantsIds"], message, "CANNOT_DELETE_LAST_VARIANT")],
        }
    _remove(context, product, arguments["variantsIds"])
    context.store.touch(product)
    return {"product": product, "userErrors": []}


def _remove(context: Context, product: Obj, ids: list[str]) -> None:
    for variant in [one for one in product["_variants"] if one["id"] in ids]:
        context.store.forget_variant(variant)
        product["_variants"].remove(variant)
        context.effect("variant.deleted", str(number_of(variant["id"])), before=variant["_item"]["sku"])
    for position, variant in enumerate(product["_variants"], start=1):
        variant["position"] = position


@mutation("productOptionsCreate")
def options_create(_: Any, arguments: Obj, context: Context) -> Obj:
    """Add options; present variants take each new option's first value."""
    product = context.store.get("product", arguments["productId"])
    if product is None:
        return {"product": None, "userErrors": [_gone()]}
    wanted = present_options(product)
    fresh = wanted_options(arguments["options"], None)
    if [one["title"] for one in product["_variants"]] == ["Default Title"]:
        wanted.options = []
    wanted.options = [*wanted.options, *fresh.options]
    errors = option_errors(wanted, ["options"])
    if errors:
        return {"product": product, "userErrors": errors}
    lay_options(context, product, wanted)
    for variant in product["_variants"]:
        present = {one["name"]: one["value"] for one in variant["selectedOptions"]}
        set_choice(variant, [(name, present.get(name, values[0])) for _, name, values in wanted.options])
    context.store.touch(product)
    context.effect("options.created", str(number_of(product["id"])), args=arguments)
    return {"product": product, "userErrors": []}


@mutation("productOptionUpdate")
def option_update(_: Any, arguments: Obj, context: Context) -> Obj:
    """Rename an option, add or rename its values; values in use are not deleted."""
    product = context.store.get("product", arguments["productId"])
    if product is None:
        return {"product": None, "userErrors": [_gone()]}
    given = arguments["option"]
    option = next((one for one in product["_options"] if one["id"] == given["id"]), None)
    if option is None:
        return {
            "product": product,
            "userErrors": [user_error(["option"], "Option does not exist", "OPTION_DOES_NOT_EXIST")],
        }
    renamed = {
        one["id"]: one["name"] for one in arguments.get("optionValuesToUpdate") or () if one.get("name")
    }
    values = {value["name"]: renamed.get(value["id"], value["name"]) for value in option["_values"]}
    name, old = given.get("name") or option["name"], option["name"]
    for value in option["_values"]:
        value["name"] = values[value["name"]]
    option["name"] = name
    for variant in product["_variants"]:
        pairs = [(one["name"], one["value"]) for one in variant["selectedOptions"]]
        set_choice(variant, [(name, values.get(v, v)) if n == old else (n, v) for n, v in pairs])
    for one in arguments.get("optionValuesToAdd") or ():
        add_values(context, product, [(name, one["name"])])
    context.store.touch(product)
    context.effect("option.updated", str(number_of(product["id"])), args=arguments)
    return {"product": product, "userErrors": []}
