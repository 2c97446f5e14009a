"""Metafield definitions: made once, listed, and what they refuse."""

from __future__ import annotations

from typing import Any

from sandbox.shopify import scopes
from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.ids import gid
from sandbox.shopify.metafields import TYPES, find_definition
from sandbox.shopify.pages import page
from sandbox.shopify.products import APP_NAMESPACE, resolved_namespace
from sandbox.shopify.project import mutation, query, resolver

Obj = dict[str, Any]
MOST_PER_OWNER = 256
UNIQUE = ("single_line_text_field", "number_integer", "url", "id")


@query("metafieldDefinitions")
def definitions(_: Any, arguments: Obj, context: Context) -> Obj:
    """A page of the definitions of an owner type."""
    rows = [
        one for one in context.store.sorted("definition", "id") if one["ownerType"] == arguments["ownerType"]
    ]
    if arguments.get("namespace"):
        namespace = resolved_namespace(arguments["namespace"])
        rows = [one for one in rows if one["namespace"] == namespace]
    if arguments.get("key"):
        rows = [one for one in rows if one["key"] == arguments["key"]]
    return page(rows, arguments)


@query("metafieldDefinition")
def definition(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One definition by its identifier."""
    found = arguments.get("identifier") or {}
    namespace = resolved_namespace(found.get("namespace"))
    return find_definition(context, found.get("ownerType", ""), namespace, found.get("key", ""))


@mutation("metafieldDefinitionCreate")
def definition_create(_: Any, arguments: Obj, context: Context) -> Obj:
    """Define a metafield; TAKEN when it is defined already."""
    given = arguments["definition"]
    owner = given["ownerType"].title().replace("Productvariant", "ProductVariant")
    scopes.check_owner(owner, context.settings.granted, "metafieldDefinitionCreate")
    namespace = resolved_namespace(given.get("namespace"))
    errors = _errors(context, given, namespace)
    if errors:
        return {"createdDefinition": None, "userErrors": errors}
    unique = given["type"] == "id" or _unique(given) is True
    made = {
        "__typename": "MetafieldDefinition",
        "id": gid("MetafieldDefinition", context.store.number()),
        "name": given["name"],
        "namespace": namespace,
        "key": given["key"],
        "description": given.get("description"),
        "ownerType": given["ownerType"],
        "pinnedPosition": 1 if given.get("pin") else None,
        "metafieldsCount": 0,
        "validationStatus": "ALL_VALID",
        "useAsCollectionCondition": False,
        "validations": given.get("validations") or [],
        "type": {"name": given["type"], "category": _category(given["type"])},
        "access": _access(given.get("access") or {}),
        "capabilities": _capabilities(given, unique),
        "_type": given["type"],
    }
    context.store.save("definition", made)
    context.store.note_definition(made)
    context.effect("definition.created", f"{given['ownerType']}:{namespace}.{given['key']}", args=given)
    return {"createdDefinition": made, "userErrors": []}


def _unique(given: Obj) -> bool | None:
    asked: Obj = (given.get("capabilities") or {}).get("uniqueValues") or {}
    return asked.get("enabled")


def _errors(context: Context, given: Obj, namespace: str) -> list[Obj]:
    name, owner = "definition", given["ownerType"]
    if not 2 <= len(given["key"]) <= 64:
        return [user_error([name, "key"], "Key is too short (minimum is 2 characters)", "TOO_SHORT")]
    if not 3 <= len(namespace) <= 255:
        return [
            user_error([name, "namespace"], "Namespace is too short (minimum is 3 characters)", "TOO_SHORT")
        ]
    if given["type"].removeprefix("list.") not in TYPES:
        message = f"Type name {given['type']} is not a valid type."
        return [user_error([name, "type"], message, "INCLUSION")]
    if given["type"] == "id" and _unique(given) is False:
        message = "Capability unique_values is required for type id but is disabled"
        return [user_error([name], message, "CAPABILITY_REQUIRED_BUT_DISABLED")]
    if _unique(given) and given["type"] not in UNIQUE:
        message = f"The unique values capability is not available for type {given['type']}."
        return [user_error([name], message, "INVALID_CAPABILITY")]
    if (given.get("access") or {}).get("admin") and not namespace.startswith(APP_NAMESPACE):
        message = 'Setting this access control is not permitted. It must be one of ["public_read_write"].'
        return [user_error([name, "access"], message, "ADMIN_ACCESS_INPUT_NOT_ALLOWED")]
    if find_definition(context, owner, namespace, given["key"]):
        message = f"Key is in use for {owner.title()} metafields on the '{namespace}' namespace."
        return [user_error([name, "key"], message, "TAKEN")]
    if (
        sum(1 for one in context.store.kinds["definition"].values() if one["ownerType"] == owner)
        >= MOST_PER_OWNER
    ):
        message = f"Stores can only have {MOST_PER_OWNER} definitions for each owner type."
        return [user_error([name], message, "RESOURCE_TYPE_LIMIT_EXCEEDED")]
    return []


def _category(type_name: str) -> str:
    if type_name == "id":
        return "ID"
    return {"json": "JSON", "boolean": "TRUE_FALSE", "number_integer": "NUMBER", "url": "URL"}.get(
        type_name, "TEXT"
    )


def _access(given: Obj) -> Obj:
    return {
        "admin": given.get("admin") or "PUBLIC_READ_WRITE",
        "storefront": given.get("storefront") or "NONE",
        "customerAccount": given.get("customerAccount") or "NONE",
    }


def _capabilities(given: Obj, unique: bool) -> Obj:
    filterable = bool(((given.get("capabilities") or {}).get("adminFilterable") or {}).get("enabled"))
    return {
        "uniqueValues": {"eligible": given["type"] in UNIQUE, "enabled": unique},
        "adminFilterable": {
            "eligible": True,
            "enabled": filterable,
            "status": "FILTERABLE" if filterable else "NOT_FILTERABLE",
        },
        "smartCollectionCondition": {"eligible": False, "enabled": False},
    }


@resolver("MetafieldDefinition", "metafieldsCount")
def metafields_count(found: Obj, arguments: Obj, context: Context) -> int:
    """How many metafields of this definition there are: custom ids are counted, others are not kept apart."""
    place = (found["ownerType"], found["namespace"], found["key"])
    return sum(1 for key in context.store.custom_ids if key[:3] == place)
