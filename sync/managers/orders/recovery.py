"""Orders whose export nobody knows the outcome of."""

from __future__ import annotations

from sync.managers.context import Context
from sync.managers.recovery import open_calls
from sync.model.call import Verb
from sync.model.entity import Entity


def unsure(ctx: Context) -> set[str]:
    """The shop's ids of orders whose creation is still in the dark: they are neither created nor found."""
    ids = [change_id for _, call in open_calls(ctx) for change_id in call.change_ids]
    changes = (row.change for row in ctx.ws.plans.by_ids(ids))
    return {c.source_id for c in changes if c.entity is Entity.ORDER and c.verb is Verb.CREATE}
