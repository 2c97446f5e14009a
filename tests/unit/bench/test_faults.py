"""The proof of failing calls: it says which calls it never struck."""

from __future__ import annotations

from typing import Any

from bench.proof.faults import CATALOGUE, groups, unstruck
from bench.proof.reads import OPERATIONS, cases
from bench.proof.strikes import Series


class Runs(Series):
    """Runs that make `calls` calls each and end at the first that is struck, if it is `fatal`."""

    def __init__(self, calls: int, fatal: bool = False) -> None:
        self.calls, self.fatal, self.made = calls, fatal, 0
        self.stores: Any = type("Stores", (), {"target": None})
        self.noticed_after = 10**9

    @property
    def noticed(self) -> bool:
        return self.made >= self.noticed_after

    def carried(self, box: Any, faults: Any, what: str, **scope: Any) -> list[int]:
        self.made += 1
        seen, hits = [0] * len(faults), [0] * len(faults)
        for _ in range(self.calls):
            for n, fault in enumerate(faults):
                if hits[n]:
                    continue
                seen[n] += 1
                if seen[n] > fault["after"]:
                    hits[n] = 1
                    if self.fatal:
                        return hits
                    break
        return hits


def test_each_n_is_in_one_group() -> None:
    for upto in (1, 2, 3, 10, 100):
        assert sorted(n for group in groups(upto) for n in group) == list(range(1, upto + 1))


def test_all_are_struck_where_a_run_makes_enough_calls() -> None:
    assert unstruck(Runs(100), "reset", "reset", {}, 100) == []


def test_a_run_that_ends_at_its_first_fault_is_followed_by_others() -> None:
    runs = Runs(100, fatal=True)
    assert unstruck(runs, "reset", "reset", {}, 100) == []
    assert runs.made == 100


def test_a_call_that_no_run_makes_is_named() -> None:
    assert unstruck(Runs(96), "reset", "reset", {}, 100) == [97, 98, 99, 100]


def test_what_was_left_out_because_the_guard_was_missed_is_not_held_against_it() -> None:
    runs = Runs(3)
    runs.noticed_after = 1
    assert unstruck(runs, "reset", "reset", {}, 100) == []


def test_every_read_of_the_source_meets_every_fault_once_and_twice() -> None:
    every = cases(CATALOGUE, every=True)
    wanted = {(fault, op, n) for fault, _ in CATALOGUE.values() for op in OPERATIONS.values() for n in (1, 2)}
    found = {(raw["name"], raw["match"]["operation"], raw["count"]) for _, raw in every if "match" in raw}
    assert found == wanted
    assert sum(raw["name"] == "download" for _, raw in every) == 12
    few = cases(CATALOGUE, every=False)
    assert len(few) < 12 and any(raw["name"] == "download" for _, raw in few)
    assert {raw["match"]["operation"] for _, raw in few if "match" in raw} == set(OPERATIONS.values())
