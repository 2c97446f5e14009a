"""What a flow's settings are held against: both platforms' abilities, and what they offer to choose from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sync.connectors import registry
from sync.connectors.contract import Spec
from sync.errors import NeedsOperator
from sync.managers.verbs.offers import Offer, offers_of
from sync.model.entity import Entity
from sync.model.fields import ALL_FIELDS
from sync.model.flow import Connection, FieldMap, Flow, Link
from sync.model.text import say
from sync.workspace import Workspace

WAIT = 4.0
"""Seconds a verb waits for a list that it checks against; a list that does not come is not checked
against."""

# Product fields that a custom mapping can fill, and those that it can read.
MAPPED_FIELDS = ("title", "description", "vendor", "product_type", "category", "seo_title", "seo_description")
SOURCE_FIELDS = (*MAPPED_FIELDS, "sku", "handle", "status")


@dataclass(frozen=True)
class Ground:
    """One flow's two ends."""

    ws: Workspace
    flow: Flow
    link: Link
    source: Connection
    target: Connection

    @property
    def source_spec(self) -> Spec:
        return registry.spec(self.source.platform)

    @property
    def target_spec(self) -> Spec:
        return registry.spec(self.target.platform)

    def offered(self) -> tuple[str, ...]:
        """Product fields that the source can tell and the target can take, in the order in which forms show
        them. Sales channels are chosen apart."""
        both = _able(self.source_spec, "readable") & _able(self.target_spec, "writable")
        return tuple(name for name in ALL_FIELDS if name in both and name != "channels")

    def fed(self, mappings: Collection[FieldMap]) -> frozenset[str]:
        """Fields that custom mappings fill, as far as the target can take them."""
        names = {_field_of(mapping.target) for mapping in mappings}
        return frozenset(names & _able(self.target_spec, "writable"))

    def choices(self, side: str, what: str, wait: float = WAIT) -> Offer:
        """What the source or target offers to choose from."""
        connection = self.source if side == "source" else self.target
        return offers_of(self.ws).get(connection.id, what, wait)


def ground_of(ws: Workspace, flow: Flow) -> Ground:
    """Raises NeedsOperator if the link or a connection is gone."""
    link = ws.links.get(flow.link_id)
    ends = {"a": ws.connections.get(link.a), "b": ws.connections.get(link.b)}
    return Ground(ws, flow, link, ends[flow.direction[0]], ends[flow.direction[-1]])


def can_flow(entity: Entity, source: str, target: str) -> bool:
    """Can platform `source` give records of the entity to platform `target`?"""
    giving, taking = registry.spec(source), registry.spec(target)
    return (
        entity in giving.entities
        and bool(giving.supports(entity).readable)
        and taking.supports(entity).creates
    )


def require_known(offer: Offer, chosen: Collection[str], name: str) -> None:
    """Raises NeedsOperator if something chosen is not offered (any more) by the connection of that name. A
    list that could not be read proves nothing.
    """
    gone = [one for one in chosen if one and one not in offer.ids()]
    if offer.ready and gone:
        raise NeedsOperator(
            say("{name} does not offer {ids} (any more). Choose again.", name=name, ids=", ".join(gone))
        )


def _able(spec: Spec, what: str) -> frozenset[str]:
    names: frozenset[str] = frozenset()
    for entity in (Entity.PRODUCT, Entity.VARIANT):
        names |= getattr(spec.supports(entity), what)
    return names


def _field_of(target: str) -> str:
    if target == "tag":
        return "tags"
    return "metafields" if target.startswith("metafield:") else target
