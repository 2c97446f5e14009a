"""What a document will cost, before it is sent, so that the bucket is spent to the end without being refused.

The formula was fitted to the costs that real stores charged at API 2025-01 and 2026-04 (92 % exact);
shopify.dev, "API limits", gives its outline: scalar 0, object 1, mutation 10, connections by the size of the
page. What the platform then really asks is learnt by `Learnt`, per document and page sizes.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    SelectionSetNode,
    VariableNode,
)

from sync.connectors.shopify.documents import Document

MAX_COST = 1000
MUTATION = 10
COUNT = 10
# Objects that cost nothing with all below them: money, addresses, weights, page information, errors. Known by
# field name, since no schema is at hand when running.
_FREE = frozenset(
    {
        "shopMoney",
        "presentmentMoney",
        "unitCost",
        "price",
        "pageInfo",
        "userErrors",
        "billingAddress",
        "shippingAddress",
        "assignedLocation",
        "weight",
    }
)
_COUNTS = frozenset({"productsCount", "productVariantsCount", "ordersCount"})
Variables = Mapping[str, Any]


def estimate(document: Document, variables: Variables) -> float:
    """Points that the bucket must hold before the document starts (its `requestedQueryCost`)."""
    fields = list(_fields(document.operation.selection_set, document))
    if document.write:
        return sum(_mutation(field, document, variables) for field in fields)
    return sum(COUNT if f.name.value in _COUNTS else _field(f, document, variables) for f in fields)


def page_size(
    document: Document, variables: Variables, name: str = "first", most: int = 250, limit: float = MAX_COST
) -> int:
    """The largest page that costs no more than `limit`; at least 1."""
    sizes = [size for size in (250, 200, 150, 100, 75, 50, 40, 30, 20, 15, 10, 5, 3, 2) if size <= most]
    return next((s for s in sizes if estimate(document, {**variables, name: s}) <= limit), 1)


def product_set_points(given: Mapping[str, Any]) -> float:
    """The part of productSet's cost that grows with its input (complexities in the Shopify Admin 2026-10
    schema)."""
    variants = given.get("variants") or []
    metafields = len(given.get("metafields") or []) + sum(len(v.get("metafields") or ()) for v in variants)
    with_file = sum(1 for v in variants if v.get("file"))
    points = 0.2 * len(variants) + 1.9 * len(given.get("files") or []) + 0.4 * metafields + 0.6 * with_file
    return math.floor(points + 0.5 + 1e-9)


class Learnt:
    """How far the platform's own figure is from the estimate, per document and page sizes; safe between
    threads."""

    def __init__(self) -> None:
        self._offsets: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def cost(self, document: Document, variables: Variables) -> float:
        """The estimate, corrected by what the platform last asked for such a document."""
        guess = estimate(document, variables)
        with self._lock:
            return max(1.0, guess + self._offsets.get(_kind(document, variables), 0.0))

    def learn(self, document: Document, variables: Variables, requested: float) -> None:
        """The platform's `requestedQueryCost` for this document."""
        with self._lock:
            self._offsets[_kind(document, variables)] = requested - estimate(document, variables)


def _kind(document: Document, variables: Variables) -> tuple[str, str]:
    sizes = sorted((k, v) for k, v in variables.items() if isinstance(v, int))
    return document.text, repr(sizes)


def _mutation(field: FieldNode, document: Document, variables: Variables) -> float:
    payload = _inside(field.selection_set, document, variables) if field.selection_set else 0.0
    return MUTATION + max(0.0, payload - 1) + _items(field.name.value, variables)


def _items(name: str, variables: Variables) -> float:
    if name == "productSet":
        return product_set_points(variables.get("input") or {})
    if name in ("productVariantsBulkCreate", "productVariantsBulkUpdate"):
        return product_set_points(
            {"variants": [{**v, "file": None} for v in variables.get("variants") or []]}
        )
    return 0.0


def _field(field: FieldNode, document: Document, variables: Variables) -> float:
    name, selection = field.name.value, field.selection_set
    if selection is None or name in _FREE or name.endswith(("Set", "UserErrors")):
        return 0.0
    pages = list(_nodes(selection, document))
    if pages:
        size = _first(field, variables)
        return 2 + _times(size) * sum(1 + _inside(page, document, variables) for page in pages)
    return 1 + _inside(selection, document, variables)


def _times(size: int) -> int:
    """How often a page of `size` counts its node: 1→1, 10→4, 50→7, 250→11."""
    return max(1, math.floor(2 * math.log(size))) if size > 0 else 0


def _inside(selection: SelectionSetNode | None, document: Document, variables: Variables) -> float:
    """What the fields of one object cost; of several types of an interface the dearest."""
    if selection is None:
        return 0.0
    common = sum(_field(field, document, variables) for field in _fields(selection, document))
    typed = [_inside(part, document, variables) for part in _typed(selection, document)]
    return common + max(typed, default=0.0)


def _typed(selection: SelectionSetNode, document: Document) -> Iterator[SelectionSetNode]:
    """The inline fragments of a selection, those of spread fragments among them."""
    for part in selection.selections:
        if isinstance(part, InlineFragmentNode):
            yield part.selection_set
        elif isinstance(part, FragmentSpreadNode):
            yield from _typed(document.fragments[part.name.value].selection_set, document)


def _fields(selection: SelectionSetNode, document: Document) -> Iterator[FieldNode]:
    """The fields of a selection, those of spread fragments among them, those of inline fragments not."""
    for part in selection.selections:
        if isinstance(part, FieldNode):
            yield part
        elif isinstance(part, FragmentSpreadNode):
            yield from _fields(document.fragments[part.name.value].selection_set, document)


def _nodes(selection: SelectionSetNode, document: Document) -> Iterator[SelectionSetNode]:
    """What is selected of one node of a connection; nothing if the field is none."""
    for field in _fields(selection, document):
        if field.name.value == "nodes" and field.selection_set:
            yield field.selection_set
        elif field.name.value == "edges" and field.selection_set:
            yield from (
                f.selection_set
                for f in _fields(field.selection_set, document)
                if f.name.value == "node" and f.selection_set
            )


def _first(field: FieldNode, variables: Variables) -> int:
    for argument in field.arguments or ():
        if argument.name.value in ("first", "last"):
            if isinstance(argument.value, IntValueNode):
                return int(argument.value.value)
            if isinstance(argument.value, VariableNode):
                return int(variables.get(argument.value.name.value) or 1)
    return 1
