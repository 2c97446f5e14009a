"""Applying a phase: written down first, looked up when nobody knows, one bad row never costs the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from sync.clock import cancellable
from sync.engine.apply import Apply
from sync.errors import Cancelled, NotAuthorised, OutcomeUnknown, Transient
from sync.model.call import Call, Change, Found, Outcome, State, Verb, Written
from sync.model.entity import Entity
from sync.model.text import say

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Notebook:
    """A Book in memory; remembers the order of what it was told."""

    def __init__(self, changes: int) -> None:
        self.state = {f"c{n}": "planned" for n in range(changes)}
        self.tries = dict.fromkeys(self.state, 0)
        self.open: dict[str, Call] = {}
        self.told: list[str] = []

    def due(self, phase: str, limit: int) -> list[tuple[Change, int]]:
        found = sorted((self.tries[i], i) for i, s in self.state.items() if s == "planned")
        return [(Change(i, Entity.STOCK, Verb.SET, i, f"t{i}"), tries) for tries, i in found][:limit]

    def commit(self, call: Call) -> None:
        self.told.append(f"commit {call.id}")
        self.open[call.id] = call
        self.state.update(dict.fromkeys(call.change_ids, "sent"))

    def settle(self, call: Call, outcomes: Sequence[Outcome]) -> None:
        self.told.append(f"settle {call.id}")
        self.open.pop(call.id)
        some_named = any(o.named for o in outcomes if o.state is not State.APPLIED)
        for o in outcomes:
            again = o.state is State.REFUSED and not o.named
            self.state[o.change_id] = "planned" if again else o.state.value
            self.tries[o.change_id] += int(again and not some_named)

    def release(self, call: Call) -> None:
        self.open.pop(call.id)
        self.state.update(dict.fromkeys(call.change_ids, "planned"))

    def unknown(self, call: Call) -> None:
        self.state.update(dict.fromkeys(call.change_ids, "unknown"))

    def unanswered(self) -> list[Call]:
        return list(self.open.values())


class Wire:
    """A target: `answer` decides what a call comes to, `written` is what a look-up says."""

    def __init__(
        self,
        answer: Callable[[Call], list[Outcome]],
        written: Callable[[Call], Written] | None = None,
        size: int = 250,
    ) -> None:
        self.answer, self.written, self.size = answer, written, size
        self.ids, self.sent = count(), list[Call]()

    def batch(self, changes: Sequence[Change]) -> list[Call]:
        parts = [changes[i : i + self.size] for i in range(0, len(changes), self.size)]
        return [Call(f"k{next(self.ids)}", "op", {}, tuple(c.id for c in part)) for part in parts]

    def send(self, call: Call) -> list[Outcome]:
        self.sent.append(call)
        return self.answer(call)

    def find_written(self, call: Call) -> Written:
        assert self.written is not None
        return self.written(call)


class StillClock:
    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return NOON

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def fine(call: Call) -> list[Outcome]:
    return [Outcome(i, State.APPLIED) for i in call.change_ids]


def apply(book: Notebook, wire: Wire, clock: StillClock | None = None) -> None:
    Apply(wire, book, clock or StillClock(), 1, lambda _: None).phase("stock")  # type: ignore[arg-type]


def test_every_call_is_written_down_before_it_is_sent() -> None:
    book = Notebook(3)
    wire = Wire(lambda call: [*fine(call)] if f"commit {call.id}" in book.told else [], size=1)
    apply(book, wire)
    assert set(book.state.values()) == {"applied"} and len(wire.sent) == 3


def test_a_lost_answer_is_looked_up_and_not_repeated() -> None:
    def lose(call: Call) -> list[Outcome]:
        raise OutcomeUnknown(say("lost"))

    book = Notebook(1)
    wire = Wire(lose, lambda call: Written(Found.YES, tuple(fine(call))))
    apply(book, wire)
    assert book.state == {"c0": "applied"} and len(wire.sent) == 1


def test_a_call_that_never_happened_goes_again_as_a_new_call() -> None:
    def once(call: Call) -> list[Outcome]:
        if len(wire.sent) == 1:
            raise OutcomeUnknown(say("lost"))
        return fine(call)

    book = Notebook(1)
    wire = Wire(once, lambda call: Written(Found.NO))
    apply(book, wire)
    assert book.state == {"c0": "applied"} and [c.id for c in wire.sent] == ["k0", "k1"]


def test_while_it_is_not_sure_nothing_is_repeated() -> None:
    def lose(call: Call) -> list[Outcome]:
        raise OutcomeUnknown(say("lost"))

    book, clock = Notebook(1), StillClock()
    wire = Wire(lose, lambda call: Written(Found.NOT_SURE, ask_again_in=31.0))
    apply(book, wire, clock)
    assert book.state == {"c0": "unknown"} and len(wire.sent) == 1 and set(clock.slept) == {31.0}


def test_after_a_crash_open_calls_are_looked_up_first() -> None:
    book = Notebook(2)
    book.commit(Call("old", "op", {}, ("c0",)))
    wire = Wire(fine, lambda call: Written(Found.YES, tuple(fine(call))))
    apply(book, wire)
    assert [c.change_ids for c in wire.sent] == [("c1",)] and set(book.state.values()) == {"applied"}


@pytest.mark.parametrize("error", [Transient(say("later")), NotAuthorised(say("no"))])
def test_when_nothing_happened_the_changes_stay_due(error: Exception) -> None:
    def fail(call: Call) -> list[Outcome]:
        raise error

    book = Notebook(2)
    with pytest.raises(type(error)):
        apply(book, Wire(fail))
    assert set(book.state.values()) == {"planned"} and not book.open


def test_a_named_bad_row_is_dropped_and_the_rest_goes_again_together() -> None:
    def answer(call: Call) -> list[Outcome]:
        if "c7" in call.change_ids:
            return [Outcome(i, State.REFUSED, named=i == "c7") for i in call.change_ids]
        return fine(call)

    book = Notebook(200)
    wire = Wire(answer)
    apply(book, wire)
    assert (
        book.state.pop("c7") == "refused" and set(book.state.values()) == {"applied"} and len(wire.sent) == 2
    )


def test_an_unnamed_bad_row_is_found_by_halving() -> None:
    def answer(call: Call) -> list[Outcome]:
        bad = "c7" in call.change_ids
        return (
            [Outcome(i, State.REFUSED, named=len(call.change_ids) == 1) for i in call.change_ids]
            if bad
            else fine(call)
        )

    book = Notebook(200)
    wire = Wire(answer)
    apply(book, wire)
    assert (
        book.state.pop("c7") == "refused" and set(book.state.values()) == {"applied"} and len(wire.sent) < 30
    )


def test_a_call_whose_key_is_good_goes_again_as_it_is() -> None:
    """Only the key can tell an old effect from a sale since; a new call in its place could meet that."""

    def once(call: Call) -> list[Outcome]:
        if len(wire.sent) == 1:
            raise OutcomeUnknown(say("lost"))
        return fine(call)

    book = Notebook(1)
    wire = Wire(once, lambda call: Written(Found.NO))
    keyed = Call("k", "op", {}, ("c0",), "key", NOON + timedelta(hours=23))
    wire.batch = lambda changes: [keyed]  # type: ignore[method-assign]
    apply(book, wire)
    assert book.state == {"c0": "applied"} and wire.sent == [keyed, keyed]


KEYED = Call("k", "op", {}, ("c0",), "key", NOON + timedelta(hours=23))


def left_open(wire: Wire, *, repeat: bool, ended: bool) -> Notebook:
    """A book with one call that an earlier run left without an outcome, after it was looked up."""
    book = Notebook(1)
    book.commit(KEYED)
    made = Apply(wire, book, StillClock(), 1, lambda _: None)  # type: ignore[arg-type]
    made.recover(repeat=repeat, ended=ended)
    return book


@pytest.mark.parametrize("ended", [False, True])
def test_what_the_key_alone_knows_is_asked_by_the_same_call(ended: bool) -> None:
    wire = Wire(fine, lambda call: Written(Found.KEY))
    book = left_open(wire, repeat=True, ended=ended)
    assert book.state == {"c0": "applied"} and wire.sent == [KEYED]


@pytest.mark.parametrize("ended", [False, True])
def test_what_the_key_alone_knows_stays_unknown_where_nothing_may_be_sent(ended: bool) -> None:
    wire = Wire(fine, lambda call: Written(Found.KEY))
    book = left_open(wire, repeat=False, ended=ended)
    assert book.state == {"c0": "unknown"} and wire.sent == [] and list(book.open) == ["k"]


def test_what_never_happened_is_let_go_once_its_run_is_over() -> None:
    """It might overwrite by now what somebody else has set."""
    wire = Wire(fine, lambda call: Written(Found.NO))
    book = left_open(wire, repeat=True, ended=True)
    assert book.state == {"c0": "planned"} and wire.sent == [] and not book.open


@pytest.mark.parametrize("error", [Transient(say("later")), NotAuthorised(say("no"))])
def test_a_repeat_that_was_not_sent_says_nothing_about_the_first(error: Exception) -> None:
    def fail(call: Call) -> list[Outcome]:
        raise OutcomeUnknown(say("lost")) if len(wire.sent) == 1 else error

    book = Notebook(1)
    wire = Wire(fail, lambda call: Written(Found.KEY))
    wire.batch = lambda changes: [KEYED]  # type: ignore[method-assign]
    with pytest.raises(type(error)):
        apply(book, wire)
    assert book.state == {"c0": "unknown"} and list(book.open) == ["k"], "a new call would sell it again"


def test_near_its_end_a_key_is_not_used_again() -> None:
    def once(call: Call) -> list[Outcome]:
        if len(wire.sent) == 1:
            raise OutcomeUnknown(say("lost"))
        return fine(call)

    made = iter(Call(f"k{n}", "op", {}, ("c0",), f"key{n}", NOON + timedelta(minutes=1)) for n in range(2))
    book = Notebook(1)
    wire = Wire(once, lambda call: Written(Found.NO))
    wire.batch = lambda changes: [next(made)]  # type: ignore[method-assign]
    apply(book, wire)
    assert [call.key for call in wire.sent] == ["key0", "key1"]


def test_as_one_call_is_settled_the_next_goes_out() -> None:
    """No barrier: while the first call is held, all the others go through beside it."""
    held, others = threading.Event(), threading.Event()

    def answer(call: Call) -> list[Outcome]:
        if "c0" in call.change_ids:
            assert others.wait(120), "the others wait for the slowest"
            held.set()
        elif sum(state == "applied" for state in book.state.values()) >= 6:
            others.set()
        return fine(call)

    book, wire = Notebook(9), Wire(answer, size=1)
    Apply(wire, book, StillClock(), 2, lambda _: None).phase("stock")  # type: ignore[arg-type]
    assert held.is_set() and set(book.state.values()) == {"applied"}


def test_never_more_calls_are_under_way_than_are_useful() -> None:
    guard, now, most = threading.Lock(), [0], [0]

    def answer(call: Call) -> list[Outcome]:
        with guard:
            now[0] += 1
            most[0] = max(most[0], now[0])
        outcomes = fine(call)
        with guard:
            now[0] -= 1
        return outcomes

    book, wire = Notebook(40), Wire(answer, size=1)
    Apply(wire, book, StillClock(), 8, lambda _: None, useful=lambda: 2).phase("stock")  # type: ignore[arg-type]
    assert most[0] <= 2 and set(book.state.values()) == {"applied"}


def test_a_cancel_is_felt_before_the_next_call() -> None:
    stop = threading.Event()

    def answer(call: Call) -> list[Outcome]:
        if len(wire.sent) == 3:
            stop.set()
        return fine(call)

    book, wire = Notebook(50), Wire(answer, size=1)
    with cancellable(stop.is_set), pytest.raises(Cancelled):
        apply(book, wire)
    assert len(wire.sent) <= 4 and not book.open, "what was under way is settled, nothing else is begun"


def test_what_was_overtaken_between_batch_and_commit_is_not_sent() -> None:
    class Overtaken(Notebook):
        def commit(self, call: Call) -> bool:  # type: ignore[override]
            if self.state["c1"] == "planned" and "c1" in call.change_ids:
                self.state["c1"] = "dropped"
                return False
            super().commit(call)
            return True

    book = Overtaken(3)
    wire = Wire(fine)
    apply(book, wire)
    assert book.state == {"c0": "applied", "c1": "dropped", "c2": "applied"}
    assert [call.change_ids for call in wire.sent] == [("c0", "c2")]


def test_urgent_calls_say_so() -> None:
    book, wire = Notebook(1), Wire(fine)
    Apply(wire, book, StillClock(), 1, lambda _: None, urgent=True).phase("stock")  # type: ignore[arg-type]
    assert [call.urgent for call in wire.sent] == [True]
