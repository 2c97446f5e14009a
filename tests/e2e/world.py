"""One workspace between two sandboxes: what a test does at either side, and reads off the ledgers."""

from __future__ import annotations

import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.parts.box import Box
from storage.attention import Parked
from sync.application import Application, open_application
from sync.managers.sandboxes import SandboxProcess
from sync.managers.trial import TrialPlan
from sync.managers.verbs.attention import AttentionVerbs
from sync.model.entity import Entity
from sync.model.flow import Flow, ProductSettings
from sync.model.plan import Item
from sync.model.run import LIVE, Mode, Run, Scope, Status

SPEED = 1000.0
PRODUCTS = 8
Raw = dict[str, Any]
PATIENCE = 300.0  # seconds until a run that does not end fails its test
_LOOK = 0.02  # seconds between two looks: more often would slow what is waited for


class Side(Box):
    """One sandbox, its control plane, and what its clients did there."""

    def __init__(self, process: SandboxProcess) -> None:
        super().__init__(process)
        self._seen = 0

    def mark(self) -> None:
        """From now on `effects` shows only what comes later."""
        self._seen = self.get("/ledger", since=0)["next"]

    def effects(self, kind: str = "") -> list[Raw]:
        """What the API's clients have really changed since the last mark (not what hands did)."""
        rows = self.get("/ledger", since=self._seen)["effects"]
        return [e for e in rows if not e["kind"].startswith("hand.") and e["kind"].startswith(kind)]

    def kinds(self) -> Counter[str]:
        return Counter(e["kind"] for e in self.effects())

    def calls(self, operation: str = "") -> list[Raw]:
        """Every request that arrived since the sandbox was reset."""
        return [
            c for c in self.get("/ledger", calls=1)["calls"] if not operation or c["operation"] == operation
        ]

    def state(self) -> Raw:
        found: Raw = self.get("/state")
        return found


class Runs:
    """A workspace in which runs are waited for."""

    ws: Application

    def ended(self, run_id: str) -> Run:
        """Waits until a run has ended or stands at a brake."""
        return self.until(run_id, lambda run: run.status not in LIVE or run.status is Status.BRAKED)

    def until(self, run_id: str, there: Callable[[Run], bool]) -> Run:
        end = time.monotonic() + PATIENCE
        while not there(run := self.ws.runs.get(run_id)):
            assert time.monotonic() < end, f"the run does not get there: {run}"
            time.sleep(_LOOK)
        return run


class World(Runs):
    """A Sentos tenant, a Shopify store, and the product between. `run` asserts that the counts balance."""

    def __init__(self, processes: Mapping[str, SandboxProcess], home: Path) -> None:
        self.processes, self.home = processes, home
        self.erp, self.shop = Side(processes["sentos"]), Side(processes["shopify"])
        self.ws = self._opened()

    def _opened(self) -> Application:
        ws = open_application({"COUNTERPART_HOME": str(self.home)})
        ws.trial.processes.update(self.processes)
        ws.start()
        ws.trial.start(TrialPlan(products=0, orders=0, speed=SPEED))
        return ws

    def close(self) -> None:
        """Ends the workspace; the sandboxes go on."""
        self.ws.trial.processes.clear()
        self.ws.close()

    def lose_database(self, home: Path) -> None:
        """A new, empty workspace on the same two sandboxes."""
        self.close()
        self.home = home
        self.ws = self._opened()

    def restart(self) -> None:
        """The same workspace in what counts as a new process: nothing remembered but what is stored."""
        self.close()
        self.ws = self._opened()

    # -- the flow --

    @property
    def flow(self) -> Flow:
        return next(f for f in self.ws.links.flows() if f.entity is Entity.PRODUCT)

    def settle_flow(self, **settings: Any) -> Flow:
        """Saves the flow with other product settings."""
        self.ws.links.save(replace(self.flow, products=replace(self.flow.products, **settings)))
        return self.flow

    @property
    def settings(self) -> ProductSettings:
        return self.flow.products

    def start(self, mode: Mode = Mode.FULL, **scope: Any) -> str:
        return self.ws.run_verbs.start(self.flow.id, mode, Scope(**scope), by="test")

    def run(self, mode: Mode = Mode.FULL, *, expect: Status | None = Status.DONE, **scope: Any) -> Run:
        """One run to its end; `expect` None: whatever it ends as."""
        run = self.ended(self.start(mode, **scope))
        assert expect is None or run.status is expect, self.why(run)
        assert run.counts.balanced or run.status is Status.BRAKED, run.counts
        return run

    def confirm(self, run: Run, *codes: str) -> Run:
        """Goes on past a brake."""
        self.ws.run_verbs.confirm(run.id, codes or [hit.code for hit in run.brakes], by="test")
        return self.ended(run.id)

    def why(self, run: Run) -> str:
        rows = [
            (i.label, i.outcome or i.planned, i.cause, i.message and i.message.english())
            for i in self.items(run)
        ]
        odd = [row for row in rows if row[1] not in ("created", "updated", "unchanged")]
        return f"{run.status}: {run.error and run.error.english()} {run.counts} {odd}"

    def items(self, run: Run) -> list[Item]:
        return [item for _, item in self.ws.plans.items(run.id, limit=5000)]

    def item(self, run: Run, source_id: object) -> Item:
        return next(i for i in self.items(run) if i.source_id == str(source_id))

    def parked(self, cause: str = "", *, closed: bool = False) -> list[Parked]:
        return [p for p in self.ws.attention.list(closed=closed) if not cause or p.cause == cause]

    @property
    def decide(self) -> AttentionVerbs:
        return AttentionVerbs(self.ws)

    # -- the source --

    def sources(self) -> list[Raw]:
        """Ids, SKUs and truths of the source's products."""
        return list(self.erp.state()["products"])

    def raw(self, number: int) -> Raw:
        """A source product as the API shows it."""
        found: Raw = self.erp.get(f"/products/{number}")
        return found

    def edit(self, number: int, **fields: Any) -> Raw:
        found: Raw = self.erp.post(f"/products/{number}", fields)
        return found

    def add(self, sku: str, /, **fields: Any) -> int:
        """A source product without variants (unless given), price 199.90, three pieces in warehouse 1."""
        product: Raw = {
            "sku": sku,
            "name": f"Ürün {sku}",
            "barcode": "",
            "stocks": [{"warehouse": 1, "stock": 3}],
            "sale_price": "199.90",
            "prices": {"shopify": {"list_price": "199.90", "sale_price": "199.90"}},
            **fields,
        }
        return int(self.erp.post("/products", {"product": product})["id"])

    def restock(self, sku: str, stock: int, warehouse: int = 1) -> None:
        self.erp.post("/stock", {"changes": [{"sku": sku, "warehouse": warehouse, "stock": stock}]})

    def summed(self) -> dict[str, int]:
        """Stock by SKU over both warehouses, as it is to be sold."""
        return {sku: max(0, sum(by.values())) for sku, by in self.erp.state()["stock"].items()}

    # -- the target --

    def products(self) -> dict[str, Raw]:
        """The shop's products by source id; those without mark by their own. One that stands twice fails."""
        found: dict[str, Raw] = {}
        for product in self.shop.state()["products"]:
            key = product["metafields"].get("sync.record", "").rpartition("/")[2] or product["id"]
            assert key not in found, f"source record {key} stands in the shop twice"
            found[key] = product
        return found

    def product(self, number: object) -> Raw:
        return self.products()[str(number)]

    def variants(self) -> dict[str, Raw]:
        """The shop's variants by SKU; a SKU that stands there twice fails."""
        rows = [v for p in self.shop.state()["products"] for v in p["variants"] if v["sku"]]
        assert not (twice := [s for s, n in Counter(v["sku"] for v in rows).items() if n > 1]), (
            f"doubled: {twice}"
        )
        return {v["sku"]: v for v in rows}

    def available(self) -> dict[str, int]:
        """What the shop sells by SKU at its first location."""
        place = self.shop.state()["locations"][0]["id"]
        return {
            sku: v["levels"][place]["available"] for sku, v in self.variants().items() if place in v["levels"]
        }

    def hand(self, key: str, **edits: Any) -> Raw:
        """Edits a product of the shop by hand; `key`: id, handle or a SKU."""
        found: Raw = self.shop.post(f"/products/{key}", edits)
        return found

    def quiet(self) -> None:
        """One more run finds nothing to do: no effect, no write."""
        self.shop.mark()
        run = self.run()
        assert not self.shop.effects() and not run.counts.created + run.counts.updated, self.shop.kinds()


def handmade(sku: str, **fields: Any) -> Raw:
    """A simple product as a merchant would enter it (ProductSetInput)."""
    return {
        "title": f"El yapımı {sku}",
        "status": "ACTIVE",
        "productOptions": [{"name": "Title", "position": 1, "values": [{"name": "Default Title"}]}],
        "variants": [
            {
                "optionValues": [{"optionName": "Title", "name": "Default Title"}],
                "sku": sku,
                "price": "50.00",
                "inventoryItem": {"tracked": True},
            }
        ],
        **fields,
    }


def sized(skus: Mapping[str, str] | Iterable[tuple[str, str]], **fields: Any) -> Raw:
    """A product by hand with the option Beden: value by SKU."""
    pairs = list(dict(skus).items())
    return {
        "title": "El yapımı",
        "status": "ACTIVE",
        "productOptions": [{"name": "Beden", "position": 1, "values": [{"name": size} for _, size in pairs]}],
        "variants": [
            {
                "optionValues": [{"optionName": "Beden", "name": size}],
                "sku": sku,
                "price": "50.00",
                "inventoryItem": {"tracked": True},
            }
            for sku, size in pairs
        ],
        **fields,
    }


def sizes(*skus: str, stock: int = 3, **more: Any) -> list[Raw]:
    """Raw source variants with sizes S, M, L … in the order of the SKUs."""
    names = ("S", "M", "L", "XL", "XXL", "3XL")
    return [
        {
            "id": 900_000 + zlib.crc32(sku.encode()) % 90_000,
            "sku": sku,
            "barcode": "",
            "model": {"name": "Beden", "value": names[n % 6]},
            "stocks": [{"warehouse": 1, "stock": stock}],
            "images": [],
            **more,
        }
        for n, sku in enumerate(skus)
    ]
