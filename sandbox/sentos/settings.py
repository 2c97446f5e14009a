"""The switches of the Sentos emulator: whatever its public clients disagree about, or met only at times.

The first value that each comment names is the default; they are given as ``--set name=value`` on the command
line or changed by ``POST /_sandbox/settings`` while it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

OFF = ("off", "none", "")

CHOICES: dict[str, tuple[str, ...]] = {
    "auth": ("basic", "headers", "bearer", "token", "any"),
    "sku_filter": ("loose", "exact"),
    "order_filter": ("exact", "loose", "ignored"),
    "money": ("thousands", "comma", "dot", "number"),
    "empty_objects": ("array", "object"),
    "model": ("object", "string", "null"),
    "stock": ("int", "string"),
    "warehouse": ("int", "object"),
    "parent_sku": ("given", "null"),
    "wrap": ("none", "data", "product", "list"),
    "order_money": ("dot", "comma"),
    "duplicate_orders": ("accept", "reject"),
    "unknown_sku": ("accept", "refuse"),
    "variant_images": ("given", "none"),
}


@dataclass(frozen=True)
class Settings:
    """One profile of the emulator; limits are per scaled minute, None where there is none."""

    auth: str = "basic"
    key: str = "sandbox-key"
    secret: str = "sandbox-secret"
    allowed_ips: str = ""  # comma list; empty lets everybody in
    forbidden: str = ""  # comma list of operations that answer 403
    same_get_per_min: int | None = 2
    post_per_min: int | None = 12
    put_shares_post: bool = True
    total_get_per_min: int | None = None
    retry_after: bool = False
    error_rate: float = 0.0  # share of calls that end as 500
    stall_rate: float = 0.0  # share of calls that stall
    stall_seconds: float = 90.0
    page_cap: int = 100
    list_shift: int = 0  # products that seem to be added before every further page
    sku_filter: str = "loose"
    order_filter: str = "exact"  # order_id and order_code: equal, contained, or not looked at
    money: str = "thousands"
    empty_objects: str = "array"
    model: str = "object"
    stock: str = "int"
    negative_stocks: bool = False
    warehouse: str = "int"
    parent_sku: str = "given"
    variant_images: str = "given"
    wrap: str = "none"
    order_money: str = "dot"
    date_slack_days: int = 1
    line_id_zero: bool = True
    put_deletes_omitted: bool = True
    duplicate_orders: str = "accept"
    unknown_sku: str = "accept"
    cancel_restocks: bool = False
    variants_total: int | None = None  # the catalogue: exactly so many sellable variants
    images: int | None = None  # the catalogue: so many pictures per product
    dirts: str = ""  # the catalogue: comma list of the dirts to use

    def changed(self, pairs: dict[str, Any]) -> Settings:
        """These settings with some replaced; ValueError names what is unknown or out of range."""
        known = {field.name: str(field.type) for field in fields(self)}
        if odd := sorted(set(pairs) - set(known)):
            raise ValueError(f"unknown setting {', '.join(odd)}; Sentos knows: {', '.join(known)}")
        return replace(self, **{name: _parsed(name, known[name], value) for name, value in pairs.items()})


def _parsed(name: str, kind: str, value: Any) -> Any:
    text = (
        ("on" if value else "off") if isinstance(value, bool) else str("" if value is None else value).strip()
    )
    if name in CHOICES:
        if text not in CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(CHOICES[name])}, not {text!r}")
        return text
    if kind == "bool":
        return _flag(name, text)
    if "None" in kind and text.lower() in OFF:
        return None
    if kind == "str":
        return text
    return _number(name, text, float if kind == "float" else int)


def _flag(name: str, text: str) -> bool:
    words = {
        "on": True,
        "true": True,
        "1": True,
        "yes": True,
        "off": False,
        "false": False,
        "0": False,
        "no": False,
    }
    if text.lower() not in words:
        raise ValueError(f"{name} must be on or off, not {text!r}")
    return words[text.lower()]


def _number(name: str, text: str, kind: type[int | float]) -> int | float:
    try:
        number = kind(text)
    except ValueError:
        raise ValueError(f"{name} must be a number, not {text!r}") from None
    if number < 0:
        raise ValueError(f"{name} must not be negative")
    return number


def listed(text: str) -> list[str]:
    """The words of a comma list."""
    return [word.strip() for word in text.split(",") if word.strip()]


# Settings change while the tenant runs: whoever needs them asks at the moment of need.
Now = Callable[[], Settings]
