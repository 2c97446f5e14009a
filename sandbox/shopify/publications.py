"""Sales channels: which products are published where."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.errors import Refusal, user_error
from sandbox.shopify.ids import number_of
from sandbox.shopify.pages import listed
from sandbox.shopify.project import mutation, resolver
from sandbox.shopify.shop import shop_object

Obj = dict[str, Any]
MOST_AT_ONCE = 50


def publish(context: Context, product: Obj, publication: Obj, date: str | None = None) -> None:
    """Publish a product to a channel; nothing happens where it already is."""
    if publication["id"] in product["_publications"]:
        return
    product["_publications"][publication["id"]] = date or context.store.now()
    if publication["name"] == "Online Store":
        product["publishedAt"] = product["_publications"][publication["id"]]
    context.store.touch(product)
    context.effect("product.published", str(number_of(product["id"])), after=publication["name"])


def unpublish(context: Context, product: Obj, publication: Obj) -> None:
    """Take a product off a channel."""
    if product["_publications"].pop(publication["id"], None) is None:
        return
    if publication["name"] == "Online Store":
        product["publishedAt"] = None
    context.store.touch(product)
    context.effect("product.unpublished", str(number_of(product["id"])), before=publication["name"])


@mutation("publicationUpdate")
def publication_update(_: Any, arguments: Obj, context: Context) -> Obj:
    """Publish up to 50 products to a channel and take others off it, in one call."""
    given = arguments["input"]
    publication = context.store.get("publication", arguments["id"])
    if publication is None:
        error = user_error(["id"], "Publication not found.", "PUBLICATION_NOT_FOUND")
        return {"publication": None, "userErrors": [error]}
    add, remove = given.get("publishablesToAdd") or [], given.get("publishablesToRemove") or []
    errors = _update_errors(context, add, remove)
    if errors:
        return {"publication": None, "userErrors": errors}
    if given.get("autoPublish") is not None:
        publication["autoPublish"] = given["autoPublish"]
        context.store.save("publication", publication)
    for id in add:
        publish(context, context.store.kinds["product"][id], publication)
    for id in remove:
        unpublish(context, context.store.kinds["product"][id], publication)
    return {"publication": publication, "userErrors": []}


def _update_errors(context: Context, add: list[str], remove: list[str]) -> list[Obj]:
    if len(add) + len(remove) > MOST_AT_ONCE:
        message = f"The limit for simultaneous publication updates is {MOST_AT_ONCE}."
        return [user_error(["input"], message, "PUBLICATION_UPDATE_LIMIT_EXCEEDED")]
    errors = []
    for name, ids in (("publishablesToAdd", add), ("publishablesToRemove", remove)):
        for n, id in enumerate(ids):
            if context.store.get("product", id) is None:
                error = user_error(
                    ["input", name, str(n)], "Publishable ID not found.", "INVALID_PUBLISHABLE_ID"
                )
                errors.append(error)
    return errors


def _publishable(arguments: Obj, context: Context) -> Obj:
    product = context.store.get("product", arguments["id"])
    if product is None:
        raise Refusal(f"Could not find the publishable {arguments['id']}", code="RESOURCE_NOT_FOUND")
    return product


@mutation("publishablePublish")
def publishable_publish(_: Any, arguments: Obj, context: Context) -> Obj:
    """Publish one product to channels."""
    product = _publishable(arguments, context)
    errors = _channel_errors(context, arguments["input"])
    for one in [] if errors else arguments["input"]:
        publish(
            context, product, context.store.kinds["publication"][one["publicationId"]], one.get("publishDate")
        )
    return {"publishable": product, "shop": shop_object(context), "userErrors": errors}


@mutation("publishableUnpublish")
def publishable_unpublish(_: Any, arguments: Obj, context: Context) -> Obj:
    """Take one product off channels."""
    product = _publishable(arguments, context)
    errors = _channel_errors(context, arguments["input"])
    for one in [] if errors else arguments["input"]:
        unpublish(context, product, context.store.kinds["publication"][one["publicationId"]])
    return {"publishable": product, "shop": shop_object(context), "userErrors": errors}


def _channel_errors(context: Context, given: list[Obj]) -> list[Obj]:
    return [
        user_error(["input", str(n), "publicationId"], "Publication does not exist or is not publishable")
        for n, one in enumerate(given)
        if context.store.get("publication", one.get("publicationId") or "") is None
    ]


@resolver("Product", "publishedOnPublication")
def published_on(product: Obj, arguments: Obj, context: Context) -> bool:
    """Whether it is on a channel."""
    return arguments["publicationId"] in product["_publications"]


def _resource(product: Obj, id: str, date: str, context: Context) -> Obj:
    return {
        "__typename": "ResourcePublicationV2",
        "isPublished": True,
        "publishDate": date,
        "publication": context.store.get("publication", id),
        "publishable": product,
    }


def _resources(product: Obj, arguments: Obj, context: Context) -> Obj:
    if not context.allowed("Product", "resourcePublicationsV2"):
        return listed([], arguments)
    rows = [_resource(product, id, date, context) for id, date in product["_publications"].items()]
    return listed(rows, arguments)


resolver("Product", "resourcePublicationsV2")(_resources)
resolver("Product", "resourcePublications")(_resources)


@resolver("Product", "resourcePublicationsCount", "availablePublicationsCount")
def publications_count(product: Obj, arguments: Obj, context: Context) -> Obj:
    """On how many channels it is."""
    return {"count": len(product["_publications"]), "precision": "EXACT"}


@resolver("Publication", "catalog")
def catalog(publication: Obj, arguments: Obj, context: Context) -> Obj:
    """The app catalog behind a sales channel, titled like it."""
    number = number_of(publication["id"])
    return {
        "__typename": "AppCatalog",
        "id": f"gid://shopify/AppCatalog/{number}",
        "title": publication["name"],
    }
