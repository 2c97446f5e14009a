"""The undo of an order run: orders, statuses and shipments are listed, never taken back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sync.engine.undo import words
from sync.engine.undo.products import Past
from sync.managers.context import Context
from sync.managers.undo.manager import UndoManager
from sync.model.entity import Entity
from sync.model.plan import Planned


class OrderUndo(UndoManager):
    """Every written change is a row that says what to do by hand."""

    entity = Entity.ORDER

    def read_target(self, ctx: Context) -> None:
        """Nothing is written back, so that nothing has to be looked at."""

    def plan_page(self, ctx: Context, page: Sequence[Past]) -> Iterable[Planned]:
        for past in page:
            yield from _listed(past)


def _listed(past: Past) -> Iterator[Planned]:
    for change, _ in past.done:
        yield Planned(
            replace(
                past.item,
                entity=change.entity,
                source_id=f"{change.source_id}:{change.verb.value}",
                target_id=change.target_id or past.item.target_id,
                label=change.label or past.item.label,
                planned="skipped",
                outcome="",
                cause=words.LISTED,
                message=words.not_undone(change.entity, change.verb),
            )
        )
