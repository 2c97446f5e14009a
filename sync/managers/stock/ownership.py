"""Which flow writes the stock of a store's locations: one writer each."""

from __future__ import annotations

from sync.model.flow import Connection, Flow, Link
from sync.workspace import Workspace


def store_of(connection: Connection) -> str:
    """The account, not the connection: two connections may lead to one store."""
    return connection.identity or connection.id


def claim(ws: Workspace, flow: Flow, by: str) -> None:
    """Makes a flow the writer of its locations. Raises NeedsOperator naming the owner's link."""
    link = ws.links.get(flow.link_id)
    places = [place for place, sources in link.locations.items() if sources]
    ws.stock_owners.claim(flow.id, store_of(_target(ws, flow)), places, by)


def claim_free(ws: Workspace, flow: Flow) -> None:
    """Makes a flow the writer of those of its locations that no other flow writes, and of nothing else."""
    mapped = [place for place, sources in ws.links.get(flow.link_id).locations.items() if sources]
    free = [place for place in mapped if place not in written_by_others(ws, flow)]
    ws.stock_owners.claim(flow.id, store_of(_target(ws, flow)), free, "")


def owner_of(ws: Workspace, flow: Flow, place: str) -> Flow | None:
    """The flow that writes a location of this flow's target now; None if none does."""
    owner = ws.stock_owners.of(store_of(_target(ws, flow))).get(place)
    return ws.links.flow(owner) if owner else None


def written_by_others(ws: Workspace, flow: Flow) -> dict[str, Link]:
    """Mapped locations of this flow that another flow writes now: location → that flow's link."""
    owners = ws.stock_owners.of(store_of(_target(ws, flow)))
    places = [place for place, sources in ws.links.get(flow.link_id).locations.items() if sources]
    others = {place: owners[place] for place in places if owners.get(place, flow.id) != flow.id}
    return {place: ws.links.get(ws.links.flow(owner).link_id) for place, owner in others.items()}


def _target(ws: Workspace, flow: Flow) -> Connection:
    link = ws.links.get(flow.link_id)
    return ws.connections.get(link.a if flow.direction[-1] == "a" else link.b)
