"""What is wrong with one record, said so that its other fields keep flowing."""

from __future__ import annotations

from dataclasses import dataclass

from sync.model.text import Message


@dataclass(frozen=True, slots=True)
class Problem:
    """One flaw of a record. `cause` groups flaws (e.g. "price.ambiguous"); `field` is the concerned field or
    "" for the whole record; `sku` names the variant, "" for the product itself."""

    cause: str
    message: Message
    field: str = ""
    sku: str = ""
