"""The plain fields of a product: what is refused about them, and writing them."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.make import free_handle, handle_of
from sandbox.shopify.richtext import respelt

Obj = dict[str, Any]
MOST_TEXT = 255
MOST_TAGS = 250
PLAIN = {
    "title": "title",
    "descriptionHtml": "descriptionHtml",
    "vendor": "vendor",
    "productType": "productType",
    "status": "status",
    "templateSuffix": "templateSuffix",
    "giftCard": "isGiftCard",
    "giftCardTemplateSuffix": "giftCardTemplateSuffix",
    "requiresSellingPlan": "requiresSellingPlan",
    "combinedListingRole": "combinedListingRole",
}
_LABELS = {"title": "Title", "vendor": "Vendor", "productType": "Product type", "handle": "Handle"}


def field_errors(context: Context, given: Obj, product: Obj | None, root: list[str]) -> list[Obj]:
    """What is wrong with the plain fields; ``root`` is ``["input"]`` or empty, as each mutation names
    them."""
    errors = []
    creating = product is None
    if (creating and not (given.get("title") or "").strip()) or ("title" in given and _blank(given["title"])):
        errors.append(user_error([*root, "title"], "Title can't be blank", "INVALID_PRODUCT"))
    for name, label in _LABELS.items():
        if len(given.get(name) or "") > MOST_TEXT:
            message = f"{label} is too long (maximum is {MOST_TEXT} characters)"
            errors.append(user_error([*root, name], message, "INVALID_PRODUCT"))
    errors += _tag_errors(given.get("tags") or [], root)
    return errors + _handle_errors(context, given, product)


def _blank(text: str | None) -> bool:
    return not (text or "").strip()


def _tag_errors(tags: list[str], root: list[str]) -> list[Obj]:
    if len(tags) > MOST_TAGS:
        message = f"Tags cannot be more than {MOST_TAGS}"
        return [user_error([*root, "tags"], message, "INVALID_PRODUCT")]
    if any(len(tag) > MOST_TEXT for tag in tags):
        message = f"Tags must be at most {MOST_TEXT} characters"
        return [user_error([*root, "tags"], message, "INVALID_PRODUCT")]
    return []


def _handle_errors(context: Context, given: Obj, product: Obj | None) -> list[Obj]:
    if _blank(given.get("handle")):
        return []
    handle = handle_of(given["handle"])
    holder = context.store.handles.get(handle)
    if holder is None or (product is not None and holder == product["id"]) or handle == "product":
        return []
    message = f"Handle '{handle}' already in use. Please provide a new handle."
    return [user_error(["input", "handle"], message, "HANDLE_NOT_UNIQUE")]


def chosen_handle(context: Context, given: Obj) -> str:
    """The handle of a new product: the given one made plain, else derived from the title and made unique."""
    if _blank(given.get("handle")):
        return free_handle(context.store, given["title"])
    return free_handle(context.store, given["handle"])


def write_fields(context: Context, product: Obj, given: Obj) -> None:
    """Write the plain fields that are given; absent ones stay."""
    for name, key in PLAIN.items():
        if name in given and (given[name] is not None or key in _NULLABLE):
            product[key] = _as_stored(context, name, given[name])
    if given.get("tags") is not None:
        product["tags"] = clean_tags(given["tags"])
    if given.get("seo") is not None:
        product["seo"] = {**product["seo"], **given["seo"]}
    if "category" in given:
        product["category"] = _category(given["category"])
    _rename(context, product, given)


def _as_stored(context: Context, name: str, value: Any) -> Any:
    """A plain field as the shop keeps it: texts trimmed, HTML in the shop's own spelling."""
    if name in _LABELS and isinstance(value, str):
        return value.strip()
    if name == "descriptionHtml" and context.settings.normalise_html == "on":
        return respelt(value)
    return value


_NULLABLE = {"templateSuffix", "giftCardTemplateSuffix", "combinedListingRole"}


def _rename(context: Context, product: Obj, given: Obj) -> None:
    if _blank(given.get("handle")):
        return
    handle, handles = handle_of(given["handle"]), context.store.handles
    if handle == product["handle"] or handles.get(handle, product["id"]) != product["id"]:
        return
    if handles.get(product["handle"]) == product["id"]:
        del handles[product["handle"]]
    product["handle"] = handle
    handles[handle] = product["id"]


def clean_tags(tags: list[str]) -> list[str]:
    """Tags as Shopify keeps them: trimmed, without empty ones, unique regardless of case, in order."""
    kept: dict[str, str] = {}
    for tag in tags:
        for part in tag.split(","):
            if part.strip():
                kept.setdefault(part.strip().casefold(), part.strip())
    return sorted(kept.values(), key=lambda tag: (tag.casefold(), tag))


def _category(id: str | None) -> Obj | None:
    if id is None:
        return None
    known = (
        "Apparel & Accessories > Clothing > Activewear" if id.endswith("/aa-1-1") else f"Category {id[-8:]}"
    )
    return {
        "__typename": "TaxonomyCategory",
        "id": id,
        "name": known.rsplit(" > ", 1)[-1],
        "fullName": known,
        "isRoot": False,
        "isLeaf": True,
        "isArchived": False,
        "level": known.count(">") + 1,
    }
