"""Ids of log rows: microseconds since 1970, made unique, so that the order of ids is the order of time."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from storage.tables.logs import logs

ASKED_AT_ONCE = 500
NEAR = 1_000_000
"""Microseconds. Rows written one after the other within this time keep the order in which they were
written."""


def free_ids(connection: Connection, moments: Sequence[int], last: int) -> list[int]:
    """One unused id for each of the ascending `moments`, at it or a little later; ascending.

    `last` is the id given out most recently by this process: rows of the same moment queue up behind it.
    """
    ids = _ascending(moments, last)
    taken: set[int] = set()
    while found := _taken(connection, ids):
        taken |= found
        ids = _around(ids, taken)
    return ids


def _ascending(moments: Sequence[int], last: int) -> list[int]:
    ids: list[int] = []
    before = last if 0 <= last - moments[0] < NEAR else moments[0] - 1
    for moment in moments:
        before = max(moment, before + 1)
        ids.append(before)
    return ids


def _taken(connection: Connection, ids: list[int]) -> set[int]:
    found: set[int] = set()
    for start in range(0, len(ids), ASKED_AT_ONCE):
        some = ids[start : start + ASKED_AT_ONCE]
        found |= set(connection.execute(select(logs.c.id).where(logs.c.id.in_(some))).scalars())
    return found


def _around(ids: list[int], taken: set[int]) -> list[int]:
    """The same ids moved on past the taken ones."""
    moved: list[int] = []
    before = ids[0] - 1
    for wanted in ids:
        before = max(wanted, before + 1)
        while before in taken:
            before += 1
        moved.append(before)
    return moved
