"""Walking through a paged list that may shift under our feet, and knowing whether anything was missed.

Envelope (five public clients): {"page": 1, "size": 100, "total_elements": 1624, "total_pages": 17, "data":
[…]}, pages from 1. Sorted by ascending id, new records come last; a removed one moves the rest up, so that
one may slip by.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sync.connectors.sentos.shapes import id_of, object_of
from sync.connectors.sentos.wire import unwrapped
from sync.errors import BrokenContract
from sync.model.text import say
from sync.model.values import fingerprint

PAGE_SIZE = 100
MOST_PAGES = 100_000

Fetch = Callable[[int, bool], Any]


@dataclass(frozen=True, slots=True)
class Envelope:
    """One page as it came: its records, and the totals where the platform tells them."""

    data: list[Any]
    total: int | None
    pages: int | None


def envelope(raw: Any) -> Envelope:
    """A page; a bare array is a list without totals. BrokenContract for anything else."""
    cells = object_of(raw)
    if not isinstance(raw, list) and "data" not in cells:
        raise BrokenContract(say("Sentos answered without a list."), "no data", str(raw))
    if "data" in cells and not isinstance(cells["data"], list | Mapping) and cells["data"] is not None:
        raise BrokenContract(say("Sentos answered without a list."), "data is no list", str(raw))
    return Envelope(unwrapped(raw), _count(cells.get("total_elements")), _count(cells.get("total_pages")))


def _count(raw: Any) -> int | None:
    try:
        return max(0, int(raw))
    except (TypeError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Step:
    """One page of a sweep: records not seen before in this pass, and how far it got. `last` ends the
    sweep; `sound` then says that nothing was missed."""

    records: list[Any]
    page: int
    seen: int
    total: int | None
    last: bool = False
    sound: bool = False


class Sweep:
    """One walk from page `start`, of which `before` records were seen in earlier pages. `fetch(page,
    fresh)` gets one."""

    def __init__(self, fetch: Fetch, start: int = 1, before: int = 0) -> None:
        self._fetch, self._start, self._before = fetch, start, before

    def steps(self) -> Iterator[Step]:
        """All pages; once more from the first, if the count says that something slipped by. Records of the
        second walk that the first one brought are left out. The final step has no records, only the
        verdict."""
        given: set[str] = set()
        verdict = yield from self._walk(self._start, self._before, given, fresh=False)
        if not verdict.sound:
            verdict = yield from self._walk(1, 0, given, fresh=True)
        yield verdict

    def _walk(self, start: int, before: int, given: set[str], *, fresh: bool) -> Generator[Step, None, Step]:
        """One pass; returns its verdict. A short page proves nothing: the end is reached when the count
        is, or at a page that is empty or brings nothing new (there are servers that ignore the page
        number)."""
        here: set[str] = set()
        total: int | None = None
        shrunk = False
        for page in range(start, MOST_PAGES):
            found = envelope(self._fetch(page, fresh))
            shrunk = shrunk or (total is not None and found.total is not None and found.total < total)
            total = found.total
            new = {key: raw for raw in found.data if (key := record_key(raw)) not in here}
            here.update(new)
            yield Step([raw for key, raw in new.items() if key not in given], page, before + len(here), total)
            given.update(new)
            counted = total is not None and before + len(here) >= total
            if not new or (counted and found.pages is not None and page >= found.pages):
                break
        sound = not shrunk and (total is None or before + len(here) == total)
        return Step([], page, before + len(here), total, last=True, sound=sound)


def record_key(raw: Any) -> str:
    """What tells one record of a list from another."""
    return id_of(object_of(raw).get("id")) or fingerprint(raw)
