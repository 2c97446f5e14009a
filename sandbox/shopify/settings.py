"""What can be set about the emulated store with ``--set name=value``."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any
from zlib import crc32

from sandbox.shopify.stock_plan import StockPlan

PLANS = {"standard": (2000.0, 100.0), "advanced": (4000.0, 200.0), "plus": (20000.0, 1000.0)}
# What a call with stale rows comes to: refused, with all of them or the first one named (Shopify says which
# it does nowhere), or, on an imagined platform, refused row by row while the others are written,
# its rows named or not.
STALE_ANSWERS = ("all_named", "first_named", "per_row", "per_row_unnamed")
OWN_SHOP = "demo-store"
FIRST_ID = 7_400_000_000_000
_ID_SPAN = 10_000_000_000
_ID_SPANS = 800_000
SCOPES = (
    "read_products,write_products,read_inventory,write_inventory,read_locations,read_publications,"
    "write_publications,read_files,write_files,read_orders,write_orders,read_all_orders,read_customers,"
    "write_customers,read_fulfillments,write_fulfillments,read_merchant_managed_fulfillment_orders,"
    "write_merchant_managed_fulfillment_orders,read_metaobject_definitions,read_returns,write_returns"
)


@dataclass
class Settings:
    """The switches of this platform; lists are comma separated."""

    shop: str = OWN_SHOP
    name: str = "Demo Moda"
    plan: str = "standard"
    currency: str = "TRY"
    timezone: str = "Europe/Istanbul"
    client_id: str = "sandbox-client"
    client_secret: str = field(default="shpss_sandbox_secret", repr=False)
    token: str = field(default="shpat_sandbox_token", repr=False)
    scopes: str = SCOPES
    token_seconds: float = 86399.0
    search_lag: float = 2.0
    media_delay: float = 3.0
    routing_delay: float = 0.0
    bulk_rate: float = 5000.0
    stale_answer: str = "all_named"
    locations: str = "Merkez Depo,Mağaza"
    publications: str = "Online Store,Point of Sale"
    fetch_media: str = "on"
    normalise_html: str = "on"
    sku_search: str = "loose"
    max_variants: int = 2048
    # A generated stock catalogue instead of a believable one: see stock_plan.py.
    stock_skus: int = 0
    stock_common: int = -1
    stock_seed: int = 1
    stock_dirt: float = 0.0
    stock_unstocked: float = 0.0

    @classmethod
    def of(cls, given: dict[str, str]) -> Settings:
        """From ``--set``; ValueError names an unknown switch or a value out of its range."""
        known: dict[str, Any] = {one.name: one for one in fields(cls)}
        if odd := sorted(set(given) - set(known)):
            raise ValueError(f"unknown setting {', '.join(odd)}; this sandbox knows: {', '.join(known)}")
        made = cls(**{name: _typed(known[name].default, name, value) for name, value in given.items()})
        _among("plan", made.plan, tuple(PLANS))
        _among("stale_answer", made.stale_answer, STALE_ANSWERS)
        _among("fetch_media", made.fetch_media, ("on", "off"))
        _among("normalise_html", made.normalise_html, ("on", "off"))
        _among("sku_search", made.sku_search, ("loose", "exact"))
        _share("stock_dirt", made.stock_dirt)
        _share("stock_unstocked", made.stock_unstocked)
        return made

    @property
    def first_id(self) -> int:
        """Where this shop's ids begin: shops of other names never share a number, so that an id taken to the
        wrong shop is found nowhere."""
        if self.shop == OWN_SHOP:
            return FIRST_ID
        return FIRST_ID + (1 + crc32(self.shop.encode()) % _ID_SPANS) * _ID_SPAN

    @property
    def stock_plan(self) -> StockPlan:
        """The generated stock catalogue that was asked for."""
        skus, common = self.stock_skus, self.stock_common
        common = skus if common < 0 else min(common, skus)
        return StockPlan(self.shop, skus, common, self.stock_seed, self.stock_dirt, self.stock_unstocked)

    @property
    def domain(self) -> str:
        """The store's permanent address, under which it answers though reached elsewhere."""
        return f"{self.shop}.myshopify.com"

    @property
    def granted(self) -> set[str]:
        """The granted scopes; a write scope carries its read scope, as at Shopify."""
        return _granted(self.scopes)


@lru_cache(64)
def _granted(scopes: str) -> set[str]:
    named = {one.strip() for one in scopes.split(",") if one.strip()}
    return named | {"read_" + one.removeprefix("write_") for one in named if one.startswith("write_")}


def _typed(default: Any, name: str, value: str) -> Any:
    try:
        return type(default)(value)
    except ValueError as error:
        raise ValueError(f"--set {name} wants a {type(default).__name__}, not {value!r}") from error


def _share(name: str, value: float) -> None:
    if not 0 <= value <= 0.5:
        raise ValueError(f"--set {name} is a share from 0 to 0.5, not {value!r}")


def _among(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"--set {name} must be one of {', '.join(allowed)}, not {value!r}")
