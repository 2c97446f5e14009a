"""Handing a location's stock over from one flow to another: the explicit act of a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sync.errors import NeedsOperator
from sync.managers.stock.ownership import store_of
from sync.managers.verbs.ground import WAIT, Ground, ground_of
from sync.managers.verbs.offers import offers_of
from sync.managers.verbs.stock_gate import StockGate
from sync.model.entity import Entity
from sync.model.fields import ALL_FIELDS
from sync.model.flow import Connection, Flow, Link
from sync.model.run import Mode
from sync.model.text import Message, say
from sync.workspace import Workspace

STOCK = "stock"
"""The product field that writes stock."""


@dataclass(frozen=True, slots=True)
class Taker:
    """A flow that could write the stock of a location. `wants`: its settings say that it writes stock."""

    flow: Flow
    wants: bool


class Handover:
    """Who could take a location of a store over, and the taking over itself."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    def takers(self, store: str, place: str) -> list[Taker]:
        """Flows that are mapped to this location of this store and do not own it, those that want it
        first."""
        owner = self.ws.stock_owners.of(store).get(place)
        found = [
            Taker(flow, _wants(flow))
            for flow in self.ws.links.flows()
            if flow.id != owner and self._could(flow, store, place)
        ]
        return sorted(found, key=lambda taker: not taker.wants)

    def place(self, flow: Flow, name: str) -> str:
        """The id of the location that somebody names: by its id, the end of its id, or what the store calls
        it. Raises NeedsOperator naming those that the flow is mapped to."""
        ground = ground_of(self.ws, flow)
        called = offers_of(self.ws).get(ground.target.id, "locations", WAIT).names()
        mapped = [place for place, sources in ground.link.locations.items() if sources]
        found = [p for p in mapped if name in (p, p.rpartition("/")[2], called.get(p))]
        if len(found) == 1:
            return found[0]
        raise NeedsOperator(
            say(
                "{name} is no location that this flow is mapped to. It is mapped to: {places}.",
                name=name,
                places=", ".join(called.get(p, p) for p in mapped) or "–",
            )
        )

    def transfer(self, flow_id: str, place: str, by: str) -> None:
        """From now on this flow writes the stock of a location, whoever did before. A product flow that left
        stock out takes it up, and one that gives a location away leaves stock out from now on. Raises
        NeedsOperator, with nothing changed, if the flow cannot write there or a run is under way."""
        flow = self.ws.links.flow(flow_id)
        ground = ground_of(self.ws, flow)
        _refuse_unable(ground)
        if not ground.link.locations.get(place):
            raise NeedsOperator(say("This flow does not write to that location. Map it first."))
        store = store_of(ground.target)
        before = self.ws.stock_owners.of(store).get(place)
        former = self.ws.links.flow(before) if before and before != flow_id else None
        self._refuse_beside(ground, former)
        for one in (flow, former):
            if one is not None and (one is former or not _wants(one)):
                self.refuse_live(one)
        if flow.entity is Entity.STOCK:
            StockGate(self.ws).stage(flow)  # what the former writer has aligned counts
        self._hand(flow, [former] if former else [], store, [place], by)

    # -- at the set-up ---------------------------------------------------------------------------------------

    def link_of(self, source_id: str, target_id: str) -> Link | None:
        """The link between two connections, whichever way its flows go."""
        ends = {source_id, target_id}
        return next((link for link in self.ws.links.all() if {link.a, link.b} == ends), None)

    def carriers(self, target: Connection, places: Collection[str], link: Link | None) -> list[Flow]:
        """Product flows that write stock where a stock flow of `link` (None: a new one) is to write it: the
        owners of these locations, and the link's own, because it has the same mapping."""
        owners = self.ws.stock_owners.of(store_of(target))
        owning = {owners[place] for place in places if place in owners}
        return [
            flow
            for flow in self.ws.links.flows()
            if flow.entity is Entity.PRODUCT
            and (flow.id in owning or (link and flow.link_id == link.id and flow.enabled and _wants(flow)))
        ]

    def take_over(
        self, flow: Flow, carriers: Sequence[Flow], places: Sequence[str], by: str, *, aligned: bool
    ) -> None:
        """A stock flow that is being set up writes these locations from now on, and the product flows leave
        stock out. `aligned`: what they wrote there is what this flow would, so their last full run is its
        baseline. Whether that may be has been checked: see `StockSetUp`."""
        if aligned:
            StockGate(self.ws).stage(flow)
        formers = [self.ws.links.flow(former.id) for former in carriers]
        self._hand(flow, formers, store_of(ground_of(self.ws, flow).target), places, by)

    def leave_out(self, link: Link) -> None:
        """The link's product flow, which is switched off, leaves stock to its stock flow: otherwise it could
        not be switched on."""
        for flow in self.ws.links.flows(link.id):
            self._give_up(flow)

    def refuse_live(self, flow: Flow) -> None:
        """Raises NeedsOperator while a run of the flow is under way; single items of the queue do not
        count."""
        if any(run.mode is not Mode.ITEMS for run in self.ws.runs.list(flow_id=flow.id, live=True)):
            raise NeedsOperator(
                say("A run of this flow is under way. Wait until it ends, or cancel it on the Sync page.")
            )

    # -- steps -----------------------------------------------------------------------------------------------

    def _could(self, flow: Flow, store: str, place: str) -> bool:
        ground = ground_of(self.ws, flow)
        return _able(ground) and bool(ground.link.locations.get(place)) and store_of(ground.target) == store

    def _refuse_beside(self, ground: Ground, former: Flow | None) -> None:
        """A product field has one writing flow at a target: a product flow takes stock up only where no other
        one, but the former writer, carries it."""
        if ground.flow.entity is not Entity.PRODUCT or _wants(ground.flow):
            return
        for other in self.ws.links.flows():
            if other.id == ground.flow.id or (former is not None and other.id == former.id):
                continue
            if other.entity is Entity.PRODUCT and other.enabled and _wants(other):
                theirs = ground_of(self.ws, other)
                if theirs.target.id == ground.target.id:
                    raise NeedsOperator(
                        say(
                            "The product flow of {owner} writes stock of {target} already. Switch stock off "
                            "there first.",
                            owner=theirs.link.name,
                            target=ground.target.name,
                        )
                    )

    def _hand(self, flow: Flow, formers: Sequence[Flow], store: str, places: Sequence[str], by: str) -> None:
        for former in formers:
            self._give_up(former)
        self.ws.stock_owners.transfer(flow.id, store, places, by)
        self._take_up(flow)
        for place in places:
            said = say("{who} transferred the stock of location {place} to this link.", who=by, place=place)
            self._say(flow, said)

    def _give_up(self, flow: Flow) -> None:
        """The former writer stops: a product flow leaves stock out from now on, everywhere; another stock
        flow is refused at its next run."""
        if flow.entity is Entity.PRODUCT and _wants(flow):
            fields = tuple(name for name in flow.products.fields if name != STOCK)
            self.ws.links.save(replace(flow, products=replace(flow.products, fields=fields)))
            self.ws.stock_owners.release(flow.id)
            self._say(flow, say("The product flow leaves stock to another flow from now on."))

    def _take_up(self, flow: Flow) -> None:
        """A product flow that left stock out carries it from now on."""
        if flow.entity is Entity.PRODUCT and not _wants(flow):
            kept = {*flow.products.fields, STOCK}
            fields = tuple(name for name in ALL_FIELDS if name in kept)
            self.ws.links.save(replace(flow, products=replace(flow.products, fields=fields)))
            self._say(flow, say("The product flow carries stock, too, from now on."))

    def _say(self, flow: Flow, message: Message) -> None:
        self.ws.journal.say("info", message, flow_id=flow.id, link_id=flow.link_id, entity=flow.entity.value)


def _wants(flow: Flow) -> bool:
    """Do its settings say that it writes stock, once it is switched on?"""
    return flow.entity is Entity.STOCK or (flow.entity is Entity.PRODUCT and STOCK in flow.products.fields)


def _able(ground: Ground) -> bool:
    """Can this flow write stock at all?"""
    if ground.flow.entity is Entity.PRODUCT:
        return STOCK in ground.offered()
    return ground.flow.entity is Entity.STOCK


def _refuse_unable(ground: Ground) -> None:
    if not _able(ground):
        raise NeedsOperator(say("This flow cannot write stock. Choose a stock flow or a product flow."))
