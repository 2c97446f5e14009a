"""Webhook subscriptions: create, update, delete, list. Nothing is delivered by this sandbox."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.ids import gid, number_of
from sandbox.shopify.pages import by_field, by_id, page
from sandbox.shopify.project import mutation, query, resolver
from sandbox.shopify.schema import VERSION
from sandbox.shopify.search import compiled

Obj = dict[str, Any]
FIELDS = {"id", "created_at", "updated_at"}
_AT = ["webhookSubscription", "callbackUrl"]


def _uri_errors(uri: str) -> list[Obj]:
    if uri.startswith(("pubsub://", "arn:aws:events:")):
        return []
    parts = urlsplit(uri)
    if parts.scheme == "http":
        return [user_error(_AT, "Address protocol http:// is not supported")]
    host = parts.hostname or ""
    if parts.scheme != "https" or not host:
        return [user_error(_AT, "Address is invalid")]
    internal = host == "localhost" or host.endswith((".myshopify.com", ".shopify.com", ".local"))
    if internal or host.startswith(("127.", "10.", "192.168.")):
        return [user_error(_AT, "Address cannot be a Shopify or an internal domain")]
    return []


@mutation("webhookSubscriptionCreate")
def create(_: Any, arguments: Obj, context: Context) -> Obj:
    """Subscribe an address to a topic."""
    given, topic = arguments["webhookSubscription"], arguments["topic"]
    uri = given.get("uri") or given.get("callbackUrl") or ""
    errors = _uri_errors(uri)
    taken = any(
        one["topic"] == topic and one["uri"] == uri for one in context.store.kinds["webhook"].values()
    )
    if not errors and taken:
        errors = [user_error(_AT, "Address for this topic has already been taken")]
    if errors:
        return {"webhookSubscription": None, "userErrors": errors}
    number, now = context.store.number(), context.store.now()
    made = {
        "__typename": "WebhookSubscription",
        "id": gid("WebhookSubscription", number),
        "legacyResourceId": str(number),
        "topic": topic,
        "createdAt": now,
        **_fields(given, {}),
        "uri": uri,
        "updatedAt": now,
    }
    context.store.save("webhook", made)
    context.effect("webhook.created", str(number), args=arguments)
    return {"webhookSubscription": made, "userErrors": []}


def _fields(given: Obj, present: Obj) -> Obj:
    return {
        "format": given.get("format") or present.get("format") or "JSON",
        "includeFields": given.get("includeFields") or present.get("includeFields") or [],
        "metafieldNamespaces": given.get("metafieldNamespaces") or present.get("metafieldNamespaces") or [],
        "metafields": given.get("metafields") or present.get("metafields") or [],
        "filter": given["filter"] if "filter" in given else present.get("filter"),
        "name": given["name"] if "name" in given else present.get("name"),
    }


@mutation("webhookSubscriptionUpdate")
def update(_: Any, arguments: Obj, context: Context) -> Obj:
    """Change a subscription."""
    found, given = context.store.get("webhook", arguments["id"]), arguments["webhookSubscription"]
    if found is None:
        error = user_error(["id"], "Webhook subscription does not exist")
        return {"webhookSubscription": None, "userErrors": [error]}
    uri = given.get("uri") or given.get("callbackUrl") or found["uri"]
    if errors := _uri_errors(uri):
        return {"webhookSubscription": None, "userErrors": errors}
    found.update(_fields(given, found), uri=uri, updatedAt=context.store.now())
    context.store.save("webhook", found)
    context.effect("webhook.updated", str(number_of(found["id"])), args=arguments)
    return {"webhookSubscription": found, "userErrors": []}


@mutation("webhookSubscriptionDelete")
def delete(_: Any, arguments: Obj, context: Context) -> Obj:
    """End a subscription."""
    if context.store.get("webhook", arguments["id"]) is None:
        error = user_error(["id"], "Webhook subscription does not exist")
        return {"deletedWebhookSubscriptionId": None, "userErrors": [error]}
    context.store.drop("webhook", arguments["id"])
    context.effect("webhook.deleted", str(number_of(arguments["id"])))
    return {"deletedWebhookSubscriptionId": arguments["id"], "userErrors": []}


@query("webhookSubscriptions")
def webhooks(_: Any, arguments: Obj, context: Context) -> Obj:
    """A page of this app's subscriptions."""
    test = compiled(arguments.get("query"), FIELDS)
    uri = arguments.get("uri") or arguments.get("callbackUrl")
    rows = [
        one
        for one in context.store.sorted("webhook", "id" if arguments.get("sortKey") == "ID" else "createdAt")
        if (not arguments.get("topics") or one["topic"] in arguments["topics"])
        and (not uri or one["uri"] == uri)
        and (test is None or test(_facts(one)))
    ]
    return page(rows, arguments, by_id if arguments.get("sortKey") == "ID" else by_field("createdAt"))


def _facts(one: Obj) -> Obj:
    return {
        "id": number_of(one["id"]),
        "created_at": one["createdAt"],
        "updated_at": one["updatedAt"],
        "metafields": {},
        "default": [one["uri"]],
    }


@query("webhookSubscription")
def webhook(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One subscription by id."""
    return context.store.get("webhook", arguments["id"])


@resolver("WebhookSubscription", "endpoint")
def endpoint(one: Obj, arguments: Obj, context: Context) -> Obj:
    """The address (deprecated spelling)."""
    return {"__typename": "WebhookHttpEndpoint", "callbackUrl": one["uri"]}


@resolver("WebhookSubscription", "callbackUrl")
def callback_url(one: Obj, arguments: Obj, context: Context) -> str:
    """The address (deprecated spelling)."""
    uri: str = one["uri"]
    return uri


@resolver("WebhookSubscription", "apiVersion")
def api_version(one: Obj, arguments: Obj, context: Context) -> Obj:
    """The app's configured version, not that of the request."""
    return {"handle": VERSION, "displayName": VERSION, "supported": True}
