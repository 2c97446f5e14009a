"""Whatever the source shows, the destination sells and the runs meet: no piece is sold twice, also not many
changes of the source later."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import example, given
from hypothesis import strategies as st

from sync.engine.stock import Case, Decision, Do, Rules, Trust, decide

FEW = st.integers(1, 6)
STEPS = st.lists(
    st.tuples(st.just("source"), st.integers(0, 30))
    | st.tuples(st.just("sell"), FEW)
    | st.tuples(st.just("return"), FEW)
    | st.tuples(st.just("buffer"), st.integers(0, 4))
    | st.tuples(st.sampled_from(["run", "full", "unread", "reasoned"]), st.integers(0, 3)),
    max_size=25,
)
RULES = st.builds(Rules, increase_twice=st.booleans(), carry=st.just(True))


@dataclass
class Shelf:
    """One item: what the source shows, what the destination shows, and how much was `sold` there without
    anybody telling. The rest is what the flow remembers."""

    rules: Rules
    source: int = 10
    shown: int = 10
    sold: int = 0
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
        elif what == "return":
            n = min(n, self.sold)
            self.shown, self.sold = self.shown + n, self.sold - n
        elif what == "buffer":
            if self.base is not None:
                self.base = (self.base[0] + n - self.rules.buffer, self.base[1])
            self.rules = replace(self.rules, buffer=n)
        else:
            self.run(what, n)

    def run(self, what: str, meanwhile: int) -> None:
        """A run, in which the destination sells some between being read and being written to."""
        word = what == "reasoned" or self.base is None
        if what != "unread":  # single items and deltas go by what was last read
            self.read = self.shown
        if word:
            self.sold = self.read - self.shown
        trust = Trust.WORD if word else Trust.ALIGN if what == "full" else Trust.MERGE
        case = Case(self.source, self.read, self.base, rising=self.rising, untold=self.untold)
        found = decide(case, replace(self.rules, trust=trust))
        if found.do is Do.WRITE:
            self.step("sell", meanwhile)
            if self.shown != self.read:
                found, case = self.again(case, word)
        self.rising = self.source if found.do in (Do.KEEP, Do.HOLD) else None
        if found.do in (Do.WRITE, Do.SETTLE):
            self.settle(found)

    def again(self, case: Case, word: bool) -> tuple[Decision, Case]:
        """Compare-and-set refused: decided anew by what is there, as `Deciding.again` does."""
        base = self.base if self.base is not None and not word else (self.source - 1, case.shown or 0)
        self.read = self.shown
        case = replace(
            case, shown=self.shown, base=base, untold=0 if word else case.untold, rising=self.source
        )
        return decide(case, replace(self.rules, trust=Trust.ALIGN if word else Trust.MERGE)), case

    def settle(self, found: Decision) -> None:
        if found.do is Do.WRITE:
            self.shown = found.value
        self.base = (self.source if found.settles is None else found.settles, found.value)
        self.read, self.untold = found.value, found.untold

    @property
    def right(self) -> int:
        """What the destination may sell: the source's figure without the pieces that are sold already."""
        return max(0, self.source - self.rules.buffer - self.sold)


@given(rules=RULES, steps=STEPS)
@example(Rules(carry=True), [("run", 0), ("sell", 3), ("source", 9), ("run", 0), ("source", 8), ("run", 0)])
@example(Rules(carry=True), [("run", 0), ("sell", 1), ("source", 9), ("run", 0)])
@example(
    Rules(carry=True),
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
)
def test_what_was_sold_at_the_destination_is_never_on_sale_again(
    rules: Rules, steps: list[tuple[str, int]]
) -> None:
    shelf = Shelf(rules)
    for what, n in [("run", 0), *steps, ("run", 0)]:
        shelf.step(what, n)
        assert shelf.base is not None and shelf.untold >= 0
        assert shelf.untold + shelf.base[1] - shelf.shown == shelf.sold, "a piece was forgotten or made up"
        if what in ("run", "full", "reasoned"):
            assert shelf.shown <= shelf.right, shelf


@given(steps=STEPS)
def test_and_nothing_is_withheld_once_both_sides_were_read(steps: list[tuple[str, int]]) -> None:
    """The other half: what is not sold is on sale. (The source's rises need not be seen twice, and the store
    sells no piece that it does not show.)"""
    shelf = Shelf(Rules(carry=True), overselling=False)
    for what, n in [("run", 0), *steps, ("run", 0), ("run", 0)]:
        shelf.step(what, n)
    assert max(0, shelf.shown) == shelf.right, shelf


def test_the_property_can_fail() -> None:
    """Without a memory the three pieces are on sale again two changes later."""
    shelf = Shelf(Rules(carry=False))
    for what, n in (("run", 0), ("sell", 3), ("source", 9), ("run", 0), ("source", 8), ("run", 0)):
        shelf.step(what, n)
    assert (shelf.shown, shelf.right) == (8, 5)
