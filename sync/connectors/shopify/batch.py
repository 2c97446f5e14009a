"""Changes → calls. Pure but for the ids: what travels together, in which document, with which variables.

`Call.operation` is the document's name. `Call.arguments` are `variables` (what is sent), `targets` (the id
that each member writes to, "" for a create) and, where members are not simply the rows in order, `rows` (each
row's member).

What a change looks like, by entity and verb:
- product create: `body` Product, `key` the value of its custom id (metafield sync.record)
- product update: `diffs` of one group: single fields · "tags" (tuples) · "metafield:namespace.key"
- product or variant mark: `diffs` "metafield:namespace.key", or none and `key`
- variant update: `parent_id`, `target_id`, `diffs` · variant create: `parent_id`, `body` Variant with first
  levels
- media create: `parent_id`, `body` Media
- stock set, stock adjust: `target_id` inventory item, `place` location, diff "available" · stock activate:
  the same without diff · stock track: `target_id` inventory item
- publication publish: `target_id` product, `place` publication
- fulfilment create: `parent_id` order, `body` Fulfilment · fulfilment update: `target_id`, diffs
  "tracking.number" …
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sync.connectors.shopify import batch_stock
from sync.connectors.shopify.cost import MAX_COST, product_set_points
from sync.connectors.shopify.wire import inputs
from sync.connectors.shopify.wire.inputs import Input, SafeUrl
from sync.model.call import Call, Change, Verb
from sync.model.entity import Entity
from sync.model.order import Fulfilment
from sync.model.product import Media, Product, Variant

# Shopify keeps an idempotency key for 24 hours; an hour is left for clocks and slow calls.
KEY_LIFE = timedelta(hours=23)
MAX_ROWS = 250
MAX_METAFIELDS = 25
MAX_PUBLISHABLES = 50
# A picture costs 1.9 points whatever call it comes in.
MAX_MEDIA = 50
# Above this productSet runs asynchronously: Shopify would take longer than a request may.
MAX_SYNCHRONOUS = 250
Made = tuple[str, dict[str, Any], float]
Group = list[Change]


def batch(changes: Sequence[Change], now: datetime, safe_url: SafeUrl) -> list[Call]:
    """The calls for `changes`, in order; neighbours of one kind join. ValueError for what Shopify cannot
    do."""
    calls = []
    for kind, group in itertools.groupby(changes, key=_kind):
        _, most, build = KINDS[kind[0]]
        for members in _cut(list(group), most):
            name, arguments, cost = build(members, safe_url)
            arguments["targets"] = [c.target_id for c in members]
            calls.append(_call(name, arguments, cost, members, now))
    return calls


def _call(name: str, arguments: dict[str, Any], cost: float, members: Group, now: datetime) -> Call:
    return Call(
        str(uuid.uuid4()),
        name,
        arguments,
        tuple(c.id for c in members),
        str(uuid.uuid4()),
        now + KEY_LIFE,
        cost,
    )


def keyed(call: Call) -> dict[str, Any]:
    """The variables as they go over the wire: with the call's idempotency key where its document wants one
    (several writes of one call get keys of their own, derived from it), and a reference that Shopify's stock
    history shows."""
    made = dict(call.arguments["variables"])  # type: ignore[call-overload]
    if call.operation in ("inventory_set", "inventory_adjust"):
        made["key"] = call.key
        made["input"] = {**made["input"], "referenceDocumentUri": f"gid://counterpart/Call/{call.key}"}
    elif call.operation == "inventory_activate":
        made |= {f"key{n}": str(uuid.uuid5(uuid.UUID(call.key), str(n))) for n in range(len(call.change_ids))}
    return made


def _kind(change: Change) -> tuple[str, str]:
    """Name of the kind, and what members of one call must share."""
    for name, matches, shared in _CANDIDATES.get((change.entity, change.verb), ()):
        if matches(change):
            return name, shared(change)
    raise ValueError(
        f"Shopify cannot {change.verb} a {change.entity} ({', '.join(d.field for d in change.diffs)})"
    )


def _cut(members: Group, most: Callable[[Change], float]) -> Iterator[Group]:
    """A run of changes in pieces of which each weighs at most 1 and names nothing twice."""
    piece: Group = []
    weight = 0.0
    seen: set[tuple[str, str]] = set()
    for change in members:
        share, identity = most(change), (change.target_id or change.id, change.place)
        if piece and (weight + share > 1.000001 or identity in seen):
            yield piece
            piece, weight, seen = [], 0.0, set()
        piece.append(change)
        weight += share
        seen.add(identity)
    if piece:
        yield piece


def _share(most: int) -> Callable[[Change], float]:
    return lambda change: 1 / most


def _alone(change: Change) -> float:
    return 1.0


def _metafield_share(change: Change) -> float:
    return max(len(inputs.metafields_set(change)), 1) / MAX_METAFIELDS


# ── one builder a kind ──────────────────────────────────────────────────────────────────────────────────────


def _create_product(members: Group, safe_url: SafeUrl) -> Made:
    change = members[0]
    assert isinstance(change.body, Product)
    given = inputs.product_set(change.body, change.key, safe_url)
    custom = {"namespace": inputs.NAMESPACE, "key": inputs.RECORD_KEY, "value": change.key}
    variables: dict[str, Any] = {"input": given}
    if change.key:
        variables["identifier"] = {"customId": custom}
    name = "product_set" if len(given["variants"]) <= MAX_SYNCHRONOUS else "product_set_async"
    return name, {"variables": variables}, min(10 + product_set_points(given), MAX_COST)


def _update_product(members: Group, safe_url: SafeUrl) -> Made:
    change = members[0]
    values = {d.field: d.after for d in change.diffs}
    return (
        "product_update",
        {"variables": {"product": {"id": change.target_id, **inputs.product_fields(values)}}},
        10,
    )


def _update_tags(members: Group, safe_url: SafeUrl) -> Made:
    """Only what is to come and what is to go is named, so that tags of others stay."""
    change = members[0]
    before, after = _tags(change.before("tags")), _tags(change.after("tags"))
    add, remove = sorted(after - before), sorted(before - after)
    variables: dict[str, Any] = {"id": change.target_id}
    if add:
        variables["add"] = add
    if remove:
        variables["remove"] = remove
    name = "product_tags" if add and remove else ("tags_remove" if remove else "tags_add")
    return (
        name,
        {"variables": variables if add or remove else {**variables, "add": []}},
        20 if add and remove else 10,
    )


def _tags(value: object) -> set[str]:
    return {str(tag) for tag in value} if isinstance(value, tuple | list) else set()


def _set_metafields(members: Group, safe_url: SafeUrl) -> Made:
    rows: list[Input] = []
    owners: list[int] = []
    for index, change in enumerate(members):
        made = inputs.metafields_set(change)
        rows += made
        owners += [index] * len(made)
    return "metafields_set", {"variables": {"metafields": rows}, "rows": owners}, 10


def _update_variants(members: Group, safe_url: SafeUrl) -> Made:
    rows = [inputs.variant_update(change) for change in members]
    variables = {"productId": members[0].parent_id, "variants": rows}
    return "variants_update", {"variables": variables}, 10 + product_set_points({"variants": rows})


def _create_variants(members: Group, safe_url: SafeUrl) -> Made:
    rows = [inputs.bulk_variant(c.body) for c in members if isinstance(c.body, Variant)]
    # Never deletes what somebody made by hand, not even the one default variant.
    variables = {
        "productId": members[0].parent_id,
        "variants": rows,
        "strategy": "PRESERVE_STANDALONE_VARIANT",
    }
    return "variants_create", {"variables": variables}, 11 + product_set_points({"variants": rows})


def _create_media(members: Group, safe_url: SafeUrl) -> Made:
    rows = []
    for change in members:
        media = change.body
        assert isinstance(media, Media)
        # An unsafe address travels on as an empty one: the call refuses that member by name before it is
        # sent.
        source = media.url if safe_url(media.url) else ""
        rows.append({"originalSource": source, "mediaContentType": "IMAGE", "alt": media.alt[:512]})
    variables = {"product": {"id": members[0].parent_id}, "media": rows, "last": len(rows)}
    return "product_media_add", {"variables": variables}, 20


def _publish(members: Group, safe_url: SafeUrl) -> Made:
    ids = [change.target_id or change.parent_id for change in members]
    return (
        "publication_update",
        {"variables": {"id": members[0].place, "input": {"publishablesToAdd": ids}}},
        10,
    )


def _create_fulfilment(members: Group, safe_url: SafeUrl) -> Made:
    change = members[0]
    body = change.body
    assert isinstance(body, Fulfilment)
    tracking = {
        name: value for name in ("company", "number", "url") if (value := getattr(body.tracking, name))
    }
    lines = [[line, quantity] for line, quantity in body.lines]
    arguments = {"order": change.parent_id, "tracking": tracking, "lines": lines, "notify": body.notify}
    return "fulfilment_create", arguments, 10


def _update_tracking(members: Group, safe_url: SafeUrl) -> Made:
    change, body = members[0], members[0].body
    said: dict[str, object] = {d.field.removeprefix("tracking."): d.after for d in change.diffs}
    if isinstance(body, Fulfilment) and not said:
        said = {name: getattr(body.tracking, name) for name in ("company", "number", "url")}
    tracking = {name: value for name, value in said.items() if value and name in ("company", "number", "url")}
    notify = isinstance(body, Fulfilment) and body.notify
    variables = {"id": change.target_id, "tracking": tracking, "notify": notify}
    return "fulfilment_tracking", {"variables": variables}, 10


# ── which builder a change gets ─────────────────────────────────────────────────────────────────────────────


def _always(change: Change) -> bool:
    return True


def _carries(body: type) -> Callable[[Change], bool]:
    return lambda change: isinstance(change.body, body)


def _updates_product(change: Change) -> bool:
    known = {*inputs.PRODUCT_KEYS, "seo_title", "seo_description"}
    return bool(change.diffs) and {d.field for d in change.diffs} <= known


def _updates_tags(change: Change) -> bool:
    return {d.field for d in change.diffs} == {"tags"}


def _updates_metafields(change: Change) -> bool:
    named = bool(change.diffs) and all(d.field.startswith("metafield:") for d in change.diffs)
    return (
        named and change.verb is Verb.UPDATE or change.verb is Verb.MARK and bool(change.diffs or change.key)
    )


def _updates_variant(change: Change) -> bool:
    return {d.field for d in change.diffs} <= inputs.VARIANT_FIELDS


def _parent(change: Change) -> str:
    return change.parent_id


def _place(change: Change) -> str:
    return change.place


def _nothing(change: Change) -> str:
    return ""


# Kind → (what the members of a call share · a member's share of a call · the builder).
KINDS: dict[
    str, tuple[Callable[[Change], str], Callable[[Change], float], Callable[[Group, SafeUrl], Made]]
] = {
    "create_product": (_nothing, _alone, _create_product),
    "update_product": (_nothing, _alone, _update_product),
    "update_tags": (_nothing, _alone, _update_tags),
    "metafields": (_nothing, _metafield_share, _set_metafields),
    "update_variant": (_parent, _share(MAX_ROWS), _update_variants),
    "create_variant": (_parent, _share(MAX_ROWS), _create_variants),
    "create_media": (_parent, _share(MAX_MEDIA), _create_media),
    "set_stock": (_nothing, _share(MAX_ROWS), batch_stock.set_stock),
    "adjust_stock": (_nothing, _share(MAX_ROWS), batch_stock.adjust_stock),
    "track": (_nothing, _share(batch_stock.MAX_ALIASES), batch_stock.track),
    "activate": (_nothing, _share(batch_stock.MAX_ALIASES), batch_stock.activate),
    "publish": (_place, _share(MAX_PUBLISHABLES), _publish),
    "create_fulfilment": (_nothing, _alone, _create_fulfilment),
    "update_fulfilment": (_nothing, _alone, _update_tracking),
}

# (entity, verb) → the kinds that such a change may be, and how each is told.
_MATCHES: dict[tuple[Entity, Verb], dict[str, Callable[[Change], bool]]] = {
    (Entity.PRODUCT, Verb.CREATE): {"create_product": _carries(Product)},
    (Entity.PRODUCT, Verb.UPDATE): {
        "update_product": _updates_product,
        "update_tags": _updates_tags,
        "metafields": _updates_metafields,
    },
    (Entity.PRODUCT, Verb.MARK): {"metafields": _updates_metafields},
    (Entity.VARIANT, Verb.CREATE): {"create_variant": _carries(Variant)},
    (Entity.VARIANT, Verb.UPDATE): {"metafields": _updates_metafields, "update_variant": _updates_variant},
    (Entity.VARIANT, Verb.MARK): {"metafields": _updates_metafields},
    (Entity.MEDIA, Verb.CREATE): {"create_media": _carries(Media)},
    (Entity.STOCK, Verb.SET): {"set_stock": _always},
    (Entity.STOCK, Verb.ADJUST): {"adjust_stock": _always},
    (Entity.STOCK, Verb.TRACK): {"track": _always},
    (Entity.STOCK, Verb.ACTIVATE): {"activate": _always},
    (Entity.PUBLICATION, Verb.PUBLISH): {"publish": _always},
    (Entity.FULFILMENT, Verb.CREATE): {"create_fulfilment": _carries(Fulfilment)},
    (Entity.FULFILMENT, Verb.UPDATE): {"update_fulfilment": _always},
}
_CANDIDATES = {
    told: [(name, matches, KINDS[name][0]) for name, matches in kinds.items()]
    for told, kinds in _MATCHES.items()
}
