"""The lines of a bulk query, node after node: by the executor, or straight from columns where it may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sandbox.shopify import scopes
from sandbox.shopify.context import Context
from sandbox.shopify.errors import Refusal
from sandbox.shopify.pages import EVERYTHING
from sandbox.shopify.plan import Field, Operation, Selection
from sandbox.shopify.project import RESOLVERS, Shape
from sandbox.shopify.stock_lines import Projection, node_selection, projection
from sandbox.shopify.stock_objects import VARIANTS
from sandbox.shopify.stock_store import Rows

Obj = dict[str, Any]
# A root's line, then the lines below it.
Found = tuple[str, list[str]]
_VIEWS = 500


def walk(operation: Operation, context: Context) -> Iterator[Found]:
    """Every root object with what hangs below it; Refusal if a root may not be read."""
    for root in operation.roots:
        scopes.check(root.name, context.settings.granted)
        context.root = root
        yield from _roots(root, context)
    if context.noted:
        raise Refusal("A field of the query may not be read.", code="ACCESS_DENIED")


def _roots(root: Field, context: Context) -> Iterator[Found]:
    arguments = {**root.arguments({}), **EVERYTHING}
    arguments.pop("last", None)
    nodes = RESOLVERS[(root.parent, root.name)](None, arguments, context)["nodes"]
    quick = projected(root, context)
    if quick is not None and isinstance(nodes, Rows):
        yield from _from_columns(nodes, quick, root, context)
        return
    for n, node in enumerate(nodes):
        if context.store.stock is not None and n % _VIEWS == 0:
            context.store.stock.forget_views()
        yield _by_executor(root, node, context)


def projected(root: Field, context: Context) -> Projection | None:
    """How the columns answer a document; None where the executor has to: no columns, a search, fields that
    columns do not hold, or a scope that is missing (then there are errors to tell)."""
    stock, arguments = context.store.stock, root.arguments({})
    if stock is None or root.name != "productVariants" or context.fault_is("empty_catalogue"):
        return None
    if arguments.get("query") or arguments.get("sortKey") == "SKU" or "read_inventory" not in (
        context.settings.granted
    ):  # fmt: skip
        return None
    return projection(node_selection(root), stock, context)


def _from_columns(nodes: Rows, quick: Projection, root: Field, context: Context) -> Iterator[Found]:
    stock = context.store.stock
    assert stock is not None
    first, alive, line = stock.objects.base + VARIANTS, stock.columns.is_alive, quick.line
    variants, children = context.store.variants, quick.children if quick.below else None
    for number in nodes.numbers:
        row = number - first
        if alive(row):
            yield line(row), children(row) if children else []
        elif (variant := variants.get(f"gid://shopify/ProductVariant/{number}")) is not None:
            yield _by_executor(root, variant, context)


def expected(operation: Operation, context: Context) -> tuple[int, int]:
    """About how many root objects and lines a walk over a stock catalogue will find."""
    stock, roots, lines = context.store.stock, 0, 0
    assert stock is not None
    counts = {"productVariants": context.store.variants, "products": context.store.kinds["product"]}
    for root in operation.roots:
        nodes = len(counts.get(root.name, ()))
        quick = projected(root, context)
        active = sum(place.state.count(1) for place in stock.columns.places)
        roots, lines = roots + nodes, lines + nodes + (active * len(quick.below) if quick else 0)
    return roots, lines


def _by_executor(root: Field, node: Obj, context: Context) -> Found:
    lines: list[Obj] = []
    own = _node(node_selection(root), node, context, node.get("id"), lines)
    return _text(own), [_text(line) for line in lines]


def _text(line: Obj) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def _connection(field: Field, obj: Any, context: Context, parent: str | None, lines: list[Obj]) -> None:
    """Write a connection's nodes as lines, each followed by its children."""
    arguments = {**field.arguments({}), **EVERYTHING}
    arguments.pop("last", None)
    nodes = RESOLVERS[(field.parent, field.name)](obj, arguments, context)["nodes"]
    selection = node_selection(field)
    for node in nodes:
        line: Obj = {}
        lines.append(line)
        line.update(_node(selection, node, context, node.get("id"), lines))
        line["__parentId"] = parent


def _node(selection: Selection, obj: Obj, context: Context, id: str | None, lines: list[Obj]) -> Obj:
    """One object's own fields; connections below it become lines of their own with ``id`` as their parent."""
    name = obj["__typename"] if selection.is_abstract else selection.type_name
    made: Obj = {}
    for field in selection.fields(name):
        if field.type_name.endswith("Connection"):
            _connection(field, obj, context, id, lines)
        elif field.selection is not None and not field.is_list and _holds_connection(field):
            inner = RESOLVERS.get((field.parent, field.name))
            child = inner(obj, field.arguments({}), context) if inner else obj[field.name]
            made[field.key] = None if child is None else _node(field.selection, child, context, id, lines)
        else:
            made.update(Shape(field.parent, [field])(obj, context))
    return made


def _holds_connection(field: Field) -> bool:
    if field.selection is None:
        return False
    names = field.selection.named_types() if field.selection.is_abstract else [field.selection.type_name]
    return any(
        child.type_name.endswith("Connection") or _holds_connection(child)
        for name in names
        for child in field.selection.fields(name)
    )
