"""The shop of the seed: two connections, a link, names of products."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sync.application import Application, open_application
from sync.model.entity import Entity
from sync.model.flow import Flow, Link
from sync.model.support import Check

NOW = datetime.now(UTC).replace(microsecond=0)
"""When the test session began: for what lies hours back, so that all figures of a test have one "now"."""


def now() -> datetime:
    """For what has only just happened: a session may take longer than a plan keeps."""
    return datetime.now(UTC).replace(microsecond=0)


KINDS = (
    "Keten Gömlek",
    "Pamuklu Tişört",
    "Yüksek Bel Jean",
    "Triko Kazak",
    "Midi Elbise",
    "Blazer Ceket",
    "Saten Bluz",
)
COLOURS = ("Siyah", "Ekru", "Lacivert", "Haki", "Bordo", "Gri Melanj")
SIZES = ("XS", "S", "M", "L", "XL")
PASSWORD = "correct horse battery"


def open_at(folder: Path) -> Application:
    """An empty installation in this folder."""
    return open_application({"COUNTERPART_HOME": str(folder)})


@dataclass(frozen=True)
class Shop:
    """What `connect` made."""

    link: Link
    products: Flow
    orders: Flow


def connect(ws: Application) -> Shop:
    """Sentos and a Shopify store, tested, linked, both flows on."""
    erp = ws.connections.add("sentos", "Sentos Moda", {}, {})
    shop = ws.connections.add("shopify", "moda-evi", {}, {})
    ws.connections.record_check(erp.id, Check(True, "moda.sentos", {"Sign-in": "Basic"}), None)
    ws.connections.record_check(
        shop.id, Check(True, "gid://shopify/Shop/1", {"Currency": "TRY", "Plan": "Standard"}), None
    )
    link = ws.links.add("Moda Evi", erp.id, shop.id, {"gid://shopify/Location/1": ("1", "2")})
    flows = {f.entity: ws.links.save(replace(f, enabled=True)) for f in ws.links.flows(link.id)}
    return Shop(link, flows[Entity.PRODUCT], flows[Entity.ORDER])


def title(n: int) -> str:
    """The n-th product's name."""
    return f"{KINDS[n % len(KINDS)]} {COLOURS[n % len(COLOURS)]} {1000 + n}"


def target_id(n: int) -> str:
    return f"gid://shopify/Product/{8_000_000 + n}"
