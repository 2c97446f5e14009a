"""Following a run from the command line, whichever process does the work."""

from __future__ import annotations

import sys
import time

from sync.model.run import LIVE, Run, Status
from sync.workspace import Workspace

_POLL = 0.3


def follow(ws: Workspace, run_id: str, *, quiet: bool = False) -> Run:
    """Waits until the run has ended or stands at a brake; tells its stages on standard error."""
    told = ""
    while True:
        run = ws.runs.get(run_id)
        if run.status not in LIVE or run.status is Status.BRAKED:
            return run
        now = f"{run.stage or 'waiting'} {run.done}/{run.total}" if run.total else run.stage or "waiting"
        if now != told and not quiet:
            print(now, file=sys.stderr)
        told = now
        time.sleep(_POLL)
