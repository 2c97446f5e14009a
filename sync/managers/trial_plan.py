"""What a trial is to be: which boxes (sandbox processes), how large, how fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.model.flow import Connection

PLATFORMS = ("sentos", "shopify")
"""The boxes of the trial of an ERP with a shop; each box is a process, named like the platform it plays."""
SOURCE_STORE = "shopify-source"
BOX = "box"
"""Setting of a sandbox connection: which process plays it; without it, its platform's."""
ORDERS_WANTED = "trial.orders.wanted"
"""Cursor of the product flow: how many orders the shop is to get, and by which seed."""


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """Size of a trial. `kind` "erp": Sentos and a shop · "stores": a Shopify store whose stock feeds
    `outlets` others, with `skus` items each. `speed` scales the sandboxes' time; `latency` is a round trip
    in their seconds."""

    products: int = 250
    orders: int = 120
    seed: int = 1
    speed: float = 60.0
    latency: float = 0.0
    dirt: float | None = None
    sentos: tuple[tuple[str, str], ...] = ()
    shopify: tuple[tuple[str, str], ...] = ()
    kind: str = "erp"
    skus: int = 1_000
    outlets: int = 1


@dataclass(frozen=True, slots=True)
class Box:
    """One sandbox process to be: its name (also of its state file), platform, connection's name and size."""

    name: str
    platform: str
    title: str
    products: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)


def box_of(connection: Connection) -> str:
    """Which process plays a sandbox connection."""
    return connection.settings.get(BOX) or connection.platform
