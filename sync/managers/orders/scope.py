"""What part of an order run is narrow, and where its reading begins."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage.clock import utc_now
from sync.engine.orders.select import start_of
from sync.errors import NeedsOperator
from sync.managers.context import Context
from sync.model.codec import dump
from sync.model.flow import OrderSettings
from sync.model.run import Mode, Run
from sync.model.text import say
from sync.model.values import fingerprint

OVERLAP = timedelta(minutes=10)
FOREIGN_DAYS = timedelta(days=30)
SCHEDULE = "schedule"
# Without this scope Shopify shows no order that is older, and says nothing of it (shopify.dev, "Access
# scopes"); the connection's test notes in its facts that it is missing.
OLD_ORDERS, SHOWN_DAYS = "read_all_orders", timedelta(days=60)
SHOP_CURSOR, SENTOS_CURSOR, OLDER_CURSOR = "orders.shop", "orders.sentos", "orders.older"


def narrow(run: Run) -> bool:
    """Only named orders."""
    return bool(run.scope.ids or run.scope.names or run.scope.skus)


def covers(run: Run, part: str) -> bool:
    """Does the run cover "orders" (creating) or "statuses" (facts both ways)? A test only creates."""
    if part == "statuses" and run.mode is Mode.TEST:
        return False
    return not run.scope.parts or part in run.scope.parts


def whole(run: Run) -> bool:
    """Does the run look at everything that is due, so that its cursors may move on?"""
    return (
        run.mode in (Mode.FULL, Mode.DELTA)
        and not narrow(run)
        and not run.scope.parts
        and not run.scope.plan_of
    )


def start(ctx: Context) -> datetime:
    """From when on the shop's orders are read. Raises NeedsOperator if the flow has no start."""
    found = start_of(ctx.flow.orders)
    if found is None:
        raise NeedsOperator(
            say(
                "The order flow has no start date yet. Switch it on in Settings: orders placed from then on "
                "are sent."
            )
        )
    return found


def changed_since(ctx: Context) -> str:
    """From which change on a scheduled run reads the shop, ISO; "" reads all since the start. Other settings
    than last time mean other orders, so all are looked at again."""
    if ctx.run.started_by != SCHEDULE and ctx.run.mode is not Mode.DELTA:
        return ""
    mark, _, moment = ctx.ws.cursors.get(ctx.flow.id, SHOP_CURSOR).partition(" ")
    return (
        (datetime.fromisoformat(moment) - OVERLAP).isoformat()
        if moment and mark == settings_mark(ctx.flow.orders)
        else ""
    )


def hidden_before(ctx: Context) -> datetime | None:
    """Up to when the shop hides orders that this run is to read; None if it shows all of them."""
    if OLD_ORDERS not in ctx.source_connection.facts.get("orders", "") or changed_since(ctx):
        return None
    shown_from = utc_now() - SHOWN_DAYS
    return shown_from if start(ctx) < shown_from else None


def sentos_since(ctx: Context) -> datetime | None:
    """From when on Sentos' orders are read; None before the first complete run."""
    moment = ctx.ws.cursors.get(ctx.flow.id, SENTOS_CURSOR)
    return datetime.fromisoformat(moment) - OVERLAP if moment else None


def began_before(ctx: Context) -> bool:
    """Has a run of this flow once reached everything?"""
    return bool(ctx.ws.cursors.get(ctx.flow.id, SENTOS_CURSOR))


def move_on(ctx: Context) -> None:
    """After a run that reached everything: the next one reads from where this one began."""
    began = ctx.run.started_at or utc_now()
    ctx.ws.cursors.set(ctx.flow.id, SHOP_CURSOR, f"{settings_mark(ctx.flow.orders)} {began.isoformat()}")
    ctx.ws.cursors.set(ctx.flow.id, SENTOS_CURSOR, began.isoformat())


def settings_mark(settings: OrderSettings) -> str:
    return fingerprint(dump(settings))


def older_mark(settings: OrderSettings) -> str:
    """What is remembered once the count of older orders was confirmed."""
    return f"{settings.older_since.isoformat() if settings.older_since else ''} {settings.older_confirmed}"
