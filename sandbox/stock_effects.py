"""Effects on stock, as many as a million, in arrays: who set which item at which place from what to what."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Obj = dict[str, Any]
SET, ADJUSTED = "inventory.set", "inventory.adjusted"
BY_HAND, SOLD = "hand.inventory.set", "hand.inventory.sold"
KINDS = (SET, ADJUSTED, BY_HAND, SOLD)
_CODES = {kind: n for n, kind in enumerate(KINDS)}
# Adjustments are listed as what they are to the stock: set to another quantity.
LISTED = {ADJUSTED: SET}


@dataclass(slots=True)
class StockEffect:
    """One change of one quantity. ``item`` and ``place`` are numbers (of gids); ``blind`` means that the
    writer did not say what it expected to find."""

    kind: str
    item: int
    place: int
    sku: str | None
    name: str
    before: int
    after: int
    key: str | None = None
    blind: bool = False


class StockEffects:
    """Stock effects in the order in which they happened."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all of them."""
        self.seq, self.at, self.t = array("I"), array("d"), array("d")
        self.item, self.before, self.after = array("q"), array("q"), array("q")
        self.kind, self.name, self.blind = bytearray(), bytearray(), bytearray()
        self.place, self.key = array("H"), array("I")
        self.skus: list[str | None] = []
        self._counts: Counter[str] = Counter()
        self._places: dict[int, int] = {}
        self._names: dict[str, int] = {}
        self._keys: dict[str | None, int] = {}
        self.key_texts: list[str | None] = []
        self.name_texts: list[str] = []
        self.place_numbers: list[int] = []

    @property
    def counts(self) -> Counter[str]:
        """How many there are of each kind, as listed."""
        found: Counter[str] = Counter()
        for kind, count in self._counts.items():
            found[LISTED.get(kind, kind)] += count
        return found

    def __len__(self) -> int:
        return len(self.seq)

    def add(self, seq: int, at: float, t: float, effect: StockEffect) -> None:
        """Write one down; ``at`` is the wall clock (epoch seconds), ``t`` scaled seconds."""
        self.seq.append(seq)
        self.at.append(at)
        self.t.append(t)
        self.item.append(effect.item)
        self.before.append(effect.before)
        self.after.append(effect.after)
        self.kind.append(_CODES[effect.kind])
        self.blind.append(effect.blind)
        self.skus.append(effect.sku)
        self.place.append(_code(self._places, self.place_numbers, effect.place))
        self.name.append(_code(self._names, self.name_texts, effect.name))
        self.key.append(_code(self._keys, self.key_texts, effect.key))
        self._counts[effect.kind] += 1

    def effect(self, n: int) -> StockEffect:
        """The n-th effect."""
        return StockEffect(
            KINDS[self.kind[n]], self.item[n], self.place_numbers[self.place[n]], self.skus[n],
            self.name_texts[self.name[n]], self.before[n], self.after[n], self.key_texts[self.key[n]],
            bool(self.blind[n]),
        )  # fmt: skip

    def entry(self, n: int, args_hash: Any) -> Obj:
        """The n-th effect as the ledger lists it; ``args_hash`` hashes the arguments of its row."""
        one = self.effect(n)
        by_hand = one.kind.startswith("hand.")
        return {
            "seq": self.seq[n],
            "at": datetime.fromtimestamp(self.at[n], UTC).isoformat(),
            "t": round(self.t[n], 3),
            "kind": LISTED.get(one.kind, one.kind),
            "target": f"{one.item}@{one.place}",
            "key": one.key,
            "args_hash": None if by_hand else args_hash(_arguments(one)),
            "before": one.before,
            "after": one.after,
            "detail": {"sku": one.sku, "name": one.name, "as": one.kind, "blind": one.blind},
        }

    def restore(self, entry: Obj) -> bool:
        """Take back an entry that was listed; False when it is not about stock."""
        detail = entry["detail"]
        if entry["kind"] not in KINDS or "name" not in detail:
            return False
        item, _, place = entry["target"].partition("@")
        at = datetime.fromisoformat(entry["at"]).timestamp()
        effect = StockEffect(
            detail.get("as", entry["kind"]), int(item), int(place), detail.get("sku"), detail["name"],
            entry["before"], entry["after"], entry["key"], bool(detail.get("blind")),
        )  # fmt: skip
        self.add(entry["seq"], at, entry["t"], effect)
        return True

    def after_seq(self, since: int) -> Iterator[int]:
        """Places (in these arrays) of the effects with a sequence number above ``since``."""
        low, high = 0, len(self.seq)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.seq[middle] <= since else (low, middle)
        return iter(range(low, len(self.seq)))


def _code(codes: dict[Any, int], texts: list[Any], value: Any) -> int:
    found = codes.get(value)
    if found is None:
        found = codes[value] = len(texts)
        texts.append(value)
    return found


def _arguments(one: StockEffect) -> Obj:
    """The row of the call that brought an effect about."""
    row: Obj = {
        "inventoryItemId": f"gid://shopify/InventoryItem/{one.item}",
        "locationId": f"gid://shopify/Location/{one.place}",
        "changeFromQuantity": None if one.blind else one.before,
    }
    change = {"delta": one.after - one.before} if one.kind == ADJUSTED else {"quantity": one.after}
    return {**row, **change}
