"""Does the target still show what a run wrote?"""

from __future__ import annotations

import pytest

from sync.engine.undo.judge import Standing, alike, standing, taken_back
from sync.engine.undo.products import RESTORED
from sync.engine.undo.stock import Do, judge
from sync.engine.undo.words import NOT_UNDONE, not_undone
from sync.model.call import Value, Verb
from sync.model.entity import Entity


@pytest.mark.parametrize(
    ("before", "wrote", "shown", "found"),
    [
        ("Eski", "Yeni", "Yeni", Standing.OURS),
        ("Eski", "Yeni", "Eski", Standing.BACK),
        ("Eski", "Yeni", "Elden", Standing.MOVED),
        ("Eski", "Yeni", None, Standing.MOVED),
        (None, "Yeni", "Yeni", Standing.UNKNOWN),
        ("", "Yeni", "Yeni", Standing.OURS),
        ("Eski", "Yeni", " Yeni  ", Standing.OURS),
        (True, False, False, Standing.OURS),
        (False, True, False, Standing.BACK),
    ],
)
def test_where_a_field_stands(before: Value, wrote: Value, shown: Value, found: Standing) -> None:
    assert standing("title", before, wrote, shown) is found


@pytest.mark.parametrize(
    ("field", "a", "b", "same"),
    [
        ("description", "<p>Bir<br/>iki &nbsp;üç</p>\r\n", "<p>Bir<br>iki üç</p>", True),
        ("description", "<p>x</p><script>f()</script>", "<p>x</p>", True),
        ("description", "<p>x</p>", "<p>y</p>", False),
        ("description", '<a href="1">x</a>', '<a href="2">x</a>', False),
        ("description", "<p>x</p>", "<h1>x</h1>", False),
        ("weight", "0.30", "0.3", True),
        ("weight", "0.3", "0.31", False),
        ("weight", "ağır", "0.3", False),
        ("price", "12.30 TRY", "12.30 TRY", True),
        ("price", "12.30 TRY", "12.3 TRY", False),
        ("sku", "A ", "A", False),
    ],
)
def test_the_same_content_may_be_respelt(field: str, a: str, b: str, same: bool) -> None:
    assert alike(field, a, b) is same


@pytest.mark.parametrize(
    ("before", "wrote", "shown", "after"),
    [
        (("x",), ("a", "x"), ("a", "x"), ("x",)),
        (("x",), ("a", "x"), ("a", "el", "x"), ("el", "x")),
        (("b", "x"), ("x",), ("x",), ("b", "x")),
        (("b", "x"), ("a", "x"), ("x",), ("b", "x")),
        (("b",), ("a",), ("b",), ("b",)),
        (None, ("a",), ("a",), None),
        (("a",), ("b",), None, None),
    ],
)
def test_sets_lose_and_regain_only_what_the_run_did(
    before: Value, wrote: Value, shown: Value, after: Value
) -> None:
    assert taken_back(before, wrote, shown) == after


def test_everything_is_either_restored_made_a_draft_or_listed_with_words_of_its_own() -> None:
    planned = {
        *((Entity.PRODUCT, verb) for verb in (Verb.CREATE, Verb.UPDATE, Verb.MARK)),
        *((Entity.VARIANT, verb) for verb in (Verb.CREATE, Verb.UPDATE)),
        (Entity.MEDIA, Verb.CREATE),
        (Entity.PUBLICATION, Verb.PUBLISH),
        *((Entity.STOCK, verb) for verb in (Verb.SET, Verb.ADJUST, Verb.ACTIVATE, Verb.TRACK)),
        *((Entity.ORDER, verb) for verb in (Verb.CREATE, Verb.ADVANCE)),
        *((Entity.FULFILMENT, verb) for verb in (Verb.CREATE, Verb.UPDATE)),
    }
    assert planned == RESTORED | NOT_UNDONE.keys() | {(Entity.PRODUCT, Verb.CREATE)}
    assert not RESTORED & NOT_UNDONE.keys()
    assert len({sentence.id for sentence in NOT_UNDONE.values()}) == len(NOT_UNDONE)
    assert "by hand" in str(not_undone(Entity.REFUND, Verb.CREATE))


@pytest.mark.parametrize(
    ("before", "wrote", "shown", "do", "after"),
    [
        (4, 9, 9, Do.RESTORE, 4),
        (9, 0, 0, Do.RESTORE, 9),
        (4, 9, 4, Do.BACK, 4),
        (4, 9, 7, Do.OFFER, 2),
        (9, 4, 3, Do.OFFER, 8),
        (1, 30, 9, Do.OFFER, 0),
        (1, 30, 0, Do.MOVED, 0),
        (None, 9, 9, Do.LISTED, 0),
        (4, None, 9, Do.LISTED, 0),
        (4, 9, None, Do.LISTED, 0),
        (-2, 9, 9, Do.RESTORE, 0),
        (4, 9, -3, Do.MOVED, -3),
        (-2, 9, 0, Do.BACK, 0),
    ],
)
def test_a_stock_row_is_set_back_offered_or_left(
    before: int | None, wrote: int | None, shown: int | None, do: Do, after: int
) -> None:
    found = judge(before, wrote, shown)
    assert (found.do, found.after) == (do, after)
    assert (found.message is None) is (do in (Do.RESTORE, Do.BACK))


def test_taking_a_difference_back_commutes_with_what_happened_since() -> None:
    for before in range(6):
        for wrote in range(6):
            for shown in range(1, 6):
                found = judge(before, wrote, shown)
                if found.do is Do.OFFER:
                    assert found.after == max(0, before + (shown - wrote)) and found.after != shown
