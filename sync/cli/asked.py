"""Asking whoever sits at the terminal, and what a run by hand is asked about."""

from __future__ import annotations

import argparse
import sys

from sync.application import Application
from sync.cli.output import say_aside
from sync.errors import NeedsOperator
from sync.model.run import Mode
from sync.model.text import say

_AGREED = ("y", "yes")


def agreed(args: argparse.Namespace, question: str) -> bool:
    """True with --yes, or if a person types yes. Asked only where somebody sits at a terminal and no JSON is
    wanted: otherwise nobody has agreed."""
    if args.yes or args.json or not sys.stdin.isatty():
        return bool(args.yes)
    say_aside(question)
    return sys.stdin.readline().strip().casefold() in _AGREED


def refuse_unasked(ws: Application, flow_id: str, mode: Mode, args: argparse.Namespace) -> None:
    """What stands against a run by hand is said; it begins only if somebody agrees. Where nothing stands
    against it, nothing is asked. Raises NeedsOperator otherwise."""
    found = ws.stock_verbs.before(flow_id, mode)
    for _code, message, blocks in found:
        if blocks:
            raise NeedsOperator(message)
    for _code, message, _blocks in found:
        say_aside(message.english())
    if found and not agreed(args, "Start it all the same? [y/N] "):
        raise NeedsOperator(say("Nothing was started. To start it all the same, add --yes."))
