"""An installation in which every word that came from outside is an attack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, select, update

from storage.tables.connections import connections, links
from storage.tables.logs import logs
from storage.tables.people import users
from storage.tables.sync import attention, changes, decisions, run_items, runs
from sync.application import Application
from tests.pages import seed

#: Every way in which Streamlit's Markdown makes something of a text: HTML, picture, link, bare address, bold,
#: code, formula, colour, icon, emoji. Short, because names are cut at forty signs.
ATTACK = (
    "<zq>![zq](//zq.test/p)[zq](//zq.test)https://zq.test **zq** `zq` $zq$ :red[zq] :zq: "
    "<img src=//zq.test/i onerror=zq()>"
)
#: What is left of it where nothing was escaped.
LIVE = re.compile(r"(?<!\\)(?:</?zq|!\[zq|\[zq|\*zq|`zq|\$zq|:zq|<img)|://zq")

_TEXT = {
    connections: ("name",),
    links: ("name",),
    users: ("name",),
    run_items: ("label", "sku", "source_id"),
    changes: ("label",),
    attention: ("label", "sku"),
    decisions: ("target_id", "by"),
    runs: ("started_by",),
    logs: ("record", "sku", "detail"),
}
_SENTENCES = {
    connections: ("reason",),
    runs: ("error", "brakes"),
    run_items: ("message",),
    changes: ("message", "diffs"),
    attention: ("message", "facts"),
    logs: ("params",),
}


def poisoned(ws: Application) -> seed.Shop:
    """A believable installation, and then an attack in every text of it that a platform or a colleague
    wrote."""
    shop = seed.everything(ws, 12)
    seed.braked(ws, shop, 12)
    seed.running(ws, shop, 12)
    with ws.db.write() as tx:
        tx.execute(
            update(connections).values(
                status="failed", reason={"id": "There is no host {host}.", "params": {"host": "x"}}
            )
        )
        for table in {*_TEXT, *_SENTENCES}:
            _poison(tx, table)
    return shop


def _poison(tx: Any, table: Table) -> None:
    key = next(iter(table.primary_key.columns)) if table is not decisions else table.c.record_id
    for row in tx.execute(select(table)).mappings().all():
        words = {name: f"{row[name] or ''}{ATTACK}{row[key.name]}"[:400] for name in _TEXT.get(table, ())}
        sentences = {name: _in_all(row[name]) for name in _SENTENCES.get(table, ())}
        tx.execute(update(table).where(key == row[key.name]).values(**words, **sentences))


def _in_all(value: Any) -> Any:
    """The same structure with the attack in every text that is a value; ids of sentences and names of
    fields are ours."""
    if isinstance(value, Mapping):
        return {name: one if name in _OURS else _in_all(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_in_all(one) for one in value]
    return value + ATTACK if isinstance(value, str) else value


_OURS = ("id", "code", "field", "kind", "$type", "candidates", "$", "key", "cause")
