"""Try it on the sandbox: one click starts both emulators, fills them, makes the connections and the link.

A restart of the product brings the sandboxes back with their state, on whatever ports are free then.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from storage.clock import utc_now
from sync.managers.sandboxes import SandboxProcess
from sync.model.entity import Entity
from sync.model.flow import Connection, Flow, Link
from sync.model.run import Mode, Run, Status
from sync.model.text import say

if TYPE_CHECKING:
    from sync.workspace import Workspace

PLATFORMS = ("sentos", "shopify")
_NAMES = {"sentos": "Sentos (sandbox)", "shopify": "Shopify (sandbox)"}
_ORDERS_PLACED, _ORDERS_WANTED = "trial.orders", "trial.orders.wanted"  # cursors of the product flow


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """Size of a trial. `speed` scales the sandboxes' time; `latency` is a round trip in their seconds."""

    products: int = 250
    orders: int = 120
    seed: int = 1
    speed: float = 60.0
    latency: float = 0.0
    dirt: float | None = None
    sentos: tuple[tuple[str, str], ...] = ()
    shopify: tuple[tuple[str, str], ...] = ()


class Trial:
    """The sandbox processes of this workspace and what hangs on them."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.processes: dict[str, SandboxProcess] = {}
        self._lock = threading.RLock()
        self._plan = TrialPlan()

    # -- verbs -----------------------------------------------------------------------------------------------

    def exists(self) -> bool:
        """Has the trial been set up in this installation?"""
        return any(c.sandbox for c in self.ws.connections.all())

    def start(self, plan: TrialPlan | None = None) -> Link:
        """Sets the trial up (once) and answers its link. Raises NeedsOperator if a sandbox does not start."""
        with self._lock:
            self._plan = plan or self._plan
            self.resume()
            known = {c.platform: c for c in self.ws.connections.all() if c.sandbox}
            a, b = (known.get(p) or self._connect(p) for p in PLATFORMS)
            link = next((x for x in self.ws.links.all() if (x.a, x.b) == (a.id, b.id)), None)
            return link or self._link(a, b)

    def resume(self) -> None:
        """Starts the sandboxes that stored connections need and tells those their new addresses."""
        with self._lock:
            for c in self.ws.connections.all():
                if c.sandbox and not self._alive(c.platform):
                    self._launch(c.platform, c.speed)
                    self._readdress(c)

    def stop(self) -> None:
        """Stops the processes; their state stays in its files."""
        with self._lock:
            for process in self.processes.values():
                process.stop()
            self.processes.clear()

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
        wanted = self.ws.cursors.get(flow.id, _ORDERS_WANTED) or f"{self._plan.orders} {self._plan.seed}"
        count, seed = map(int, wanted.split())
        if not self.processes["shopify"].ask("GET", "/state")["counts"]["orders"]:
            self.processes["shopify"].ask("POST", "/orders", {"count": count, "seed": seed})
        self.ws.cursors.set(flow.id, _ORDERS_PLACED, str(count))
        return count

    def _alive(self, platform: str) -> bool:
        return platform in self.processes and self.processes[platform].alive

    def _launch(self, platform: str, speed: float) -> SandboxProcess:
        file = Path(self.ws.paths.folder) / f"sandbox-{platform}.sqlite3"
        fresh = not file.exists()
        plan = self._plan
        self.processes[platform] = SandboxProcess(
            platform,
            file,
            speed=speed,
            products=plan.products if fresh and platform == "sentos" else 0,
            seed=plan.seed,
            latency=plan.latency,
            dirt=plan.dirt if platform == "sentos" else None,
            settings=dict(plan.sentos if platform == "sentos" else plan.shopify),
        )
        return self.processes[platform]

    def _connect(self, platform: str) -> Connection:
        process = (
            self.processes[platform] if self._alive(platform) else self._launch(platform, self._plan.speed)
        )
        settings, secrets = _access(process)
        connection = self.ws.connections.add(
            platform,
            _NAMES[platform],
            settings,
            secrets,
            sandbox=True,
            speed=self._plan.speed,
            identity=f"sandbox-{platform}",
        )
        self.ws.checks.test(connection.id)
        return self.ws.connections.get(connection.id)

    def _readdress(self, connection: Connection) -> None:
        address = _address(self.processes[connection.platform])
        self.ws.connections.readdress(connection.id, {**connection.settings, **address})
        self.ws.forget_connector(connection.id)

    def _link(self, a: Connection, b: Connection) -> Link:
        source, target = self.ws.connector(a.id), self.ws.connector(b.id)
        warehouses = tuple(w.id for w in source.choices("warehouses"))
        places = target.choices("locations")
        link = self.ws.links.add(
            "Sandbox",
            a.id,
            b.id,
            {place.id: warehouses if n == 0 else () for n, place in enumerate(places[:1])},
        )
        for flow in self.ws.links.flows(link.id):
            self.ws.links.save(
                self._product_flow(flow, b) if flow.entity is Entity.PRODUCT else self._order_flow(flow, a)
            )
            if flow.entity is Entity.PRODUCT:  # the first product run may come after a restart
                self.ws.cursors.set(flow.id, _ORDERS_WANTED, f"{self._plan.orders} {self._plan.seed}")
        return link

    def _product_flow(self, flow: Flow, shop: Connection) -> Flow:
        channels = tuple(c.id for c in self.ws.connector(shop.id).choices("channels"))
        return replace(
            flow, enabled=True, products=replace(flow.products, channels=channels[:1], new_status="active")
        )

    def _order_flow(self, flow: Flow, erp: Connection) -> Flow:
        source = self.ws.connector(erp.id)
        channel = next((c.id for c in source.choices("sales_channels")), "")
        warehouse = next((w.id for w in source.choices("warehouses")), "")
        before = utc_now() - timedelta(days=30)  # the sandbox's orders are spread over the last weeks
        return replace(
            flow,
            enabled=True,
            orders=replace(flow.orders, sales_channel=channel, warehouse=warehouse, go_live_at=before),
        )


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
