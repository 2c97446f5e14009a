"""PHP's loose JSON made firm: an empty object arrives as [], a list of one as the one, a text as an object.
(Seen in the answers that public clients such as secgin/SentosApiLibrary guard against.)"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sync.model.values import text

_WORDS = ("tr", "value", "name", "title", "en")


def text_of(raw: Any) -> str:
    """Trimmed NFC text of a scalar, of the likeliest member of an object, or of a list's first entry; else
    ""."""
    if isinstance(raw, Mapping):
        return next((found for key in (*_WORDS, *raw) if (found := _scalar(raw.get(key)))), "")
    if isinstance(raw, list):
        return text_of(raw[0]) if raw else ""
    return _scalar(raw)


def _scalar(raw: Any) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        return ""
    if isinstance(raw, Decimal):
        return format(raw.normalize(), "f")
    # PHP drops a lone surrogate here and there; one would break every later UTF-8 writer.
    return text(raw).encode("utf-8", "replace").decode()


def said(raw: Any) -> str | None:
    """The text, or None where Sentos leaves the field blank: nobody filled it in, which is no order to
    empty the shop's."""
    return text_of(raw) or None


def object_of(raw: Any) -> Mapping[str, Any]:
    """The object; {} for [], null and everything that is none."""
    return raw if isinstance(raw, Mapping) else {}


def list_of(raw: Any) -> list[Any]:
    """The list; one thing becomes a list of one, nothing (null, "", {}) an empty one."""
    if isinstance(raw, list):
        return raw
    return [] if raw is None or raw == "" or raw == {} else [raw]


def id_of(raw: Any) -> str:
    """An id as text, without a fraction's zeros; "" for none and for 0, which Sentos uses for "no id"."""
    word = text_of(raw)
    return "" if word in ("0", "") else word.removesuffix(".0")


def flat(raw: Mapping[str, Any], leave: frozenset[str]) -> dict[str, str]:
    """The record's scalar fields as text, one level of objects as "outer.inner", without those in `leave`."""
    found: dict[str, str] = {}
    for name, value in raw.items():
        if name in leave:
            continue
        if isinstance(value, Mapping):
            found |= {f"{name}.{inner}": _scalar(v) for inner, v in value.items() if _scalar(v)}
        elif isinstance(value, bool):
            found[name] = "true" if value else "false"
        elif _scalar(value):
            found[name] = _scalar(value)
    return found
