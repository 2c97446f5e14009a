"""What can be typed after `python -m sync`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from sync.cli import checkup, install, runs, stock, trial, undo

RUN_MODES = ("full", "test", "preview", "sweep", "delta")
_ALL_THE_SAME = "start a stock flow without asking, whatever stands against it"
Verb = Callable[[argparse.Namespace], int]
Add = Callable[[str, Verb, str], argparse.ArgumentParser]


def make_parser() -> argparse.ArgumentParser:
    """Every verb takes --json, except `worker`, which has no result."""
    parser = argparse.ArgumentParser(prog="python -m sync", description="Counterpart, without the console.")
    parser.set_defaults(json=False)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def add(name: str, does: Verb, text: str) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=text, description=does.__doc__ or text)
        sub.set_defaults(verb=does)
        if does is not trial.worker:
            sub.add_argument("--json", action="store_true", help="print one JSON object on standard output")
        return sub

    _add_runs(add)
    _add_stock(add)
    _add_trial(add)
    _add_install(add)
    return parser


def _add_runs(add: Add) -> None:
    for name, modes in (("run", RUN_MODES), ("preview", ("preview",))):
        sub = add(name, runs.run, "run a flow" if name == "run" else "plan a flow without writing")
        sub.add_argument("flow", help="a flow's id, its entity (product, order, stock), or link/entity")
        sub.add_argument("--mode", choices=modes, default=modes[0])
        sub.add_argument(
            "--part",
            action="append",
            help="only this part (products, prices, stock, images; orders, statuses); repeatable",
        )
        sub.add_argument("--sku", action="append", help="only this SKU; repeatable")
        sub.add_argument("--order", action="append", help="only this order number; repeatable")
        sub.add_argument("--tag", action="append", help="only items with this tag (stock); repeatable")
        sub.add_argument("--reason", default="", help="why a live stock flow is run in full")
        sub.add_argument("--yes", action="store_true", help=_ALL_THE_SAME)
    plan = add("apply", runs.apply, "apply a kept preview")
    plan.add_argument("plan", help="the preview's run id")
    plan.add_argument("--yes", action="store_true", help=_ALL_THE_SAME)
    back = add("undo", undo.undo, "take back what a run wrote, where nothing changed since")
    back.add_argument("run", help="the run's id")
    back.add_argument("--yes", action="store_true", help="carry the plan out without asking")
    go_on = add("confirm", runs.confirm, "let a run go on that the safety check stopped")
    go_on.add_argument("run", help="the run's id")
    go_on.add_argument("code", nargs="+", help="the check to pass, as the run names it; repeatable")
    add("cancel", runs.cancel, "end a run at its next safe point").add_argument("run", help="the run's id")
    add("flows", runs.flows, "list the flows")


def _add_stock(add: Add) -> None:
    look = add("match", stock.match, "how a stock flow's items pair by SKU")
    look.add_argument("flow", help="a stock flow")
    sure = add(
        "validate", stock.validate, "confirm the stock figures of both sides, so that deltas may begin"
    )
    sure.add_argument("flow", help="a stock flow")
    sure.add_argument("--yes", action="store_true", help="confirm without asking")
    give = add("transfer", stock.transfer, "let a flow write the stock of a location that another one writes")
    give.add_argument("flow", help="the flow that writes it from now on: a stock flow or a product flow")
    give.add_argument("location", help="the location's id, the end of it, or its name at the store")
    give.add_argument("--yes", action="store_true", help="transfer without asking")
    one = add("push", stock.push, "bring the stock of single SKUs over now, before everything else")
    one.add_argument("flow", help="a stock flow")
    one.add_argument("sku", nargs="+", help="the SKUs")
    add("queue", stock.queue, "what waits in the queue, what failed, and why").add_argument(
        "--failed", action="store_true", help="only what failed"
    )


def _add_trial(add: Add) -> None:
    tests = add("connections", trial.connections, "test connections")
    tests.add_argument("what", choices=("test",))
    tests.add_argument("name", nargs="?", default="", help="one connection's name, id or platform")
    box = add("sandbox", trial.sandbox, "set up the trial and keep its sandboxes running")
    box.add_argument("what", choices=("up",))
    show = add("demo", trial.run_demo, "everything twice through fresh sandboxes, with a verdict")
    for sub in (box, show):
        sub.add_argument(
            "--kind", choices=("erp", "stores"), default="erp", help="Sentos and a shop, or stores"
        )
        sub.add_argument("--skus", type=_count, default=1_000, help="items of each store")
        sub.add_argument("--outlets", type=_outlets, default=1, help="stores that the main one feeds")
        sub.add_argument("--products", type=_count, default=250)
        sub.add_argument("--orders", type=_count, default=120)
    show.add_argument("--seed", type=int, default=1)
    show.add_argument(
        "--speed", type=_factor, default=60.0, help="how much faster than real time the sandboxes' clock runs"
    )
    add("worker", trial.worker, "do the work without a console").add_argument(
        "--until-idle", action="store_true", help="end when no run is live"
    )


def _add_install(add: Add) -> None:
    saved = add("backup", install.make_backup, "a consistent copy of the database")
    saved.add_argument("file", nargs="?", default="", help="a new file; without it, one in the data folder")
    saved.add_argument(
        "--with-key", action="store_true", help="put the key in, too: keep it as safe as the key"
    )
    add("restore", install.put_back, "put a backup back, with the console stopped").add_argument("file")
    paused = add("pause", install.pause, "pause schedules")
    paused.add_argument("flow", nargs="?", default="", help="one flow")
    paused.add_argument("--all", action="store_true", help="all flows")
    paused.add_argument("--resume", action="store_true", help="let them go on")
    add("rotate-key", install.rotate_key, "new encryption key; all secrets are sealed again")
    person = add("reset-password", install.reset_password, "new password for a user")
    person.add_argument("name", nargs="?", default="", help="may be left out where there is one user")
    add("check", checkup.check, "look the installation over")
    move = add("move-to-postgres", install.move_to_postgres, "move this installation to PostgreSQL")
    move.add_argument(
        "url",
        nargs="?",
        default="",
        help="an empty database: postgresql://user:password@host/name; without it COUNTERPART_DATABASE_URL, "
        "with - it is asked for",
    )


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 1_000_000:
        raise argparse.ArgumentTypeError("must be between 0 and 1,000,000")
    return number


def _outlets(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 5:
        raise argparse.ArgumentTypeError("must be between 1 and 5")
    return number


def _factor(text: str) -> float:
    number = float(text)
    if not 0.1 <= number <= 1_000:
        raise argparse.ArgumentTypeError("must be between 0.1 and 1,000")
    return number
