"""Sending a committed call and reading what became of its members. One small function an operation, found in
a table."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sync.connectors.contract import Services
from sync.connectors.shopify import outcomes, sight
from sync.connectors.shopify.batch import keyed
from sync.connectors.shopify.client import Answer, Client
from sync.connectors.shopify.cost import MAX_COST, estimate
from sync.connectors.shopify.documents import document, repeated
from sync.connectors.shopify.failures import BadInput
from sync.connectors.shopify.fulfilments import Shipping
from sync.connectors.shopify.outcomes import UserError, user_errors
from sync.connectors.shopify.wire.values import nodes
from sync.errors import (
    BrokenContract,
    CounterpartError,
    NeedsOperator,
    OutcomeUnknown,
    RecordRefused,
    Transient,
)
from sync.model.call import Call, Outcome, State
from sync.model.text import say

# Shopify allows so many variants a product; a shop may have been granted more (shop.resourceLimits).
MAX_VARIANTS = 2048
STALE_CODES = frozenset({"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"})
_CONCURRENT, _MISMATCH, _FAILED = (
    "IDEMPOTENCY_CONCURRENT_REQUEST",
    "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
    "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED",
)
# An asynchronous productSet of 2,048 variants takes minutes; after these seconds it is looked up instead.
_OPERATION_SECONDS = 300.0
_NOTE_LIFE = timedelta(hours=48)
_log = logging.getLogger("counterpart.shopify")


class Sender:
    """Carries out calls made by `batch`. `prepare` makes the metafield definitions if a create finds none."""

    def __init__(self, client: Client, services: Services, prepare: Callable[[], None]) -> None:
        self._client, self._clock, self._keep, self._prepare = client, services.clock, services.keep, prepare
        self._shipping = Shipping(client)
        self._handlers: Mapping[str, Callable[[Call], list[Outcome]]] = {
            "product_set": self._product_set,
            "product_set_async": self._product_set_async,
            "product_update": self._single,
            "tags_add": self._single,
            "tags_remove": self._single,
            "product_tags": self._single,
            "fulfilment_tracking": self._track,
            "metafields_set": self._whole,
            "publication_update": self._whole,
            "variants_create": self._variants_create,
            "variants_update": self._variants_update,
            "product_media_add": self._media,
            "inventory_set": self._inventory,
            "inventory_adjust": self._inventory,
            "inventory_activate": self._aliased,
            "inventory_track": self._aliased,
            "fulfilment_create": self._shipping.create,
        }

    def send(self, call: Call) -> list[Outcome]:
        """See `Connector.send`. A call whose key has expired may only be looked up: OutcomeUnknown."""
        if call.expires_at is not None and self._clock.now() >= call.expires_at:
            raise OutcomeUnknown(
                say("The call is too old to be sent again; it is looked up first."), "key expired"
            )
        if call.operation not in self._handlers:
            raise ValueError(f"not a Shopify call: {call.operation!r}")
        try:
            return self._handlers[call.operation](call)
        except BadInput as refused:
            errors = [
                UserError("", refused.message.english(), outcomes.member_at(call, outcomes.index_of(path)))
                for path in refused.paths
            ]
            return outcomes.refused_by_name(call, errors or [UserError("", refused.message.english(), None)])
        except RecordRefused as refused:
            return outcomes.all_refused(call, refused.message)

    def _run(self, call: Call) -> Answer:
        return self._client.execute(document(call.operation), keyed(call), urgent=call.urgent)

    def _payload(self, call: Call) -> Mapping[str, Any]:
        """The one payload of a one-root mutation."""
        payload = next(iter(self._run(call).data.values()))
        if not isinstance(payload, Mapping):
            raise OutcomeUnknown(
                say("Shopify's answer is not readable."), f"{call.operation} without payload"
            )
        return payload

    def _single(self, call: Call) -> list[Outcome]:
        """One member, in one or two writes."""
        return self._judged(call, self._run(call))

    def _track(self, call: Call) -> list[Outcome]:
        return self._judged(call, self._shipping.track(call))

    def _judged(self, call: Call, answer: Answer) -> list[Outcome]:
        errors = [e for payload in answer.data.values() for e in user_errors(call, payload)]
        if errors:
            return outcomes.refused_by_name(call, errors)
        if any(payload is None for payload in answer.data.values()):
            return [outcomes.of_problem(call.change_ids[0], next(iter(answer.problems), None))]
        return outcomes.all_applied(call)

    def _whole(self, call: Call) -> list[Outcome]:
        """All members or none."""
        errors = user_errors(call, self._payload(call))
        return outcomes.refused_by_name(call, errors) if errors else outcomes.all_applied(call)

    # ── products ────────────────────────────────────────────────────────────────────────────────────────────

    def _product_set(self, call: Call) -> list[Outcome]:
        return self._too_large(call) or self._prepared(call, self._product_set_now)

    def _product_set_now(self, call: Call) -> list[Outcome]:
        payload = self._payload(call)
        return self._created(call, payload.get("product"), user_errors(call, payload))

    def _product_set_async(self, call: Call) -> list[Outcome]:
        return self._too_large(call) or self._prepared(call, self._product_set_later)

    def _product_set_later(self, call: Call) -> list[Outcome]:
        payload = self._payload(call)
        if errors := user_errors(call, payload):
            return outcomes.refused_by_name(call, errors)
        operation = str((payload.get("productSetOperation") or {}).get("id") or "")
        self.note(call, {"operation": operation})
        try:
            found = self._operation(operation)
        except (Transient, NeedsOperator, BrokenContract) as error:
            # The operation runs whether or not we can watch it.
            raise OutcomeUnknown(error.message, error.detail) from error
        return self._created(call, found.get("product"), user_errors(call, found))

    def _operation(self, operation: str) -> Mapping[str, Any]:
        """A productSet operation once it is complete. OutcomeUnknown if that takes too long."""
        waited, pause = 0.0, 1.0
        while waited < _OPERATION_SECONDS:
            self._clock.sleep(pause)
            waited, pause = waited + pause, min(pause * 1.5, 15.0)
            found = self._client.query("product_operation", {"id": operation}).data["productOperation"] or {}
            if found.get("status") == "COMPLETE":
                return dict(found)
        raise OutcomeUnknown(say("Shopify is still creating the product."), operation)

    def _created(self, call: Call, product: object, errors: list[UserError]) -> list[Outcome]:
        if errors:
            return outcomes.refused_by_name(call, errors)
        if not isinstance(product, Mapping):
            raise OutcomeUnknown(
                say("Shopify's answer is not readable."), f"{call.operation} without product"
            )
        return outcomes.all_applied(call, [str(product["id"])])

    def _too_large(self, call: Call) -> list[Outcome]:
        given = variables(call)["input"]
        count = len(given.get("variants") or ())
        if count > MAX_VARIANTS:
            return outcomes.all_refused(
                call,
                say(
                    "The product has {count} variants; Shopify allows {most} a product.",
                    count=count,
                    most=MAX_VARIANTS,
                ),
            )
        if estimate(document(call.operation), variables(call)) > MAX_COST:
            return outcomes.all_refused(
                call,
                say(
                    "The product is too large for one call to Shopify: {variants} variants "
                    "and {files} pictures. Leave out pictures.",
                    variants=count,
                    files=len(given.get("files") or ()),
                ),
            )
        return []

    def _prepared(self, call: Call, send: Callable[[Call], list[Outcome]]) -> list[Outcome]:
        """Sends; if the definition of our custom id is absent (somebody deleted it), makes it and sends once
        more."""
        try:
            return send(call)
        except BadInput:
            raise
        except RecordRefused as refused:
            if "definition" not in refused.message.english():
                raise
            self._prepare()
            return send(call)

    def _media(self, call: Call) -> list[Outcome]:
        """Adds pictures. What was there before is noted first: a lost answer is looked up by the
        difference."""
        rows = variables(call)["media"]
        if unsafe := [
            UserError("", "the picture's address may not be handed on", n)
            for n, row in enumerate(rows)
            if not row["originalSource"]
        ]:
            return outcomes.refused_by_name(call, unsafe)
        product_id = variables(call)["product"]["id"]
        self.note(call, {"media": media_ids(self._client, product_id)})
        payload = self._payload(call)
        if errors := user_errors(call, payload):
            return outcomes.refused_by_name(call, errors)
        made = [str(row["id"]) for row in nodes((payload.get("product") or {}).get("media"))]
        return outcomes.all_applied(call, made)

    # ── variants ────────────────────────────────────────────────────────────────────────────────────────────

    def _variants_create(self, call: Call) -> list[Outcome]:
        payload = self._payload(call)
        if errors := user_errors(call, payload):
            return outcomes.refused_by_name(call, errors)
        made = payload.get("productVariants") or []
        items = [{"item": str((row.get("inventoryItem") or {}).get("id") or "")} for row in made]
        return [
            Outcome(o.change_id, o.state, o.target_id, ids=items[n] if n < len(items) else {})
            for n, o in enumerate(outcomes.all_applied(call, [str(row["id"]) for row in made]))
        ]

    def _variants_update(self, call: Call) -> list[Outcome]:
        """Partial updates are allowed: a bad row is refused by name, the others are carried out."""
        payload = self._payload(call)
        errors = user_errors(call, payload)
        if errors and (payload.get("productVariants") is None or any(e.member is None for e in errors)):
            return outcomes.refused_by_name(call, errors)
        return outcomes.partly_applied(call, errors)

    # ── stock ───────────────────────────────────────────────────────────────────────────────────────────────

    def _inventory(self, call: Call) -> list[Outcome]:
        """Absolute quantities or deltas. Shopify names rows that it refuses; whether the others were carried
        out is told by the adjustment group: it is there only if something was. Where an error names no row
        the answer proves nothing about those it does not name."""
        payload = self._payload(call)
        errors = user_errors(call, payload)
        if not errors:
            return outcomes.all_applied(call)
        if refused := _of_key(call, {e.code for e in errors}):
            return refused
        unnamed = [e for e in errors if e.member is None]
        carried_out = bool(payload.get("inventoryAdjustmentGroup"))
        if unnamed and (carried_out or any(e.code in STALE_CODES for e in unnamed)):
            return self._unproven(call, errors, unnamed[0])
        if carried_out:
            return outcomes.partly_applied(call, errors, stale=STALE_CODES)
        return outcomes.refused_by_name(call, errors, STALE_CODES)

    def _unproven(self, call: Call, errors: list[UserError], why: UserError) -> list[Outcome]:
        """The rows that the answer names by it, the others by what they show now; if that cannot be read,
        they are stale: whoever decides them reads them first."""
        rows = sight.wanted(variables(call)["input"])
        reason = say(outcomes.REFUSED, reason=why.message)
        try:
            shown = sight.quantities(self._client, rows, call.urgent)
        except CounterpartError as error:
            _log.warning("What became of a stock call to %s cannot be read: %s", self._client.shop, error)
            return outcomes.partly_stale(call, errors, STALE_CODES)
        seen = map(sight.judged, call.change_ids, rows, shown, [reason] * len(rows))
        return outcomes.named_or(call, errors, list(seen), STALE_CODES)

    def _aliased(self, call: Call) -> list[Outcome]:
        """Several writes in one request, each judged by itself. Their errors have no codes: one that names no
        field may as well say that the same is under way, so that the item is looked at."""
        doc = repeated(call.operation, len(call.change_ids))
        answer = self._client.execute(doc, keyed(call), urgent=call.urgent)
        targets: Any = call.arguments.get("targets") or [""] * len(call.change_ids)
        judged = [
            self._one_of(change, targets[n], answer, f"a{n}") for n, change in enumerate(call.change_ids)
        ]
        unclear = [
            n for n, outcome in enumerate(judged) if outcome.state is State.REFUSED and not outcome.named
        ]
        done = self._done(call, unclear) if unclear else ()
        return [
            Outcome(outcome.change_id, State.APPLIED, targets[n]) if n in done else outcome
            for n, outcome in enumerate(judged)
        ]

    def _one_of(self, change: str, target: str, answer: Answer, alias: str) -> Outcome:
        payload = answer.data.get(alias)
        if payload is None:
            return outcomes.of_problem(change, next((p for p in answer.problems if alias in p.path), None))
        one = Call("", "", {"targets": [target]}, (change,))
        errors = user_errors(one, payload)
        if not errors:
            return outcomes.all_applied(one)[0]
        return replace(outcomes.refused_by_name(one, errors)[0], named=any(e.field for e in errors))

    def _done(self, call: Call, members: list[int]) -> set[int]:
        """Which of these members of an activation or a counting are as wanted by now; none if that cannot be
        read: they go again."""
        rows = places_of(call)
        asked = [rows[n] for n in members]
        try:
            if call.operation == "inventory_track":
                seen = sight.counted(self._client, [row["inventoryItemId"] for row in asked])
            else:
                shown = sight.quantities(self._client, asked, call.urgent)
                seen = [have is not None for have in shown]
        except CounterpartError as error:
            _log.warning(
                "What became of %s at %s cannot be read: %s", call.operation, self._client.shop, error
            )
            return set()
        return {n for n, done in zip(members, seen, strict=True) if done}

    # ── notes that survive a restart ────────────────────────────────────────────────────────────────────────

    def note(self, call: Call, what: Mapping[str, object]) -> None:
        """Keeps a fact that looking the call up will need."""
        self._keep.put(f"call-{call.id}", json.dumps(what), self._clock.now() + _NOTE_LIFE)

    def noted(self, call: Call) -> Mapping[str, Any]:
        """What `note` kept; {} if nothing."""
        kept = self._keep.get(f"call-{call.id}")
        return json.loads(kept) if kept else {}


def variables(call: Call) -> dict[str, Any]:
    """The variables of a call; ValueError for a call that was made elsewhere."""
    found = call.arguments.get("variables")
    if not isinstance(found, Mapping):
        raise ValueError(f"a Shopify call without variables: {call.operation!r}")
    return dict(found)


def places_of(call: Call) -> list[dict[str, str]]:
    """The item and, where there is one, the location of each member of a call of several writes."""
    given = variables(call)
    return [
        {"inventoryItemId": str(given[f"item{n}"]), "locationId": str(given.get(f"location{n}") or "")}
        for n in range(len(call.change_ids))
    ]


def _of_key(call: Call, codes: set[str]) -> list[Outcome]:
    """What the idempotency key alone decides: used twice (BrokenContract), its call still under way
    (OutcomeUnknown: back off, then the same call), its attempt failed (all go again as a new call); [] if
    nothing."""
    if _MISMATCH in codes:
        raise BrokenContract(say("An idempotency key was used twice with different contents."), call.key)
    if _CONCURRENT in codes:
        raise OutcomeUnknown(say("Shopify is still working on the same call."), call.key)
    if _FAILED in codes:
        again = say("An earlier attempt failed; it goes again as a new call.")
        return outcomes.all_refused(call, again, named=False)
    return []


def media_ids(client: Client, product_id: str) -> list[str]:
    """Ids of all media of a product, in their order."""
    found: list[str] = []
    after: str | None = None
    while True:
        product = client.query("product_media", {"id": product_id, "after": after}).data.get("product")
        if product is None:
            raise RecordRefused(say("There is no such product at Shopify."), product_id)
        found += [str(row["id"]) for row in nodes(product["media"])]
        info = product["media"]["pageInfo"]
        if not info["hasNextPage"]:
            return found
        after = info["endCursor"]
