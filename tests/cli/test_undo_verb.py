"""`python -m sync undo`: the plan is shown first; --yes carries it out."""

from __future__ import annotations

import io
import sys

from sync.cli.main import main
from sync.model.run import Mode
from tests.cli.conftest import PRODUCTS, Home


def created(home: Home) -> str:
    """A run that created all products, as active ones or drafts as the trial's flow says."""
    run = home.sync("run", "product", "--json").json
    assert run["created"] == PRODUCTS
    return str(run["run"])


def updated(home: Home) -> str:
    """A run that carried one stock change over."""
    created(home)
    ws = home.opened()
    try:
        ws.start()
        erp = ws.trial.processes["sentos"]
        sku = next(iter(erp.ask("GET", "/state")["stock"]))
        erp.ask("POST", "/stock", {"changes": [{"sku": sku, "warehouse": 1, "stock": 77}]})
        flow = next(f for f in ws.links.flows() if f.entity.value == "product")
        run_id = ws.run_verbs.start(flow.id, Mode.FULL, by="test")
        home.until(lambda: ws.runs.get(run_id).finished_at)
        assert ws.runs.get(run_id).counts.updated == 1
        return run_id
    finally:
        ws.close()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def asked(home: Home, run_id: str, answer: str) -> str:
    """Undo at a terminal; answers the mode of the newest run after it."""
    home.monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))
    home.capsys.readouterr()
    assert main(["undo", run_id]) == 0
    assert "Carry it out? [y/N]" in home.capsys.readouterr().err
    ws = home.opened()
    mode = ws.runs.list(limit=1)[0].mode.value
    ws.close()
    return mode


def test_the_plan_is_shown_and_carried_out_once_somebody_agrees(home: Home) -> None:
    run_id = updated(home)
    said = home.sync("undo", run_id)
    assert said.code == 0 and f"undo of run {run_id}" in said.out
    assert "1 rows go back" in said.out and "python -m sync apply" in said.err
    told = home.sync("undo", run_id, "--json").json
    assert (told["status"], told["restored"], told["ticked"]) == ("planned", 1, 1)
    assert told["undo_of"] == run_id and told["run"] == told["plan"]
    assert asked(home, run_id, "n") == "preview"
    assert asked(home, run_id, "y") == "undo"
    again = home.sync("undo", run_id, "--yes")
    assert again.code == 0 and "as they were before already" in again.out
    ws = home.opened()
    undone = next(run.id for run in ws.runs.list(limit=9) if run.mode is Mode.UNDO)
    ws.close()
    done = home.sync("undo", undone, "--yes", "--json")
    assert done.code == 0 and (done.json["mode"], done.json["status"]) == ("undo", "done")
    assert done.json["updated"] == 1 and done.json["run"] != done.json["plan"]


def test_what_was_created_waits_to_be_ticked(home: Home) -> None:
    told = home.sync("undo", created(home), "--yes", "--json")
    assert told.code == 0 and told.json["status"] == "planned" and told.json["ticked"] == 0
    assert told.json["created"] + told.json["back"] == PRODUCTS


def test_runs_that_cannot_be_undone_are_refused(home: Home) -> None:
    home.sync("undo", "nope").refused("no run nope")
    plan = home.sync("preview", "product", "--json").json["run"]
    home.sync("undo", str(plan)).refused("A preview writes nothing")
    home.sync("undo", str(plan), "--yes", "--json").refused("A preview writes nothing")
