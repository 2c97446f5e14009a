"""Try it on the sandbox: one click starts both emulators, fills them, makes the connections and the link.

A restart of the product brings the sandboxes back with their state, on whatever ports are free then.
"""

from __future__ import annotations

import threading
from pathlib import Path

from sync.managers.sandboxes import SandboxProcess
from sync.managers.trial_links import erp_trial, stores_trial
from sync.managers.trial_plan import (
    BOX,
    ORDERS_WANTED,
    PLATFORMS,
    SOURCE_STORE,
    Box,
    TrialPlan,
    box_of,
)
from sync.managers.verbs.checks import checks_of
from sync.model.entity import Entity
from sync.model.flow import Connection, Flow, Link
from sync.model.run import Mode, Run, Status
from sync.model.text import say
from sync.workspace import Workspace

__all__ = ["PLATFORMS", "Box", "Trial", "TrialPlan", "box_of"]
_ORDERS_PLACED = "trial.orders"  # cursor of the product flow


class Trial:
    """The sandbox processes of this workspace and what hangs on them."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.processes: dict[str, SandboxProcess] = {}
        self._lock = threading.RLock()
        self._plan = TrialPlan()

    # -- verbs -----------------------------------------------------------------------------------------------

    def exists(self, kind: str = "") -> bool:
        """Has a trial (of this kind) been set up in this installation?"""
        boxes = [box_of(c) for c in self.ws.connections.all() if c.sandbox]
        return (SOURCE_STORE if kind == "stores" else "sentos") in boxes if kind else bool(boxes)

    def start(self, plan: TrialPlan | None = None) -> Link:
        """Sets the trial up (once) and answers its (first) link. Raises NeedsOperator if a sandbox does not
        start."""
        with self._lock:
            self._plan = plan or TrialPlan()
            self.resume(anew=True)
            link = stores_trial if self._plan.kind == "stores" else erp_trial
            return link(self.ws, self._plan, self.connection)

    def resume(self, *, anew: bool = False) -> None:
        """Starts the sandboxes that stored connections need and tells those their new addresses. On
        PostgreSQL only those whose files are in this data folder, unless `anew`: the other machines leave
        them to theirs."""
        with self._lock:
            for c in self.ws.connections.all():
                if c.sandbox and not self._alive(box_of(c)) and (anew or self._is_ours(box_of(c))):
                    self._launch(Box(box_of(c), c.platform, c.name, 0, _as_known(c)), c.speed)
                    self._readdress(c)

    def stop(self) -> None:
        """Stops the processes; their state stays in its files."""
        with self._lock:
            for process in self.processes.values():
                process.stop()
            self.processes.clear()

    @property
    def plan(self) -> TrialPlan:
        """What it was last asked to set up."""
        return self._plan

    def connection(self, box: Box) -> Connection:
        """The connection to a box, made and tested (with its process) if it is not there."""
        known = {box_of(c): c for c in self.ws.connections.all() if c.sandbox}
        return known.get(box.name) or self._connect(box)

    def run_finished(self, run: Run, flow: Flow) -> None:
        """Once the first product run is done the shop gets its orders, so that the order flow has work."""
        if (
            flow.entity is not Entity.PRODUCT
            or run.mode is not Mode.FULL
            or run.status not in (Status.DONE, Status.RED)
        ):
            return
        link = self.ws.links.get(flow.link_id)
        if not self.ws.connections.get(link.b).sandbox or self.ws.cursors.get(flow.id, _ORDERS_PLACED):
            return
        if run.counts.created + run.counts.updated + run.counts.unchanged and self._alive("shopify"):
            count = self._place_orders(flow)
            self.ws.journal.say(
                "info",
                say("The sandbox shop has received {count} orders.", count=count),
                link_id=link.id,
                flow_id=flow.id,
            )

    # -- steps -----------------------------------------------------------------------------------------------

    def _place_orders(self, flow: Flow) -> int:
        """Places what the trial was set up with, once: a restored database forgets that the shop has
        them."""
        wanted = self.ws.cursors.get(flow.id, ORDERS_WANTED) or f"{self._plan.orders} {self._plan.seed}"
        count, seed = map(int, wanted.split())
        if not self.processes["shopify"].ask("GET", "/state")["counts"]["orders"]:
            self.processes["shopify"].ask("POST", "/orders", {"count": count, "seed": seed})
        self.ws.cursors.set(flow.id, _ORDERS_PLACED, str(count))
        return count

    def _alive(self, box: str) -> bool:
        return box in self.processes and self.processes[box].alive

    def _is_ours(self, box: str) -> bool:
        return self.ws.db.dialect == "sqlite" or self._file(box).exists()

    def _file(self, box: str) -> Path:
        return Path(self.ws.paths.folder) / f"sandbox-{box}.sqlite3"

    def _launch(self, box: Box, speed: float) -> SandboxProcess:
        file = self._file(box.name)
        fresh, plan = not file.exists(), self._plan
        self.processes[box.name] = SandboxProcess(
            box.platform,
            file,
            speed=speed,
            products=box.products if fresh else 0,
            seed=plan.seed,
            latency=plan.latency,
            dirt=plan.dirt if box.platform == "sentos" else None,
            settings=dict(box.settings),
        )
        return self.processes[box.name]

    def _connect(self, box: Box) -> Connection:
        process = self.processes[box.name] if self._alive(box.name) else self._launch(box, self._plan.speed)
        settings, secrets = _access(process)
        connection = self.ws.connections.add(
            box.platform,
            box.title,
            settings if box.name == box.platform else {**settings, BOX: box.name},
            secrets,
            sandbox=True,
            speed=self._plan.speed,
            identity=f"sandbox-{box.name}",
        )
        checks_of(self.ws).test(connection.id)
        return self.ws.connections.get(connection.id)

    def _readdress(self, connection: Connection) -> None:
        address = _address(self.processes[box_of(connection)])
        self.ws.connections.readdress(connection.id, {**connection.settings, **address})
        self.ws.forget_connector(connection.id)


def _as_known(connection: Connection) -> dict[str, str]:
    """Which store a sandbox plays again: its file holds what the store sells, its name is told anew."""
    shop = connection.settings.get("shop", "").partition(".")[0]
    return {"shop": shop} if shop else {}


def _address(process: SandboxProcess) -> dict[str, str]:
    """Where a connection reaches a sandbox; the only thing that a restart changes."""
    if process.platform == "sentos":
        return {"url": f"{process.url}/api", "sandbox": "true"}
    return {"base_url": process.url, "sandbox": "true"}


def _access(process: SandboxProcess) -> tuple[dict[str, str], dict[str, str]]:
    """(settings, secrets) with which a connection reaches a sandbox, as the sandbox itself tells them."""
    facts = process.ask("GET", "/state")
    if process.platform == "sentos":
        return _address(process), {"key": facts["auth"]["key"], "secret": facts["auth"]["secret"]}
    access = facts["credentials"]
    return (
        {**_address(process), "shop": facts["shop"]},
        {"client_id": access["client_id"], "client_secret": access["client_secret"]},
    )
