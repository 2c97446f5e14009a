"""Testing a connection: who answers, with which rights, and what an operator must mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sync.connectors.http import UnknownHost
from sync.connectors.shopify.client import VERSION, Client
from sync.connectors.shopify.facts import Facts
from sync.connectors.shopify.spec import OLD_ORDERS, missing_scopes
from sync.connectors.shopify.wire.values import nodes
from sync.errors import NeedsOperator, NotAuthorised
from sync.model.entity import Entity
from sync.model.support import Check, Missing, Need
from sync.model.text import say
from sync.model.values import text


def check(client: Client, facts: Facts, entities: Sequence[Entity | Need]) -> Check:
    """See `Connector.check`."""
    facts.forget()
    try:
        found = facts.shop()
    except NotAuthorised as refused:
        return Check(False, missing=(Missing("credentials", refused.message),))
    except UnknownHost:
        return Check(
            False,
            missing=(
                Missing("host", say("There is no shop {shop}. Check the shop domain.", shop=client.shop)),
            ),
        )
    except NeedsOperator as needed:
        return Check(False, missing=(Missing("settings", needed.message),))
    return _judged(client, found, tuple(entities))


def _judged(client: Client, found: Mapping[str, Any], entities: tuple[Entity | Need, ...]) -> Check:
    shop = found.get("shop") or {}
    installation = found.get("currentAppInstallation") or {}
    granted = frozenset(text(row.get("handle")) for row in nodes(installation.get("accessScopes")))
    missing = [
        Missing(
            f"scope.{scope}",
            say(
                "The access scope {scope} is missing. Grant it in the app's settings and "
                "install the app again.",
                scope=scope,
            ),
        )
        for scope in missing_scopes(granted, entities)
    ]
    domain = text(shop.get("myshopifyDomain"))
    if domain != client.shop:
        missing.insert(
            0,
            Missing(
                "other_shop",
                say("The shop that answers is {domain}, not {shop}.", domain=domain, shop=client.shop),
            ),
        )
    return Check(
        not missing, text(shop.get("id")), _shown(client, shop, granted, entities), tuple(missing), granted
    )


def _shown(
    client: Client, shop: Mapping[str, Any], granted: frozenset[str], entities: tuple[Entity | Need, ...]
) -> dict[str, str]:
    facts = {
        "shop": text(shop.get("name")),
        "domain": text(shop.get("myshopifyDomain")),
        "currency": text(shop.get("currencyCode")),
        "plan": text((shop.get("plan") or {}).get("publicDisplayName")),
        "time_zone": text(shop.get("ianaTimezone")),
        "api_version": VERSION,
        "sign_in": "access token" if client.tokens.static else "client id and secret",
    }
    if Entity.ORDER in entities and OLD_ORDERS not in granted:
        facts["orders"] = "only those of the last 60 days (read_all_orders is not granted)"
    return facts
