"""Connections with sealed secrets, and the small values that a connector keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection as Tx
from sqlalchemy import Row, delete, insert, select, update

from storage.clock import utc_now as now
from storage.database import Database
from storage.ids import new_id
from storage.tables.connections import connections, keeps, links
from storage.upsert import upsert
from storage.vault import Secrets, Vault
from sync.errors import NeedsOperator
from sync.model.codec import dump, load
from sync.model.flow import Connection
from sync.model.support import Check
from sync.model.text import Message, say


class Connections:
    """Reads and writes connections; secrets go in, and come out only through `secrets(id)`."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self.db, self.vault = db, vault

    def add(
        self,
        platform: str,
        name: str,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        sandbox: bool = False,
        speed: float = 1.0,
        identity: str = "",
    ) -> Connection:
        """A new connection. Raises NeedsOperator if the name is taken, or a speed is given for a real
        account."""
        _check_speed(sandbox, speed)
        row = {
            "id": new_id(),
            "platform": platform,
            "name": name.strip(),
            "settings": dict(settings),
            "sandbox": sandbox,
            "speed": speed,
            "status": "pending",
            "reason": None,
            "facts": {},
            "identity": identity,
            "checked_at": None,
            "created_at": now(),
        }
        with self.db.write(alone="vault") as tx:
            if tx.execute(select(connections.c.id).where(connections.c.name == row["name"])).first():
                raise NeedsOperator(
                    say("There is already a connection named {name}. Choose another name.", name=name)
                )
            # Sealed inside the transaction: a key rotation elsewhere waits for it and cannot miss it.
            tx.execute(insert(connections).values(**row, secrets=self.vault.seal(dict(secrets))))
        return self.get(str(row["id"]))

    def get(self, connection_id: str) -> Connection:
        """Raises NeedsOperator if it has been deleted."""
        with self.db.read() as tx:
            row = tx.execute(select(connections).where(connections.c.id == connection_id)).first()
        if row is None:
            raise NeedsOperator(say("This connection no longer exists."))
        return _connection(row)

    def all(self) -> list[Connection]:
        with self.db.read() as tx:
            return [
                _connection(r) for r in tx.execute(select(connections).order_by(connections.c.created_at))
            ]

    def secrets(self, connection_id: str) -> Secrets:
        with self.db.read() as tx:
            sealed = tx.execute(
                select(connections.c.secrets).where(connections.c.id == connection_id)
            ).scalar_one()
        return self.vault.open_secrets(sealed)

    def edit(
        self,
        connection_id: str,
        *,
        name: str | None = None,
        settings: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        speed: float | None = None,
        forget: Collection[str] = (),
    ) -> Connection:
        """Changes what is given. Empty secrets keep the stored ones (they are write-only), those named in
        `forget` go; kept tokens are forgotten."""
        old = self.get(connection_id)
        values: dict[str, Any] = {"status": "pending"}
        if name is not None:
            values["name"] = name.strip()
        if settings is not None:
            values["settings"] = dict(settings)
        if speed is not None:
            _check_speed(old.sandbox, speed)
            values["speed"] = speed
        with self.db.write(alone="vault") as tx:
            if forget or (secrets and any(secrets.values())):
                values["secrets"] = self._sealed_again(tx, connection_id, secrets or {}, forget)
            tx.execute(update(connections).where(connections.c.id == connection_id).values(values))
            tx.execute(delete(keeps).where(keeps.c.connection_id == connection_id))
        return self.get(connection_id)

    def _sealed_again(
        self, tx: Tx, connection_id: str, secrets: Mapping[str, str], forget: Collection[str]
    ) -> str:
        """The stored secrets with those given, sealed. Read and sealed inside the transaction: neither a key
        rotation nor another edit can fall in between."""
        stored = self.vault.open_secrets(
            tx.execute(select(connections.c.secrets).where(connections.c.id == connection_id)).scalar_one()
        )
        kept = {k: v for k, v in stored.items() if k not in forget}
        return self.vault.seal({**kept, **{k: v for k, v in secrets.items() if v}})

    def rename(self, connection_id: str, name: str) -> None:
        """Another name; nothing else changes."""
        with self.db.write() as tx:
            tx.execute(update(connections).where(connections.c.id == connection_id).values(name=name.strip()))

    def readdress(self, connection_id: str, settings: Mapping[str, str]) -> None:
        """A sandbox came back on another port: nothing but its address has changed."""
        with self.db.write() as tx:
            tx.execute(
                update(connections).where(connections.c.id == connection_id).values(settings=dict(settings))
            )

    def record_check(self, connection_id: str, check: Check | None, reason: Message | None) -> Connection:
        """Stores a test's result. The first identity stays: another account behind the same connection is
        refused by the caller before it comes here."""
        old = self.get(connection_id)
        ok = check is not None and check.ok
        values = {
            "status": "connected" if ok else "failed",
            "reason": dump(reason),
            "checked_at": now(),
            "facts": dict(check.facts) if check else dict(old.facts),
            "identity": old.identity or (check.identity if check else ""),
        }
        with self.db.write() as tx:
            tx.execute(update(connections).where(connections.c.id == connection_id).values(values))
        return replace(old, status=str(values["status"]), reason=reason, identity=str(values["identity"]))

    def hangs_on(self, connection_id: str) -> list[str]:
        """Names of the links that use a connection."""
        with self.db.read() as tx:
            return list(
                tx.execute(
                    select(links.c.name).where((links.c.a == connection_id) | (links.c.b == connection_id))
                ).scalars()
            )

    def delete(self, connection_id: str) -> None:
        """Deletes it with its links, flows, bindings and runs; both platforms stay untouched."""
        with self.db.write() as tx:
            tx.execute(delete(links).where((links.c.a == connection_id) | (links.c.b == connection_id)))
            tx.execute(delete(connections).where(connections.c.id == connection_id))


class KeepStore:
    """The `Keep` of one connection: sealed small values with an optional expiry."""

    def __init__(self, db: Database, vault: Vault, connection_id: str) -> None:
        self.db, self.vault, self.connection_id = db, vault, connection_id

    def get(self, name: str) -> str | None:
        with self.db.read() as tx:
            row = tx.execute(select(keeps.c.value, keeps.c.expires_at).where(*self._at(name))).first()
        if row is None or (row.expires_at is not None and row.expires_at <= now()):
            return None
        return dict(self.vault.open_secrets(row.value)).get("value")

    def put(self, name: str, value: str, expires_at: datetime | None = None) -> None:
        with self.db.write(alone="vault") as tx:
            row = {"connection_id": self.connection_id, "name": name, "expires_at": expires_at}
            sealed = {**row, "value": self.vault.seal({"value": value})}
            upsert(tx, keeps, [sealed], key=["connection_id", "name"])

    def drop(self, name: str) -> None:
        with self.db.write() as tx:
            tx.execute(delete(keeps).where(*self._at(name)))

    def _at(self, name: str) -> tuple[Any, Any]:
        return keeps.c.connection_id == self.connection_id, keeps.c.name == name


def _check_speed(sandbox: bool, speed: float) -> None:
    if not sandbox and speed != 1.0:
        raise NeedsOperator(say("A speed factor is only for the sandbox: real accounts keep real time."))


def _connection(row: Row[Any]) -> Connection:
    return Connection(
        id=row.id,
        platform=row.platform,
        name=row.name,
        settings=row.settings,
        sandbox=row.sandbox,
        speed=row.speed,
        status=row.status,
        reason=load(Message, row.reason) if row.reason else None,
        facts=row.facts,
        identity=row.identity,
        checked_at=row.checked_at,
    )
