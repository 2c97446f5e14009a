"""Two stores of the seed whose stock is matched by SKU, at the stage that a test asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from storage.clock import utc_now
from storage.links import STORE_TO_STORE
from storage.stock_changes import NewStockChange, StockChanges
from storage.stock_differences import NewDifference, StockDifferences
from storage.stock_items import StockItems
from storage.stock_match import StockMatch
from storage.stock_owners import StockOwners
from storage.stock_stages import StockStages
from sync.application import Application
from sync.model.flow import Connection, Flow, Link
from sync.model.run import Counts, Mode, Status
from sync.model.stock import ALL_PLACES, Difference, ItemKind, StockItem, StockLevel
from sync.model.support import Check
from sync.model.text import say
from tests.pages.seed.rows import run
from tests.pages.seed.shop import SIZES, title

PLACE = "gid://shopify/Location/9"
SOURCES = ("gid://shopify/Location/1", "gid://shopify/Location/2")


@dataclass(frozen=True)
class Stores:
    """What `stores` made."""

    link: Link
    flow: Flow


def stores(ws: Application, name: str = "Outlet", number: int = 1) -> Stores:
    """A main store and an outlet, tested and linked, the stock flow on."""
    main = next((c for c in ws.connections.all() if c.name == "Ana mağaza"), None)
    a = main or _store(ws, "Ana mağaza", 10)
    b = _store(ws, f"{name} {number}", 10 + number)
    link = ws.links.add(f"{a.name} → {b.name}", a.id, b.id, {PLACE: (ALL_PLACES,)}, STORE_TO_STORE)
    [flow] = [ws.links.save(replace(f, enabled=True)) for f in ws.links.flows(link.id)]
    return Stores(link, flow)


def _store(ws: Application, name: str, number: int) -> Connection:
    made = ws.connections.add("shopify", name, {}, {})
    ws.connections.record_check(
        made.id, Check(True, f"gid://shopify/Shop/{number}", {"Plan": "Standard"}), None
    )
    return ws.connections.get(made.id)


def sku(n: int) -> str:
    return f"MD-{1000 + n // 5}-{SIZES[n % 5]}"


def _item(n: int, side: int, available: int, **other: object) -> StockItem:
    variant = f"gid://shopify/ProductVariant/{side}{n:07}"
    places = SOURCES if side == 1 else (PLACE,)
    each, rest = divmod(available, len(places))
    levels = tuple(_level(place, each + (rest if n == 0 else 0)) for n, place in enumerate(places))
    values: dict[str, object] = {
        "sku": sku(n),
        "label": f"{title(n // 5)} · {SIZES[n % 5]}",
        "tracked": True,
        "levels": levels,
    }
    return StockItem(variant, variant.replace("ProductVariant", "InventoryItem"), **{**values, **other})  # type: ignore[arg-type]


def _level(place: str, available: int) -> StockLevel:
    return StockLevel(place, available, available + 1, 1)


def matched(ws: Application, shop: Stores, items: int = 120) -> None:
    """Both stores as read, and their match: most pairs hold, some of every other class."""
    here = [_item(n, 1, 5 + n % 17) for n in range(items)]
    there = [_item(n, 2, 5 + n % 17 + n % 2) for n in range(items)]
    here += [_item(items + n, 1, 3) for n in range(6)]
    there += [_item(items + 50 + n, 2, 2) for n in range(9)]
    here += [_item(items + 100 + n, 1, 1, sku="DOUBLE-1") for n in range(2)]
    there += [_item(items + 110 + n, 2, 1, sku=None) for n in range(4)]
    there += [_item(items + 120 + n, 2, 1, kind=ItemKind.BUNDLE) for n in range(3)]
    here += [_item(items + 120 + n, 1, 1) for n in range(3)]
    there += [_item(items + 130, 2, 0, kind=ItemKind.GIFT_CARD, sku="GIFT")]
    store = StockItems(ws.db)
    for connection, rows in ((shop.link.a, here), (shop.link.b, there)):
        sweep = store.begin_sweep(connection)
        store.put(connection, rows, sweep)
        store.end_sweep(connection, sweep)
    StockMatch(ws.db).refresh(shop.flow, shop.link)
    StockOwners(ws.db).claim(shop.flow.id, ws.connections.get(shop.link.b).identity, [PLACE], "ayse")


def aligned(ws: Application, shop: Stores, changes: int = 60) -> str:
    """The baseline run with its changes; answers its id."""
    at = utc_now() - timedelta(hours=3)
    counts = Counts(read=changes + 40, updated=changes - 2, unchanged=30, skipped=10, failed=2)
    run_id = run(
        ws,
        shop.flow,
        Mode.FULL,
        Status.RED,
        at,
        38.0,
        counts=counts,
        figures={"skipped": {"only_source": 6, "duplicate": 2, "tag": 2}},
    )
    StockChanges(ws.db).add(
        [change(shop, run_id, n, "refused" if n in (7, 19) else "applied") for n in range(changes)]
    )
    with ws.db.write() as tx:
        StockStages(ws.db).baseline(tx, shop.flow.id, run_id)
    return run_id


def change(shop: Stores, run_id: str, n: int, state: str, cause: str = "run") -> NewStockChange:
    """The n-th item's change."""
    message = say("The location does not stock this item.") if state == "refused" else None
    return NewStockChange(
        run_id,
        shop.flow.id,
        n + 1,
        "activate" if n % 13 == 0 else "stock",
        sku(n),
        f"gid://shopify/ProductVariant/1{n:07}",
        f"gid://shopify/ProductVariant/2{n:07}",
        f"gid://shopify/InventoryItem/2{n:07}",
        PLACE,
        6 + n % 9,
        5 + n % 17,
        5 + n % 17,
        cause,
        "",
        state,
        True,
        message,
    )


def live(ws: Application, shop: Stores) -> None:
    """Validated, with later changes from the queue, edits seen by hand, and differences."""
    aligned(ws, shop)
    StockStages(ws.db).validate(shop.flow.id, "ayse", {"items": 120})
    log = [change(shop, "", n, "applied", "queue") for n in range(20)]
    log += [change(shop, "", n, "seen", "store") for n in range(20, 26)]
    StockChanges(ws.db).add(log)
    kinds = (Difference.DIFFERS, Difference.DIFFERS, Difference.MISSED, Difference.STORE)
    rows = [NewDifference(n + 1, PLACE, sku(n), kinds[n % 4], 5 + n, 7 + n) for n in range(9)]
    with ws.db.write() as tx:
        StockDifferences(ws.db).put(tx, shop.flow.id, rows)


def plan(ws: Application, shop: Stores, rows: int = 130) -> str:
    """A kept plan of a stock flow."""
    at = utc_now() - timedelta(minutes=4)
    counts = Counts(read=rows + 20, updated=rows, unchanged=20)
    run_id = run(ws, shop.flow, Mode.PREVIEW, Status.PLANNED, at, 9.0, counts=counts)
    StockChanges(ws.db).add([change(shop, run_id, n, "planned") for n in range(rows)])
    return run_id


def writing(ws: Application, shop: Stores, rows: int = 130) -> str:
    """A run that writes at this moment."""
    at = utc_now() - timedelta(seconds=20)
    run_id = run(
        ws,
        shop.flow,
        Mode.DELTA,
        Status.RUNNING,
        at,
        stage="apply:stock",
        done=50,
        total=rows,
        first_write_at=at,
    )
    states = ["applied"] * 50 + ["planned"] * (rows - 50)
    StockChanges(ws.db).add([change(shop, run_id, n, state) for n, state in enumerate(states)])
    return run_id
