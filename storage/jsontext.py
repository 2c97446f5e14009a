"""JSON text that keeps Decimals, datetimes and dates, as `{"$decimal": "1.20"}` and so on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

_READERS: dict[str, Callable[[Any], Any]] = {
    "$decimal": Decimal,
    "$datetime": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$object": dict,
}


def dump_json(value: Any) -> str:
    """Text with sorted keys: equal values give equal text.

    Raises TypeError for a type that JSON cannot carry (bytes, sets, keys that are not text) and ValueError
    for NaN, infinity and times without a zone.
    """
    plain = _tag(value)
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if not _encodable(text):  # half of a surrogate pair, as broken exports contain them
        return json.dumps(plain, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return text


def load_json(text: str) -> Any:
    """What `dump_json` was given; tuples come back as lists."""
    return json.loads(text, object_hook=_untag if '"$' in text else None)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _tag(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return _tag_mapping(value)
    if isinstance(value, list | tuple):
        return [_tag(item) for item in value]
    return _tag_scalar(value)


def _tag_mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    for key in value:
        if not isinstance(key, str):
            raise TypeError(f"a JSON object needs text keys, not {key!r}")
    plain = {key: _tag(item) for key, item in value.items()}
    if len(plain) == 1 and next(iter(plain)) in _READERS:  # somebody else's "$decimal"
        return {"$object": [[key, item] for key, item in plain.items()]}
    return plain


def _tag_scalar(value: Any) -> dict[str, str]:
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(f"a time without a time zone cannot be stored: {value!r}")
        return {"$datetime": value.astimezone(UTC).isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    raise TypeError(f"JSON cannot carry a {type(value).__name__}")


def _untag(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        key, value = next(iter(found.items()))
        if key in _READERS:
            return _READERS[key](value)
    return found
