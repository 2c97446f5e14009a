"""Guards taken away, one at a time. A proof that stays green with its guard gone proves nothing."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests

from sync.connectors.shopify.client import Client
from sync.model.call import Call, Outcome, State

_A_SALE = {"share": 1.0, "count": None, "twice": True}
"""A hook of the emulated store: one piece of every row of a call is sold before the call."""


def settled_before_sent() -> None:
    """The book says "applied" first and the call goes out after: a crash between the two loses it."""
    from sync.engine.apply import Apply

    def send(self: Apply, call: Call, repeats: int = 0, *, again: bool = False) -> None:
        self.book.settle(call, [Outcome(id, State.APPLIED) for id in call.change_ids])
        self.tick(len(call.change_ids))
        self.target.send(call)

    Apply.send = send  # type: ignore[method-assign]


def repeated_blindly() -> None:
    """A call without an answer is sent again as a new one, over whatever the target shows by then. From then
    on somebody buys of every row just before it is written."""
    from sync.engine.apply import Apply

    lost, guard = threading.Event(), threading.Lock()

    def look_up(self: Apply, call: Call, repeats: int = 0, *, ended: bool = False) -> None:
        lost.set()
        self.book.release(call)

    def sell(client: Client, variables: Any) -> None:
        with guard:
            if lost.is_set():
                url = f"{client.http.base_url}/_sandbox/hooks"
                requests.post(url, json=_A_SALE, timeout=60).raise_for_status()
                lost.clear()

    Apply.look_up = look_up  # type: ignore[method-assign]
    compared_never()
    _before_stock(sell)


def compared_never() -> None:
    """Stock is written over whatever is there."""

    def blind(client: Client, variables: Any) -> None:
        for row in (variables.get("input") or {}).get("quantities") or ():
            row["changeFromQuantity"] = None

    _before_stock(blind)


def keyed_never() -> None:
    """The same call goes with another key each time."""
    _before_stock(lambda client, variables: variables.update(key=str(uuid.uuid4())))


def _before_stock(do: Callable[[Client, Any], object]) -> None:
    """Lets something happen to every stock call just before it is sent."""
    from sync.connectors.shopify import client

    original = client.Client.execute

    def execute(self: client.Client, doc: Any, variables: Any, **more: Any) -> Any:
        if "quantities" in (variables.get("input") or {}):
            do(self, variables)
        return original(self, doc, variables, **more)

    client.Client.execute = execute  # type: ignore[method-assign]


def unlocked() -> None:
    """Every process believes that it is the one that works."""
    from storage.oslock import ProcessLock

    ProcessLock.acquire = lambda self: True  # type: ignore[method-assign]


def unfenced() -> None:
    """Whoever was frozen sends on what it had in hand, over what is there, and stores it as if nothing had
    happened."""
    unfenced_alone()
    compared_never()
    keyed_never()


def unfenced_alone() -> None:
    """The same, but for what each call carries: key and comparing still keep it from doing anything twice, so
    that the books show nothing."""
    from storage.partitions import Partitions
    from sync import fence
    from sync.queue.lease import Lease

    Partitions.guard = lambda *_: None  # type: ignore[method-assign]
    Lease.lost = property(lambda self: False)  # type: ignore[method-assign, assignment]
    fence.check = lambda tx: None
    fence.check_alive = lambda: None


def all_refused() -> None:
    """One bad row costs the whole call: whatever was not named is refused with it."""
    from dataclasses import replace

    from sync.managers.stock.book import StockBook

    original: Any = StockBook.settle

    def settle(self: StockBook, call: Call, outcomes: Sequence[Outcome]) -> None:
        bad = any(o.state is State.REFUSED for o in outcomes)
        original(self, call, [replace(o, state=State.REFUSED, named=True) if bad else o for o in outcomes])

    StockBook.settle = settle  # type: ignore[method-assign]


def undone_blindly() -> None:
    """Whatever a run wrote is put back, whoever touched it since."""
    from sync.managers.undo import stock

    original = stock.judge
    stock.judge = lambda before, wrote, shown: original(before, wrote, wrote)
    compared_never()


BREAKS: Mapping[str, Callable[[], None]] = {
    "settled-before-sent": settled_before_sent,
    "repeated-blindly": repeated_blindly,
    "compared-never": compared_never,
    "unlocked": unlocked,
    "all-refused": all_refused,
    "undone-blindly": undone_blindly,
    "unfenced": unfenced,
    "unfenced-alone": unfenced_alone,
}
