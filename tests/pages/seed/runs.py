"""Believable runs: first full, later ones, orders, plans, braked and running ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from sync.application import Application
from sync.model.call import Diff
from sync.model.run import BrakeHit, Counts, Mode, Status
from sync.model.text import say
from tests.pages.seed.rows import Rows, run
from tests.pages.seed.shop import NOW, SIZES, Shop, now, title


def first_run(ws: Application, shop: Shop, products: int = 250, at: datetime | None = None) -> str:
    """The first full run: nearly all created, some parked, a few failed."""
    at = at or NOW - timedelta(hours=22)
    run_id = run(ws, shop.products, Mode.FULL, Status.RED, at, 412.0)
    rows = Rows(run_id, at, 400)
    for n in range(products):
        _created(rows, n)
    rows.write(ws)
    return run_id


def _created(rows: Rows, n: int) -> None:
    if n % 41 == 7:
        rows.item(
            n,
            "parked",
            cause="match.proposed",
            message=say(
                "A product of the shop has the same title but no common SKU. Bind the two, or create it as a "
                "new product."
            ),
        )
    elif n % 83 == 11:
        at = rows.item(
            n,
            "failed",
            cause="change.refused",
            message=say("Shopify refused it: {reason}", reason="Image could not be fetched"),
        )
        rows.change(
            at,
            "create",
            "product",
            "create",
            _new(n),
            state="refused",
            message=say("Shopify refused it: {reason}", reason="Image could not be fetched"),
        )
    elif n % 29 == 3:
        rows.item(
            n, "skipped", cause="filter", message=say("Left out by the filter on {filter}.", filter="brand")
        )
    else:
        at = rows.item(n, "created")
        rows.change(at, "create", "product", "create", _new(n))
        rows.change(at, "publish", "publication", "publish", [Diff("channel", None, "Online Store")])


def _new(n: int) -> list[Diff]:
    return [
        Diff("title", None, title(n)),
        Diff("status", None, "draft"),
        Diff("variants", None, 6),
        Diff("price", None, f"{299 + n % 900}.90 TRY"),
        Diff("images", None, 3),
        Diff("stock", None, 40 + n % 60),
    ]


def stock_run(
    ws: Application,
    shop: Shop,
    products: int,
    at: datetime,
    moved: float = 0.3,
    seed: int = 1,
    by: str = "schedule",
) -> str:
    """A later run: prices and stock of some products moved."""
    run_id = run(ws, shop.products, Mode.FULL, Status.DONE, at, 38.0 + seed % 40, started_by=by)
    rows = Rows(run_id, at, 30, seed)
    for n in range(products):
        if rows.chance.random() > moved:
            rows.item(n, "unchanged")
            continue
        place = rows.item(n, "updated")
        old, new = rows.chance.randint(5, 40), rows.chance.randint(0, 30)
        sku = f"MD-{1000 + n}-{rows.chance.choice(SIZES)}"
        rows.change(place, "stock", "stock", "set", [Diff("available", old, new)], label=sku)
        if n % 5 == 0:
            rows.change(
                place,
                "variants",
                "variant",
                "update",
                [
                    Diff("price", "349.90 TRY", "299.90 TRY", "moved at the source"),
                    Diff("compare_at", "", "349.90 TRY"),
                ],
                label=sku,
            )
    rows.write(ws)
    return run_id


def order_run(ws: Application, shop: Shop, orders: int, at: datetime, start: int = 1001) -> str:
    """Orders that went to the ERP."""
    parked = 1 if orders > 8 else 0
    run_id = run(
        ws,
        shop.orders,
        Mode.FULL,
        Status.DONE,
        at,
        21.0,
        started_by="schedule",
        spent={"calls": 14, "points": 320, "throttled": 0},
    )
    rows = Rows(run_id, at, 20, start)
    for n in range(orders):
        name = f"#{start + n}"
        if n < parked:
            rows.item(
                5000 + start + n,
                "parked",
                cause="order.line.sku",
                entity="order",
                label=name,
                sku="",
                message=say("A line of order {name} has no SKU: Sentos cannot take it.", name=name),
            )
            continue
        place = rows.item(5000 + start + n, "created", entity="order", label=name, sku="")
        rows.change(
            place,
            "order",
            "order",
            "create",
            [Diff("total", None, f"{480 + n}.80 TRY"), Diff("lines", None, 1 + n % 3)],
        )
    rows.write(ws)
    return run_id


def history(ws: Application, shop: Shop, products: int = 250) -> None:
    """Two days of runs."""
    first_run(ws, shop, products, NOW - timedelta(hours=40))
    for n, hour in enumerate(range(38, 1, -2)):
        at = NOW - timedelta(hours=hour, minutes=7)
        busy = 0.05 + 0.3 * max(0.0, 1 - abs((at.hour + 3) % 24 - 14) / 9)
        stock_run(ws, shop, products, at, busy, n + 2)
        order_run(ws, shop, int(2 + busy * 60), at + timedelta(minutes=20), 1001 + n * 30)
    failed_run(ws, shop)


def failed_run(ws: Application, shop: Shop) -> str:
    return run(
        ws,
        shop.orders,
        Mode.FULL,
        Status.FAILED,
        NOW - timedelta(minutes=52),
        9.0,
        counts=Counts(),
        first_write_at=None,
        started_by="schedule",
        error=say(
            "Sentos refuses the address this machine has. Allow it in Sentos, then test the connection."
        ),
    )


def preview(ws: Application, shop: Shop, products: int = 250, at: datetime | None = None) -> str:
    """A kept plan."""
    at = at or now() - timedelta(minutes=14)
    run_id = run(ws, shop.products, Mode.PREVIEW, Status.PLANNED, at, 31.0, first_write_at=None)
    rows = Rows(run_id, at)
    for n in range(products):
        if n % 3:
            rows.item(n, "unchanged")
            continue
        place = rows.item(n, "updated")
        rows.change(
            place,
            "stock",
            "stock",
            "set",
            [Diff("available", 14, n % 12)],
            label=f"MD-{1000 + n}-M",
            state="planned",
        )
        if n % 2:
            rows.change(
                place,
                "product",
                "product",
                "update",
                [
                    Diff("title", title(n), f"{title(n)} <b>Yeni</b>"),
                    Diff("tags", ("yaz",), ("indirim", "yaz")),
                ],
                state="planned",
            )
    rows.write(ws)
    return run_id


def braked(ws: Application, shop: Shop, products: int = 250) -> str:
    """A run that the safety check holds."""
    hit = BrakeHit(
        "stock.zeroed",
        say(
            "{count} of {all} stock rows would go to 0; the limit is {limit}. Nothing was changed. Look at "
            "the plan; if it is right, confirm to go on.",
            count=612,
            all=1600,
            limit=320,
        ),
        612,
        320,
    )
    run_id = run(
        ws,
        shop.products,
        Mode.FULL,
        Status.BRAKED,
        now() - timedelta(minutes=4),
        stage="brake",
        brakes=(hit,),
        error=hit.message,
        first_write_at=None,
        started_by="schedule",
    )
    rows = Rows(run_id, now())
    for n in range(products):
        place = rows.item(n, "updated", settled=False)
        rows.change(
            place,
            "stock",
            "stock",
            "set",
            [Diff("available", 12, 0)],
            label=f"MD-{1000 + n}-M",
            state="planned",
        )
    rows.write(ws)
    return run_id


def running(ws: Application, shop: Shop, orders: int = 120) -> str:
    """A run that writes."""
    at = now() - timedelta(seconds=47)
    run_id = run(
        ws,
        shop.orders,
        Mode.FULL,
        Status.RUNNING,
        at,
        stage="apply:order",
        done=70,
        total=orders,
        first_write_at=at + timedelta(seconds=27),
        spent={"calls": 44, "points": 0, "throttled": 2},
    )
    rows = Rows(run_id, at + timedelta(seconds=47), 1)
    for n in range(orders):
        place = rows.item(9000 + n, "created", entity="order", label=f"#{3001 + n}", settled=n < 70)
        rows.change(
            place,
            "order",
            "order",
            "create",
            [Diff("total", None, "519.80 TRY")],
            state="applied" if n < 70 else "planned",
        )
    rows.write(ws)
    with ws.db.write() as tx:
        ws.queue.add(tx, run_id, "order", "apply:order")
    ws.queue.claim()
    return run_id
