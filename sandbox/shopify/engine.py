"""One GraphQL request from text to answer: validate, price, take points, run, give points back."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from sandbox.faults import Fault
from sandbox.shopify import cost
from sandbox.shopify.bucket import Bucket
from sandbox.shopify.coerce import coerce_variables
from sandbox.shopify.context import Context
from sandbox.shopify.document import Document, Documents
from sandbox.shopify.errors import DocumentRefused
from sandbox.shopify.hooks import Hooks, rows_of
from sandbox.shopify.plan import Operation, switch_names
from sandbox.shopify.project import Program
from sandbox.shopify.schema import admin_schema
from sandbox.shopify.stock_hand import strike
from sandbox.shopify.store import Store

Obj = dict[str, Any]
KEPT = 512


@dataclass(slots=True)
class Answer:
    """What goes back: the JSON body, and what the ledger counts."""

    body: Obj
    operation: str
    kind: str
    points: float = 0
    throttled: bool = False
    refused: bool = False


@dataclass(slots=True)
class Asked:
    """A request that was understood: which program, with which variables."""

    program: Program
    variables: Obj

    @property
    def operation(self) -> Operation:
        """The planned operation."""
        return self.program.operation


class Engine:
    """Runs requests against a store; documents and programs are remembered by their text."""

    def __init__(self, store: Store, bucket: Bucket) -> None:
        self.store, self.bucket, self.hooks = store, bucket, Hooks()
        self.schema = admin_schema()
        self._documents = Documents(self.schema)
        self._programs: OrderedDict[tuple[Any, ...], Program] = OrderedDict()

    def understand(self, text: str, variables: Obj, name: str | None = None) -> Asked:
        """Parse, validate and coerce; DocumentRefused otherwise."""
        document = self._documents.get(text)
        node = document.operation(name)
        values = coerce_variables(self.schema, node, variables)
        return Asked(self._program(document, node, values), values)

    def _program(self, document: Document, node: Any, values: Obj) -> Program:
        switches = {name: values.get(name) for name in switch_names(node, document.fragments)}
        key = (document.text, node.name.value if node.name else "", tuple(sorted(switches.items())))
        program = self._programs.get(key)
        if program is None:
            program = Program(Operation(self.schema, node, document.fragments, switches))
            self._programs[key] = program
            if len(self._programs) > KEPT:
                self._programs.popitem(last=False)
        return program

    def answer(
        self, asked: Asked, base_url: str = "", throttle: bool = False, fault: Fault | None = None
    ) -> Answer:
        """Price and run; throttled and too dear requests come back without having run."""
        operation, variables = asked.operation, asked.variables
        if self.store.stock is not None:
            self.store.stock.forget_views()
        price = cost.requested(operation, variables)
        made = Answer({}, operation.name, _kind(operation))
        if price > cost.MAX_COST:
            made.body, made.refused = _too_dear(price), True
            return made
        if throttle or not self.bucket.take(price):
            made.body, made.throttled = self._throttled(price), True
            return made
        context = Context(self.store, operation, variables, base_url)
        context.fault = fault
        for hook in self.hooks.due(operation):
            strike(self.store, hook, rows_of(operation, variables))
        self.store.index.stale = context.fault_is("stale_search")
        data, errors = asked.program.run(context)
        used = min(price, cost.actual(operation, variables, data))
        self.bucket.give_back(price - used)
        made.points, made.refused = used, bool(errors)
        made.body = {"errors": errors, "data": data} if errors else {"data": data}
        made.body["extensions"] = self._cost(price, used)
        return made

    def refusal(self, refused: DocumentRefused) -> Answer:
        """The answer to a document that cannot be run."""
        return Answer({"errors": refused.errors}, "invalid", "read", refused=True)

    def _cost(self, price: float, used: float | None) -> Obj:
        status = self.bucket.status()
        return {"cost": {"requestedQueryCost": price, "actualQueryCost": used, "throttleStatus": status}}

    def _throttled(self, price: float) -> Obj:
        documentation = "https://shopify.dev/api/usage/rate-limits"
        extensions = {"code": "THROTTLED", "documentation": documentation}
        return {
            "errors": [{"message": "Throttled", "extensions": extensions}],
            "extensions": self._cost(price, None),
        }


# Mutations that change nothing of the shop: they start an export or stop it.
EXPORTS = {"bulkOperationRunQuery", "bulkOperationCancel"}


def _kind(operation: Operation) -> str:
    """What a request is to the ledger: a write changes the shop."""
    if operation.kind == "mutation" and not all(root.name in EXPORTS for root in operation.roots):
        return "write"
    return "read"


def _too_dear(price: int) -> Obj:
    message = f"Query cost is {price}, which exceeds the single query max cost limit ({cost.MAX_COST})."
    documentation = "https://shopify.dev/api/usage/rate-limits"
    extensions = {
        "code": "MAX_COST_EXCEEDED",
        "cost": price,
        "maxCost": cost.MAX_COST,
        "documentation": documentation,
    }
    return {"errors": [{"message": message, "extensions": extensions}]}
