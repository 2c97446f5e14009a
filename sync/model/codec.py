"""Values ⇄ JSON, by their own type hints: what staging, plans and settings are stored as.

Dataclasses become objects (defaults left out), Decimal and datetime become text, Money "12.30 TRY". Loading
is tolerant: unknown keys are ignored, missing ones take their default, so that an older database stays
readable.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin

from sync.model.text import Message
from sync.model.values import Money

T = TypeVar("T")


def dump(value: Any) -> Any:
    """JSON-able form of a value."""
    if value is None or isinstance(value, (str, int, float, bool)) and not isinstance(value, Enum):
        return value
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, Message):
        return value.to_json()
    if dataclasses.is_dataclass(value):
        return _dump_fields(value)
    if isinstance(value, Mapping):
        return {str(k): dump(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [dump(v) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted(dump(v) for v in value)
    return _dump_leaf(value)


def _dump_leaf(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _dump_fields(value: Any) -> dict[str, Any]:
    out = {}
    for name, default in _defaults(type(value)):  # type: ignore[arg-type]
        item = getattr(value, name)
        if item is not default and (default is dataclasses.MISSING or item != default):
            out[name] = dump(item)
    return out


@cache
def _defaults(cls: type) -> tuple[tuple[str, Any], ...]:
    def default(f: dataclasses.Field[Any]) -> Any:
        return f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default

    return tuple((f.name, default(f)) for f in dataclasses.fields(cls))


def load(cls: type[T], raw: Any) -> T:
    """The value that `dump` made `raw` from. Raises ValueError/KeyError/TypeError for what is not one."""
    return typing.cast(T, _loader(cls)(raw))  # type: ignore[arg-type]


@cache
def _loader(kind: Any) -> Callable[[Any], Any]:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _optional(kind)
    if origin in (tuple, frozenset):
        return _sequence(kind, origin)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        each = _loader(get_args(kind)[1])
        return lambda raw: {k: each(v) for k, v in (raw or {}).items()}
    if kind in _LEAVES:
        return _LEAVES[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if dataclasses.is_dataclass(kind):
        return _fields_loader(typing.cast(type, kind))
    return lambda raw: raw


_LEAVES: dict[Any, Callable[[Any], Any]] = {
    Money: Money.parse,
    Decimal: Decimal,
    datetime: datetime.fromisoformat,
    Message: Message.from_json,
    str: str,
    int: int,
    bool: bool,
    float: float,
}


def _optional(kind: Any) -> Callable[[Any], Any]:
    options = [a for a in get_args(kind) if a is not type(None)]
    if len(options) > 1:  # a union of plain JSON values (Value): lists are tuples again
        return lambda raw: tuple(raw) if isinstance(raw, list) else raw
    each = _loader(options[0])
    return lambda raw: None if raw is None else each(raw)


def _sequence(kind: Any, origin: Any) -> Callable[[Any], Any]:
    args = get_args(kind)
    if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):
        loaders = [_loader(a) for a in args]
        return lambda raw: tuple(each(v) for each, v in zip(loaders, raw, strict=True))
    each = _loader(args[0])
    return lambda raw: origin(each(v) for v in raw or ())


def _fields_loader(cls: type) -> Callable[[Any], Any]:
    hints: dict[str, Callable[[Any], Any]] = {}

    def read(raw: Any) -> Any:
        if not hints:
            kinds = typing.get_type_hints(cls)
            hints.update({f.name: _loader(kinds[f.name]) for f in dataclasses.fields(cls)})
        return cls(**{k: hints[k](v) for k, v in raw.items() if k in hints})

    return read
