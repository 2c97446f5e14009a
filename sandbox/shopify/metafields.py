"""Metafields: reading, setting up to 25 at once (all or none), deleting."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sandbox.shopify import scopes
from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.ids import number_of, type_of
from sandbox.shopify.make import OWNER_TYPES, new_metafield
from sandbox.shopify.owners import owner_of, save_owner
from sandbox.shopify.pages import listed
from sandbox.shopify.products import resolved_namespace
from sandbox.shopify.project import mutation, resolver

Obj = dict[str, Any]
MOST_AT_ONCE = 25
OWNERS = ("Product", "ProductVariant", "Order", "Customer", "Location", "Shop")
TYPES = {
    "boolean",
    "color",
    "date",
    "date_time",
    "dimension",
    "id",
    "json",
    "link",
    "money",
    "multi_line_text_field",
    "number_decimal",
    "number_integer",
    "rating",
    "rich_text_field",
    "single_line_text_field",
    "url",
    "volume",
    "weight",
    "product_reference",
    "variant_reference",
    "file_reference",
    "page_reference",
    "collection_reference",
    "metaobject_reference",
    "mixed_reference",
    "customer_reference",
    "company_reference",
    "order_reference",
    "product_taxonomy_value_reference",
}
STALE = "The resource has been updated since it was loaded. Try again with an updated `compareDigest` value."


def place(namespace: str, key: str) -> str:
    """Where a metafield sits among its owner's."""
    return f"{namespace}/{key}"


def _metafield(owner: Obj, arguments: Obj, context: Context) -> Obj | None:
    found: Obj | None = owner["_metafields"].get(
        place(resolved_namespace(arguments.get("namespace")), arguments["key"])
    )
    return found


def _metafields(owner: Obj, arguments: Obj, context: Context) -> Obj:
    rows = list(owner["_metafields"].values())
    if arguments.get("namespace") is not None:
        namespace = resolved_namespace(arguments["namespace"])
        rows = [row for row in rows if row["namespace"] == namespace]
    if arguments.get("keys"):
        wanted = {
            key if "." in key else f"{arguments.get('namespace') or ''}.{key}" for key in arguments["keys"]
        }
        rows = [row for row in rows if f"{row['namespace']}.{row['key']}" in wanted]
    return listed(rows, arguments)


for _owner in OWNERS:
    resolver(_owner, "metafield")(_metafield)
    resolver(_owner, "metafields")(_metafields)


@resolver("Metafield", "compareDigest")
def compare_digest(metafield: Obj, arguments: Obj, context: Context) -> str:
    """Stands for the present value; a write may demand that it still does."""
    return digest(metafield)


def digest(metafield: Obj) -> str:
    """SHA-256 over type and value."""
    return hashlib.sha256(f"{metafield['type']}\n{metafield['value']}".encode()).hexdigest()


@resolver("Metafield", "jsonValue")
def json_value(metafield: Obj, arguments: Obj, context: Context) -> Any:
    """The value as JSON where its type is one that has a JSON form."""
    kind, value = metafield["type"], metafield["value"]
    if kind.startswith("list.") or kind in (
        "json",
        "number_integer",
        "boolean",
        "rich_text_field",
        "money",
        "rating",
    ):
        return json.loads(value)
    return value


@resolver("Metafield", "owner")
def owner(metafield: Obj, arguments: Obj, context: Context) -> Obj | None:
    """What it hangs on."""
    return owner_of(metafield["_owner"], context)


@resolver("Metafield", "definition")
def definition(metafield: Obj, arguments: Obj, context: Context) -> Obj | None:
    """Its definition, if there is one."""
    return find_definition(context, metafield["ownerType"], metafield["namespace"], metafield["key"])


def find_definition(context: Context, owner_type: str, namespace: str, key: str) -> Obj | None:
    """The definition of an owner type's metafield."""
    for found in context.store.kinds["definition"].values():
        if (found["ownerType"], found["namespace"], found["key"]) == (owner_type, namespace, key):
            return found
    return None


def input_errors(context: Context, owner_type: str, owner_id: str, given: Obj, path: list[str]) -> list[Obj]:
    """What is wrong with one metafield that is to be written; an empty list if nothing."""
    namespace, key = resolved_namespace(given.get("namespace")), given.get("key") or ""
    known = find_definition(context, owner_type, namespace, key)
    kind = given.get("type") or (known["_type"] if known else None)
    value = given.get("value")
    if not 3 <= len(namespace) <= 255:
        return [_bad(path, "namespace", "Namespace is too short (minimum is 3 characters)", "TOO_SHORT")]
    if not 2 <= len(key) <= 64:
        return [_bad(path, "key", "Key is too short (minimum is 2 characters)", "TOO_SHORT")]
    if kind is None:
        return [_bad(path, "type", "Type can't be blank", "BLANK")]
    if kind.removeprefix("list.") not in TYPES:
        message = f"Type must be one of the following: {', '.join(sorted(TYPES))}."
        return [_bad(path, "type", message, "INCLUSION")]
    if known and given.get("type") and given["type"] != known["_type"]:
        message = f"Type must be {known['_type']}, the type of the definition"
        return [_bad(path, "type", message, "INVALID_TYPE")]
    return _value_errors(context, kind, str(value or ""), path) or _taken(
        context, owner_type, owner_id, namespace, key, str(value or ""), path
    )


def _value_errors(context: Context, kind: str, value: str, path: list[str]) -> list[Obj]:
    if not value.strip():
        return [_bad(path, "value", "Value can't be blank.", "BLANK")]
    most = {"json": 128_000, "id": 2048, "url": 2048}.get(kind, 65_535)
    if len(value.encode()) > most:
        return [_bad(path, "value", f"Value exceeds the maximum of {most} bytes.", "TOO_LONG")]
    if kind == "single_line_text_field" and "\n" in value:
        return [_bad(path, "value", "Value must be a single line text string.", "INVALID_VALUE")]
    if kind == "number_integer" and not value.lstrip("-").isdigit():
        return [_bad(path, "value", "Value must be an integer.", "INVALID_VALUE")]
    if kind == "json" or kind.startswith("list."):
        try:
            json.loads(value)
        except ValueError:
            return [_bad(path, "value", "Value is invalid JSON.", "INVALID_VALUE")]
    return []


def _taken(
    context: Context, owner_type: str, owner_id: str, namespace: str, key: str, value: str, path: list[str]
) -> list[Obj]:
    holder = context.store.custom_ids.get((owner_type, namespace, key, value))
    if holder is None or holder == owner_id:
        return []
    return [_bad(path, "value", "Value has already been taken.", "TAKEN")]


def _bad(path: list[str], field: str, message: str, code: str) -> Obj:
    return {**user_error([*path, field], message, code), "elementIndex": None}


def write(context: Context, owner: Obj, given: Obj) -> Obj:
    """Put one metafield that was checked on its owner; saving the owner is the caller's."""
    namespace, key = resolved_namespace(given.get("namespace")), given["key"]
    at, store = place(namespace, key), context.store
    known = find_definition(context, OWNER_TYPES[owner["__typename"]], namespace, key)
    kind = given.get("type") or (known["_type"] if known else "single_line_text_field")
    present = owner["_metafields"].get(at)
    if present is None:
        present = owner["_metafields"][at] = new_metafield(store, owner, namespace, key, kind, given["value"])
    else:
        store.forget_metafield(present)
        if present["value"] != given["value"] or present["type"] != kind:
            present.update(value=given["value"], type=kind, updatedAt=store.now())
    store.note_metafield(present)
    found: Obj = present
    return found


@mutation("metafieldsSet")
def metafields_set(_: Any, arguments: Obj, context: Context) -> Obj:
    """Set up to 25 metafields on any owners: all, or none if one is refused."""
    given = arguments["metafields"]
    if len(given) > MOST_AT_ONCE:
        message = f"Exceeded the maximum metafields input limit of {MOST_AT_ONCE}."
        error = {**user_error(["metafields"], message, "LESS_THAN_OR_EQUAL_TO"), "elementIndex": None}
        return {"metafields": None, "userErrors": [error]}
    errors = [error for n, one in enumerate(given) for error in _errors_of(context, one, n)]
    if errors:
        return {"metafields": [], "userErrors": errors}
    written = [_written(context, one) for one in given]
    return {"metafields": written, "userErrors": []}


def _errors_of(context: Context, given: Obj, n: int) -> list[Obj]:
    path = ["metafields", str(n)]
    scopes.check_owner(type_of(given["ownerId"]), context.settings.granted, "metafieldsSet")
    owner = owner_of(given["ownerId"], context)
    if owner is None:
        return [_bad(path, "ownerId", "Owner does not exist.", "INVALID")]
    if "compareDigest" in given:
        present = owner["_metafields"].get(place(resolved_namespace(given.get("namespace")), given["key"]))
        if given["compareDigest"] != (digest(present) if present else None):
            return [{**user_error(path, STALE, "STALE_OBJECT"), "elementIndex": None}]
    return input_errors(context, OWNER_TYPES[owner["__typename"]], owner["id"], given, path)


def _written(context: Context, given: Obj) -> Obj:
    owner = owner_of(given["ownerId"], context)
    assert owner is not None
    at = place(resolved_namespace(given.get("namespace")), given["key"])
    before = owner["_metafields"].get(at, {}).get("value")
    metafield = write(context, owner, given)
    save_owner(owner, context)
    target = f"{type_of(owner['id'])}/{number_of(owner['id'])}:{metafield['namespace']}.{metafield['key']}"
    context.effect("metafield.set", target, args=given, before=before, after=metafield["value"])
    return metafield


@mutation("metafieldsDelete")
def metafields_delete(_: Any, arguments: Obj, context: Context) -> Obj:
    """Delete metafields by owner, namespace and key; absent ones answer null."""
    deleted: list[Obj | None] = []
    for given in arguments["metafields"]:
        scopes.check_owner(type_of(given["ownerId"]), context.settings.granted, "metafieldsDelete")
        owner = owner_of(given["ownerId"], context)
        at = place(resolved_namespace(given["namespace"]), given["key"])
        metafield = owner["_metafields"].pop(at, None) if owner else None
        if owner is None or metafield is None:
            deleted.append(None)
            continue
        context.store.forget_metafield(metafield)
        save_owner(owner, context)
        target = (
            f"{type_of(owner['id'])}/{number_of(owner['id'])}:{metafield['namespace']}.{metafield['key']}"
        )
        context.effect("metafield.deleted", target, args=given, before=metafield["value"])
        deleted.append({"ownerId": owner["id"], "namespace": metafield["namespace"], "key": metafield["key"]})
    return {"deletedMetafields": deleted, "userErrors": []}
