"""Whatever the source shows, the destination sells and the runs meet: no piece is sold twice, also not many
changes of the source later."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import example, given
from hypothesis import strategies as st

from sync.engine.stock import NOTHING, Case, Decision, Do, Rules, Told, Trust, decide

FEW = st.integers(1, 6)
STEPS = st.lists(
    st.tuples(st.just("source"), st.integers(0, 30))
    | st.tuples(st.just("sell"), FEW)
    | st.tuples(st.just("return"), FEW)
    | st.tuples(st.just("order"), FEW)
    | st.tuples(st.just("take"), st.just(0))
    | st.tuples(st.just("buffer"), st.integers(0, 4))
    | st.tuples(st.sampled_from(["run", "full", "unread", "reasoned"]), st.integers(0, 3)),
    max_size=25,
)
RULES = st.builds(Rules, increase_twice=st.booleans())


def total(told: Told) -> int:
    return told.older + told.later


@dataclass
class Shelf:
    """One item: what the source shows, what the destination shows, and how much was `sold` there without
    anybody telling. Of these, `open` are in orders that an order flow takes over: with that the source falls
    by them, and they are `told` (both by when they were placed: before the row was settled, or later).
    `counts`: are open orders taken off where the source's word holds? The rest is what the flow remembers."""

    rules: Rules
    source: int = 10
    shown: int = 10
    sold: int = 0
    open: Told = NOTHING
    told: Told = NOTHING
    counts: bool = True
    forgetful: bool = False
    read: int = 10
    base: tuple[int, int] | None = None
    untold: int = 0
    rising: int | None = None
    overselling: bool = True

    def step(self, what: str, n: int) -> None:
        if what == "source":
            self.source = n
        elif what == "sell":
            n = n if self.overselling else max(0, min(n, self.shown))
            self.shown, self.sold = self.shown - n, self.sold + n
        elif what == "order":
            before = self.sold
            self.step("sell", n)
            self.open = replace(self.open, later=self.open.later + self.sold - before)
        elif what == "take":
            self.take()
        elif what == "return":
            n = min(n, self.sold - total(self.open))
            self.shown, self.sold = self.shown + n, self.sold - n
        elif what == "buffer":
            if self.base is not None:
                self.base = (self.base[0] + n - self.rules.buffer, self.base[1])
            self.rules = replace(self.rules, buffer=n)
        else:
            self.run(what, n)

    def take(self) -> None:
        """The order flow takes all open orders over: the source knows them at once."""
        pieces = total(self.open)
        self.told = Told(self.told.older + self.open.older, self.told.later + self.open.later)
        self.source, self.sold, self.open = self.source - pieces, self.sold - pieces, NOTHING

    def run(self, what: str, meanwhile: int) -> None:
        """A run, in which the destination sells some between being read and being written to."""
        word = what == "reasoned" or self.base is None
        if word and not self.counts:
            self.take()  # what the check before such a run asks for
        if what != "unread":  # single items and deltas go by what was last read
            self.read = self.shown
        if word:
            self.believe()
        trust = Trust.WORD if word else Trust.ALIGN if what == "full" else Trust.MERGE
        flying = total(self.open) if self.counts else 0
        case = Case(self.source, self.read, self.base, flying, self.rising, self.untold, self.told)
        found = decide(case, replace(self.rules, trust=trust))
        if found.do is Do.WRITE:
            self.step("sell", meanwhile)
            if self.shown != self.read:
                found, case = self.again(case, word)
        self.rising = self.source if found.do in (Do.KEEP, Do.HOLD) else None
        fresh = what != "unread" or found.do is Do.WRITE
        if found.do is Do.WRITE or found.do is Do.SETTLE and (fresh or not flying and self.told == NOTHING):
            self.settle(found, fresh)

    def believe(self) -> None:
        """Somebody says that the source's figure is true."""
        self.sold = self.read - self.shown + total(self.open)

    def again(self, case: Case, word: bool) -> tuple[Decision, Case]:
        """Compare-and-set refused: decided anew by what is there, as `Deciding.again` does."""
        base = self.base if self.base is not None and not word else (self.source - 1, case.shown or 0)
        self.read = self.shown
        case = replace(
            case,
            shown=self.shown,
            base=base,
            untold=case.in_flight if word else case.untold,
            told=NOTHING if word else case.told,
            rising=self.source,
        )
        return decide(case, replace(self.rules, trust=Trust.ALIGN if word else Trust.MERGE)), case

    def settle(self, found: Decision, fresh: bool) -> None:
        if found.do is Do.WRITE:
            self.shown = found.value
        self.base = (self.source if found.settles is None else found.settles, found.value)
        self.read, self.untold = found.value, 0 if self.forgetful else found.untold
        if fresh:
            self.open, self.told = Told(older=total(self.open)), NOTHING

    @property
    def right(self) -> int:
        """What the destination may sell: the source's figure without the pieces that are sold already."""
        return max(0, self.source - self.rules.buffer - self.sold)


@given(rules=RULES, steps=STEPS, counts=st.booleans())
@example(Rules(), [("run", 0), ("sell", 3), ("source", 9), ("run", 0), ("source", 8), ("run", 0)], True)
@example(Rules(), [("run", 0), ("sell", 1), ("source", 9), ("run", 0)], True)
@example(
    Rules(),
    [
        ("run", 0),
        ("sell", 3),
        ("source", 2),
        ("run", 0),
        ("return", 1),
        ("run", 0),
        ("source", 9),
        ("run", 0),
    ],
    True,
)
def test_what_was_sold_at_the_destination_is_never_on_sale_again(
    rules: Rules, steps: list[tuple[str, int]], counts: bool
) -> None:
    shelf = Shelf(rules, counts=counts)
    for what, n in [("run", 0), *steps, ("run", 0)]:
        shelf.step(what, n)
        assert shelf.base is not None and shelf.untold >= 0
        known = max(0, shelf.untold - shelf.told.older) + shelf.base[1] - shelf.shown - shelf.told.later
        assert known == shelf.sold, "a piece was forgotten or made up"
        if what in ("run", "full", "reasoned"):
            assert shelf.shown <= shelf.right, shelf


@given(steps=STEPS, counts=st.booleans())
def test_and_nothing_is_withheld_once_both_sides_were_read(
    steps: list[tuple[str, int]], counts: bool
) -> None:
    """The other half: once the source moves again, what is not sold is on sale. (Its rises need not be seen
    twice, and the store sells no piece that it does not show.)"""
    shelf = Shelf(Rules(), overselling=False, counts=counts)
    for what, n in [("run", 0), *steps, ("source", 31), ("run", 0), ("run", 0)]:
        shelf.step(what, n)
    assert max(0, shelf.shown) == shelf.right, shelf


def test_the_property_can_fail() -> None:
    """Without a memory the three pieces are on sale again two changes later."""
    shelf = Shelf(Rules(), forgetful=True)
    for what, n in (("run", 0), ("sell", 3), ("source", 9), ("run", 0), ("source", 8), ("run", 0)):
        shelf.step(what, n)
    assert (shelf.shown, shelf.right) == (8, 5)
