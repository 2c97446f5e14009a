"""What runs tell of a connection: one that is refused in a run says so, as after a test that failed, and is
connected again with the next good test, for which a good run is reason enough."""

from __future__ import annotations

from datetime import timedelta

from storage.clock import utc_now
from sync.errors import CounterpartError, NotAuthorised
from sync.managers.verbs.checks import checks_of
from sync.model.flow import Connection
from sync.model.run import Run, Status
from sync.workspace import Workspace

_PAUSE = timedelta(minutes=1)
"""Between two tests of a failed connection whose runs go well: what it lacks may be needed by other flows."""
_GOOD = (Status.DONE, Status.RED, Status.PLANNED)


def after_refusal(ws: Workspace, run: Run, error: CounterpartError | None) -> None:
    """To be called when a run has failed. Were credentials or rights refused, the connections are tested, the
    likelier first, until one fails: its card then says why. What has failed already is not asked again."""
    if not isinstance(error, NotAuthorised):
        return
    source, target = _ends(ws, run)
    for end in (source, target) if run.stage == "read_source" else (target, source):
        if end.status == "failed" or checks_of(ws).test(end.id).status == "failed":
            return


def after_success(ws: Workspace, run: Run) -> None:
    """To be called when a run has ended. Did it go well, those of its connections that have failed are tested
    in the background."""
    if run.status in _GOOD:
        checks_of(ws).test_in_background(
            end.id
            for end in _ends(ws, run)
            if end.status == "failed" and (end.checked_at is None or utc_now() - end.checked_at > _PAUSE)
        )


def _ends(ws: Workspace, run: Run) -> tuple[Connection, Connection]:
    """(source, target) of a run's flow."""
    flow = ws.links.flow(run.flow_id)
    link = ws.links.get(flow.link_id)
    ends = {"a": ws.connections.get(link.a), "b": ws.connections.get(link.b)}
    return ends[flow.direction[0]], ends[flow.direction[-1]]
