"""Global ids: ``gid://shopify/Product/7``."""

from __future__ import annotations


def gid(type_name: str, number: int) -> str:
    """``gid://shopify/Product/7``."""
    return f"gid://shopify/{type_name}/{number}"


def number_of(id: str) -> int:
    """The number in a gid, without the query that inventory levels carry; 0 when there is none."""
    tail = id.rsplit("/", 1)[-1].partition("?")[0]
    return int(tail) if tail.isdigit() else 0


def type_of(id: str) -> str:
    """The type name in a gid; empty when the text is none."""
    parts = id.split("/")
    return parts[3] if len(parts) > 4 and parts[0] == "gid:" else ""
