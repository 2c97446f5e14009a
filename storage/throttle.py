"""Slows down guessing: failed sign-ins are remembered per name and per address, also across restarts."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select

from storage.clock import Clock, utc_now
from storage.database import Database
from storage.tables.people import sign_in_failures
from storage.upsert import upsert
from storage.users import name_key


@dataclass(frozen=True)
class Limit:
    """So many failures are free; then the wait doubles from one second up to `longest` seconds. `forget`
    after calm."""

    free: int
    longest: float
    forget: timedelta


LIMITS = {"name": Limit(3, 60, timedelta(hours=1)), "address": Limit(10, 3600, timedelta(hours=24))}
"""A name waits a minute at most: otherwise strangers could lock its owner out for ever."""

Key = tuple[str, str]


class SignInThrottle:
    """Counts failures and says how long to wait."""

    def __init__(self, db: Database, clock: Clock = utc_now) -> None:
        self._db = db
        self._clock = clock

    def allowed(self, name: str, address: str) -> float:
        """Seconds to wait before the next attempt is heard; 0.0 means now."""
        with self._db.read() as connection:
            return _wait(_rows(connection, _keys(name, address)), self._clock())

    def failed(self, name: str, address: str) -> None:
        """Counts one failed attempt."""
        with self._db.write(alone="sign-in") as connection:
            _count(connection, _keys(name, address), self._clock())

    def reserve(self, name: str, address: str) -> float:
        """`allowed` and, if so, `failed` in one transaction: call it before looking at the password, so that
        a hundred attempts at once do not all see an empty record. `succeeded` takes it back."""
        keys, now = _keys(name, address), self._clock()
        with self._db.write(alone="sign-in") as connection:
            wait = _wait(_rows(connection, keys), now)
            if not wait:
                _count(connection, keys, now)
        return wait

    def succeeded(self, name: str, address: str) -> None:
        """Forgets the failures of this name, and what `reserve` counted for this address.

        The address keeps its other failures: whoever has a name of their own here would else guess at other
        names and sign in between, so that the guesses never add up.
        """
        of_name, of_address = _keys(name, address)
        now = self._clock()
        with self._db.write(alone="sign-in") as connection:
            before = _rows(connection, [of_address]).get(of_address)
            if before is not None and before[0] > 1:
                row = _row(of_address, before[0] - 1, now, now)
                upsert(connection, sign_in_failures, [row], key=["kind", "key_hash"])
            else:
                connection.execute(delete(sign_in_failures).where(_is_one_of([of_address])))
            connection.execute(delete(sign_in_failures).where(_is_one_of([of_name])))

    def forget_all(self) -> None:
        """Nobody waits any more: for whoever has the machine itself and resets a password."""
        with self._db.write(alone="sign-in") as connection:
            connection.execute(delete(sign_in_failures))


def _keys(name: str, address: str) -> list[Key]:
    return [("name", _hash(name_key(name))), ("address", _hash(_network(address)))]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _network(address: str) -> str:
    """IPv6 by its /64, which is what one household or one rented machine has; anything else as it is."""
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _is_one_of(keys: list[Key]) -> ColumnElement[bool]:
    table = sign_in_failures.c
    return or_(*(and_(table.kind == kind, table.key_hash == key) for kind, key in keys))


def _rows(connection: Connection, keys: list[Key]) -> dict[Key, tuple[int, datetime, datetime]]:
    found = connection.execute(select(sign_in_failures).where(_is_one_of(keys))).mappings()
    return {
        (row["kind"], row["key_hash"]): (row["failures"], row["failed_at"], row["open_at"]) for row in found
    }


def _wait(rows: dict[Key, tuple[int, datetime, datetime]], now: datetime) -> float:
    return max([0.0, *((open_at - now).total_seconds() for _, _, open_at in rows.values())])


def _count(connection: Connection, keys: list[Key], now: datetime) -> None:
    before = _rows(connection, keys)
    rows = [_next(key, before.get(key), now) for key in keys]
    upsert(connection, sign_in_failures, rows, key=["kind", "key_hash"])
    oldest = now - max(limit.forget for limit in LIMITS.values())
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.failed_at < oldest))


def _next(key: Key, before: tuple[int, datetime, datetime] | None, now: datetime) -> dict[str, object]:
    limit = LIMITS[key[0]]
    known = before is not None and now - before[1] < limit.forget
    failures = 1 + (before[0] if before and known else 0)
    over = failures - limit.free
    wait = min(limit.longest, 2.0 ** min(over - 1, 30)) if over > 0 else 0.0
    return _row(key, failures, now, now + timedelta(seconds=wait))


def _row(key: Key, failures: int, failed_at: datetime, open_at: datetime) -> dict[str, object]:
    return {
        "kind": key[0],
        "key_hash": key[1],
        "failures": failures,
        "failed_at": failed_at,
        "open_at": open_at,
    }
