"""Testing connections: on saving, by button, and in the background when the console opens; never two tests of
one connection at a time, and never so often that it eats the platform's rate budget."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from storage.clock import utc_now
from sync.clock import cancellable
from sync.connectors.contract import Connector
from sync.errors import Cancelled, CounterpartError, NeedsOperator
from sync.model.entity import Entity
from sync.model.flow import Connection, Flow, StockSettings
from sync.model.support import Check, Missing, Need
from sync.model.text import Message, say
from sync.workspace import Workspace

FRESH = timedelta(minutes=10)
"""A test's result is believed for so long when the console opens; a shorter time would spend Sentos' small
budget."""

# What a flow touches beside the entity that it is named after.
PARTS_OF: dict[Entity, tuple[Entity, ...]] = {
    Entity.PRODUCT: (Entity.PRODUCT, Entity.VARIANT, Entity.MEDIA, Entity.STOCK, Entity.PUBLICATION),
    Entity.ORDER: (Entity.ORDER, Entity.FULFILMENT),
}
# Stock is asked for by side: `needs_of`.
HIDES = ("draft", "archive")
"""What `StockSettings.gone` may be that writes products."""
_log = logging.getLogger(__name__)


def needs_of(flow: Flow, side: str) -> tuple[Entity | Need, ...]:
    """What a flow touches at one side of its link ("a" or "b"): nothing is asked for that it does not use."""
    if flow.entity is not Entity.STOCK:
        return PARTS_OF.get(flow.entity, (flow.entity,))
    return stock_needs(flow.stock) if flow.direction[-1] == side else (Need.STOCK_READ,)


def newly_needed(old: Flow, new: Flow) -> list[Entity | Need]:
    """What other settings touch at the target that the flow did not touch before."""
    side = new.direction[-1]
    return [need for need in needs_of(new, side) if need not in needs_of(old, side)]


def stock_needs(settings: StockSettings) -> tuple[Entity | Need, ...]:
    """What a stock flow with these settings does at its target."""
    return (Entity.STOCK, Need.STOCK_HIDE) if settings.gone in HIDES else (Entity.STOCK,)


class Checks:
    """The tests of one workspace's connections."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self._guard = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}
        self._running: set[str] = set()

    def running(self) -> frozenset[str]:
        """Connections that are being tested at this moment."""
        with self._guard:
            return frozenset(self._running)

    def shown(self) -> list[Connection]:
        """All connections as an operator sees them: one that is being tested is pending."""
        running = self.running()
        return [
            replace(c, status="pending", reason=None) if c.id in running else c
            for c in self.ws.connections.all()
        ]

    def test(self, connection_id: str, entities: Sequence[Entity | Need] | None = None) -> Connection:
        """Tests now and stores the result. `entities` None: those of the connection's enabled flows.
        Raises NeedsOperator only if the connection is gone."""
        connection = self.ws.connections.get(connection_id)
        wanted = self.needed(connection_id) if entities is None else entities
        with self._alone(connection_id), cancellable(self.ws.stopping.is_set):
            try:
                check, reason = self.outcome(connection, wanted)
            except Cancelled:  # the process stops: that says nothing about the connection
                return connection
            self.ws.connections.record_check(connection_id, _settled(check), reason)
        return self.ws.connections.get(connection_id)

    def test_if_stale(self, fresh: timedelta = FRESH) -> list[str]:
        """Starts background tests of the connections whose last one is older than `fresh`; answers their ids.
        One that a run is using needs no test: its calls would only compete."""
        used = {c for run in self.ws.runs.list(live=True, limit=200) for c in self._ends(run.flow_id)}
        border = utc_now() - fresh
        stale = [
            c.id
            for c in self.ws.connections.all()
            if (c.checked_at is None or c.checked_at <= border) and c.id not in used
        ]
        self.test_in_background(stale)
        return stale

    def test_in_background(self, connection_ids: Iterable[str]) -> None:
        """Starts a test of each that is not being tested already; returns at once."""
        for connection_id in connection_ids:
            with self._guard:
                known = connection_id in self._running
                self._running.add(connection_id)
            if not known:
                threading.Thread(
                    target=self._background, args=(connection_id,), name="connection-test", daemon=True
                ).start()

    def needed(self, connection_id: str) -> tuple[Entity | Need, ...]:
        """What the enabled flows of a connection touch."""
        return tuple(dict.fromkeys(need for needs in self.needs(connection_id).values() for need in needs))

    def needs(self, connection_id: str) -> dict[Entity, tuple[Entity | Need, ...]]:
        """The same by what the flow carries, products first."""
        links = self.ws.links.all()
        mine = (link for link in links if connection_id in (link.a, link.b))
        sides = {link.id: "a" if link.a == connection_id else "b" for link in mine}
        found: dict[Entity, tuple[Entity | Need, ...]] = {}
        for flow in self.ws.links.flows():
            if flow.enabled and flow.link_id in sides:
                needs = (*found.get(flow.entity, ()), *needs_of(flow, sides[flow.link_id]))
                found[flow.entity] = tuple(dict.fromkeys(needs))
        return {entity: found[entity] for entity in Entity if entity in found}

    def outcome(
        self, connection: Connection, entities: Sequence[Entity | Need], connector: Connector | None = None
    ) -> tuple[Check | None, Message | None]:
        """What a test finds, and why it failed in the operator's words (None: it did not). Stores
        nothing. Raises Cancelled when the process stops."""
        try:
            check = (connector or self.ws.connector(connection.id)).check(entities)
        except Cancelled:
            raise
        except CounterpartError as error:
            return None, error.message
        except Exception as error:  # noqa: BLE001 a connector's bug must not leave the connection pending for ever
            _log.exception("testing a connection failed")
            return None, say(
                "The test ended in a way that nobody foresaw ({kind}). The log of the process has the "
                "details.",
                kind=type(error).__name__,
            )
        if another := other_account(connection, check):
            return None, another
        return check, None if check.ok else reason_of(check.missing)

    def require(self, connection: Connection, needs: Sequence[Entity | Need]) -> None:
        """Raises NeedsOperator with what is missing for this; stores nothing."""
        _check, reason = self.outcome(connection, needs)
        if reason is not None:
            raise NeedsOperator(reason, f"connection {connection.name}")

    def _background(self, connection_id: str) -> None:
        try:
            self.test(connection_id)
        except NeedsOperator as error:  # deleted meanwhile: there is nothing left to tell the state of
            _log.info("a connection was not tested: %s", error)
        finally:
            with self._guard:
                self._running.discard(connection_id)

    def _alone(self, connection_id: str) -> threading.Lock:
        with self._guard:
            return self._busy.setdefault(connection_id, threading.Lock())

    def _ends(self, flow_id: str) -> tuple[str, str]:
        link = self.ws.links.get(self.ws.links.flow(flow_id).link_id)
        return link.a, link.b


def other_account(connection: Connection, check: Check) -> Message | None:
    """What to tell the operator if another account answered than the one that was connected first. A sandbox
    changes its address with every start and is never another one."""
    if connection.sandbox or not connection.identity or check.identity in ("", connection.identity):
        return None
    return say(
        "These credentials belong to another account ({found}) than the one that was connected ({known}). "
        "Its products and orders would be mixed up: add it as a new connection instead.",
        found=check.facts.get("domain") or check.identity,
        known=connection.facts.get("domain") or connection.identity,
    )


def _settled(check: Check | None) -> Check | None:
    """An account is known by its first test that succeeds: what a mistyped address answers binds to
    nothing."""
    return check if check is None or check.ok else replace(check, identity="")


def reason_of(missing: Sequence[Missing]) -> Message:
    """What to mend first, in one sentence; several access scopes are named together."""
    scopes = [flaw.code.partition(".")[2] for flaw in missing if flaw.code.startswith("scope.")]
    if len(scopes) > 1 and len(scopes) == len(missing):
        return say(
            "{count} access scopes are missing: {scopes}. Grant them in the app's settings and install the "
            "app again.",
            count=len(scopes),
            scopes=", ".join(scopes),
        )
    other = [flaw.message for flaw in missing if not flaw.code.startswith("scope.")]
    return other[0] if other else missing[0].message if missing else say("The platform did not say why.")


def checks_of(ws: Workspace) -> Checks:
    """The one `Checks` of a workspace, made on first use."""
    return ws.one(Checks, lambda: Checks(ws))
