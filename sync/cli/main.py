"""`python -m sync …`: parses, calls the verbs that the console calls, prints for people or as JSON."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from storage.backup import backup, restore
from storage.paths import data_paths
from storage.redact import install_redaction
from storage.sessions import Sessions
from storage.users import Users
from sync.cli.demo import counts, demo, good
from sync.cli.follow import follow
from sync.errors import CounterpartError, NeedsOperator
from sync.managers.trial import TrialPlan
from sync.model.flow import Flow
from sync.model.run import Mode, Run, Scope, Status
from sync.model.text import say
from sync.workspace import Workspace, open_workspace

Verb = Callable[[argparse.Namespace], int]
_OK = (Status.DONE, Status.PLANNED)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status 0: done as asked; 1: finished with failures; 2: could not be done, the reason is on standard error."""
    install_redaction()
    args = _parser().parse_args(argv)
    try:
        verb: Verb = args.verb
        return verb(args)
    except CounterpartError as error:
        print(error.message.english(), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


# -- verbs ----------------------------------------------------------------------------------------------------


def run(args: argparse.Namespace) -> int:
    """Runs a flow and follows it. With the console running, the console does the work."""
    with _workspace(work=True) as ws:
        flow = _flow(ws, args.flow)
        scope = Scope(parts=tuple(args.part or ()), skus=tuple(args.sku or ()), names=tuple(args.order or ()))
        run_id = ws.run_verbs.start(flow.id, Mode(args.mode), scope, by="command line")
        return _report(follow(ws, run_id, quiet=args.json), args.json)


def apply(args: argparse.Namespace) -> int:
    """Applies a kept preview: only the ticked rows, each only if its before-value still holds."""
    with _workspace(work=True) as ws:
        return _report(follow(ws, ws.run_verbs.apply_plan(args.plan, by="command line"), quiet=args.json), args.json)


def flows(args: argparse.Namespace) -> int:
    with _workspace() as ws:
        rows = [_flow_row(ws, f) for f in ws.links.flows()]
        _print(rows, args.json, lambda r: f"{r['id']}  {r['link']}  {r['entity']}  {r['from']} → {r['to']}  {'on' if r['enabled'] else 'off'}")
    return 0


def connections(args: argparse.Namespace) -> int:
    """Tests every connection, or the named one."""
    with _workspace() as ws:
        wanted = [c for c in ws.connections.all() if not args.name or c.name == args.name or c.id == args.name]
        if not wanted:
            raise NeedsOperator(say("There is no such connection."))
        if not ws.lock.holder():
            ws.trial.resume()  # nobody else has the sandboxes up
        tested = [ws.checks.test(c.id) for c in wanted]
        _print([{"name": c.name, "platform": c.platform, "status": c.status, "reason": c.reason.english() if c.reason else ""} for c in tested],
               args.json, lambda r: f"{r['name']}: {r['status']} {r['reason']}".rstrip())
        return 0 if all(c.status == "connected" for c in tested) else 1


def sandbox(args: argparse.Namespace) -> int:
    """Sets the trial up and keeps its sandboxes running until interrupted."""
    with _workspace(work=True) as ws:
        if not ws.works:
            raise NeedsOperator(say("The console is running and has the sandboxes; nothing to do here."))
        ws.trial.start(TrialPlan(products=args.products, orders=args.orders))
        _print([{"platform": p, "url": process.url} for p, process in ws.trial.processes.items()], args.json, lambda r: f"{r['platform']}: {r['url']}")
        while all(process.alive for process in ws.trial.processes.values()):
            time.sleep(1)
        return 1


def worker(args: argparse.Namespace) -> int:
    """Runs what is due, without a console; what a killed process left behind goes on by itself."""
    with _workspace(work=True) as ws:
        if not ws.works:
            raise NeedsOperator(say("Another process already does the work of this installation."))
        while not (args.until_idle and not ws.runs.list(live=True, limit=1)):
            time.sleep(0.2)
        return 0


def run_demo(args: argparse.Namespace) -> int:
    verdict = demo(TrialPlan(products=args.products, orders=args.orders, seed=args.seed, speed=args.speed))
    print(json.dumps(verdict, indent=None if args.json else 2))
    return 0 if good(verdict) else 1


def make_backup(args: argparse.Namespace) -> int:
    with _workspace() as ws:
        made = backup(ws.db, ws.paths.folder, Path(args.file), with_key=args.with_key)
        print(made)
    return 0


def put_back(args: argparse.Namespace) -> int:
    restore(Path(args.file), data_paths())
    print("Restored. What was sent after this backup is looked up before anything is sent again.")
    return 0


def pause(args: argparse.Namespace) -> int:
    """Pauses every schedule (or resumes them all)."""
    with _workspace() as ws:
        if args.resume:
            ws.link_verbs.resume_all()
        else:
            ws.link_verbs.pause_all()
    print("Schedules resumed." if args.resume else "Schedules paused.")
    return 0


def rotate_key(_: argparse.Namespace) -> int:
    with _workspace() as ws:
        print(ws.vault.rotate(ws.db))
    return 0


def reset_password(args: argparse.Namespace) -> int:
    """Sets a new password for a user and ends all of the user's sessions."""
    with _workspace() as ws:
        user = Users(ws.db).by_name(args.name)
        if user is None:
            raise NeedsOperator(say("There is no user {name}.", name=args.name))
        password = getpass.getpass("New password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        Users(ws.db).set_password(user.id, password)
        Sessions(ws.db).revoke_all(user.id)
    print("The password is set; all sessions of this user have ended.")
    return 0


def check(args: argparse.Namespace) -> int:
    """What is wrong with this installation, without writing anything: database, key, connections' last status, open calls."""
    with _workspace() as ws:
        facts = {"database": ws.db.dialect, "worker": ws.lock.holder() or {}, "connections": {c.name: c.status for c in ws.connections.all()},
                 "live_runs": [r.id for r in ws.runs.list(live=True)], "unanswered_calls": len(ws.calls.unanswered()), "needs_you": ws.attention.open_count()}
        _print([facts], args.json, lambda r: "\n".join(f"{k}: {v}" for k, v in r.items()))
        return 0 if all(c.status != "failed" for c in ws.connections.all()) else 1


# -- helpers --------------------------------------------------------------------------------------------------


class _workspace:
    """The workspace for one command. `work`: run stages here if no other process does."""

    def __init__(self, *, work: bool = False) -> None:
        self.work = work

    def __enter__(self) -> Workspace:
        self.ws = open_workspace()
        if self.work:
            self.ws.start()
        return self.ws

    def __exit__(self, *_: object) -> None:
        self.ws.close()


def _flow(ws: Workspace, name: str) -> Flow:
    """A flow by id, or by entity where there is only one of it, or by "link/entity"."""
    links = {link.id: link.name for link in ws.links.all()}
    found = [f for f in ws.links.flows() if name in (f.id, f.entity.value, f"{links[f.link_id]}/{f.entity.value}")]
    if len(found) == 1:
        return found[0]
    if not found:
        raise NeedsOperator(say("There is no flow {name}. `python -m sync flows` lists them.", name=name))
    raise NeedsOperator(say("{name} names several flows. Use the id that `python -m sync flows` shows.", name=name))


def _flow_row(ws: Workspace, flow: Flow) -> dict[str, Any]:
    link = ws.links.get(flow.link_id)
    ends = {"a": ws.connections.get(link.a).name, "b": ws.connections.get(link.b).name}
    return {"id": flow.id, "link": link.name, "entity": flow.entity.value, "from": ends[flow.direction[0]], "to": ends[flow.direction[-1]], "enabled": flow.enabled}


def _report(run: Run, as_json: bool) -> int:
    row = {"run": run.id, "status": run.status.value, **counts(run), "message": run.error.english() if run.error else "",
           "brakes": [h.message.english() for h in run.brakes]}
    _print([row], as_json, lambda r: "  ".join(f"{k}: {v}" for k, v in r.items() if v or isinstance(v, int)))
    return 0 if run.status in _OK else 1


def _print(rows: Sequence[Mapping[str, Any]], as_json: bool, line: Callable[[Mapping[str, Any]], str]) -> None:
    if as_json:
        print(json.dumps(rows[0] if len(rows) == 1 else rows, ensure_ascii=False, default=str))
    else:
        print("\n".join(line(row) for row in rows))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sync", description="Counterpart, without the console.")
    parser.set_defaults(json=False)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, does: Verb, text: str, *, with_json: bool = True) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=text, description=does.__doc__ or text)
        sub.set_defaults(verb=does)
        if with_json:
            sub.add_argument("--json", action="store_true", help="one JSON object on standard output")
        return sub

    _run_verbs(verb)
    _other_verbs(verb)
    return parser


def _run_verbs(verb: Callable[..., argparse.ArgumentParser]) -> None:
    for name, mode in (("run", "full"), ("preview", "preview")):
        sub = verb(name, run, "run a flow" if name == "run" else "plan a flow without writing")
        sub.add_argument("flow", help="a flow's id, its entity, or link/entity")
        sub.add_argument("--mode", choices=("test", "full", "preview") if name == "run" else ("preview",), default=mode)
        sub.add_argument("--part", action="append", help="only this part (products, prices, stock, images, orders, statuses); repeatable")
        sub.add_argument("--sku", action="append", help="only this SKU; repeatable")
        sub.add_argument("--order", action="append", help="only this order number; repeatable")
    verb("apply", apply, "apply a kept preview").add_argument("plan", help="the preview's run id")
    verb("flows", flows, "list the flows")
    tests = verb("connections", connections, "test connections")
    tests.add_argument("what", choices=("test",))
    tests.add_argument("name", nargs="?", default="", help="one connection's name or id")


def _other_verbs(verb: Callable[..., argparse.ArgumentParser]) -> None:
    box = verb("sandbox", sandbox, "set up the trial and keep its sandboxes running")
    box.add_argument("what", choices=("up",))
    idle = verb("worker", worker, "do the work without a console", with_json=False)
    idle.add_argument("--until-idle", action="store_true", help="end when no run is live")
    trial = verb("demo", run_demo, "products and orders twice through fresh sandboxes, with a verdict")
    for sub in (box, trial):
        sub.add_argument("--products", type=int, default=250)
        sub.add_argument("--orders", type=int, default=120)
    trial.add_argument("--seed", type=int, default=1)
    trial.add_argument("--speed", type=float, default=60.0, help="how much faster than real time the sandboxes' clock runs")
    saved = verb("backup", make_backup, "a consistent copy of the database", with_json=False)
    saved.add_argument("file")
    saved.add_argument("--with-key", action="store_true", help="put the key into the copy, too: keep it as safe as the key")
    verb("restore", put_back, "put a backup back (with the console stopped)", with_json=False).add_argument("file")
    paused = verb("pause", pause, "pause all schedules", with_json=False)
    paused.add_argument("--all", action="store_true", required=True)
    paused.add_argument("--resume", action="store_true")
    verb("rotate-key", rotate_key, "new encryption key; all secrets are sealed again", with_json=False)
    verb("reset-password", reset_password, "new password for a user, read from standard input", with_json=False).add_argument("name")
    verb("check", check, "look the installation over")
