"""What one stage of a run works with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from sqlalchemy.exc import SQLAlchemyError

from sync import fence
from sync.clock import cancellable
from sync.connectors.contract import Connector
from sync.errors import Cancelled, CounterpartError
from sync.model.flow import Connection, Flow, Link
from sync.model.run import Run
from sync.model.text import say
from sync.workspace import Workspace

_EVERY = 0.5  # seconds between two progress rows, and between two looks at the cancel flag


@dataclass(slots=True)
class Context:
    """One run at one stage: its flow, both connections and connectors, and where progress goes."""

    ws: Workspace
    run: Run
    flow: Flow
    link: Link
    source_connection: Connection
    target_connection: Connection
    _last: float = field(default=0.0)
    _cancel_seen: bool = field(default=False)
    _asked: float = field(default=0.0)

    @property
    def source(self) -> Connector:
        return self.ws.connector(self.source_connection.id)

    @property
    def target(self) -> Connector:
        return self.ws.connector(self.target_connection.id)

    @property
    def source_side(self) -> str:
        return self.flow.direction[0]

    @property
    def target_side(self) -> str:
        return self.flow.direction[-1]

    def turned(self) -> Context:
        """The same run against its flow's direction: what was the source is written to (tracking back to the
        shop)."""
        flow = replace(self.flow, direction=f"{self.target_side}>{self.source_side}")
        return replace(
            self,
            flow=flow,
            source_connection=self.target_connection,
            target_connection=self.source_connection,
        )

    def progress(self, done: int, total: int | None = None, *, force: bool = False) -> None:
        """Stores how far the stage is, at most twice a second."""
        if force or time.monotonic() - self._last >= _EVERY:
            self._last = time.monotonic()
            keep_spent(self)
            values: dict[str, object] = {"done": done}
            if total is not None:
                values["total"] = total
            self.ws.runs.update(self.run.id, **values)

    def cancelled(self) -> bool:
        """Has the operator asked this run to stop? Looked up at most twice a second."""
        if not self._cancel_seen and time.monotonic() - self._asked >= _EVERY:
            self._asked = time.monotonic()
            self._cancel_seen = (
                self.ws.runs.cancelled(self.run.id) or self.ws.stopping.is_set() or fence.lost()
            )
        return self._cancel_seen

    def check(self) -> None:
        if self.cancelled():
            raise Cancelled(say("Cancelled by the operator."))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Within it every sleep of a connector ends when the run is cancelled, the process stops, or another
        worker may have the run by now."""
        with cancellable(self.cancelled):
            yield


@contextmanager
def spending_of(ctx: Context) -> Iterator[None]:
    """Within this block every call is on account of the context's run."""
    try:
        with ctx.ws.spending.on_account_of(ctx.run.id):
            yield
    finally:
        # A database that is away does not hide how the work ended; the amounts go with the next ones.
        with suppress(SQLAlchemyError, CounterpartError):
            keep_spent(ctx)


def keep_spent(ctx: Context) -> None:
    """Adds what the run has spent here to what is stored, also by a worker that was overtaken: its calls were
    made. And what both stores told of their budgets, where that is news."""
    ws = ctx.ws
    with ws.spending.handed_over(ctx.run.id) as amounts:
        if any(amounts.values()):
            with fence.holding(None), ws.db.write() as tx:
                ws.runs.spend(tx, ctx.run.id, amounts)
    for connection in (ctx.source_connection, ctx.target_connection):
        told = ws.spending.trace(connection.id).told
        if told is not None:
            with fence.holding(None):
                ws.budgets.tell(connection.id, told)


Step = Callable[[Context], None]
