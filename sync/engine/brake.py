"""Brakes: what stops a run before its first write. Pure: figures in, hits out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sync.model.call import Change, Verb
from sync.model.entity import Entity
from sync.model.fields import parse_money
from sync.model.flow import Brakes
from sync.model.run import BrakeHit
from sync.model.text import say
from sync.model.values import Money


@dataclass(slots=True)
class Figures:
    """What the brake looks at. `source_count` records were read now, `source_before` in the last complete run
    (None: never); `stock_rows`/`prices` were compared, of which so many change in a suspicious way; of so
    many `products` so many are `hidden`."""

    source_count: int = 0
    source_before: int | None = None
    stock_rows: int = 0
    zeroed: int = 0
    products: int = 0
    hidden: int = 0
    prices: int = 0
    price_moves: int = 0
    wrong_currency: int = 0
    unmapped: tuple[str, ...] = ()


def count(figures: Figures, changes: Iterable[Change], brakes: Brakes) -> None:
    """Adds up what a plan's changes do to existing stock and prices."""
    for change in changes:
        if change.entity is Entity.STOCK and change.verb is Verb.SET:
            before, after = change.before("available"), change.after("available")
            figures.zeroed += int(after == 0 and isinstance(before, int) and before > 0)
        for diff in change.diffs:
            if diff.field == "price" and change.verb is Verb.UPDATE:
                figures.price_moves += int(
                    moved(parse_money(diff.before), parse_money(diff.after), brakes.price_move_percent)
                )


def moved(before: Money | None, after: Money | None, percent: int) -> bool:
    """Has a price moved by more than so many percent of what it was?"""
    if before is None or after is None or before.amount == 0 or before.currency != after.currency:
        return False
    return abs(after.amount - before.amount) * 100 > before.amount * percent


def hits(figures: Figures, brakes: Brakes, *, shares: bool) -> list[BrakeHit]:
    """The brakes that a run runs into. `shares` off (test runs, single records): only counts apply."""
    found = [
        *_source(figures, brakes, shares),
        *_stock(figures, brakes, shares),
        *_hidden(figures, brakes, shares),
        *_prices(figures, brakes, shares),
    ]
    if figures.unmapped:
        found.append(
            BrakeHit(
                "location.unmapped",
                say(
                    "No warehouse is mapped to {places}. Map it in Settings, or stock there stays as it is.",
                    places=", ".join(figures.unmapped),
                ),
                len(figures.unmapped),
            )
        )
    if figures.wrong_currency:
        found.append(
            BrakeHit(
                "currency.wrong",
                say(
                    "{count} prices are not in the shop's currency. Check the price list of the flow.",
                    count=figures.wrong_currency,
                ),
                figures.wrong_currency,
            )
        )
    return found


def _source(f: Figures, b: Brakes, shares: bool) -> Iterable[BrakeHit]:
    if b.empty_source and shares and f.source_count == 0:
        yield BrakeHit(
            "source.empty",
            say(
                "The source gave no records at all. Nothing was changed. If this is right, confirm to go on."
            ),
        )
    elif (
        shares and f.source_before and f.source_count * 100 < f.source_before * (100 - b.source_drop_percent)
    ):
        yield BrakeHit(
            "source.dropped",
            say(
                "The source gave {count} records; last time there were {before}. Nothing was changed. If "
                "this is right, confirm to go on.",
                count=f.source_count,
                before=f.source_before,
            ),
            f.source_count,
            f.source_before,
        )


def _stock(f: Figures, b: Brakes, shares: bool) -> Iterable[BrakeHit]:
    limit = _limit(f.stock_rows, b.zeroed_percent, b.zeroed_count, b.floor, shares)
    if f.zeroed > limit:
        yield BrakeHit(
            "stock.zeroed",
            say(
                "{count} of {all} stock rows would go to 0; the limit is {limit}. Nothing was changed. Look "
                "at the plan; if it is right, confirm to go on.",
                count=f.zeroed,
                all=f.stock_rows,
                limit=limit,
            ),
            f.zeroed,
            limit,
        )


def _hidden(f: Figures, b: Brakes, shares: bool) -> Iterable[BrakeHit]:
    """A product that is hidden sells no more than one at 0: the limits are the same."""
    limit = _limit(f.products, b.zeroed_percent, b.zeroed_count, b.floor, shares)
    if f.hidden > limit:
        yield BrakeHit(
            "stock.hidden",
            say(
                "{count} of {all} products would be made drafts or archived; the limit is {limit}. Nothing "
                "was changed. Look at the plan; if it is right, confirm to go on.",
                count=f.hidden,
                all=f.products,
                limit=limit,
            ),
            f.hidden,
            limit,
        )


def _prices(f: Figures, b: Brakes, shares: bool) -> Iterable[BrakeHit]:
    limit = _limit(f.prices, b.price_moves_share, b.price_moves_count, b.floor, shares)
    if f.price_moves > limit:
        yield BrakeHit(
            "price.moves",
            say(
                "{count} of {all} prices would move by more than {percent} %; the limit is {limit}. Nothing "
                "was changed. Look at the plan; if it is right, confirm to go on.",
                count=f.price_moves,
                all=f.prices,
                percent=b.price_move_percent,
                limit=limit,
            ),
            f.price_moves,
            limit,
        )


def _limit(compared: int, percent: int, most: int, floor: int, shares: bool) -> int:
    """How many are still fine: the count limit, or the share if that is less, but never under the floor."""
    share = max(floor, compared * percent // 100) if shares else most
    return min(most, share)
