"""What other processes of the installation ask the working one to do, beside runs: left in the database."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from storage.preferences import TRIAL_WANTED
from sync.errors import CounterpartError
from sync.managers.trial import Trial, TrialPlan
from sync.workspace import Workspace

_one_at_a_time = threading.Lock()


_PARTS = ("kind", "products", "orders", "skus", "outlets")


def ask_for_trial(ws: Workspace, plan: TrialPlan) -> None:
    """Asks the process that works to set the trial up."""
    ws.preferences.set(TRIAL_WANTED, {name: getattr(plan, name) for name in _PARTS})


def trial_is_asked_for(ws: Workspace) -> bool:
    """Has the request not been taken up yet, or is it being carried out?"""
    return bool(ws.preferences.get(TRIAL_WANTED))


def serve_requests(ws: Workspace, trial: Trial) -> None:
    """Carries out what was asked for. Called by the workers when no stage is due; cheap when nothing is."""
    if not _one_at_a_time.acquire(blocking=False):
        return
    try:
        if wanted := ws.preferences.get(TRIAL_WANTED):
            _start_trial(ws, trial, wanted)
    finally:
        _one_at_a_time.release()


def _start_trial(ws: Workspace, trial: Trial, wanted: Mapping[str, Any]) -> None:
    try:
        trial.start(TrialPlan(**{name: wanted[name] for name in _PARTS if name in wanted}))
    except CounterpartError as error:
        ws.journal.say("error", error.message, detail=error.detail)
    finally:
        ws.preferences.reset(TRIAL_WANTED)
