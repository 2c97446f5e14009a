"""Verbs for the installation: backup, restore, pause, rotate-key, reset-password."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

from storage.backup import backup, restore
from storage.clock import utc_now
from storage.move import move
from storage.paths import SQLITE_NAME, URL_VARIABLE, data_folder, data_paths
from storage.throttle import SignInThrottle
from storage.users import User, Users
from sync.application import Application
from sync.cli.opened import find_flow, opened
from sync.cli.output import result, say_aside
from sync.errors import NeedsOperator
from sync.managers.verbs.links import LinkVerbs
from sync.managers.verbs.security import SecurityVerbs
from sync.model.text import say


def make_backup(args: argparse.Namespace) -> int:
    """Saves a consistent copy of the database, while everything runs. Without a name it goes into the data
    folder."""
    with opened() as ws:
        place = (
            Path(args.file) if args.file else ws.paths.backups / f"counterpart-{utc_now():%Y%m%d-%H%M%S}.zip"
        )
        made = backup(ws.db, ws.paths.folder, place, with_key=args.with_key)
    size = f"{made.bytes / 1_000_000:.1f} MB"
    key = (
        "The key is in it: keep it safe." if made.with_key else "The key is not in it: keep secret.key apart."
    )
    result(
        {"file": str(made.path), "bytes": made.bytes, "with_key": made.with_key},
        f"{made.path} ({size}). {key}",
        args.json,
    )
    return 0


def put_back(args: argparse.Namespace) -> int:
    """Puts a backup back, with the console stopped. What was sent after it was made is looked up before
    anything is sent again."""
    done = restore(Path(args.file), data_paths())
    row = {
        "made_at": done.made_at,
        "set_aside": str(done.set_aside or ""),
        "secrets_readable": done.secrets_readable,
    }
    kept = f" The former database is kept as {done.set_aside.name}." if done.set_aside else ""
    text = (
        f"The backup of {done.made_at[:19].replace('T', ' ')} UTC is back.{kept} "
        "What was sent after it was made is looked up before anything is sent again."
    )
    result(row, text, args.json)
    if not done.secrets_readable:
        say_aside(
            "The key at hand does not open this backup's credentials. Put its secret.key into the folder."
        )
    return 0 if done.secrets_readable else 1


def pause(args: argparse.Namespace) -> int:
    """Pauses all schedules, or one flow's; with --resume they go on from now. Runs by hand stay
    possible."""
    if bool(args.flow) == args.all:
        raise NeedsOperator(say("Say what to pause: `pause --all`, or `pause FLOW`."))
    with opened() as ws:
        verbs = LinkVerbs(ws)
        if args.all:
            (verbs.resume_all if args.resume else verbs.pause_all)()
        else:
            (verbs.resume if args.resume else verbs.pause)(find_flow(ws, args.flow).id)
    what = "All schedules" if args.all else f"The schedule of {args.flow}"
    do, does = ("go on", "goes on") if args.resume else ("rest", "rests")
    result(
        {"paused": not args.resume, "all": args.all, "flow": args.flow or ""},
        f"{what} {do if args.all else does}.",
        args.json,
    )
    return 0


def rotate_key(args: argparse.Namespace) -> int:
    """Seals all secrets with a new key; the old one goes once all can be read back. Safe to repeat after a
    crash."""
    with opened() as ws:
        done = SecurityVerbs(ws).rotate_key()
    text = f"The secrets of {done.sealed_again} connections are sealed with the new key."
    if done.keys_to_drop:
        text += " Remove the old key from COUNTERPART_SECRET_KEY now."
    result({"sealed_again": done.sealed_again, "keys_to_drop": done.keys_to_drop}, text, args.json)
    return 0


def move_to_postgres(args: argparse.Namespace) -> int:
    """Copies everything of this SQLite installation into an empty PostgreSQL database, with the console
    stopped. The old file stays as it is."""
    moved = move(data_folder() / SQLITE_NAME, _target(args.url), _moved_so_far)
    text = f"{moved.total} rows are in the new database. From now on set COUNTERPART_DATABASE_URL to it."
    result({"rows": moved.total, "tables": moved.rows}, text, args.json)
    return 0


def _target(named: str) -> str:
    """The address of the new database: as typed, from the environment where nothing was, or for `-` from
    standard input. What is typed can be read in the list of processes, its password too."""
    if named == "-":
        return _read_address()
    if url := named or os.environ.get(URL_VARIABLE, ""):
        return url
    raise NeedsOperator(
        say(
            "Name the new database in {variable}, or type `move-to-postgres -` to be asked for its address.",
            variable=URL_VARIABLE,
        )
    )


def _read_address() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Address of the new database: ").strip()
    return sys.stdin.readline().strip()


def _moved_so_far(table: str, done: int, total: int) -> None:
    if total:
        say_aside(f"{table}: {done} of {total} rows")


def reset_password(args: argparse.Namespace) -> int:
    """Sets a new password, asked for or read from standard input, and ends all of the user's sessions."""
    with opened() as ws:
        user = _user(ws, args.name)
        Users(ws.db).set_password(user.id, _new_password(user.name))
        SignInThrottle(ws.db).forget_all()  # whoever guessed at the forgotten one need not wait
    result(
        {"user": user.name},
        f"The password of {user.name} is set; all sessions of this user have ended.",
        args.json,
    )
    return 0


def _user(ws: Application, name: str) -> User:
    users = Users(ws.db)
    everybody = users.list()
    found = users.by_name(name) if name else everybody[0] if len(everybody) == 1 else None
    if found:
        return found
    if not everybody:
        raise NeedsOperator(
            say("Nobody has signed up yet. Open the console: the first visit asks for a password.")
        )
    names = ", ".join(user.name for user in everybody)
    raise NeedsOperator(say("There is no user {name}. There are: {names}.", name=name or "…", names=names))


def _new_password(name: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(f"New password of {name}: ")
    if first != getpass.getpass("Once more: "):
        raise NeedsOperator(say("The two passwords differ. Nothing was changed."))
    return first
