"""What one request carries through its resolvers."""

from __future__ import annotations

from typing import Any

from sandbox.clock import Clock
from sandbox.faults import Fault, Faults
from sandbox.ledger import Ledger
from sandbox.shopify import scopes
from sandbox.shopify.errors import Refusal
from sandbox.shopify.plan import Field, Operation, Variables
from sandbox.shopify.settings import Settings
from sandbox.shopify.store import Store

Obj = dict[str, Any]


class Context:
    """The store, the arguments of this request, and the errors of fields below a root."""

    def __init__(self, store: Store, operation: Operation, variables: Variables, base_url: str) -> None:
        self.store, self.operation, self.variables, self.base_url = store, operation, variables, base_url
        self.arguments: dict[int, Variables] = {}
        self.root: Field = operation.roots[0]
        self.fault: Fault | None = None
        self._errors: list[Obj] = []

    @property
    def settings(self) -> Settings:
        """The switches of the store."""
        return self.store.settings

    @property
    def clock(self) -> Clock:
        """The sandbox's clock."""
        return self.store.tools.clock

    @property
    def ledger(self) -> Ledger:
        """Where applied effects are written down."""
        return self.store.tools.ledger

    @property
    def faults(self) -> Faults:
        """The faults that are switched on."""
        return self.store.tools.faults

    def fault_is(self, name: str) -> bool:
        """Whether the fault of this name struck this request."""
        return self.fault is not None and self.fault.name == name

    def allowed(self, type_name: str, field: str) -> bool:
        """Whether a guarded field below a root may be read; notes ACCESS_DENIED if not."""
        try:
            scopes.need(scopes.FIELDS.get((type_name, field)), self.settings.granted, field)
        except Refusal as refusal:
            self.deny(refusal, field)
            return False
        return True

    def deny(self, refusal: Refusal, field: str) -> None:
        """Note an error at a field of the object that is being answered; whoever answers the objects
        around it completes its path."""
        self._errors.append({"message": refusal.message, "extensions": refusal.extensions, "path": [field]})

    @property
    def noted(self) -> int:
        """How many errors were noted so far below the present root."""
        return len(self._errors)

    def place(self, since: int, *steps: str | int) -> None:
        """What was noted after ``since`` happened below these steps."""
        for error in self._errors[since:]:
            error["path"] = [*steps, *error["path"]]

    def taken_errors(self) -> list[Obj]:
        """The noted errors; they are then forgotten."""
        taken, self._errors = self._errors, []
        return taken

    @property
    def key(self) -> str | None:
        """The idempotency key of the mutation that runs, if it has one."""
        found: str | None = self.root.directive("idempotent", "key", self.variables)
        return found

    def effect(self, kind: str, target: str, **details: Any) -> None:
        """Write an applied effect into the ledger, with the idempotency key of the mutation if it has one."""
        self.ledger.effect(kind, target, key=details.pop("key", None) or self.key, **details)
