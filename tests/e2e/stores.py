"""Shopify stores between which stock flows: what a test does at either side, and reads off the ledgers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from storage.attention import Parked
from storage.paths import URL_VARIABLE
from storage.stock_changes import StockChangeRow
from sync.application import Application, open_application
from sync.managers.sandboxes import SandboxProcess
from sync.managers.stock.book import StockBook
from sync.managers.trial import BOX
from sync.managers.verbs.checks import checks_of
from sync.model.call import Call
from sync.model.flow import Connection, Flow, StockSettings
from sync.model.run import Mode, Run, Scope, Status
from tests.e2e.world import PATIENCE, Runs, Side

SPEED = 1000.0
ACTIVE = "1"
SKUS = 10
Raw = dict[str, Any]


def start_store(name: str, seed: int, **settings: object) -> SandboxProcess:
    """A store with ten generated SKUs, shared with every other; stores of another seed show other stock."""
    given = {"shop": name, "stock_skus": SKUS, "stock_seed": seed, **settings}
    process = SandboxProcess(
        "shopify", None, speed=SPEED, settings={key: str(value) for key, value in given.items()}
    )
    _MADE[process.url] = {place: Store(process).levels(place) for place in (0, 1)}
    return process


_MADE: dict[str, dict[int, dict[str, int]]] = {}
"""What each store showed when it was made, by place."""


on_both = pytest.mark.parametrize("stores", ["sqlite", "postgresql"], indirect=True)
"""The journeys that must be the same on either database."""


class Store(Side):
    """One store and its connection."""

    def __init__(self, process: SandboxProcess) -> None:
        super().__init__(process)
        self.connection: Connection | None = None

    @property
    def id(self) -> str:
        assert self.connection is not None
        return self.connection.id

    def places(self) -> list[str]:
        return [place["id"] for place in self.state()["locations"]]

    def levels(self, place: int = 0) -> dict[str, int]:
        """SKU → available at one of its locations; items that are not stocked there are left out."""
        answer = requests.get(f"{self.process.control}/stock/levels.tsv", params={"place": place}, timeout=60)
        rows = (line.split("\t") for line in answer.text.splitlines() if line)
        return {row[1]: int(row[4]) for row in rows if row[1] and row[3] == ACTIVE}

    def as_made(self) -> None:
        """Every quantity as it was at first, no hook, no fault, the ordinary answers."""
        places = self.places()
        rows = [
            {"sku": sku, "location": places[place], "available": available}
            for place, levels in _MADE[self.process.url].items()
            for sku, available in levels.items()
        ]
        self.post("/stock", {"rows": rows})
        self.calm()
        self.post("/settings", {"stale_answer": "all_named"})
        self.mark()

    def stock(self, sku: str, available: int, place: int = 0) -> None:
        """By hand."""
        self.post("/stock", {"sku": sku, "location": self.places()[place], "available": available})

    def sell(self, sku: str, pieces: int, place: int = 0) -> None:
        """A sale in the store: available falls, and nobody tells the source."""
        self.post("/stock", {"sku": sku, "location": self.places()[place], "delta": -pieces})

    def writes(self) -> list[Raw]:
        """What the API's clients have set since the last mark."""
        return self.effects("inventory.set")


class Stores(Runs):
    """A workspace, a source store and its destinations."""

    def __init__(self, processes: Mapping[str, SandboxProcess], home: Path, database: str = "") -> None:
        self.home, self.processes, self.database = home, processes, database
        self.stores = {name: Store(process) for name, process in processes.items()}
        self.source = self.stores["source"]
        self.ws = self._opened()
        for name, store in self.stores.items():
            store.connection = self._connect(name, store)

    def _opened(self) -> Application:
        more = {URL_VARIABLE: self.database} if self.database else {}
        ws = open_application({"COUNTERPART_HOME": str(self.home), **more})
        ws.trial.processes.update({f"shopify-{name}": p for name, p in self.processes.items()})
        ws.start()
        return ws

    def _connect(self, name: str, store: Store) -> Connection:
        access, facts = store.state()["credentials"], store.state()
        made = self.ws.connections.add(
            "shopify",
            name,
            {
                "base_url": store.process.url,
                "sandbox": "true",
                "shop": facts["shop"],
                BOX: f"shopify-{name}",
            },
            {"client_id": access["client_id"], "client_secret": access["client_secret"]},
            sandbox=True,
            speed=SPEED,
            identity=f"sandbox-{name}",
        )
        checks_of(self.ws).test(made.id)
        found = self.ws.connections.get(made.id)
        assert found.status == "connected", found.reason
        return found

    def close(self) -> None:
        """Ends the workspace; the sandboxes go on."""
        self.ws.trial.processes.clear()
        self.ws.close()

    def restart(self) -> None:
        """The same workspace in what counts as a new process."""
        self.close()
        self.ws = self._opened()

    # -- flows and runs --------------------------------------------------------------------------------------

    def link(self, *targets: str, settings: StockSettings = StockSettings(), **places: Any) -> list[Flow]:
        """One flow from the source to each of these stores: all of the source at their first location, or
        what `places` says by store name."""
        chosen = targets or ("target",)
        mapping = {
            self.stores[name].id: places.get(name, {self.stores[name].places()[0]: ("*",)}) for name in chosen
        }
        return self.ws.stock_verbs.set_up(self.source.id, mapping, settings, "test")

    def settle(self, flow: Flow, **settings: Any) -> Flow:
        """The flow with other settings."""
        current = self.ws.links.flow(flow.id)
        return self.ws.links.save(replace(current, stock=replace(current.stock, **settings)))

    def run(
        self, flow: Flow, mode: Mode = Mode.FULL, *, expect: Status | None = Status.DONE, **scope: Any
    ) -> Run:
        """One run to its end; `expect` None: whatever it ends as."""
        run = self.ended(self.ws.run_verbs.start(flow.id, mode, Scope(**scope), by="test"))
        assert expect is None or run.status is expect, self.why(run)
        assert run.counts.balanced or run.status is Status.BRAKED, self.why(run)
        return run

    def confirm(self, run: Run) -> Run:
        """Goes on past the brakes."""
        self.ws.run_verbs.confirm(run.id, [hit.code for hit in run.brakes], by="test")
        return self.ended(run.id)

    def pushed(self, flow: Flow, skus: Sequence[str]) -> None:
        """Single items by hand, until the queue has done them."""
        self.ws.stock_verbs.push(flow.id, skus, "test")
        end = time.monotonic() + PATIENCE
        while dict(self.checks(flow)).get("queue.open"):
            assert time.monotonic() < end, "the queue does not get there"
            time.sleep(0.01)

    def checks(self, flow: Flow) -> list[tuple[str, bool]]:
        return [(code, True) for code, _, _ in self.ws.stock_verbs.checks(flow.id)]

    def rows(self, run: Run) -> list[StockChangeRow]:
        return list(self.ws.stock_changes.each(run.id))

    def parked(self, cause: str = "") -> list[Parked]:
        return [p for p in self.ws.attention.list() if not cause or p.cause == cause]

    def why(self, run: Run) -> str:
        rows = [
            (r.sku, r.phase, r.state, r.before, r.after, r.reason, r.message and r.message.english())
            for r in self.rows(run)
        ]
        error = run.error and run.error.english()
        return f"{run.status}: {error} {run.counts} {run.figures} {run.brakes} {rows}"

    def quiet(self, flow: Flow, target: Store) -> None:
        """One more sweep finds nothing to do."""
        target.mark()
        run = self.run(flow, Mode.SWEEP)
        assert not target.effects() and not run.counts.updated, self.why(run)


@contextmanager
def own_stores(home: Path, **settings: Mapping[str, object]) -> Iterator[Stores]:
    """A workspace with stores of its own, which end with it: each by its name, with what it is made of."""
    processes = {
        name: start_store(f"own-{name}", seed, **dict(settings[name]))
        for seed, name in enumerate(settings, start=1)
    }
    try:
        made = Stores(processes, home)
        yield made
        made.close()
    finally:
        for process in processes.values():
            process.stop()


class StandsStill:
    """The first run of a mode stands still before its first call, until `go_on`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, mode: Mode) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        commit = StockBook.commit

        def held(book: StockBook, call: Call) -> bool:
            if book.ctx.run.mode is mode and not self.reached.is_set():
                self.reached.set()
                assert self.go_on.wait(PATIENCE)
            return commit(book, call)

        monkeypatch.setattr(StockBook, "commit", held)
