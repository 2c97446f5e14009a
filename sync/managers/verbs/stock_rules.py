"""What a stock flow's settings and mapping may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sync.connectors import registry
from sync.errors import NeedsOperator
from sync.managers.verbs.ground import WAIT, can_flow, require_known
from sync.managers.verbs.offers import Offer, offers_of
from sync.model.entity import Entity
from sync.model.flow import Connection, StockSettings
from sync.model.stock import ALL_PLACES, Match
from sync.model.text import say
from sync.workspace import Workspace

CHOICES: Mapping[str, tuple[str, ...]] = {
    "drift": ("keep", "restore"),
    "unreported": ("subtract", "park"),
    "untracked": ("skip", "track"),
    "gone": ("leave", "zero", "draft", "archive"),
}

PIECES = "available"
"""The field of a stock item that a flow carries."""


def gives_stock(platform: str) -> bool:
    """Can stock be read from this platform item by item?"""
    return PIECES in registry.spec(platform).supports(Entity.STOCK).readable


def takes_stock(platform: str) -> bool:
    """Can stock be written to this platform?"""
    return PIECES in registry.spec(platform).supports(Entity.STOCK).writable


def has_orders(source: str, target: str) -> bool:
    """Can a link that carries stock from one platform to the other have a flow that takes over the orders of
    the target? Without one nobody knows which pieces are in orders that the source has still to hear of."""
    return can_flow(Entity.ORDER, target, source)


def counted_once(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts by `Match` in which a pair counts once: as matched or, if a side does not count its item, as
    untracked. The match itself counts every pair as matched, because by SKU it is."""
    matched, untracked = Match.MATCHED.value, Match.UNTRACKED.value
    if matched not in counts:
        return dict(counts)
    return {**counts, matched: max(0, counts[matched] - counts.get(untracked, 0))}


def require_stock(source: Connection, target: Connection) -> None:
    """Raises NeedsOperator if one of the platforms cannot take part in this role."""
    if not gives_stock(source.platform):
        raise NeedsOperator(say("{name} cannot tell its stock. Choose another source.", name=source.name))
    if not takes_stock(target.platform):
        raise NeedsOperator(
            say("The stock of {name} cannot be written. Choose another destination.", name=target.name)
        )


def checked_stock(settings: StockSettings) -> StockSettings:
    """The settings. Raises NeedsOperator naming the one that cannot be."""
    for name, allowed in CHOICES.items():
        if getattr(settings, name) not in allowed:
            raise NeedsOperator(
                say("{name} must be one of {allowed}.", name=name, allowed=", ".join(allowed))
            )
    wrong = [place for place, pieces in settings.buffers.items() if pieces < 0]
    if wrong:
        raise NeedsOperator(say("A safety buffer cannot be less than 0 pieces."))
    return settings


def checked_places(
    ws: Workspace, source: Connection, target: Connection, mapping: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """The mapping without empty lines. Raises NeedsOperator if nothing is mapped, a place does not exist, or
    a source location would be sold twice."""
    kept = {place: tuple(dict.fromkeys(sources)) for place, sources in mapping.items() if sources}
    if not kept:
        raise NeedsOperator(
            say("Choose at least one location of {name} for the stock to go to.", name=target.name)
        )
    every = [one for sources in kept.values() for one in sources]
    offered = offers_of(ws).get(target.id, "locations", WAIT)
    require_known(offered, kept, target.name)
    _require_writable(offered, kept, target.name)
    require_known(_sources(ws, source), [one for one in every if one != ALL_PLACES], source.name)
    if len(every) > 1 and ALL_PLACES in every or len(set(every)) < len(every):
        raise NeedsOperator(
            say(
                "A location of {name} is mapped to two locations of {target}, so its stock would be sold "
                "twice. Keep it at one of them.",
                name=source.name,
                target=target.name,
            )
        )
    return kept


def _require_writable(offered: Offer, chosen: Mapping[str, Sequence[str]], name: str) -> None:
    foreign = [choice.name for choice in offered.items if choice.id in chosen and not choice.writable]
    if foreign:
        raise NeedsOperator(
            say(
                "{place} of {name} belongs to a fulfilment service: only that service may write its stock. "
                "Choose another location.",
                place=", ".join(foreign),
                name=name,
            )
        )


def _sources(ws: Workspace, source: Connection) -> Offer:
    """The places of a source: warehouses of an ERP, locations of a store."""
    warehouses = offers_of(ws).get(source.id, "warehouses", WAIT)
    if warehouses.ready and not warehouses.items:
        return offers_of(ws).get(source.id, "locations", WAIT)
    return warehouses
