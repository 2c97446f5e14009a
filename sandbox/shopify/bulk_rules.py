"""What a bulk query must not be (messages of real stores at 2026-04)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.shopify.errors import user_error
from sandbox.shopify.plan import Field, Operation

Obj = dict[str, Any]
MOST_CONNECTIONS = 5
MOST_DEPTH = 2
MOST_BYTES = 65_535


@dataclass(slots=True)
class Place:
    """A connection field: how deep, below a list or not, and the selection of the node it stands in."""

    field: Field
    depth: int
    in_list: bool
    parent: Field | None


def connections(operation: Operation) -> list[Place]:
    """Every connection of a query, outermost first."""
    return [place for root in operation.roots for place in _walk(root, 0, False, None)]


def _walk(field: Field, depth: int, in_list: bool, parent: Field | None) -> Iterator[Place]:
    if field.selection is None:
        return
    is_connection = field.type_name.endswith("Connection")
    if is_connection:
        yield Place(field, depth, in_list, parent)
    for child in _children(field):
        below_list = in_list or (field.is_list and field.name not in ("edges", "nodes"))
        inside = field if is_connection else parent
        yield from _walk(child, depth + is_connection, below_list, inside)


def _children(field: Field) -> list[Field]:
    """Fields selected below, through ``edges``, ``nodes`` and ``node``; of every named type of an abstract
    one."""
    selection = field.selection
    if selection is None:
        return []
    names = selection.named_types() if selection.is_abstract else [selection.type_name]
    return [child for name in names or [selection.type_name] for child in selection.fields(name)]


def node_fields(connection: Field) -> list[Field]:
    """What is selected of a connection's nodes through ``edges{node}``."""
    for part in connection.selection.fields() if connection.selection else ():
        if part.name == "edges":
            for inner in part.selection.fields() if part.selection else ():
                if inner.name == "node":
                    return _children(inner)
    return []


def violations(operation: Operation) -> list[Obj]:
    """User errors of a query that bulk does not take; empty when it does."""
    if operation.kind != "query":
        return [_error("Invalid operation type. Only `query` operations are supported.")]
    places = connections(operation)
    messages = [
        f"Bulk queries cannot contain a top level `{root.name}` field."
        for root in operation.roots
        if root.name in ("node", "nodes")
    ]
    if not places:
        messages.append("Bulk queries must contain at least one connection.")
    if len(places) > MOST_CONNECTIONS:
        messages.append(f"Bulk queries cannot contain more than {MOST_CONNECTIONS} connections.")
    if any(place.depth > MOST_DEPTH for place in places):
        messages.append(
            f"Bulk queries cannot contain connections with a nesting depth greater than {MOST_DEPTH}."
        )
    if any(place.in_list for place in places):
        messages.append(
            "Queries that contain a connection field within a list field are not currently supported."
        )
    messages += _by_nodes(places) + _without_id(places)
    return [_error(message) for message in messages]


def _by_nodes(places: list[Place]) -> list[str]:
    names = [
        place.field.name
        for place in places
        if any(
            part.name == "nodes" for part in (place.field.selection.fields() if place.field.selection else ())
        )
    ]
    if not names:
        return []
    example = f"{names[0]} {{ edges {{ node {{"
    return [
        "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: "
        f"'{example}'. Selecting via 'nodes' is not supported. "
        f"Invalid connection fields: '{', '.join(names)}'."
    ]


def _without_id(places: list[Place]) -> list[str]:
    parents = {place.parent.name: place.parent for place in places if place.parent is not None}
    names = [
        name
        for name, parent in parents.items()
        if not any(field.name == "id" and field.key == "id" for field in node_fields(parent))
        and any(part.name == "edges" for part in (parent.selection.fields() if parent.selection else ()))
    ]
    if not names:
        return []
    return [
        "The parent 'node' field for a nested connection must select the 'id' field without an alias and must"
        f" be of 'ID' return type. Connection fields without 'id': {', '.join(names)}."
    ]


def _error(message: str) -> Obj:
    return user_error(["query"], message, "INVALID")
