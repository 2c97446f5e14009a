"""An approved plan: only what the operator saw and ticked is written, and only while its before-values still
hold."""

from __future__ import annotations

from dataclasses import dataclass, replace

from storage.plans import signature
from sync.errors import NeedsOperator
from sync.managers.context import Context
from sync.model.plan import Planned
from sync.model.text import say


@dataclass(frozen=True, slots=True)
class Approval:
    """The changes of a kept preview by signature; without one (`active` False) everything may pass."""

    active: bool = False
    ticked: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()

    @staticmethod
    def of(ctx: Context) -> Approval:
        """Raises NeedsOperator if the flow was changed since the preview."""
        if not ctx.run.scope.plan_of:
            return Approval()
        preview = ctx.ws.runs.get(ctx.run.scope.plan_of)
        if preview.flow_version != ctx.flow.version:
            raise NeedsOperator(
                say("The flow's settings were changed since this plan was made. Make a new preview.")
            )
        ticked, seen = ctx.ws.plans.signatures(preview.id)
        return Approval(True, ticked, seen)

    def of_record(self, planned: Planned) -> Planned:
        """What of a freshly made plan was approved; the rest is listed, never written unseen."""
        if not self.active or not planned.changes:
            return planned
        marks = [signature(p.change) for p in planned.changes]
        kept = tuple(p for p, mark in zip(planned.changes, marks, strict=True) if mark in self.ticked)
        moved = any(mark not in self.seen for mark in marks)
        if kept:
            return replace(planned, changes=kept)
        cause, text = (
            ("plan.moved", "Moved since the preview; make a new one to see it.")
            if moved
            else ("unticked", "Not chosen.")
        )
        return Planned(replace(planned.item, planned="skipped", cause=cause, message=say(text)))
