"""A believable installation in a temporary database: a Turkish fashion shop with runs, changes, items for a person, logs.

Nothing here goes through a network; rows are written as the recipes leave them behind. `python -m tests.pages.seed
FOLDER` makes a data folder to look at in a browser (sign in as ayse, "correct horse battery").
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from storage.ids import new_id
from storage.logs import LogRow
from storage.tables.sync import changes, run_items, runs
from storage.users import Users
from sync.model.call import Change, Diff, Verb
from sync.model.codec import dump
from sync.model.entity import Entity
from sync.model.flow import Flow, Link
from sync.model.plan import Bind, Item, Park, Planned, PlannedChange
from sync.model.run import BrakeHit, Counts, Mode, Scope, Status
from sync.model.support import Check
from sync.model.text import Message, say
from sync.workspace import Workspace, open_workspace

NOW = datetime.now(UTC).replace(microsecond=0)
KINDS = (
    "Keten Gömlek",
    "Pamuklu Tişört",
    "Yüksek Bel Jean",
    "Triko Kazak",
    "Midi Elbise",
    "Blazer Ceket",
    "Saten Bluz",
)
COLOURS = ("Siyah", "Ekru", "Lacivert", "Haki", "Bordo", "Gri Melanj")
SIZES = ("XS", "S", "M", "L", "XL")
PASSWORD = "correct horse battery"


def open_at(folder: Path) -> Workspace:
    """An empty installation in this folder."""
    return open_workspace({"COUNTERPART_HOME": str(folder)})


@dataclass(frozen=True)
class Shop:
    """What `connect` made."""

    link: Link
    products: Flow
    orders: Flow


def connect(ws: Workspace) -> Shop:
    """Sentos and a Shopify store, tested, linked, both flows on."""
    erp = ws.connections.add("sentos", "Sentos Moda", {}, {})
    shop = ws.connections.add("shopify", "moda-evi", {}, {})
    ws.connections.record_check(erp.id, Check(True, "moda.sentos", {"Sign-in": "Basic"}), None)
    ws.connections.record_check(
        shop.id, Check(True, "gid://shopify/Shop/1", {"Currency": "TRY", "Plan": "Standard"}), None
    )
    link = ws.links.add("Moda Evi", erp.id, shop.id, {"gid://shopify/Location/1": ("1", "2")})
    flows = {f.entity: ws.links.save(replace(f, enabled=True)) for f in ws.links.flows(link.id)}
    return Shop(link, flows[Entity.PRODUCT], flows[Entity.ORDER])


def title(n: int) -> str:
    """The n-th product's name."""
    return f"{KINDS[n % len(KINDS)]} {COLOURS[n % len(COLOURS)]} {1000 + n}"


def target_id(n: int) -> str:
    return f"gid://shopify/Product/{8_000_000 + n}"


def run(
    ws: Workspace, flow: Flow, mode: Mode, status: Status, at: datetime, seconds: float = 0, **values: Any
) -> str:
    """One row of `runs`."""
    row = {
        "id": new_id(),
        "flow_id": flow.id,
        "mode": mode.value,
        "status": status.value,
        "scope": dump(Scope()),
        "stage": "",
        "done": 0,
        "total": 0,
        "counts": dump(Counts()),
        "brakes": [],
        "figures": {},
        "error": None,
        "flow_version": flow.version,
        "started_by": "ayse",
        "created_at": at,
        "started_at": at + timedelta(seconds=1),
        "first_write_at": at + timedelta(seconds=max(2.0, seconds / 2)),
        "finished_at": at + timedelta(seconds=seconds) if seconds else None,
        "cancel_requested": False,
        "spent": {"calls": 61, "points": 18_240, "throttled": 0},
    } | {k: _stored(v) for k, v in values.items()}
    with ws.db.write() as tx:
        tx.execute(insert(runs).values(row))
    return str(row["id"])


def _stored(value: Any) -> Any:
    return value if isinstance(value, datetime) else dump(value)


@dataclass
class Rows:
    """Report rows and changes of one run, written in bulk."""

    run_id: str
    at: datetime
    spread: float = 60.0
    seed: int = 1

    def __post_init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.changes: list[dict[str, Any]] = []
        self.chance = random.Random(self.seed)

    def item(
        self,
        n: int,
        outcome: str,
        *,
        cause: str = "",
        message: Message | None = None,
        entity: str = "product",
        label: str = "",
        sku: str = "",
        settled: bool = True,
    ) -> int:
        """One record; answers its place for `change`."""
        self.items.append(
            {
                "run_id": self.run_id,
                "entity": entity,
                "source_id": str(100 + n),
                "target_id": target_id(n),
                "label": label or title(n),
                "sku": sku or f"MD-{1000 + n}",
                "planned": outcome,
                "outcome": outcome if settled else "",
                "cause": cause,
                "message": dump(message),
                "local": None,
            }
        )
        return len(self.items) - 1

    def change(
        self,
        place: int,
        phase: str,
        entity: str,
        verb: str,
        diffs: Sequence[Diff],
        *,
        label: str = "",
        state: str = "applied",
        message: Message | None = None,
    ) -> None:
        item = self.items[place]
        seq = len(self.changes)
        self.changes.append(
            {
                "place": place,
                "id": f"{self.run_id}-{seq}",
                "run_id": self.run_id,
                "seq": seq,
                "phase": phase,
                "entity": entity,
                "verb": verb,
                "source_id": item["source_id"],
                "target_id": item["target_id"],
                "parent_id": "",
                "place_": "",
                "source_parent": "",
                "label": label or item["label"],
                "key": "",
                "diffs": dump(tuple(diffs)),
                "body": None,
                "settle": [],
                "signature": f"{seq:032x}",
                "chosen": True,
                "state": state,
                "message": dump(message),
                "call_id": "",
                "tries": 0,
                "at": self.at + timedelta(seconds=self.chance.random() * self.spread),
            }
        )

    def write(self, ws: Workspace) -> Counts:
        """Stores everything and the run's report."""
        with ws.db.write() as tx:
            for start in range(0, len(self.items), 1000):
                part = self.items[start : start + 1000]
                tx.execute(insert(run_items), part)

            keys = list(
                tx.execute(
                    select(run_items.c.id).where(run_items.c.run_id == self.run_id).order_by(run_items.c.id)
                ).scalars()
            )
            rows = [
                {
                    **{k: v for k, v in c.items() if k not in ("place", "place_")},
                    "place": c["place_"],
                    "item_id": keys[c["place"]],
                }
                for c in self.changes
            ]
            for start in range(0, len(rows), 1000):
                tx.execute(insert(changes), rows[start : start + 1000])
        counts = ws.runs.count(self.run_id)
        ws.runs.update(self.run_id, counts=counts)
        return counts


def first_run(ws: Workspace, shop: Shop, products: int = 250, at: datetime | None = None) -> str:
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
                "A product of the shop has the same title but no common SKU. Bind the two, or create it as a new product."
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
    ws: Workspace,
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


def order_run(ws: Workspace, shop: Shop, orders: int, at: datetime, start: int = 1001) -> str:
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


def history(ws: Workspace, shop: Shop, products: int = 250) -> None:
    """Two days of runs."""
    first_run(ws, shop, products, NOW - timedelta(hours=40))
    for n, hour in enumerate(range(38, 1, -2)):
        at = NOW - timedelta(hours=hour, minutes=7)
        busy = 0.05 + 0.3 * max(0.0, 1 - abs((at.hour + 3) % 24 - 14) / 9)
        stock_run(ws, shop, products, at, busy, n + 2)
        order_run(ws, shop, int(2 + busy * 60), at + timedelta(minutes=20), 1001 + n * 30)
    failed_run(ws, shop)


def failed_run(ws: Workspace, shop: Shop) -> str:
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


def preview(ws: Workspace, shop: Shop, products: int = 250, at: datetime | None = None) -> str:
    """A kept plan."""
    at = at or NOW - timedelta(minutes=14)
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


def braked(ws: Workspace, shop: Shop, products: int = 250) -> str:
    """A run that the safety check holds."""
    hit = BrakeHit(
        "stock.zeroed",
        say(
            "{count} of {all} stock rows would go to 0; the limit is {limit}. Nothing was changed. Look at the plan; if it is right, confirm to go on.",
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
        NOW - timedelta(minutes=4),
        stage="brake",
        brakes=(hit,),
        error=hit.message,
        first_write_at=None,
        started_by="schedule",
    )
    rows = Rows(run_id, NOW)
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


def running(ws: Workspace, shop: Shop, orders: int = 120) -> str:
    """A run that writes."""
    at = NOW - timedelta(seconds=47)
    run_id = run(
        ws,
        shop.orders,
        Mode.FULL,
        Status.RUNNING,
        at,
        stage="apply:order",
        done=70,
        total=orders,
        first_write_at=NOW - timedelta(seconds=20),
        spent={"calls": 44, "points": 0, "throttled": 2},
    )
    rows = Rows(run_id, NOW, 1)
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


def waiting(ws: Workspace, shop: Shop, count: int = 24) -> None:
    """Items for a person, of several causes, some of them resolved."""
    parks = [_park(n) for n in range(count)]
    with ws.db.write() as tx:
        ws.bindings.bind(
            tx,
            shop.link.id,
            [
                Bind("product", "100", target_id(0), label=title(0)),
                Bind("variant", "100-M", "gid://shopify/ProductVariant/1", "100", "MD-1000-M"),
            ],
        )
        ws.attention.park(tx, shop.link.id, shop.products.id, "", parks)
        ws.attention.park(
            tx,
            shop.link.id,
            shop.orders.id,
            "",
            [
                Park(
                    Entity.ORDER,
                    "6001",
                    "#1001",
                    "order.line.sku",
                    say("A line of order {name} has no SKU: Sentos cannot take it.", name="#1001"),
                )
            ],
        )
    for parked in ws.attention.list(limit=count)[-4:]:
        ws.attention.close([parked.id], "ayse")


def _park(n: int) -> Park:
    label, sku = title(n), f"MD-{1000 + n}"
    source = {
        "title": label,
        "skus": [f"{sku}-{s}" for s in SIZES[:4]],
        "facts": {"price": "349.90 TRY", "vendor": "Moda Evi", "stock": "42"},
    }
    other = {
        "title": label.upper(),
        "skus": [f"ESKI-{n}-S", f"ESKI-{n}-M"],
        "facts": {"price": "329.90 TRY", "status": "active", "stock": "7"},
    }
    if n % 4 == 0:
        return Park(
            Entity.PRODUCT,
            str(100 + n),
            label,
            "match.proposed",
            say(
                "A product of the shop has the same title but no common SKU. Bind the two, or create it as a new product."
            ),
            sku,
            {
                "candidates": [target_id(500 + n)],
                "key": "title",
                "source": source,
                "shown": {target_id(500 + n): other},
            },
        )
    if n % 4 == 1:
        return Park(
            Entity.PRODUCT,
            str(100 + n),
            label,
            "match.ambiguous",
            say("{count} products of the shop match by {key}. Choose the right one.", count=2, key="sku"),
            sku,
            {
                "candidates": [target_id(600 + n), target_id(0)],
                "key": "sku",
                "source": source,
                "shown": {target_id(600 + n): other},
            },
        )
    if n % 4 == 2:
        return Park(
            Entity.PRODUCT,
            f"{100 + n}:{sku}-M",
            label,
            "price.zero",
            say(
                "{sku} has no price, or the price 0, in price list {list}. Its price is left as it is.",
                sku=f"{sku}-M",
                list="shopify",
            ),
            f"{sku}-M",
            {"field": "price", "product": str(100 + n)},
        )
    return Park(
        Entity.PRODUCT,
        str(100 + n),
        label,
        "target.gone",
        say("Its product in the shop no longer exists. Create it again, or skip it from now on."),
        sku,
        {"candidates": [], "key": "binding"},
    )


def logs(ws: Workspace, shop: Shop, count: int = 400) -> None:
    """Log rows over a day, every level."""
    chance = random.Random(3)
    erp, store = shop.link.a, shop.link.b
    rows = []
    for n in range(count):
        at = NOW - timedelta(seconds=chance.random() * 86_000)
        sku = f"MD-{1000 + chance.randrange(250)}-M"
        kind = chance.random()
        if kind < 0.55:
            rows.append(
                LogRow(
                    "success",
                    say(
                        "Run finished: {read} read, {created} created, {updated} updated, {unchanged} unchanged, "
                        "{skipped} skipped, {parked} parked.",
                        read=250,
                        created=0,
                        updated=chance.randrange(90),
                        unchanged=160,
                        skipped=0,
                        parked=0,
                    ),
                    at,
                    flow_id=shop.products.id,
                    link_id=shop.link.id,
                    entity="product",
                )
            )
        elif kind < 0.75:
            rows.append(
                LogRow(
                    "info",
                    say("Full run started by {who}.", who="schedule"),
                    at,
                    flow_id=shop.orders.id,
                    entity="order",
                )
            )
        elif kind < 0.92:
            rows.append(
                LogRow(
                    "warning",
                    say(
                        "{sku} has no price, or the price 0, in price list {list}. Its price is left as it is.",
                        sku=sku,
                        list="shopify",
                    ),
                    at,
                    connection_id=erp,
                    entity="product",
                    record=str(100 + n),
                    sku=sku,
                )
            )
        else:
            rows.append(
                LogRow(
                    "error",
                    say("Shopify refused it: {reason}", reason="Image could not be fetched"),
                    at,
                    connection_id=store,
                    entity="product",
                    record=target_id(n),
                    sku=sku,
                    detail='{"userErrors": [{"field": ["files"], "message": "…"}]}',
                )
            )
    ws.logs.write(rows)


def plan_of_changes(count: int) -> list[Planned]:
    """Planned records as the planner hands them to storage, for tests that go through `ws.plans.add`."""
    return [
        Planned(
            Item(Entity.PRODUCT, str(n), title(n), "updated", target_id(n), f"MD-{n}"),
            (
                PlannedChange(
                    Change(
                        f"{new_id()}",
                        Entity.STOCK,
                        Verb.SET,
                        f"{n}-M",
                        f"gid://shopify/InventoryItem/{n}",
                        place="gid://shopify/Location/1",
                        label=f"MD-{n}-M",
                        diffs=(Diff("available", 5, n),),
                    ),
                    "stock",
                ),
            ),
        )
        for n in range(count)
    ]


def everything(ws: Workspace, products: int = 250) -> Shop:
    """All of it."""
    shop = connect(ws)
    history(ws, shop, products)
    preview(ws, shop, products)
    waiting(ws, shop)
    logs(ws, shop)
    return shop


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    workspace = open_at(folder)
    Users(workspace.db).create_first("ayse", PASSWORD)
    made = everything(workspace, int(sys.argv[2]) if len(sys.argv) > 2 else 250)
    if len(sys.argv) > 3:
        braked(workspace, made)
        running(workspace, made)
    workspace.close()
