"""One emulated store as a bench sees it: its process, its control plane, and what it has counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.managers.sandboxes import SandboxProcess


class Box:
    """One emulated store and its control plane."""

    def __init__(self, process: SandboxProcess) -> None:
        self.process = process

    @property
    def pid(self) -> int:
        return self.process.process.pid

    def get(self, path: str, **params: object) -> Any:
        return self.process.ask("GET", path, **params)

    def post(self, path: str, body: object = None) -> Any:
        return self.process.ask("POST", path, {} if body is None else body)

    def fault(self, name: str, count: int | None = 1, **more: Any) -> None:
        """Switches a fault on; `count` None: for ever."""
        self.post("/faults", {"name": name, **({} if count is None else {"count": count}), **more})

    def hits(self) -> int:
        """How often the faults that are switched on have struck."""
        return sum(f["hits"] for f in self.get("/faults")["faults"])

    def calm(self) -> None:
        """Switches all faults off, and what strikes before later calls."""
        self.process.ask("DELETE", "/faults")
        if self.process.platform == "shopify":
            self.process.ask("DELETE", "/hooks")

    def full_bucket(self) -> None:
        """As if nobody had called for a while."""
        self.post("/throttle/forget", {"fill": True})

    def wire(self) -> Wire:
        raw = self.get("/ledger", summary=1)
        return Wire(
            raw["calls"],
            raw["writes"],
            raw["points"],
            raw["throttled"],
            int(raw["effects"].get("inventory.set", 0)),
            raw["by_operation"],
        )


@dataclass(frozen=True, slots=True)
class Wire:
    """What a store has counted until now; `effects`: stock rows changed through its API."""

    calls: int
    writes: int
    points: float
    throttled: int
    effects: int
    by_operation: Mapping[str, int]

    def since(self, before: Wire) -> Wire:
        names = {n: c - before.by_operation.get(n, 0) for n, c in self.by_operation.items()}
        return Wire(
            self.calls - before.calls,
            self.writes - before.writes,
            round(self.points - before.points, 1),
            self.throttled - before.throttled,
            self.effects - before.effects,
            {n: c for n, c in names.items() if c},
        )
