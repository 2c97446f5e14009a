"""The calls that read the source fail: the start of a bulk query, the question how far it is, the download of
its result, and reading by id. Each by every fault, once and twice in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.proof.strikes import Series
from bench.stock_delta import variants

Raw = dict[str, Any]
ALL_FROM = 100
"""A proof of fewer calls takes only a few of these, too."""
_SAMPLED = 9
_BY_ID = "nodes"
OPERATIONS = {"bulk start": "bulkOperationRunQuery", "poll": "bulkOperation", "by id": _BY_ID}
_HOW = ("timeout_before", "reset", "server_error", "html_body", "truncated_json", "expired_token")
"""What the store of result files may do to a download."""


@dataclass(slots=True)
class Reads:
    """How many calls were struck, and what never was, in words."""

    struck: int = 0
    never: list[str] = field(default_factory=list)


def strike(series: Series, catalogue: Mapping[str, tuple[str, Raw]], *, every: bool) -> Reads:
    """All of them, or a few. The first run reads what the runs by id ask for, and shows that all is well."""
    found = Reads()
    series.carried(series.stores.source, (), "no fault at the source")
    ids = tuple(variants(series.stores, sorted(series.stores.wanted())))
    for what, fault in cases(catalogue, every=every):
        if series.noticed:
            break
        by_id = (fault.get("match") or {}).get("operation") == _BY_ID
        [hits] = series.carried(series.stores.source, [fault], what, ids=ids if by_id else ())
        found.struck += hits
        if not hits:
            found.never.append(f"{what}: never struck")
    return found


def cases(catalogue: Mapping[str, tuple[str, Raw]], *, every: bool) -> Sequence[tuple[str, Raw]]:
    """What is struck, in words and as the store takes it."""
    found: list[tuple[str, Raw]] = []
    for times in (1, 2) if every else (1,):
        for read, operation in OPERATIONS.items():
            for name, (fault, params) in catalogue.items():
                match = {"operation": operation}
                given = {"name": fault, "count": times, "match": match, "params": params}
                found.append((f"{name}, {read} × {times}", given))
        for how in _HOW:
            params = {"how": how, "hold": 30}
            found.append(
                (f"{how}, download × {times}", {"name": "download", "count": times, "params": params})
            )
    return found if every else found[::_SAMPLED]
