"""The growing plan of one product: changes, settles, parks. Mutable while one record is decided, then frozen
into `Planned`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sync.engine.merge import Verdict, half, merge
from sync.model.call import Body, Change, Diff, Value, Verb
from sync.model.entity import Entity
from sync.model.plan import Bind, Item, Pair, Park, Planned, PlannedChange, Settle
from sync.model.problem import Problem
from sync.model.product import Product
from sync.model.text import Message

# Fields that a platform stores in its own spelling: what it made of them is learnt at the next read.
NORMALISED = frozenset(
    {
        "title",
        "description",
        "vendor",
        "product_type",
        "seo_title",
        "seo_description",
        "weight",
        "tags",
        "barcode",
        "hs_code",
    }
)


@dataclass(slots=True)
class Draft:
    """Collects what is decided about one source product. `new_id` gives ids to changes."""

    source: Product
    new_id: Callable[[], str]
    target_id: str = ""
    drift: str = "keep"
    changes: list[PlannedChange] = field(default_factory=list)
    binds: list[Bind] = field(default_factory=list)
    settles: list[Settle] = field(default_factory=list)
    parks: list[Park] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    sold: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.source.title or self.source.sku or self.source.id

    def change(
        self,
        phase: str,
        entity: Entity,
        verb: Verb,
        *,
        source_id: str,
        diffs: tuple[Diff, ...] = (),
        target_id: str = "",
        parent_id: str = "",
        place: str = "",
        label: str = "",
        body: Body = None,
        key: str = "",
        settle: tuple[Settle, ...] = (),
    ) -> None:
        """Adds one change to a phase."""
        self.changes.append(
            PlannedChange(
                Change(
                    self.new_id(),
                    entity,
                    verb,
                    source_id,
                    target_id,
                    parent_id,
                    place,
                    label or self.label,
                    diffs,
                    body,
                    key,
                    "" if source_id == self.source.id else self.source.id,
                ),
                phase,
                settle,
            )
        )

    def field(
        self, name: str, base: Pair | None, source: Value, target: Value, label: str = ""
    ) -> tuple[Diff | None, Pair | None]:
        """Merges one field: the diff to write (if any) and the pair to settle (if any)."""
        verdict = merge(base, source, target, drift=self.drift)
        if verdict is Verdict.KEEP:
            self.kept.append(f"{label}{name}")
        if verdict is Verdict.CARRY:
            return Diff(name, target, source), (half(source), None if name in NORMALISED else half(source))
        if verdict is Verdict.SETTLE:
            return None, (half(source), half(target))
        return None, None

    def park(
        self,
        cause: str,
        message: Message,
        *,
        sku: str = "",
        entity: Entity = Entity.PRODUCT,
        record_id: str = "",
        **facts: object,
    ) -> None:
        self.parks.append(Park(entity, record_id or self.source.id, self.label, cause, message, sku, facts))

    def park_problem(self, problem: Problem) -> None:
        record = f"{self.source.id}:{problem.sku}" if problem.sku else self.source.id
        self.park(
            problem.cause,
            problem.message,
            sku=problem.sku,
            record_id=record,
            field=problem.field,
            product=self.source.id,
        )

    def done(self, outcome: str, cause: str = "", message: Message | None = None) -> Planned:
        """The frozen plan of this record."""
        sku = self.source.sku or next((v.sku for v in self.source.variants if v.sku), "") or ""
        item = Item(
            Entity.PRODUCT, self.source.id, self.label, outcome, self.target_id, sku, "", cause, message
        )
        return Planned(item, tuple(self.changes), tuple(self.binds), tuple(self.settles), tuple(self.parks))
