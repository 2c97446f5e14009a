"""What a flow's card says where its schedule was held up."""

from __future__ import annotations

from pages.parts import _, render
from pages.sync_parts.common import safe, space
from sync.managers.views import schedules
from sync.managers.views.flows import FlowInfo
from sync.model.run import Run


def held_lines(found: FlowInfo, last: Run | None) -> list[str]:
    """Why the flow did not run when it was last due, in Markdown; nothing where nothing held it up."""
    reason = schedules.held(space(), found.flow, last)
    if reason is None:
        return []
    told = render(_("Held up when it was last due: {reason}"), reason=safe(reason))
    return [f":orange[:material/schedule:] {told}"]
