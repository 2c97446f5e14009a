"""Whatever a run wrote and whoever edited since: undo restores exactly what nobody touched."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from sync.engine.undo.products import Memory, Past, Rules, plan_undo
from sync.model.call import Change, Diff, Value, Verb
from sync.model.entity import Entity
from sync.model.fields import ALL_FIELDS, parse_money
from sync.model.plan import Item, Planned
from sync.model.product import Level, Product, Variant

WORDS = st.sampled_from(["a", "b", "c", "d"])
TAGS = st.frozensets(WORDS).map(lambda found: tuple(sorted(found)))
PRICES = st.sampled_from(["1.00 TRY", "2.00 TRY", "3.00 TRY"])
PIECES = st.integers(0, 4)
STATE = st.fixed_dictionaries(
    {"title": WORDS, "vendor": WORDS, "tags": TAGS, "price": PRICES, "available": PIECES}
)
State = dict[str, Value]


def product(state: State) -> Product:
    """The shop's product as it shows this state."""
    pieces = state["available"]
    assert isinstance(pieces, int) and isinstance(state["tags"], tuple)
    variant = Variant(
        "v", sku="A", price=parse_money(state["price"]), item_id="i", levels=(Level("L", pieces),)
    )
    return Product(
        "p", title=str(state["title"]), vendor=str(state["vendor"]), tags=state["tags"], variants=(variant,)
    )


def run_of(before: State, after: State) -> Past:
    """What a run did that led from one state to the other."""
    changes = []
    for name in before:
        if before[name] == after[name]:
            continue
        entity, target = Entity.PRODUCT, "p"
        if name in ("price", "available"):
            entity, target = (Entity.VARIANT, "v") if name == "price" else (Entity.STOCK, "i")
        verb = Verb.SET if entity is Entity.STOCK else Verb.UPDATE
        place = "L" if entity is Entity.STOCK else ""
        source = "1" if entity is Entity.PRODUCT else "s"
        diffs = (Diff(name, before[name], after[name]),)
        changes.append((Change(name, entity, verb, source, target, "", place, "A", diffs), ()))
    return Past(Item(Entity.PRODUCT, "1", "P", "updated", "p"), tuple(changes))


def carried_out(shown: State, planned: list[Planned], *, offered: bool) -> State:
    """The state after the plan; every before-value must be what the shop shows."""
    state = dict(shown)
    for row in planned:
        if row.item.cause == "undo.offered" and not offered:
            continue
        for change in row.changes:
            for diff in change.change.diffs:
                assert diff.before == state[diff.field], "compare-and-set would refuse it"
                state[diff.field] = diff.after
    return state


def undo(past: Past, shown: State) -> list[Planned]:
    ids = count()
    rules = Rules({"tags": "tags"}, lambda: f"n{next(ids)}")
    return plan_undo(past, product(shown), Memory(), rules) if past.done else []


@given(before=STATE, after=STATE, edits=STATE, touched=st.frozensets(st.sampled_from(sorted(ALL_FIELDS))))
def test_what_nobody_touched_goes_back_and_the_rest_stays(
    before: State, after: State, edits: State, touched: frozenset[str]
) -> None:
    names = {"available" if name == "stock" else name for name in touched} & before.keys()
    shown = {name: edits[name] if name in names else after[name] for name in before}
    found = carried_out(shown, undo(run_of(before, after), shown), offered=False)
    for name in before:
        if shown[name] == after[name]:
            assert found[name] == before[name]
        elif name == "tags":
            assert _others(found[name], before, after) == _others(shown[name], before, after)
        else:
            assert found[name] == shown[name]


def _others(tags: Value, before: State, after: State) -> set[str]:
    """Tags that the run neither added nor took away."""
    assert isinstance(tags, tuple) and isinstance(before["tags"], tuple) and isinstance(after["tags"], tuple)
    return set(tags) - (set(before["tags"]) ^ set(after["tags"]))


@given(before=STATE, after=STATE)
def test_an_undo_that_is_undone_is_as_if_nothing_had_been(before: State, after: State) -> None:
    past = run_of(before, after)
    planned = undo(past, after)
    done = tuple((c.change, c.settle) for row in planned for c in row.changes)
    assert carried_out(after, planned, offered=False) == before
    again = undo(replace(past, done=done), before)
    assert carried_out(before, again, offered=False) == after


@given(before=PIECES, wrote=PIECES, shown=PIECES)
def test_an_offered_difference_never_sells_what_is_not_there(before: int, wrote: int, shown: int) -> None:
    def state(pieces: int) -> State:
        return {"title": "a", "vendor": "a", "tags": (), "price": "1.00 TRY", "available": pieces}

    planned = undo(run_of(state(before), state(wrote)), state(shown))
    found = carried_out(state(shown), planned, offered=True)["available"]
    assert isinstance(found, int) and found >= 0
    if shown not in (before, wrote) and before != wrote:
        assert found == max(0, shown + before - wrote)
