"""What an operator can do about a run that was a mistake: have its undo planned. The plan is an ordinary one:
its rows are ticked, and it is carried out, as those of any preview."""

from __future__ import annotations

from sync.errors import NeedsOperator
from sync.managers.verbs.runs import RunVerbs
from sync.managers.views.undo import refused
from sync.model.run import Mode, Scope
from sync.workspace import Workspace


class UndoVerbs:
    """Verbs of undo."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    def propose(self, run_id: str, by: str = "") -> str:
        """Starts the preview of a run's undo and answers its id. Raises NeedsOperator if the run cannot be
        undone, or while a run of its flow is live."""
        if reason := refused(self.ws, run_id):
            raise NeedsOperator(reason)
        run = self.ws.runs.get(run_id)
        return RunVerbs(self.ws).start(run.flow_id, Mode.PREVIEW, Scope(undo_of=run.id), by)
