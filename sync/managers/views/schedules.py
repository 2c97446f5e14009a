"""Why a flow did not do by itself what its schedule says, as it was when it was last due."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sync.managers.verbs.stock_gate import SCHEDULE
from sync.model.entity import Entity
from sync.model.flow import Flow
from sync.model.run import Run
from sync.model.text import Message, say
from sync.queue.schedule import REFUSED, active
from sync.workspace import Workspace


def held(ws: Workspace, flow: Flow, last: Run | None = None) -> Message | None:
    """Why nothing began when the flow was last due, or why stock was left out of what began (`last` is its
    newest run); None if nothing held it up, or if it does not run by itself."""
    if not active(ws, flow):
        return None
    return _refused(ws.cursors.get(flow.id, REFUSED)) or _without_stock(flow, last)


def _refused(kept: str) -> Message | None:
    """What the schedule remembers: a sentence, as an older version wrote it, or one with its parameters."""
    if not kept:
        return None
    try:
        found = json.loads(kept)
    except ValueError:
        return Message(kept)
    return Message.from_json(found) if isinstance(found, Mapping) and "id" in found else Message(kept)


def _without_stock(flow: Flow, last: Run | None) -> Message | None:
    """Products run on schedule while orders have not been taken over, but without their stock."""
    if last is None or last.started_by != SCHEDULE or flow.entity is not Entity.PRODUCT:
        return None
    if "stock" not in flow.products.fields or not last.scope.parts or "stock" in last.scope.parts:
        return None
    return say("Stock was left out of the last scheduled run: orders had not been taken over.")
