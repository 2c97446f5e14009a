"""Bulk queries: run over everything, the result as JSONL at a URL, ready after objects ÷ rate scaled
seconds."""

from __future__ import annotations

import json
from typing import Any

from sandbox.shopify import scopes
from sandbox.shopify.bulk_rules import MOST_BYTES, violations
from sandbox.shopify.context import Context
from sandbox.shopify.document import Documents
from sandbox.shopify.errors import DocumentRefused, Refusal, user_error
from sandbox.shopify.ids import gid, number_of
from sandbox.shopify.pages import EVERYTHING, by_field, by_id, page
from sandbox.shopify.plan import Field, Operation, Selection
from sandbox.shopify.project import RESOLVERS, Shape, mutation, query, resolver
from sandbox.shopify.schema import admin_schema
from sandbox.shopify.search import compiled

Obj = dict[str, Any]
MOST_AT_ONCE = 5
CANCEL_SECONDS = 0.5
QUEUE_SECONDS = 0.5
_DOCUMENTS = Documents(admin_schema())


# The state of an operation ------------------------------------------------------------------------------


def status_of(bulk: Obj, now: float) -> str:
    """CREATED, RUNNING, then what it ends as; a cancelled one passes CANCELING."""
    if bulk["_cancelled_at"] is not None:
        return "CANCELED" if now >= bulk["_cancelled_at"] + CANCEL_SECONDS else "CANCELING"
    if now >= bulk["_due"]:
        return "FAILED" if bulk["errorCode"] else "COMPLETED"
    return "CREATED" if now < bulk["_start"] else "RUNNING"


def _running(context: Context) -> list[Obj]:
    now = context.clock.monotonic()
    rows = context.store.sorted("bulk", "id")
    return [one for one in rows if status_of(one, now) in ("CREATED", "RUNNING", "CANCELING")]


@resolver("BulkOperation", "status")
def status(bulk: Obj, arguments: Obj, context: Context) -> str:
    """Its state now."""
    return status_of(bulk, context.clock.monotonic())


def _over(bulk: Obj, context: Context) -> bool:
    return status(bulk, {}, context) in ("COMPLETED", "FAILED", "CANCELED")


@resolver("BulkOperation", "errorCode")
def error_code(bulk: Obj, arguments: Obj, context: Context) -> str | None:
    """Why it failed, once it did."""
    return bulk["errorCode"] if status(bulk, {}, context) == "FAILED" else None


@resolver("BulkOperation", "completedAt")
def completed_at(bulk: Obj, arguments: Obj, context: Context) -> str | None:
    """When it ended."""
    if not _over(bulk, context):
        return None
    bulk.setdefault("_completed", context.store.now())
    found: str = bulk["_completed"]
    return found


def _progress(bulk: Obj, context: Context) -> float:
    now, length = context.clock.monotonic(), bulk["_due"] - bulk["_start"]
    end = bulk["_cancelled_at"] if bulk["_cancelled_at"] is not None else now
    return 1.0 if length <= 0 else min(1.0, max(0.0, (end - bulk["_start"]) / length))


@resolver("BulkOperation", "objectCount")
def object_count(bulk: Obj, arguments: Obj, context: Context) -> str:
    """Lines so far, as a string."""
    return str(int(bulk["_objects"] * _progress(bulk, context)))


@resolver("BulkOperation", "rootObjectCount")
def root_count(bulk: Obj, arguments: Obj, context: Context) -> str:
    """Root objects so far, as a string."""
    return str(int(bulk["_roots"] * _progress(bulk, context)))


@resolver("BulkOperation", "fileSize")
def file_size(bulk: Obj, arguments: Obj, context: Context) -> str | None:
    """Bytes of the result, as a string."""
    return str(len(bulk["_body"].encode())) if _url(bulk, context, "COMPLETED") else None


def _url(bulk: Obj, context: Context, state: str) -> str | None:
    if status(bulk, {}, context) != state or not bulk["_body"]:
        return None
    return f"{context.base_url}/bulk-results/{number_of(bulk['id'])}.jsonl"


@resolver("BulkOperation", "url")
def url(bulk: Obj, arguments: Obj, context: Context) -> str | None:
    """Where the result lies; null when nothing matched."""
    return _url(bulk, context, "COMPLETED")


@resolver("BulkOperation", "partialDataUrl")
def partial_url(bulk: Obj, arguments: Obj, context: Context) -> str | None:
    """Where a failed operation left what it had."""
    return _url(bulk, context, "FAILED")


@query("bulkOperation")
def bulk_operation(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One operation by id."""
    return context.store.get("bulk", arguments["id"])


@query("bulkOperations")
def bulk_operations(_: Any, arguments: Obj, context: Context) -> Obj:
    """A page of operations."""
    now = context.clock.monotonic()
    test = compiled(arguments.get("query"), {"status", "operation_type", "id"})
    rows = [
        one
        for one in context.store.sorted("bulk", "createdAt")
        if test is None
        or test(
            {"status": status_of(one, now).lower(), "operation_type": "query", "id": number_of(one["id"])}
        )
    ]
    return page(rows, arguments, by_id if arguments.get("sortKey") == "ID" else by_field("createdAt"))


# Running ------------------------------------------------------------------------------------------------


@mutation("bulkOperationRunQuery")
def run_query(_: Any, arguments: Obj, context: Context) -> Obj:
    """Start a bulk query; five may run at once."""
    running = _running(context)
    if len(running) >= MOST_AT_ONCE:
        ids = ", ".join(one["id"] for one in running)
        message = f"A bulk query operation for this app and shop is already in progress: {ids}."
        return {"bulkOperation": None, "userErrors": [user_error(None, message, "OPERATION_IN_PROGRESS")]}
    try:
        operation = _understood(arguments["query"])
    except DocumentRefused as refused:
        message = f"Invalid bulk query: {refused.errors[0]['message']}"
        return {"bulkOperation": None, "userErrors": [user_error(["query"], message, "INVALID")]}
    errors = violations(operation)
    if len(arguments["query"].encode()) > MOST_BYTES:
        errors.append(user_error(["query"], "Bulk query is too large.", "INVALID"))
    if errors:
        return {"bulkOperation": None, "userErrors": errors}
    together = bool(arguments.get("groupObjects"))
    return {"bulkOperation": _start(context, operation, arguments["query"], together), "userErrors": []}


def _understood(text: str) -> Operation:
    document = _DOCUMENTS.get(text)
    return Operation(admin_schema(), document.operation(None), document.fragments, {})


def _start(context: Context, operation: Operation, text: str, together: bool) -> Obj:
    lines, roots, error = _lines(context, operation)
    if not together:
        # Nobody promises that children follow their parents: here they never do.
        lines.sort(key=lambda line: "__parentId" in line)
    if context.fault_is("failed_bulk"):
        lines, error = lines[: len(lines) // 2], "INTERNAL_SERVER_ERROR"
    # Operations wait a moment in a queue, so that the answer to starting one says CREATED.
    now = context.clock.monotonic() + QUEUE_SECONDS
    bulk: Obj = {
        "__typename": "BulkOperation",
        "id": gid("BulkOperation", context.store.number()),
        "type": "QUERY",
        "query": text,
        "createdAt": context.store.now(),
        "errorCode": error,
        "_start": now,
        "_due": now + len(lines) / context.settings.bulk_rate,
        "_cancelled_at": None,
        "_objects": len(lines),
        "_roots": roots,
        "_body": "".join(
            json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines
        ),
    }
    context.store.save("bulk", bulk)
    return bulk


def _lines(context: Context, operation: Operation) -> tuple[list[Obj], int, str | None]:
    lines: list[Obj] = []
    roots = 0
    try:
        for root in operation.roots:
            scopes.check(root.name, context.settings.granted)
            context.root = root
            roots += _connection(root, None, context, None, lines)
    except Refusal as refusal:
        code = refusal.extensions.get("code")
        return [], 0, "ACCESS_DENIED" if code == "ACCESS_DENIED" else "INTERNAL_SERVER_ERROR"
    if context.taken_errors():
        return [], 0, "ACCESS_DENIED"
    return lines, roots, None


def _connection(field: Field, obj: Any, context: Context, parent: str | None, lines: list[Obj]) -> int:
    """Write a connection's nodes as lines, each followed by its children; how many nodes there were."""
    arguments = {**field.arguments({}), **EVERYTHING}
    arguments.pop("last", None)
    nodes = RESOLVERS[(field.parent, field.name)](obj, arguments, context)["nodes"]
    selection = _node_selection(field)
    for node in nodes:
        line: Obj = {}
        lines.append(line)
        line.update(_node(selection, node, context, node.get("id"), lines))
        if parent is not None:
            line["__parentId"] = parent
    return len(nodes)


def _node_selection(field: Field) -> Selection:
    assert field.selection is not None
    edge = next(part for part in field.selection.fields() if part.name == "edges")
    assert edge.selection is not None
    found = next(part.selection for part in edge.selection.fields() if part.name == "node")
    assert found is not None
    return found


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
            made.update(_shape(field)(obj, context))
    return made


def _shape(field: Field) -> Shape:
    return Shape(field.parent, [field])


def _holds_connection(field: Field) -> bool:
    if field.selection is None:
        return False
    names = field.selection.named_types() if field.selection.is_abstract else [field.selection.type_name]
    return any(
        child.type_name.endswith("Connection") or _holds_connection(child)
        for name in names
        for child in field.selection.fields(name)
    )


@mutation("bulkOperationCancel")
def cancel(_: Any, arguments: Obj, context: Context) -> Obj:
    """Ask a running operation to stop; it is CANCELING for a moment."""
    bulk = context.store.get("bulk", arguments["id"])
    if bulk is None:
        error = user_error(["id"], "Bulk operation does not exist")
        return {"bulkOperation": None, "userErrors": [error]}
    state = status(bulk, {}, context)
    if state not in ("CREATED", "RUNNING"):
        message = f"A bulk operation cannot be canceled when it is {state.lower()}"
        return {"bulkOperation": bulk, "userErrors": [user_error(None, message)]}
    bulk["_cancelled_at"] = context.clock.monotonic()
    context.store.save("bulk", bulk)
    context.effect("bulk.cancelled", str(number_of(bulk["id"])))
    return {"bulkOperation": bulk, "userErrors": []}
