"""One product that a run changed, and what the shop shows of it now → what its undo does. Pure.

A row is restored only where the shop still shows what the run wrote. The pair that is settled with it is the
source's half as it is and the value from before: the field rests until the source moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from sync.engine.merge import half
from sync.engine.products.draft import NORMALISED
from sync.engine.products.stock import rest
from sync.engine.undo import words
from sync.engine.undo.judge import Standing, standing, taken_back
from sync.engine.undo.stock import Do, judge
from sync.model.call import Change, Diff, Value, Verb
from sync.model.entity import Entity
from sync.model.fields import ALL_FIELDS, parse_money
from sync.model.plan import Half, Item, Pair, Planned, PlannedChange, Settle
from sync.model.product import Product, Variant
from sync.model.text import Message, say

REASON = "undo"
_MARKS = "metafield:sync."


@dataclass(frozen=True, slots=True)
class Memory:
    """What was last settled: baselines by (kind, source id), stock pairs by (source variant, location)."""

    fields: Mapping[tuple[str, str], Mapping[str, Pair]] = field(default_factory=dict)
    stock: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Past:
    """A report row of the run that is undone, and the changes of it that were written, oldest first, each
    with what was settled then."""

    item: Item
    done: tuple[tuple[Change, tuple[Settle, ...]], ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """`groups` tells which fields of a product travel in one call; `free` allows a price of 0; `new_id` gives
    ids to changes."""

    groups: Mapping[str, str]
    new_id: Callable[[], str]
    free: bool = False


def plan_undo(past: Past, shown: Product | None, memory: Memory, rules: Rules) -> list[Planned]:
    """The rows of the undo plan that this product makes: what is restored in one row, everything else
    (offered, moved, not undone) in rows of its own. `shown` None: the product is gone there."""
    if shown is None:
        return [_row(past.item, past.item.source_id, "skipped", words.GONE, words.gone(past.item.target_id))]
    draft = _Draft(past, shown, memory, rules)
    for change, settles in past.done:
        draft.take(change, settles)
    for span in draft.spans.values():
        draft.judge(span)
    return draft.planned()


@dataclass(slots=True)
class _Span:
    """All that a run did to one field: from its first before to its last after."""

    change: Change
    field: str
    before: Value
    wrote: Value
    was: Half


def _row(
    item: Item, source_id: str, planned: str, cause: str = "", message: Message | None = None
) -> Planned:
    made = replace(item, source_id=source_id, planned=planned, outcome="", cause=cause, message=message)
    return Planned(made)


@dataclass(slots=True)
class _Draft:
    """The growing undo of one product."""

    past: Past
    shown: Product
    memory: Memory
    rules: Rules
    spans: dict[tuple[str, str, str, str], _Span] = field(default_factory=dict)
    diffs: dict[tuple[str, ...], tuple[Change, list[Diff], dict[str, Pair]]] = field(default_factory=dict)
    stock: list[PlannedChange] = field(default_factory=list)
    rows: list[Planned] = field(default_factory=list)
    back: int = 0
    marks: int = 0

    # -- what the run did ----------------------------------------------------------------------------------

    def take(self, change: Change, settles: Iterable[Settle]) -> None:
        """Sorts one written change: to restore, to make a draft, or to list."""
        if (change.entity, change.verb) == (Entity.PRODUCT, Verb.CREATE):
            self._created(change)
        elif change.entity is Entity.PUBLICATION and self._made:
            return  # a draft shows nowhere
        elif (change.entity, change.verb) not in RESTORED:
            self._list(change, words.not_undone(change.entity, change.verb))
        else:
            for diff in change.diffs:
                self._span(change, diff, settles)

    @property
    def _made(self) -> bool:
        """Did the run create the product itself?"""
        made = (Entity.PRODUCT, Verb.CREATE)
        return any((change.entity, change.verb) == made for change, _ in self.past.done)

    def _span(self, change: Change, diff: Diff, settles: Iterable[Settle]) -> None:
        if diff.field.startswith(_MARKS):
            self.marks += 1  # the records still belong together
            return
        key = (change.entity.value, change.target_id, change.place, diff.field)
        if key in self.spans:
            self.spans[key].wrote = diff.after
            return
        was = next((s.fields[diff.field][0] for s in settles if diff.field in s.fields), None)
        self.spans[key] = _Span(change, diff.field, diff.before, diff.after, was)

    def _created(self, change: Change) -> None:
        if self.shown.status in (None, "draft"):
            message = say("The run created it. It is a draft: nobody can buy it.")
            self.rows.append(_row(self.past.item, change.source_id, "unchanged", words.BACK, message))
            return
        message = say("The run created it. Ticked, it becomes a draft; it is not deleted.")
        row = _row(self.past.item, change.source_id, "updated", words.CREATED, message)
        draft = self._change(
            change,
            Verb.UPDATE,
            (Diff("status", self.shown.status, "draft", REASON),),
            target_id=self.shown.id,
        )
        self.rows.append(replace(row, changes=(PlannedChange(draft, "product"),)))

    def _list(self, change: Change, message: Message) -> None:
        record = f"{change.source_id}@{change.place}" if change.place else change.source_id
        self._note(change, f"{record}:{change.verb.value}", words.LISTED, message)

    # -- what becomes of it --------------------------------------------------------------------------------

    def judge(self, span: _Span) -> None:
        if span.change.entity is Entity.STOCK:
            self._stock(span)
        elif span.field == "tags":
            self._tags(span)
        else:
            self._field(span, _shown(span, self.shown))

    def _field(self, span: _Span, shown: Value) -> None:
        found = standing(span.field, span.before, span.wrote, shown)
        if found is Standing.BACK:
            self.back += 1
        elif found is Standing.MOVED:
            self._kept(span, words.MOVED, words.moved(span.field, span.before, span.wrote, shown))
        elif found is Standing.UNKNOWN:
            new = span.field.startswith("metafield:")
            sentence = words.NEW_METAFIELD if new else words.UNKNOWN_BEFORE
            self._kept(span, words.LISTED, words.about(sentence, span.field))
        elif span.field == "price" and not self.rules.free and not _priced(span.before):
            self._kept(span, words.LISTED, words.about(words.ZERO_PRICE, span.field))
        else:
            self._restore(span, shown, span.before)

    def _tags(self, span: _Span) -> None:
        after = taken_back(span.before, span.wrote, self.shown.tags)
        if after is None:
            self._kept(span, words.LISTED, words.about(words.UNKNOWN_BEFORE, span.field))
        elif after == tuple(sorted(self.shown.tags or ())):
            self.back += 1
        else:
            self._restore(span, tuple(sorted(self.shown.tags or ())), after)

    def _restore(self, span: _Span, shown: Value, after: Value) -> None:
        change = span.change
        group = self.rules.groups.get(span.field, "") if change.entity is Entity.PRODUCT else ""
        key = (change.entity.value, change.verb.value, change.target_id, group)
        _, diffs, pairs = self.diffs.setdefault(key, (change, [], {}))
        diffs.append(Diff(span.field, shown, after, REASON))
        pairs[span.field] = (self._source_half(span), _target_half(span.field, after))

    def _source_half(self, span: _Span) -> Half:
        """What the source showed when the field was last settled; it has not moved as long as it shows
        that."""
        base = self.memory.fields.get((_kind(span.change), span.change.source_id), {})
        return base[span.field][0] if span.field in base else span.was

    # -- stock ---------------------------------------------------------------------------------------------

    def _stock(self, span: _Span) -> None:
        found = judge(_pieces(span.before), _pieces(span.wrote), shown := _available(span, self.shown))
        if found.do is Do.BACK:
            self.back += 1
        elif found.do is Do.RESTORE:
            change = self._level(span.change, Verb.SET, shown, found.after)
            self.stock.append(PlannedChange(change, "stock"))
        elif found.do is Do.OFFER and found.message is not None:
            change = self._level(span.change, Verb.ADJUST, shown, found.after)
            row = self._other(span.change, _place(span.change), words.OFFERED, found.message, "updated")
            self.rows.append(replace(row, changes=(PlannedChange(change, "adjust"),)))
        elif found.message is not None:
            cause = words.MOVED if found.do is Do.MOVED else words.LISTED
            self._kept(span, cause, found.message)

    def _level(self, past: Change, verb: Verb, shown: int | None, after: int) -> Change:
        return self._change(past, verb, (Diff("available", shown, after, REASON),))

    # -- rows ----------------------------------------------------------------------------------------------

    def _change(self, past: Change, verb: Verb, diffs: tuple[Diff, ...], *, target_id: str = "") -> Change:
        return replace(
            past,
            id=self.rules.new_id(),
            verb=verb,
            diffs=diffs,
            body=None,
            key="",
            target_id=target_id or past.target_id,
        )

    def _kept(self, span: _Span, cause: str, message: Message) -> None:
        self._note(span.change, f"{_place(span.change)}:{span.field}", cause, message)

    def _note(self, change: Change, record: str, cause: str, message: Message) -> None:
        self.rows.append(self._other(change, record, cause, message, "skipped"))

    def _other(self, change: Change, record: str, cause: str, message: Message, planned: str) -> Planned:
        item = self.past.item
        sku = change.label if change.entity in (Entity.VARIANT, Entity.STOCK) else item.sku
        item = replace(item, entity=change.entity, label=change.label or item.label, sku=sku)
        return _row(item, record, planned, cause, message)

    def planned(self) -> list[Planned]:
        """The row of what is restored, if there is any, and all the others."""
        changes = [*self._updates(), *(replace(p, settle=self._stock_pair(p.change)) for p in self.stock)]
        rows = [replace(r, changes=tuple(self._with_pair(p) for p in r.changes)) for r in self.rows]
        item = self.past.item
        if changes:
            main = _row(item, item.source_id, "updated")
            return [replace(main, changes=tuple(changes)), *rows]
        if rows:
            return rows
        if self.back:
            message = say("It is as it was before the run already.")
            return [_row(item, item.source_id, "unchanged", words.BACK, message)]
        message = say("The run wrote only our own notes of what belongs together; they stay.")
        return [_row(item, item.source_id, "skipped", words.MARKS, message)]

    def _updates(self) -> Iterable[PlannedChange]:
        for past, diffs, pairs in self.diffs.values():
            change = self._change(past, past.verb, tuple(diffs))
            settle = Settle(_kind(past), past.source_id, pairs)
            yield PlannedChange(change, _PHASES[past.entity, past.verb], (settle,))

    def _with_pair(self, planned: PlannedChange) -> PlannedChange:
        if planned.change.entity is not Entity.STOCK:
            return planned
        return replace(planned, settle=self._stock_pair(planned.change))

    def _stock_pair(self, change: Change) -> tuple[Settle, ...]:
        """The source's figure as it was settled, and what the shop will show: it rests like that."""
        value, base = change.after("available"), self.memory.stock.get((change.source_id, change.place))
        if base is None or not isinstance(value, int):
            return ()
        pair = (base[0], value)
        return (
            Settle("variant", change.source_id, {"available": pair}, change.place),
            Settle("variant", change.source_id, rest(change.place, pair)),
        )


RESTORED = frozenset(
    {
        (Entity.PRODUCT, Verb.UPDATE),
        (Entity.PRODUCT, Verb.MARK),
        (Entity.VARIANT, Verb.UPDATE),
        (Entity.STOCK, Verb.SET),
        (Entity.STOCK, Verb.ADJUST),
    }
)
_PHASES: Mapping[tuple[Entity, Verb], str] = {
    (Entity.PRODUCT, Verb.UPDATE): "product",
    (Entity.PRODUCT, Verb.MARK): "mark",
    (Entity.VARIANT, Verb.UPDATE): "variants",
}


def _kind(change: Change) -> str:
    return "product" if change.entity is Entity.PRODUCT else "variant"


def _place(change: Change) -> str:
    return f"{change.source_id}@{change.place}" if change.place else change.source_id


def _target_half(name: str, after: Value) -> Half:
    return None if name in NORMALISED else half(after)


def _priced(value: Value) -> bool:
    money = parse_money(value)
    return money is not None and money.amount > 0


def _shown(span: _Span, product: Product) -> Value:
    """What the shop shows of a field now; None if it does not show it."""
    if span.field.startswith("metafield:"):
        return product.metafields.get(span.field.partition(":")[2])
    known = ALL_FIELDS.get(span.field)
    if known is None:
        return None
    if span.change.entity is Entity.PRODUCT:
        return known.read(product)
    variant = next((v for v in product.variants if v.id == span.change.target_id), None)
    return known.read(variant) if variant is not None else None


def _pieces(value: Value) -> int | None:
    return value if isinstance(value, int) else None


def _available(span: _Span, product: Product) -> int | None:
    """Pieces at the row's place, None where the item is not stocked (any more)."""
    change = span.change
    found: Iterable[Variant] = (v for v in product.variants if v.item_id == change.target_id)
    levels = (level for v in found for level in v.levels if level.location_id == change.place)
    return next((level.available for level in levels if level.active), None)
