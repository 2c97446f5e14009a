"""Bulk queries: run over everything, the result as JSONL at a URL, ready after objects ÷ rate scaled
seconds."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.bulk_result import Result
from sandbox.shopify.bulk_rules import MOST_BYTES, violations
from sandbox.shopify.bulk_walk import expected, walk
from sandbox.shopify.context import Context
from sandbox.shopify.document import Documents
from sandbox.shopify.errors import DocumentRefused, Refusal, user_error
from sandbox.shopify.ids import gid, number_of
from sandbox.shopify.pages import by_field, by_id, page
from sandbox.shopify.plan import Operation
from sandbox.shopify.project import mutation, query, resolver
from sandbox.shopify.schema import admin_schema
from sandbox.shopify.search import compiled

Obj = dict[str, Any]
MOST_AT_ONCE = 5
CANCEL_SECONDS = 0.5
QUEUE_SECONDS = 0.5
RESULTS_KEPT = 6
_DOCUMENTS = Documents(admin_schema())


# The state of an operation ------------------------------------------------------------------------------


def status_of(bulk: Obj, now: float) -> str:
    """CREATED, RUNNING, then what it ends as; a cancelled one passes CANCELING."""
    if bulk["_cancelled_at"] is not None:
        return "CANCELED" if now >= bulk["_cancelled_at"] + CANCEL_SECONDS else "CANCELING"
    result = bulk.get("_result")
    if result is not None and result.done:
        bulk["errorCode"] = bulk["errorCode"] or result.refused or None
    if now >= bulk["_due"] and (result is None or result.done):
        return "FAILED" if bulk["errorCode"] else "COMPLETED"
    return "CREATED" if now < bulk["_start"] else "RUNNING"


def _running(context: Context) -> list[Obj]:
    now = context.clock.monotonic()
    rows = context.store.sorted("bulk", "id")
    return [one for one in rows if status_of(one, now) in ("CREATED", "RUNNING", "CANCELING")]


@resolver("BulkOperation", "status")
def status(bulk: Obj, arguments: Obj, context: Context) -> str:
    """Its state now. The answer to starting it says CREATED, however long that answer took to be made."""
    if context.root.name == "bulkOperationRunQuery":
        return "CREATED"
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
    return str(int(_counted(bulk)[0] * _progress(bulk, context)))


@resolver("BulkOperation", "rootObjectCount")
def root_count(bulk: Obj, arguments: Obj, context: Context) -> str:
    """Root objects so far, as a string."""
    return str(int(_counted(bulk)[1] * _progress(bulk, context)))


def _counted(bulk: Obj) -> tuple[int, int]:
    """Objects and root objects: as expected while it runs, as found afterwards."""
    result = bulk.get("_result")
    if result is not None and result.done:
        return result.objects, result.roots
    return bulk["_objects"], bulk["_roots"]


@resolver("BulkOperation", "fileSize")
def file_size(bulk: Obj, arguments: Obj, context: Context) -> str | None:
    """Bytes of the result, as a string."""
    return str(size_of(bulk)) if _url(bulk, context, "COMPLETED") else None


def size_of(bulk: Obj) -> int:
    """Bytes of the result as far as it is written."""
    result = bulk.get("_result")
    return result.size if result is not None else len(bulk["_body"].encode())


def _url(bulk: Obj, context: Context, state: str) -> str | None:
    if status(bulk, {}, context) != state or not size_of(bulk):
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
    bulk: Obj = {
        "__typename": "BulkOperation",
        "id": gid("BulkOperation", context.store.number()),
        "type": "QUERY",
        "query": text,
        "createdAt": context.store.now(),
        "errorCode": None,
        "_start": 0.0,
        "_due": 0.0,
        "_cancelled_at": None,
        "_objects": 0,
        "_roots": 0,
        "_body": "",
    }
    (_run_now if context.store.stock is None else _run_beside)(context, operation, bulk, together)
    # Operations wait a moment in a queue.
    bulk["_start"] = context.clock.monotonic() + QUEUE_SECONDS
    bulk["_due"] = bulk["_start"] + bulk["_objects"] / context.settings.bulk_rate
    context.store.save("bulk", bulk)
    return bulk


def _run_now(context: Context, operation: Operation, bulk: Obj, together: bool) -> None:
    """The whole result at once, kept with the operation."""
    walked = Context(context.store, operation, {}, context.base_url)
    walked.fault = context.fault
    try:
        found = list(walk(operation, walked))
    except Refusal as refusal:
        denied = refusal.extensions.get("code") == "ACCESS_DENIED"
        bulk["errorCode"] = "ACCESS_DENIED" if denied else "INTERNAL_SERVER_ERROR"
        return
    lines = [line for root, children in found for line in ((root, *children) if together else (root,))]
    if not together:
        # Nobody promises that children follow their parents: here they never do.
        lines += [line for _, children in found for line in children]
    if context.fault_is("failed_bulk"):
        lines, bulk["errorCode"] = lines[: len(lines) // 2], "INTERNAL_SERVER_ERROR"
    bulk.update(_objects=len(lines), _roots=len(found), _body="".join(lines))


def _run_beside(context: Context, operation: Operation, bulk: Obj, together: bool) -> None:
    """The result of a large catalogue goes to a file while other requests are answered. What it sees changes
    while it runs, as at Shopify: nobody promises a moment's picture."""
    walked = Context(context.store, operation, {}, context.base_url)
    walked.fault = context.fault
    roots, objects = expected(operation, walked)
    failing = context.fault_is("failed_bulk")
    if failing:
        objects, bulk["errorCode"] = objects // 2, "INTERNAL_SERVER_ERROR"
    result = Result(walk(operation, walked), together, objects if failing else None)
    bulk.update(_objects=objects, _roots=roots, _result=result)
    _forget_results(context)
    result.fill()


def _forget_results(context: Context) -> None:
    """Keep the files of the latest operations only (Shopify keeps all for a week; disks here are smaller)."""
    held = [one for one in context.store.sorted("bulk", "id") if one.get("_result") is not None]
    for one in held[: max(0, len(held) - RESULTS_KEPT + 1)]:
        one["_result"] = None


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
