"""Was a call carried out? Looked up by what its effect would look like; reads by id, never through the
lagging search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sync.connectors.contract import Services
from sync.connectors.shopify import outcomes, sight
from sync.connectors.shopify.client import Client
from sync.connectors.shopify.fulfilments import Shipping
from sync.connectors.shopify.send import Sender, media_ids, places_of, variables
from sync.connectors.shopify.spec import SETTLE_SECONDS
from sync.connectors.shopify.wire import compare
from sync.connectors.shopify.wire.values import nodes
from sync.errors import RecordRefused
from sync.model.call import Call, Found, Outcome, State, Written
from sync.model.text import say

Row = Mapping[str, Any]
_NO = Written(Found.NO)
_KEY = Written(Found.KEY)
# So close to its end a key is not relied on any more: it might expire on the way.
_TOO_LATE = timedelta(minutes=10)
_PAGE = 250


class Lookup:
    """Answers `find_written`."""

    def __init__(self, client: Client, services: Services, sender: Sender) -> None:
        self._client, self._clock, self._sender = client, services.clock, sender
        self._shipping = Shipping(client)
        self._lost: dict[str, float] = {}
        self._finders: Mapping[str, Callable[[Call], Written]] = {
            "product_set": self._product,
            "product_set_async": self._product,
            "product_update": self._update,
            "tags_add": self._tags,
            "tags_remove": self._tags,
            "product_tags": self._tags,
            "metafields_set": self._metafields,
            "publication_update": self._published,
            "variants_create": self._variants_created,
            "variants_update": self._variants_updated,
            "product_media_add": self._media,
            "inventory_set": self._stock,
            "inventory_adjust": self._stock,
            "inventory_activate": self._activated,
            "inventory_track": self._counted,
            "fulfilment_create": self._fulfilled,
            "fulfilment_tracking": self._tracked,
        }

    def lost(self, call: Call) -> None:
        """From now on the settling time of a call without an answer runs."""
        self._lost[call.id] = self._clock.monotonic()

    def find(self, call: Call) -> Written:
        """See `Connector.find_written`."""
        found = self._finders[call.operation](call)
        if found.found not in (Found.NO, Found.KEY):
            self._lost.pop(call.id, None)
            return found
        left = self._unsettled(call)
        if left <= 0:
            self._lost.pop(call.id, None)
        return Written(Found.NOT_SURE, ask_again_in=left) if left > 0 else found

    def _unsettled(self, call: Call) -> float:
        """Seconds of the settling time that are left. After a restart it counts from the first asking,
        because nobody knows any more when the call was sent."""
        now = self._clock.monotonic()
        return self._lost.setdefault(call.id, now) + SETTLE_SECONDS - now

    def _nodes(self, name: str, ids: list[str]) -> dict[str, Row]:
        return sight.by_id(self._client, name, ids)

    def _product(self, call: Call) -> Written:
        operation = self._sender.noted(call).get("operation")
        if operation:
            state = (
                self._client.query("product_operation", {"id": operation}).data.get("productOperation") or {}
            )
            if state.get("status") in ("CREATED", "ACTIVE"):
                return Written(Found.NOT_SURE, ask_again_in=5.0)
        custom = (variables(call).get("identifier") or {}).get("customId")
        if custom is None:
            # Nothing tells this product from another: only the operator can.
            return Written(Found.NOT_SURE, ask_again_in=60.0)
        product = self._client.query("product_by_custom_id", custom).data.get("productByIdentifier")
        return _yes(call, [str(product["id"])]) if product else _NO

    def _update(self, call: Call) -> Written:
        given = variables(call)["product"]
        row = self._nodes("products_state", [given["id"]]).get(given["id"])
        return _yes(call) if row and compare.product_has(row, given) else _NO

    def _tags(self, call: Call) -> Written:
        given = variables(call)
        row = self._nodes("products_state", [given["id"]]).get(given["id"]) or {}
        tags = {str(tag).casefold() for tag in row.get("tags") or ()}
        there = {t.casefold() for t in given.get("add") or ()} <= tags
        gone = tags.isdisjoint(t.casefold() for t in given.get("remove") or ())
        return _yes(call) if row and there and gone else _NO

    def _metafields(self, call: Call) -> Written:
        rows = variables(call)["metafields"]
        owners = self._nodes("metafields_read", [row["ownerId"] for row in rows])
        shown = {
            (owner, m["namespace"], m["key"]): m["value"]
            for owner, row in owners.items()
            for m in nodes(row.get("metafields"))
        }
        same = all(shown.get((r["ownerId"], r["namespace"], r["key"])) == r["value"] for r in rows)
        return _yes(call) if same else _NO

    def _published(self, call: Call) -> Written:
        given = variables(call)
        ids = given["input"]["publishablesToAdd"]
        states = self._nodes("products_state", ids)
        return _yes(call) if all(given["id"] in _channels(states.get(i)) for i in ids) else _NO

    def _variants(self, product_id: str) -> list[Row]:
        rows: list[Row] = []
        after: str | None = None
        while True:
            product = self._client.query(
                "product_variants", {"id": product_id, "first": _PAGE, "after": after}
            ).data.get("product")
            if product is None:
                return rows
            rows += nodes(product["variants"])
            if not product["variants"]["pageInfo"]["hasNextPage"]:
                return rows
            after = product["variants"]["pageInfo"]["endCursor"]

    def _variants_created(self, call: Call) -> Written:
        """Found by their option values. Some there and some not: what is missing goes again."""
        given = variables(call)
        there = {
            compare.option_key(row["selectedOptions"], "value"): row
            for row in self._variants(given["productId"])
        }
        found = [
            there.get(compare.option_key(v["optionValues"], "name", "optionName")) for v in given["variants"]
        ]
        if not any(found):
            return _NO
        rest = say("Not carried out; it goes again.")
        return Written(
            Found.YES,
            tuple(
                Outcome(change, State.APPLIED, str(row["id"]), ids={"item": str(row["inventoryItem"]["id"])})
                if row
                else Outcome(change, State.REFUSED, message=rest, named=False)
                for change, row in zip(call.change_ids, found, strict=True)
            ),
        )

    def _variants_updated(self, call: Call) -> Written:
        """All as wanted: done. Else it may go again: the same values once more change nothing."""
        given = variables(call)
        rows = {str(row["id"]): row for row in self._variants(given["productId"])}
        same = all(v["id"] in rows and compare.variant_has(rows[v["id"]], v) for v in given["variants"])
        return _yes(call) if same else _NO

    def _media(self, call: Call) -> Written:
        """By what the product has now and had not before the call. Without a note the call was never sent."""
        noted = self._sender.noted(call)
        if "media" not in noted:
            return _NO
        before = set(noted["media"])
        made = [m for m in media_ids(self._client, variables(call)["product"]["id"]) if m not in before]
        if not made:
            return _NO
        rest = say("Not carried out; it goes again.")
        return Written(
            Found.YES,
            tuple(
                Outcome(change, State.APPLIED, made[n])
                if n < len(made)
                else Outcome(change, State.REFUSED, message=rest, named=False)
                for n, change in enumerate(call.change_ids)
            ),
        )

    def _stock(self, call: Call) -> Written:
        """All rows as wanted: done. Else, as long as Shopify keeps the key, the same call is safe to send
        again: it is answered from memory if it was carried out. Afterwards each row is judged by what it
        shows."""
        rows = sight.wanted(variables(call)["input"])
        shown = sight.quantities(self._client, rows, call.urgent)
        if all(have == row["quantity"] for row, have in zip(rows, shown, strict=True)):
            return _yes(call)
        if call.expires_at is not None and self._clock.now() + _TOO_LATE < call.expires_at:
            return _KEY
        if all(have == row["changeFromQuantity"] for row, have in zip(rows, shown, strict=True)):
            return _NO
        return Written(Found.YES, tuple(map(_by_sight, call.change_ids, rows, shown)))

    def _activated(self, call: Call) -> Written:
        rows = places_of(call)
        return _yes(call) if all(have is not None for have in sight.quantities(self._client, rows)) else _NO

    def _counted(self, call: Call) -> Written:
        ids = [str(row["inventoryItemId"]) for row in places_of(call)]
        return _yes(call) if all(sight.counted(self._client, ids)) else _NO

    def _fulfilled(self, call: Call) -> Written:
        try:
            known = self._shipping.done(self._shipping.order(call), call)
        except RecordRefused:
            return _NO
        return _yes(call, [known]) if known else _NO

    def _tracked(self, call: Call) -> Written:
        given = variables(call)
        row = self._client.query("fulfilment_read", {"id": given["id"]}).data.get("fulfillment") or {}
        shown = next(iter(nodes(row.get("trackingInfo"))), {})
        return _yes(call) if all(str(shown.get(k) or "") == v for k, v in given["tracking"].items()) else _NO


def _yes(call: Call, ids: list[str] | None = None) -> Written:
    return Written(Found.YES, tuple(outcomes.all_applied(call, ids or [])))


def _by_sight(change: str, row: Row, have: int | None) -> Outcome:
    """A rise of which less is there than was to be written, yet not what was there before, counts as written
    and sold since: else the pieces that were sold would be put on sale again. Whoever compares next sees
    that the shop moved."""
    before, wanted = row["changeFromQuantity"], row["quantity"]
    rise = before is not None and before < wanted
    if have == wanted or rise and have is not None and have < wanted and have != before:
        return Outcome(change, State.APPLIED, str(row["inventoryItemId"]))
    return Outcome(change, State.STALE, message=say(outcomes.STALE), actual=have)


def _channels(row: Row | None) -> set[str]:
    return {
        str(n["publication"]["id"])
        for n in nodes((row or {}).get("resourcePublicationsV2"))
        if n.get("publication")
    }
