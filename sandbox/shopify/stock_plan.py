"""A generated stock catalogue as pure arithmetic: which SKU, which dirt and how many pieces row ``n`` has.

Row ``n`` of every store of this kind has the same SKU as long as ``n`` is below ``common``; from there on
SKUs carry the shop's own name. Quantities depend on the row, the place and ``seed``: equal seeds show equal
levels everywhere, other seeds (that differ by anything but a multiple of 1,000) show another level in every
row."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

SIZES = ("S", "M", "L", "XL")
WORDS = ("SKU", "ÖRGÜ", "TRN", "ŞAL")
ACCENTED = ("ÖRGÜ", "ŞAL")
DIRT = ("duplicate", "empty", "untracked", "bundle", "blanks", "case", "dash", "nfd")
GIFT = "gift_card"
SPREAD = 1000
_MIX = 2_654_435_761


def word(n: int) -> str:
    """What the SKU of row ``n`` begins with: mixed, so that every dirt meets every word."""
    return WORDS[(n * _MIX >> 16) & 3]


@dataclass(frozen=True)
class StockPlan:
    """``skus`` rows, the first ``common`` of them shared with other stores; ``dirt`` is the share (0 to 1) of
    dirty rows, ``unstocked`` the share of rows that the last place does not stock."""

    shop: str
    skus: int
    common: int
    seed: int = 1
    dirt: float = 0.0
    unstocked: float = 0.0

    @property
    def products(self) -> int:
        """Products of up to four variants each."""
        return -(-self.skus // len(SIZES))

    @property
    def _period(self) -> int:
        return max(4, round(1 / self.dirt)) if self.dirt else 0

    def dirt_of(self, n: int) -> str:
        """Which dirt row ``n`` carries: one of DIRT, ``gift_card`` (a whole product), or none."""
        period = self._period
        if not period:
            return ""
        if self.is_gift(n // len(SIZES)):
            return GIFT
        if n % period != self.seed * 7 % period:
            return ""
        return self._spelled(n, DIRT[(n // period) % len(DIRT)])

    def _spelled(self, n: int, kind: str) -> str:
        if kind == "duplicate" and self.twin(n) >= self.skus:
            return "case"
        accented = n < self.common and word(n) in ACCENTED
        return "blanks" if kind == "nfd" and not accented else kind

    def twin(self, n: int) -> int:
        """The clean row of the same product whose SKU a duplicate has (gift cards are whole products)."""
        return n - 1 if n % len(SIZES) else n + 1

    def is_gift(self, product: int) -> bool:
        """Whether a product is a gift card, and so all its variants."""
        period = min(9 * self._period, max(1, self.products))
        return bool(self._period) and product % period == self.seed * 7 % period

    def clean(self, n: int) -> str:
        """The SKU of row ``n`` as a tidy merchant writes it."""
        if n >= self.common:
            return f"{self.shop.upper()}-{n:07d}"
        return f"{word(n)}-{n:07d}"

    def sku(self, n: int) -> str | None:
        """The SKU of row ``n`` as this store has it."""
        kind, clean = self.dirt_of(n), self.clean(n)
        if kind == "empty":
            return None if (n // self._period) % 16 < 8 else ""
        if kind == "duplicate":
            return self.clean(self.twin(n))
        if kind == "blanks":
            return f" {clean}" if n % 4 < 2 else f"{clean} "
        spellings = {"case": clean.lower(), "dash": clean.replace("-", "\u2013")}
        spellings["nfd"] = unicodedata.normalize("NFD", clean)
        return spellings.get(kind, clean)

    def clean_skus(self) -> Iterator[str]:
        """The clean SKU of every row, quickly."""
        words = WORDS
        for n in range(min(self.common, self.skus)):
            yield f"{words[(n * _MIX >> 16) & 3]}-{n:07d}"
        yield from (self.clean(n) for n in range(self.common, self.skus))

    def dirty_rows(self) -> Iterator[int]:
        """Rows that carry a dirt of their own (gift cards are whole products)."""
        period = self._period
        if period:
            first = self.seed * 7 % period
            yield from (n for n in range(first, self.skus, period) if self.dirt_of(n) != GIFT)

    def shift(self, place: int) -> int:
        """What is added to a row's share before it is cut to the spread: see ``available``."""
        return place * 104_729 + self.seed * 37

    def available(self, n: int, place: int) -> int:
        """Pieces for sale, 0 to 999."""
        return (n * 7919 + self.shift(place)) % SPREAD

    def committed(self, n: int) -> int:
        """Pieces promised to orders, at the first place; every twentieth row has some."""
        return 1 + n % 3 if n % 20 == 0 else 0

    def is_stocked(self, n: int, place: int, places: int) -> bool:
        """Whether a place stocks the row: always the first."""
        if place == 0 or place < places - 1 or not self.unstocked:
            return True
        return n % max(2, round(1 / self.unstocked)) != 1

    def counts(self) -> dict[str, int]:
        """Rows by dirt; ``clean`` are the others."""
        found = Counter(self.dirt_of(n) for n in self.dirty_rows())
        size = len(SIZES)
        gifts = sum(min(size, self.skus - p * size) for p in range(self.products) if self.is_gift(p))
        if gifts:
            found[GIFT] = gifts
        return {"clean": self.skus - sum(found.values()), **found}
