"""A store's own books: what it holds, and every stock row that moved."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import requests

from bench.parts.box import Box
from bench.parts.judge import Effect

_AT_ONCE = 5_000
_PATIENCE = 120.0


class Books:
    """Reads and writes one store behind the platform's back. Rows are named by SKU, locations by their
    number among the store's own, counted from 0."""

    def __init__(self, box: Box) -> None:
        self.box, self._seen = box, 0

    def levels(self, place: int) -> Iterator[tuple[str, int]]:
        """SKU and pieces for sale, of every row that the location stocks."""
        with requests.get(
            f"{self.box.process.control}/stock/levels.tsv",
            params={"place": str(place)},
            stream=True,
            timeout=_PATIENCE,
        ) as answer:
            answer.raise_for_status()
            answer.encoding = "utf-8"
            for line in answer.iter_lines(1 << 16, decode_unicode=True):
                _, sku, _, active, available, _ = line.split("\t")
                if active == "1":
                    yield sku, int(available)

    def mark(self) -> None:
        """From now on `effects` and `judged` tell only what comes later."""
        self._seen = int(self.judged()["last"])

    def judged(self) -> dict[str, Any]:
        """What the store says of the effects on its stock since the mark: how often each place was written,
        again, blindly."""
        found: dict[str, Any] = self.box.get("/stock/judge", since=self._seen)
        return found

    def effects(self, place: str, *, onward: bool = False) -> list[Effect]:
        """Stock rows at one location (its id) that moved since the mark, in order; `onward` moves the mark
        here."""
        answer = self.box.get("/ledger", since=self._seen)
        if onward:
            self._seen = answer["next"]
        end = place.rpartition("/")[2]
        return [
            _effect(row)
            for row in answer["effects"]
            if "inventory." in row["kind"] and row["target"].endswith(f"@{end}")
        ]

    def effects_of(self, sku: str) -> list[Effect]:
        """Every stock row of one SKU that ever moved, in order."""
        return [_effect(row) for row in self.box.get("/stock/effects", sku=sku)["effects"]]

    def add(self, pieces: Mapping[str, int], place: str = "") -> None:
        """By hand, SKU by SKU, so many more (or fewer) than there are."""
        self._hand([{"sku": sku, "delta": more, **_at(place)} for sku, more in pieces.items()])

    def set(self, pieces: Mapping[str, int], place: str = "") -> None:
        """By hand, SKU by SKU."""
        self._hand([{"sku": sku, "available": n, **_at(place)} for sku, n in pieces.items()])

    def sell(self, skus: Sequence[str], place: str = "") -> None:
        """One piece each."""
        self.add(dict.fromkeys(skus, -1), place)

    def change_all(self, dice: random.Random) -> None:
        """Every SKU gets another quantity, at the first location."""
        self.add({sku: dice.randrange(1, 90) for sku, _ in self.levels(0)})

    def _hand(self, rows: Sequence[Mapping[str, object]]) -> None:
        for start in range(0, len(rows), _AT_ONCE):
            self.box.post("/stock", {"rows": list(rows[start : start + _AT_ONCE])})


def _at(place: str) -> dict[str, str]:
    return {"location": place} if place else {}


def _effect(row: Mapping[str, Any]) -> Effect:
    return Effect(
        row["detail"]["sku"],
        row["before"],
        row["after"],
        row["kind"].startswith("hand."),
        bool(row["detail"].get("blind")),
        datetime.fromisoformat(row["at"]).timestamp(),
    )
