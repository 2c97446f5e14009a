"""Guards taken away, one at a time. A proof that stays green with its guard gone proves nothing."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sync.model.call import Call, Outcome, State

_A_SALE = 0.3  # seconds in which somebody surely buys what has just been written


def settled_before_sent() -> None:
    """The book says "applied" first and the call goes out after: a crash between the two loses it."""
    from sync.engine.apply import Apply

    def send(self: Apply, call: Call, repeats: int = 0, *, again: bool = False) -> None:
        self.book.settle(call, [Outcome(id, State.APPLIED) for id in call.change_ids])
        self.tick(len(call.change_ids))
        self.target.send(call)

    Apply.send = send  # type: ignore[method-assign]


def repeated_blindly() -> None:
    """A call without an answer is sent again as a new one, over whatever the target shows by then."""
    from sync.engine.apply import Apply

    def look_up(self: Apply, call: Call, repeats: int = 0, *, ended: bool = False) -> None:
        time.sleep(_A_SALE)
        self.book.release(call)

    Apply.look_up = look_up  # type: ignore[method-assign]
    compared_never()


def compared_never() -> None:
    """Stock is written over whatever is there."""

    def blind(variables: Any) -> None:
        for row in (variables.get("input") or {}).get("quantities") or ():
            row["changeFromQuantity"] = None

    _before_stock(blind)


def keyed_never() -> None:
    """The same call goes with another key each time."""
    _before_stock(lambda variables: variables.update(key=str(uuid.uuid4())))


def _before_stock(do: Callable[[Any], object]) -> None:
    """Lets something happen to every stock call just before it is sent."""
    from sync.connectors.shopify import client

    original = client.Client.execute

    def execute(self: client.Client, doc: Any, variables: Any, **more: Any) -> Any:
        if "quantities" in (variables.get("input") or {}):
            do(variables)
        return original(self, doc, variables, **more)

    client.Client.execute = execute  # type: ignore[method-assign]


def unlocked() -> None:
    """Every process believes that it is the one that works."""
    from storage.oslock import ProcessLock

    ProcessLock.acquire = lambda self: True  # type: ignore[method-assign]


def unfenced() -> None:
    """Whoever was frozen sends on what it had in hand, over what is there, and stores it as if nothing had
    happened."""
    from storage.partitions import Partitions
    from sync.queue import fence
    from sync.queue.lease import Lease

    Partitions.guard = lambda *_: None  # type: ignore[method-assign]
    Lease.lost = property(lambda self: False)  # type: ignore[method-assign, assignment]
    fence.check = lambda tx: None
    fence.check_alive = lambda: None
    compared_never()
    keyed_never()


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
}
