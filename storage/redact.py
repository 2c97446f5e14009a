"""Keeps secrets out of everything that is written down: log lines, errors, tracebacks; and keeps what others
wrote from forging lines or steering a terminal there.

`REDACTOR` knows every secret value that the vault has opened in this process and the shapes of tokens it has
not.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from urllib.parse import quote, quote_plus

MASK = "•••"
SHORTEST = 4
"""Characters. Shorter values would blacken innocent text; the vault's forms ask for longer ones."""

_SHAPES = re.compile(
    r"\bshp[a-z]{2}_[A-Za-z0-9]{8,}"  # Shopify access tokens and app secrets
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password@host
    r"|(?i:\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|(?i:(?<=access_token=)|(?<=client_secret=)|(?<=api_key=)|(?<=api_secret=)|(?<=password=))"
    r"""[^\s&"',;]+"""
)
_BASIC = re.compile(r"(?i:\bbasic\s+)([A-Za-z0-9+/]{4,}={0,2})")


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """`text` with every control sign but tab and newline spelled out: an error that a platform wrote must not
    colour, clear or rewrite the operator's terminal."""
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` with the given values and everything that has the shape of a credential replaced by •••."""
    for form in sorted({form for value in secrets for form in _forms(value)}, key=len, reverse=True):
        text = text.replace(form, MASK)
    return _mask_shapes(text)


def _mask_shapes(text: str) -> str:
    text = _SHAPES.sub(lambda found: _keep_scheme(found.group()), text)
    return _BASIC.sub(_mask_basic, text)


def _keep_scheme(found: str) -> str:
    scheme, blank, _ = found.partition(" ")
    return f"{scheme} {MASK}" if blank else MASK


def _mask_basic(found: re.Match[str]) -> str:
    """Masks what decodes to user:password; "Basic Sweatshirt" is a product."""
    token = found.group(1)
    try:
        decoded = base64.b64decode(token + "=" * (-len(token) % 4))
    except binascii.Error:
        return found.group()
    return _keep_scheme(found.group()) if b":" in decoded else found.group()


def _forms(value: str) -> set[str]:
    """The value and how it looks inside a URL, JSON, repr and base64."""
    if len(value) < SHORTEST:
        return set()
    encoded = value.encode("utf-8", "surrogatepass")
    safe = encoded.decode("utf-8", "replace")
    return {
        value,
        quote(safe, safe=""),
        quote_plus(safe),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        base64.b64encode(encoded).decode(),
    }


class Redactor:
    """The values to hide in this process; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, values: Iterable[str]) -> None:
        """From now on these are hidden, also in their URL, JSON and base64 forms."""
        forms = {form for value in values for form in _forms(value)}
        with self._lock:
            if forms <= self._known:
                return
            self._known = self._known | forms
            longest_first = sorted(self._known, key=lambda form: (-len(form), form))
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def __call__(self, text: str) -> str:
        """`text` without secrets."""
        pattern = self._pattern
        return _mask_shapes(pattern.sub(MASK, text) if pattern else text)

    def __repr__(self) -> str:
        return "Redactor()"


REDACTOR = Redactor()


def clean_record(record: logging.LogRecord) -> None:
    """Removes secrets from the record in place, and line breaks and control signs from its arguments' text: a
    record is one line, whatever a platform wrote. Arguments are kept where they can be: some formatters read
    them."""
    if _clean(_message(record)) != _message(record):
        record.args = _clean_args(record.args)
        if _clean(_message(record)) != _message(record):
            record.msg, record.args = _clean(_message(record)), ()
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = visible(
            REDACTOR("".join(traceback.format_exception(record.exc_info[1])).rstrip("\n"))
        )
    if record.stack_info:
        record.stack_info = REDACTOR(record.stack_info)


def _clean(text: str) -> str:
    return visible(REDACTOR(text)).replace("\n", "\\n")


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # logging reports wrong arguments itself, and prints them
        record.msg, record.args = f"{record.msg} {record.args!r}", ()
        return str(record.msg)


def _clean_args(args: object) -> tuple[object, ...] | Mapping[str, object] | None:
    if isinstance(args, tuple):
        return tuple(_clean_arg(value) for value in args)
    if isinstance(args, Mapping):
        return {key: _clean_arg(value) for key, value in args.items()}
    return None


def _clean_arg(value: object) -> object:
    return value if isinstance(value, int | float) or value is None else _clean(str(value))


def install_redaction() -> None:
    """Every log record and every uncaught exception of this process goes through `REDACTOR`. Once is enough;
    twice does no harm."""
    factory = logging.getLogRecordFactory()
    if not getattr(factory, "redacts", False):
        logging.setLogRecordFactory(_redacting(factory))
    sys.excepthook = _print_exception
    threading.excepthook = _print_thread_exception
    sys.unraisablehook = _print_unraisable


def _redacting(factory: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    def make(*args: object, **kwargs: object) -> logging.LogRecord:
        record = factory(*args, **kwargs)
        clean_record(record)
        return record

    make.redacts = True  # type: ignore[attr-defined]
    return make


def _print_exception(_kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(visible(REDACTOR("".join(traceback.format_exception(type(error), error, trace)))))


def _print_thread_exception(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or args.exc_type is SystemExit:
        return
    name = args.thread.name if args.thread else "?"
    sys.stderr.write(f"Exception in thread {name}:\n")
    _print_exception(args.exc_type, args.exc_value, args.exc_traceback)


def _print_unraisable(args: sys.UnraisableHookArgs) -> None:
    if args.exc_value is not None:
        sys.stderr.write(f"{args.err_msg or 'Exception ignored'} in {type(args.object).__name__}:\n")
        _print_exception(args.exc_type, args.exc_value, args.exc_traceback)
