"""What a document costs: the formula fitted to 8,332 answers of real stores at 2025-01 and 2026-04.

leaf 0 · object 1 + children · connection 2 + max(1, ⌊2·ln n⌋) × (1 + one node's children) · money,
addresses, weights
and user errors 0 · plain list like one object · mutation 10 + what is selected below the objects of its
payload (they
themselves are free), plus per-item parts rounded to whole points.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from sandbox.shopify.plan import Field, Operation, Selection, Variables

MAX_COST = 1000
FREE = {
    "MoneyV2",
    "MoneyBag",
    "MailingAddress",
    "LocationAddress",
    "LocationSuggestedAddress",
    "FulfillmentOrderAssignedLocation",
    "PageInfo",
    "Weight",
    "UnitPriceMeasurement",
    "WebhookSubscriptionEndpoint",
}
ROOT_COUNT = 10
# Mutations with a base of their own.
BASE = {"fileCreate": 20, "productCreateMedia": 20}


def times(n: int) -> int:
    """How often a page of ``n`` counts its node: 1→1, 10→4, 50→7, 250→11."""
    return max(1, math.floor(2 * math.log(n))) if n >= 1 else 0


def requested(operation: Operation, variables: Variables) -> int:
    """What the bucket must hold before the operation starts."""
    if operation.kind == "mutation":
        return sum(_mutation(field, variables) for field in operation.roots)
    return sum(_root(field, variables) for field in operation.roots)


def actual(operation: Operation, variables: Variables, data: dict[str, Any] | None) -> int:
    """What the objects really returned cost; nulls cost nothing."""
    total = 0.0
    for field in operation.roots:
        value = (data or {}).get(field.key)
        if operation.kind == "mutation":
            total += _base(field, variables) + _returned_payload(field, value or {}, variables)
        elif value is not None or field.type_name == "Count":
            total += ROOT_COUNT if field.type_name == "Count" else _returned(field, value, variables)
    return math.ceil(total)


def _returned_payload(field: Field, value: Any, variables: Variables) -> float:
    parts = field.selection.fields() if field.selection else []
    return sum(max(0, _returned(part, value.get(part.key), variables) - _free(part)) for part in parts)


def _root(field: Field, variables: Variables) -> int:
    return ROOT_COUNT if field.type_name == "Count" else _cost(field, variables)


def _mutation(field: Field, variables: Variables) -> int:
    payload = field.selection.fields() if field.selection else []
    return _base(field, variables) + sum(max(0, _cost(part, variables) - _free(part)) for part in payload)


def _free(part: Field) -> int:
    """Objects of a payload are free themselves, except the operation of productSet."""
    return 0 if part.type_name == "ProductSetOperation" else 1


def _base(field: Field, variables: Variables) -> int:
    return BASE.get(field.name, 10) + items_cost(field.name, field.arguments(variables))


def items_cost(name: str, arguments: Variables) -> int:
    """The per-item part of productSet and the bulk variant mutations (ProductSetInput in the 2026-10
    schema)."""
    if name == "productSet":
        given = arguments.get("input") or {}
        variants, files = given.get("variants") or [], given.get("files") or []
        metafields = len(given.get("metafields") or [])
    elif name in ("productVariantsBulkCreate", "productVariantsBulkUpdate"):
        variants, files, metafields = arguments.get("variants") or [], [], 0
    else:
        return 0
    metafields += sum(len(variant.get("metafields") or ()) for variant in variants)
    with_file = sum(1 for variant in variants if variant.get("file"))
    points = 0.2 * len(variants) + 1.9 * len(files) + 0.4 * metafields + 0.6 * with_file
    return math.floor(points + 0.5 + 1e-9)


# Scalars that stores charge like an object.
DEAR_LEAVES = {("Location", "hasUnfulfilledOrders")}


def _cost(field: Field, variables: Variables) -> int:
    if (field.parent, field.name) in DEAR_LEAVES:
        return 1
    if field.is_leaf or _is_free(field.type_name) or field.selection is None:
        return 0
    if field.type_name.endswith("Connection"):
        size = _page_size(field, variables)
        return 2 + times(size) * sum(1 + _children(node, variables) for node in _node_selections(field))
    return 1 + _children(field.selection, variables)


def _children(selection: Selection | None, variables: Variables) -> int:
    if selection is None:
        return 0
    if not selection.is_abstract:
        return sum(_cost(field, variables) for field in selection.fields())
    return max(
        sum(_cost(field, variables) for field in selection.fields(name))
        for name in (selection.named_types() or [selection.type_name])
    )


def _is_free(type_name: str) -> bool:
    return type_name in FREE or type_name.endswith("UserError")


def _page_size(field: Field, variables: Variables) -> int:
    arguments = field.arguments(variables)
    size = arguments.get("first") or arguments.get("last")
    return int(size) if isinstance(size, int) else 1


def _node_selections(field: Field) -> Iterable[Selection]:
    """What is selected of one node: ``nodes`` and ``edges{node}`` both count."""
    assert field.selection is not None
    for part in field.selection.fields():
        if part.name == "nodes" and part.selection:
            yield part.selection
        elif part.name == "edges" and part.selection:
            for inner in part.selection.fields():
                if inner.name == "node" and inner.selection:
                    yield inner.selection


def _returned(field: Field, value: Any, variables: Variables) -> float:
    if field.is_leaf or value is None or field.selection is None or _is_free(field.type_name):
        return 0
    if field.type_name.endswith("Connection"):
        return _returned_page(field, value, variables)
    if field.is_list:
        return max(
            (1 + _returned_children(field.selection, one, variables) for one in value if one), default=0
        )
    return 1 + _returned_children(field.selection, value, variables)


def _returned_page(field: Field, value: Any, variables: Variables) -> float:
    assert field.selection is not None
    total = 2.0
    for part in field.selection.fields():
        if part.selection is None or part.name not in ("nodes", "edges"):
            continue
        rows = value.get(part.key) or []
        if part.name == "nodes":
            total += _mean(part.selection, rows, variables)
            continue
        for inner in part.selection.fields():
            if inner.name == "node" and inner.selection:
                total += _mean(inner.selection, [row[inner.key] for row in rows], variables)
    return total


def _mean(selection: Selection, rows: list[Any], variables: Variables) -> float:
    """A page's weight times what its nodes cost on average."""
    if not rows:
        return 0
    if _is_flat(selection):
        return times(len(rows))
    inner = sum(_returned_children(selection, row, variables) for row in rows) / len(rows)
    return times(len(rows)) * (1 + inner)


def _is_flat(selection: Selection) -> bool:
    return not selection.is_abstract and all(
        field.is_leaf or _is_free(field.type_name) for field in selection.fields()
    )


def _returned_children(selection: Selection | None, value: Any, variables: Variables) -> float:
    if selection is None or not isinstance(value, dict):
        return 0
    if selection.is_abstract:
        names = selection.named_types() or [selection.type_name]
        return max(_sum_returned(selection.fields(name), value, variables) for name in names)
    return _sum_returned(selection.fields(), value, variables)


def _sum_returned(fields: list[Field], value: Any, variables: Variables) -> float:
    return sum(_returned(field, value.get(field.key), variables) for field in fields if not field.is_leaf)
