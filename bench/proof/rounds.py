"""One round of a proof: everything is changed at the source, a run carries it over while people buy at the
target, and then both books are read."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field, replace

from sqlalchemy import func, select

from bench.parts.books import Books
from bench.parts.judge import judge
from bench.parts.stores import Stores
from storage.tables.stock import stock_changes
from sync.model.run import Status

_SALES_EVERY = 0.05  # seconds
_SALES = 25


@dataclass
class Found:
    lost: int
    doubled: int
    wrong: list[str] = field(default_factory=list)


class Round:
    """Changes every SKU of the source at its making; `judged` says what became of it."""

    def __init__(self, stores: Stores, dice: random.Random) -> None:
        self.stores, self.again = stores, False
        self.source, self.target = Books(stores.source), Books(stores.target)
        self.source.change_all(dice)
        self.start = stores.shown()
        self.wanted = stores.wanted()
        self.target.mark()

    def carried_through(self, run_id: str) -> str:
        """Waits for the run; if it did not end well, the next one must, as an operator would start it. A run
        that the brake holds is ended, not let through. Answers the id of the last."""
        run = self.stores.ended(run_id)
        if run.status is Status.DONE:
            return run.id
        if run.status is Status.BRAKED:
            self.stores.ws.run_verbs.cancel(run.id, by="proof")
            self.stores.ended(run.id)
        self.again = True
        return self.stores.ended(self.stores.start(reason="proof")).id

    def judged(self, run_id: str) -> Found:
        run = self.stores.ws.runs.get(run_id)
        found = judge(self.start, self.wanted, self.target.effects(self.stores.place))
        if self.again:
            found = replace(found, doubled=self._repeated())
        wrong = list(found.examples) if found.lost + found.doubled else []
        if run.status is not Status.DONE or not run.counts.balanced:
            why = f"{run.status} {run.counts} {run.error and run.error.english()}"
            wrong.append(f"{why} {_unfinished(self.stores, run_id)}")
        return Found(found.lost, found.doubled, wrong)

    def _repeated(self) -> int:
        """Over several runs a row that was sold in between is rightly written again, because a full run takes
        the source's word. What may not be: twice with nothing in between, or blindly over a sale."""
        said = self.target.judged()
        return int(said["again"]) + int(said["overwritten"])


def _unfinished(stores: Stores, run_id: str) -> dict[str, int]:
    """How many rows of a run ended how, and what they say."""
    changes = stock_changes.c
    query = select(changes.state, changes.message, func.count()).where(changes.run_id == run_id)
    with stores.ws.db.read() as tx:
        rows = tx.execute(query.group_by(changes.state, changes.message).limit(20)).all()
    return {f"{state}: {str(message)[:160]}": int(count) for state, message, count in rows}


class Shopper:
    """Buys, from a thread of its own, one piece each of what has just been written at the target: whoever
    writes a row again without looking takes the sale back, and the ledger shows it."""

    def __init__(self, stores: Stores, dice: random.Random) -> None:
        self._stores, self._dice = stores, dice
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._buy, name="shopper", daemon=True)
        self.sales = 0

    def __enter__(self) -> Shopper:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _buy(self) -> None:
        books = Books(self._stores.target)
        books.mark()
        while not self._over.wait(_SALES_EVERY):
            written = [e.pair for e in books.effects(self._stores.place, onward=True) if not e.hand]
            if rows := self._dice.sample(written, min(_SALES, len(written))):
                books.sell(rows, self._stores.place)
                self.sales += len(rows)
