"""Changes ⇄ the JSON-able arguments of a call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sync.model import codec
from sync.model.call import Body, Change
from sync.model.order import Fulfilment, Order
from sync.model.product import Media, Product, Variant

_BODIES: dict[str, Any] = {kind.__name__: kind for kind in (Product, Variant, Media, Order, Fulfilment)}


def pack(change: Change) -> dict[str, object]:
    """The whole change; its body travels with the name of its type."""
    kind = "" if change.body is None else type(change.body).__name__
    return {"change": codec.dump(replace(change, body=None)), "kind": kind, "body": codec.dump(change.body)}


def unpack(raw: Any) -> Change:
    """The inverse of `pack`."""
    body: Body = codec.load(_BODIES[raw["kind"]], raw["body"]) if raw["kind"] else None
    return replace(codec.load(Change, raw["change"]), body=body)
