"""A store's sellable items as last read, with their levels: what matching and planning look at."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from storage.bulk import among, chunks, insert_many, listed, run_many
from storage.database import Database
from storage.stock_shape import COLUMNS, HASHED, Fresh, fresh, hash_of, loose
from storage.tables.stock import stock_items, stock_levels, stock_sweeps
from storage.upsert import insert_new
from sync.model.stock import ItemKind, StockItem, StockLevel

AT_ONCE = 1000
"""Items a transaction: some ten milliseconds, so that urgent work gets its turn."""
GONE_AFTER = 2
"""So many complete sweeps in a row must miss an item before it counts as gone."""
_OLD_SWEEPS = 8

i = stock_items.c
ITEM_COLUMNS = (
    "id",
    "variant_id",
    "item_id",
    "product_id",
    "sku",
    "label",
    "kind",
    "tracked",
    "tags",
    "status",
    "missed",
    "came_back",
)
_KINDS = {kind.value: kind for kind in ItemKind}
_LEVEL_COLUMNS = ("stock_item", "place", "available", "on_hand", "reserved", "active")
_STORED = {
    "sqlite": "SELECT variant_id, id, hash, missed FROM stock_items WHERE connection_id = ? "
    "AND variant_id IN (SELECT value FROM json_each(?))",
    "postgresql": "SELECT variant_id, id, hash, missed FROM stock_items WHERE connection_id = %s "
    "AND variant_id = ANY(%s::text[])",
}
_LEVELS = {
    "sqlite": "SELECT stock_item, place, available, on_hand, reserved, active FROM stock_levels "
    "WHERE stock_item IN (SELECT value FROM json_each(?))",
    "postgresql": "SELECT stock_item, place, available, on_hand, reserved, active FROM stock_levels "
    "WHERE stock_item = ANY(%s::bigint[])",
}
_UPDATE = (
    "UPDATE stock_items SET "  # noqa: S608
    + ", ".join(f'"{name}" = ?' for name in COLUMNS)
    + ", hash = ?, missed = 0, sweep = CASE WHEN ? > 0 THEN ? ELSE sweep END WHERE id = ?"
)


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item as stored; `id` is our own, `levels` in the order of their places."""

    id: int
    variant_id: str
    item_id: str
    product_id: str
    sku: str
    label: str
    kind: ItemKind
    tracked: bool
    tags: tuple[str, ...]
    status: str
    missed: int
    came_back: int = 0
    levels: tuple[StockLevel, ...] = ()

    @property
    def gone(self) -> bool:
        """Did two complete sweeps in a row not show it?"""
        return self.missed >= GONE_AFTER


class StockItems:
    """Reads and writes what the stores show. Methods with a `tx` join the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def begin_sweep(self, connection_id: str) -> int:
        """The number of a new sweep, one higher than the last."""
        s = stock_sweeps.c
        with self.db.write() as tx:
            newest = tx.execute(select(func.max(i.id))).scalar() or 0
            last = tx.execute(select(func.max(s.sweep)).where(s.connection_id == connection_id)).scalar() or 0
            tx.execute(
                delete(stock_sweeps).where(
                    s.connection_id == connection_id, s.sweep <= last - _OLD_SWEEPS, s.sweep < last
                )
            )
            row = {"connection_id": connection_id, "part": 0, "seen": _pack([newest])}
            while not insert_new(tx, stock_sweeps, [{**row, "sweep": (last := last + 1)}]):
                pass  # another worker took the number between our look and our insert
            return last

    def put(
        self,
        connection_id: str,
        items: Sequence[StockItem],
        sweep: int = 0,
        places: Sequence[str] = (),
    ) -> int:
        """Stores items with their levels, writing only what differs; answers how many did. `sweep` 0: a
        partial read. `places`: only levels there were read, others stay as they are (empty: all were
        read)."""
        differing = 0
        only = frozenset(places)
        for part in chunks(items, AT_ONCE):
            wanted = {item.id: fresh(item, only) for item in part}
            with self.db.write() as tx:
                differing += self._put(tx, connection_id, wanted, sweep, only)
        return differing

    def _put(
        self,
        tx: Connection,
        connection_id: str,
        wanted: Mapping[str, Fresh],
        sweep: int,
        only: frozenset[str],
    ) -> int:
        stored = _stored(tx, connection_id, wanted)
        new = (
            [f for variant, f in wanted.items() if variant not in stored] if len(stored) < len(wanted) else []
        )
        insert_many(
            tx,
            stock_items,
            ("connection_id", *COLUMNS, "hash", "sweep", "missed", "came_back"),
            [(connection_id, *f.row, f.hash, sweep, 0, 0) for f in new],
        )
        made = _stored(tx, connection_id, [f.row[0] for f in new]) if new else {}
        _write_levels(tx, [(made[f.row[0]][0], f) for f in new])
        changed, unsure, back = _differing(wanted, stored)
        differing = len(new) + (_rewrite(tx, changed, unsure, sweep, only) if changed else 0)
        if back:
            here = update(stock_items).where(among(tx, i.id, back))
            tx.execute(here.values(missed=0, came_back=i.came_back + 1))
        if sweep:
            _mark_seen(
                tx, connection_id, sweep, [row[0] for found in (stored, made) for row in found.values()]
            )
        return differing

    def end_sweep(self, connection_id: str, sweep: int) -> int:
        """A complete sweep is over: what it did not show has been missed once more. Answers how many items
        that are. Items stored by others since it began do not count."""
        newest, seen = self._seen(connection_id, sweep)
        missing: list[int] = []
        with self.db.read() as tx:
            query = select(i.id).where(i.connection_id == connection_id, i.id <= newest)
            for part in tx.execution_options(yield_per=AT_ONCE * 10).execute(query).scalars().partitions():
                missing += [item for item in part if not _has(seen, item)]
        self._miss(missing)
        s = stock_sweeps.c
        with self.db.write() as tx:
            tx.execute(
                delete(stock_sweeps).where(s.connection_id == connection_id, s.sweep == sweep, s.part > 0)
            )
        return len(missing)

    def _miss(self, item_ids: Sequence[int]) -> None:
        for part in chunks(item_ids, AT_ONCE):
            with self.db.write() as tx:
                tx.execute(update(stock_items).where(among(tx, i.id, part)).values(missed=i.missed + 1))

    def _seen(self, connection_id: str, sweep: int) -> tuple[int, bytearray]:
        """The newest item's id when the sweep began, and one bit for every id: was it shown?"""
        s = stock_sweeps.c
        query = select(s.part, s.seen).where(s.connection_id == connection_id, s.sweep == sweep)
        with self.db.read() as tx:
            parts = tx.execute(query.order_by(s.part)).all()
        if not parts:
            raise ValueError(f"there is no sweep {sweep} of this connection")
        newest = _unpack(parts[0].seen)[0]
        bits = bytearray(newest // 8 + 1)
        for row in parts[1:]:
            for item in _unpack(row.seen):
                if item <= newest:
                    bits[item >> 3] |= 1 << (item & 7)
        return newest, bits

    def keep_sweep(self, connection_id: str) -> None:
        """A complete sweep showed the same as the one before: what was missing is so once more."""
        with self.db.read() as tx:  # the look takes longer than the rest, and nobody has to wait for it
            missing = (
                tx.execute(select(i.id).where(i.connection_id == connection_id, i.missed > 0)).scalars().all()
            )
        self._miss(missing)

    def moved(self, connection_id: str, sweep: int) -> Iterator[list[str]]:
        """Variant ids of the items that this sweep found new or changed, some thousand at a time."""
        last = 0
        while True:
            query = select(i.id, i.variant_id).where(
                i.connection_id == connection_id, i.sweep == sweep, i.id > last
            )
            with self.db.read() as tx:
                rows = tx.execute(query.order_by(i.id).limit(AT_ONCE)).all()
            if not rows:
                return
            yield [row.variant_id for row in rows]
            last = rows[-1].id

    def by_variant(self, connection_id: str, variant_ids: Sequence[str]) -> dict[str, ItemRow]:
        """These items, by variant id; unknown ones are not among them."""
        return {row.variant_id: row for row in self._find(connection_id, i.variant_id, variant_ids)}

    def by_sku(
        self, connection_id: str, skus: Sequence[str], spelt: Callable[[str], str] = str
    ) -> list[ItemRow]:
        """Items of these SKUs as stored (trimmed, NFC, otherwise exact), or equal by this way of spelling."""
        wanted = {spelt(sku) for sku in skus if sku}
        found = self._find(connection_id, i.loose, {loose(sku) for sku in skus if sku})
        return [row for row in found if spelt(row.sku) in wanted]

    def _find(self, connection_id: str, column: Any, values: Any) -> list[ItemRow]:
        out: list[ItemRow] = []
        with self.db.read() as tx:
            for part in chunks(list(dict.fromkeys(values)), AT_ONCE):
                query = select(*(i[name] for name in ITEM_COLUMNS)).where(
                    i.connection_id == connection_id, among(tx, column, part)
                )
                rows = tx.execute(query).all()
                shown = levels_of(tx, [row.id for row in rows])
                out += [item_of(row, shown.get(row.id, ())) for row in rows]
        return out

    def count(self, connection_id: str) -> int:
        """How many items the store shows."""
        with self.db.read() as tx:
            return int(
                tx.execute(
                    select(func.count()).where(i.connection_id == connection_id, i.missed < GONE_AFTER)
                ).scalar()
                or 0
            )


def levels_of(tx: Connection, item_ids: Sequence[int]) -> dict[int, tuple[StockLevel, ...]]:
    """Levels by stock item, in the order of their places."""
    out: dict[int, tuple[StockLevel, ...]] = {}
    for part in chunks(item_ids, AT_ONCE):
        for item, place, available, on_hand, reserved, active in tx.exec_driver_sql(
            _LEVELS[tx.dialect.name], (listed(tx, part),)
        ).all():
            level = StockLevel(place, available, on_hand, reserved, bool(active))
            out[item] = (*out[item], level) if item in out else (level,)
    return {
        item: found if len(found) < 2 else tuple(sorted(found, key=_place)) for item, found in out.items()
    }


def _place(level: StockLevel) -> str:
    return level.location_id


def item_of(row: Sequence[Any], levels: tuple[StockLevel, ...]) -> ItemRow:
    """The values of ITEM_COLUMNS as an item."""
    number, variant, item, product, sku, label, kind, tracked, tags, status, missed, came_back = row
    known, said = _KINDS[kind], bool(tracked)
    return ItemRow(
        number,
        variant,
        item,
        product,
        sku,
        label,
        known,
        said,
        _marks(tags),
        status,
        missed,
        came_back,
        levels,
    )


@lru_cache(1000)
def _marks(tags: str) -> tuple[str, ...]:
    return tuple(tags[1:-1].split("\n")) if tags else ()


def _stored(
    tx: Connection, connection_id: str, variant_ids: Iterable[str]
) -> dict[str, tuple[int, str, int]]:
    """(id, hash, missed) by variant id."""
    found = tx.exec_driver_sql(_STORED[tx.dialect.name], (connection_id, listed(tx, variant_ids))).all()
    return {variant: (item, content, missed) for variant, item, content, missed in found}


def _differing(
    wanted: Mapping[str, Fresh], stored: Mapping[str, tuple[int, str, int]]
) -> tuple[list[tuple[int, Fresh]], set[int], list[int]]:
    """Of the known items: those with another hash, those of them whose stored hash says nothing, and those
    that were missed before."""
    changed, unsure, back = [], set[int](), []
    for variant, (item, content, missed) in stored.items():
        if missed:
            back.append(item)
        made = wanted[variant]
        if content != made.hash:
            changed.append((item, made))
            if not made.comparable(content):
                unsure.add(item)
    return changed, unsure, back


def _rewrite(
    tx: Connection, changed: Sequence[tuple[int, Fresh]], unsure: set[int], sweep: int, only: frozenset[str]
) -> int:
    """Stores changed items; of `unsure` ones only the hash if their content is what is stored."""
    asked = [item for item, _ in changed if item in unsure]
    known = _content(tx, asked, only) if asked else {}
    same = [(f.hash, item) for item, f in changed if known.get(item) == f.content]
    run_many(tx, "UPDATE stock_items SET hash = ? WHERE id = ?", same)
    moved = [(item, f) for item, f in changed if known.get(item) != f.content]
    run_many(tx, _UPDATE, [(*f.row, f.hash, sweep, sweep, item) for item, f in moved])
    if only:
        rows = [(item, place) for item, _ in moved for place in only]
        run_many(tx, "DELETE FROM stock_levels WHERE stock_item = ? AND place = ?", rows)
    else:
        run_many(tx, "DELETE FROM stock_levels WHERE stock_item = ?", [(item,) for item, _ in moved])
    _write_levels(tx, moved)
    return len(moved)


def _content(tx: Connection, item_ids: Sequence[int], only: frozenset[str]) -> dict[int, str]:
    """The hash of what is stored, worked out anew."""
    shown = levels_of(tx, item_ids)
    query = select(i.id, *(stock_items.c[name] for name in HASHED)).where(among(tx, i.id, item_ids))
    return {
        row[0]: hash_of(
            tuple(row[1:]), [s for s in shown.get(row[0], ()) if not only or s.location_id in only]
        )
        for row in tx.execute(query)
    }


def _write_levels(tx: Connection, items: Sequence[tuple[int, Fresh]]) -> None:
    insert_many(tx, stock_levels, _LEVEL_COLUMNS, [(item, *level) for item, f in items for level in f.levels])


def _mark_seen(tx: Connection, connection_id: str, sweep: int, item_ids: Any) -> None:
    s = stock_sweeps.c
    part = tx.execute(
        select(func.max(s.part)).where(s.connection_id == connection_id, s.sweep == sweep)
    ).scalar()
    if part is None:
        raise ValueError(f"sweep {sweep} of this connection was never begun")
    row = {"connection_id": connection_id, "sweep": sweep, "part": part + 1, "seen": _pack(item_ids)}
    tx.execute(stock_sweeps.insert(), [row])


def _pack(ids: Any) -> bytes:
    return array("q", ids).tobytes()


def _unpack(packed: bytes) -> array[int]:
    ids = array("q")
    ids.frombytes(packed)
    return ids


def _has(bits: bytearray, item: int) -> bool:
    return bool(bits[item >> 3] & (1 << (item & 7)))
