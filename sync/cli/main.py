"""`python -m sync …`: parses, calls the verbs that the console calls, prints for people or as JSON."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence

from storage.errors import BadInput
from storage.redact import REDACTOR, install_redaction
from sync.cli.output import say_aside
from sync.cli.parser import Verb, make_parser
from sync.errors import CounterpartError
from sync.queue.retry import storage_away

TRACEBACK = "COUNTERPART_TRACEBACK"
_parser = make_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status 0: done as asked; 1: finished with failures, or something is wrong; 2: could not be done,
    the reason is one sentence on standard error; 130: interrupted."""
    install_redaction()
    args = make_parser().parse_args(argv)
    verb: Verb = args.verb
    try:
        return verb(args)
    except (CounterpartError, BadInput) as error:
        say_aside(REDACTOR(error.message.english()))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read our output (head, less) has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as error:  # noqa: BLE001 the operator gets a sentence, never a traceback unless asked for
        say_aside(_unforeseen(error))
    return 2


def _unforeseen(error: Exception) -> str:
    if os.environ.get(TRACEBACK):
        return REDACTOR("".join(traceback.format_exception(error)))
    if storage_away(error):
        return (
            "The database went away while the command was under way. A run that had begun goes on by itself "
            "with the workers; `python -m sync flows` tells where it is."
        )
    text = REDACTOR(" ".join(str(error).split())[:300])
    return (
        f"Something unforeseen happened ({type(error).__name__}: {text}). With {TRACEBACK}=1 it tells more."
    )
