"""Windows that several processes share, with a clock that moves only by sleeping."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.connectors.shared_pacing import LOST, SharedSameUrl, SharedWindow
from sync.errors import Transient
from tests.contract.doubles import StillClock


class Table:
    """The states of one account, as a database keeps them; `away`: nothing can be stored."""

    def __init__(self, clock: StillClock) -> None:
        self.clock, self.rows, self.away = clock, dict[str, dict[str, Any]](), False

    def change(self, name: str, do: Callable[[dict[str, Any], float], Any]) -> Any:
        state = copy.deepcopy(self.rows.get(name, {}))
        answer = do(state, 1e9 + self.clock.time)
        self.rows[name] = state
        return answer

    def note(self, name: str, do: Callable[[dict[str, Any], float], None]) -> None:
        if not self.away:
            self.change(name, do)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


def windows(clock: StillClock, limit: int, seconds: float, spacing: float = 0.0) -> list[SharedWindow]:
    """The same window in two processes."""
    table = Table(clock)
    return [SharedWindow(table, "gets", limit, seconds, clock, spacing) for _ in range(2)]


moves = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 20), st.floats(0, 3)), min_size=1, max_size=40)


@given(st.integers(1, 12), st.floats(1, 60), st.floats(0, 6), moves)
def test_two_processes_together_never_take_more_than_the_limit(
    limit: int, seconds: float, spacing: float, calls: list[tuple[int, float, float]]
) -> None:
    clock = StillClock()
    both, taken = windows(clock, limit, seconds, spacing), []
    for who, pause, travels in calls:
        clock.time += pause
        both[who].take()
        taken.append(clock.time)
        clock.time += travels
        both[who].answered()
        taken[-1] = (taken[-1], clock.time)
    for (_, answered), (sent, _) in zip(taken, taken[limit:], strict=False):
        assert sent - answered >= seconds - 1e-5
    for (_, answered), (sent, _) in zip(taken, taken[1:], strict=False):
        assert sent - answered >= spacing - 1e-5


def test_a_call_under_way_elsewhere_counts_until_its_answer(clock: StillClock) -> None:
    one, other = windows(clock, 12, 60, 5.1)
    one.take()
    answer_at = clock.time + 17
    slept = clock.sleep

    def sleep(seconds: float) -> None:
        slept(seconds)
        if clock.time >= answer_at > 0:
            one.answered()
            clock.sleep = slept  # type: ignore[method-assign]

    clock.sleep = sleep  # type: ignore[method-assign]
    other.take()
    assert clock.time >= answer_at + 5.1


def test_a_process_that_died_loses_only_its_own_call(clock: StillClock) -> None:
    dead, other = windows(clock, 12, 60, 5.1)
    start = clock.time
    dead.take()
    other.take()
    assert start + LOST <= clock.time <= start + LOST + 5.1
    other.answered()
    other.take()
    assert clock.time <= start + LOST + 3 * 5.1


def test_what_one_was_told_slows_the_other_down(clock: StillClock) -> None:
    one, other = windows(clock, 4, 60)
    one.slow(1, 300)
    other.take()
    other.answered()
    start = clock.time
    one.take()
    one.answered()
    assert clock.time == pytest.approx(start + 60)
    clock.time += 300
    for _ in range(4):
        other.take()
        other.answered()
    assert clock.time == pytest.approx(start + 360), "and not for ever"


def test_an_equal_request_of_another_process_is_waited_for(clock: StillClock) -> None:
    table = Table(clock)
    one, other = (SharedSameUrl(table, "same", clock, 31) for _ in range(2))
    assert one.wait("/a") == 0
    one.take("/a")
    clock.time += 2
    one.note("/a")
    start = clock.time
    other.take("/b")
    other.note("/b")
    assert clock.time == start and other.wait("/a") == pytest.approx(31)
    other.take("/a")
    assert clock.time == pytest.approx(start + 31)
    other.note("/a")
    clock.time += 31
    assert one.wait("/c") == 0 and table.rows["same"] == {}, "what is over is forgotten"


def test_an_answer_that_could_not_be_noted_lets_nobody_call_too_early(clock: StillClock) -> None:
    table = Table(clock)
    window = SharedWindow(table, "writes", 12, 60, clock, 5.1)
    start = clock.time
    window.take()
    table.away = True
    window.answered()
    table.away = False
    window.take()
    assert clock.time >= start + LOST


def test_a_clock_that_was_set_back_stops_nobody(clock: StillClock) -> None:
    [window, _] = windows(clock, 2, 60)
    for _ in range(2):
        window.take()
        window.answered()
    clock.time -= 100_000
    start = clock.time
    window.take()
    assert clock.time <= start + 60


def test_nothing_is_taken_when_the_state_cannot_be_kept(clock: StillClock) -> None:
    class Away(Table):
        def change(self, name: str, do: Callable[[dict[str, Any], float], Any]) -> Any:
            raise Transient("away")  # type: ignore[arg-type]

    with pytest.raises(Transient):
        SharedWindow(Away(clock), "gets", 2, 60, clock).take()
    with pytest.raises(ValueError, match="no calls"):
        SharedWindow(Away(clock), "gets", 0, 60, clock)
