"""Following a run from the command line, whichever process does the work."""

from __future__ import annotations

import sys
import time

from sync.application import Application
from sync.cli.output import say_aside
from sync.model.run import LIVE, Run, Status

_POLL = 0.2
_WIDE = 70


def follow(ws: Application, run_id: str, *, quiet: bool = False) -> Run:
    """Waits until the run has ended or stands at a brake, and tells its stages on standard error. Takes the
    work over if the process that did it is gone."""
    teller, worker = Teller(quiet), worker_of(ws)
    if not (ws.works or quiet or worker == "?"):
        say_aside(f"Process {worker} does the work; following it.")
    try:
        while True:
            run = ws.runs.get(run_id)
            if ended(ws, run):
                return run
            teller.tell(run)
            if not ws.works and ws.lock.holder() is None and ws.start() and worker != "?":
                say_aside(f"Process {worker}, which did the work, is gone; going on here.")
            time.sleep(_POLL)
    except KeyboardInterrupt:
        rest = "when Counterpart runs again" if ws.works else "in the other process"
        say_aside(
            f"Not following any more. Run {run_id} goes on {rest}; `python -m sync cancel {run_id}` ends it."
        )
        raise
    finally:
        teller.end()


def ended(ws: Application, run: Run) -> bool:
    """Is nothing more going to happen in this run by itself?"""
    return run.status is Status.BRAKED or run.status not in LIVE and not ws.queue.busy(run.id)


def worker_of(ws: Application) -> str:
    """The process id of whoever does the work, "?" if nobody does."""
    return str((ws.lock.holder() or {}).get("pid", "?"))


class Teller:
    """Progress on standard error: one line that changes on a terminal, one line a stage elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self.quiet, self.live, self._told = quiet, sys.stderr.isatty(), ""

    def tell(self, run: Run) -> None:
        now = line_of(run) if self.live else line_of(run).split("  ")[0]
        if self.quiet or now == self._told:
            return
        self._told = now
        if self.live:
            sys.stderr.write("\r" + now[:_WIDE].ljust(_WIDE))
            sys.stderr.flush()
        else:
            say_aside(now)

    def end(self) -> None:
        if self.live and self._told:
            sys.stderr.write("\r" + " " * _WIDE + "\r")


def line_of(run: Run) -> str:
    """Where a run is, e.g. "read target  120 of 250"."""
    if run.status is Status.QUEUED and not run.stage:
        return "waiting"
    stage = run.stage.replace("_", " ").replace(":", " ")
    retry = f"  ({run.error.english()})" if run.error else ""
    return f"{stage}  {run.done} of {run.total}{retry}" if run.total else f"{stage}{retry}"
