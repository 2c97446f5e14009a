"""Links and flows: make, rename, delete, map places, set up, switch on and off, pause."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from storage import preferences
from storage.links import ERP_TO_SHOP, STORE_TO_STORE
from sync.errors import NeedsOperator
from sync.managers.orders.counting import count_older
from sync.managers.stock.ownership import claim, claim_free, written_by_others
from sync.managers.verbs.checks import checks_of, needs_of, newly_needed, reason_of
from sync.managers.verbs.connections import Hanging, hanging
from sync.managers.verbs.forms import connection_name
from sync.managers.verbs.ground import WAIT, Ground, can_flow, ground_of, require_known
from sync.managers.verbs.offers import Offer, offers_of
from sync.managers.verbs.order_rules import checked_orders
from sync.managers.verbs.product_rules import checked_products
from sync.managers.verbs.stock_gate import StockGate
from sync.managers.verbs.stock_rules import checked_stock
from sync.model.entity import KIND, Entity, Kind
from sync.model.fields import ALL_FIELDS
from sync.model.flow import Connection, Flow, Link, Schedule
from sync.model.run import Mode, Scope
from sync.model.stock import ALL_PLACES
from sync.model.text import say
from sync.queue.schedule import checked_schedule, next_fire, start_anew
from sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Places:
    """What a link's stock mapping chooses from: the locations of b and the warehouses of a."""

    locations: Offer
    warehouses: Offer


class LinkVerbs:
    """What an operator does with links and flows."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    # -- links
    # ------------------------------------------------------------------------------------------------

    def add(self, name: str, a: str, b: str) -> Link:
        """Keeps two connections in step. Which one gives the products is worked out from what the platforms
        can do; a single location takes the stock of all warehouses. Both flows begin switched off.
        Raises NeedsOperator if the two have nothing to give each other, or are linked already."""
        one, other = self._connected(a), self._connected(b)
        giving, taking = _roles(one, other)
        link = joined(self.ws, connection_name(name), giving, taking, self._first_mapping(giving, taking))
        self.ws.journal.say("info", say("Link {name} was made.", name=link.name), link_id=link.id)
        return link

    def rename(self, link_id: str, name: str) -> None:
        """Raises NeedsOperator if another link has the name."""
        wanted = connection_name(name)
        if any(link.name == wanted and link.id != link_id for link in self.ws.links.all()):
            raise NeedsOperator(
                say("There is already a link named {name}. Choose another name.", name=wanted)
            )
        self.ws.links.rename(self.ws.links.get(link_id).id, wanted)

    def hangs_on(self, link_id: str) -> Hanging:
        """What a deletion takes along."""
        return hanging(self.ws, [link_id])

    def delete(self, link_id: str) -> None:
        """Deletes a link with its flows, bindings and runs; both connections and their platforms stay
        untouched."""
        gone = self.ws.links.get(link_id)
        for flow in self.ws.links.flows(link_id):
            self._refuse_while_running(flow)
        self.ws.links.delete(link_id)
        self.ws.journal.say(
            "warning", say("Link {name} was deleted. Nothing was changed at the platforms.", name=gone.name)
        )

    # -- places
    # -----------------------------------------------------------------------------------------------

    def places(self, link_id: str, wait: float = 0.0) -> Places:
        """What the mapping of a link chooses from."""
        link = self.ws.links.get(link_id)
        return self._places(self.ws.connections.get(link.a), self.ws.connections.get(link.b), wait)

    def set_locations(self, link_id: str, mapping: Mapping[str, Collection[str]]) -> Link:
        """Which warehouses' stock is summed at which location. A location without warehouses is left alone,
        and given up by the flow that wrote it. Raises NeedsOperator for a place that does not exist, or a
        warehouse that would be sold twice."""
        kept = {
            place: tuple(dict.fromkeys(warehouses)) for place, warehouses in mapping.items() if warehouses
        }
        link = self.ws.links.get(link_id)
        offer = self.places(link_id, wait=WAIT)
        require_known(offer.locations, kept, self.ws.connections.get(link.b).name)
        require_known(
            offer.warehouses,
            [w for g in kept.values() for w in g if w != ALL_PLACES],
            self.ws.connections.get(link.a).name,
        )
        every = [w for group in kept.values() for w in group]
        twice = next((w for w in every if every.count(w) > 1), None)
        if twice:
            raise NeedsOperator(
                say(
                    "Warehouse {name} is mapped to two locations, so its stock would be sold twice. "
                    "Keep it at one of them.",
                    name=offer.warehouses.names().get(twice, twice),
                )
            )
        if ALL_PLACES in every and len(every) > 1:
            raise NeedsOperator(
                say(
                    "One location has the stock of all warehouses. A warehouse that is chosen beside it "
                    "would be sold twice: choose all of them, or single ones."
                )
            )
        if kept != dict(link.locations):
            self._refuse_if_live(link_id)
            self.ws.links.set_locations(link_id, kept)
            self._own_what_is_mapped(link_id)
        return self.ws.links.get(link_id)

    def written_by_others(self, link_id: str) -> dict[str, str]:
        """Mapped locations that a flow of another link writes at present: location → that link's name."""
        writing = [flow for flow in self.ws.links.flows(link_id) if _writes_stock(flow)]
        found = {place: link for flow in writing for place, link in written_by_others(self.ws, flow).items()}
        return {place: link.name for place, link in found.items() if link.id != link_id}

    # -- flows
    # ------------------------------------------------------------------------------------------------

    def ground(self, flow: Flow) -> Ground:
        """What a flow's form offers: fields, lists, both connections."""
        return ground_of(self.ws, flow)

    def save(self, flow: Flow) -> Flow:
        """Stores a flow's settings after checking them all; switching on also tests both connections for what
        it needs.
        Raises NeedsOperator naming the setting and what it may be, or the flow that already writes a
        field."""
        old, ground = self.ws.links.flow(flow.id), ground_of(self.ws, flow)
        if (flow.entity, flow.direction, flow.link_id) != (old.entity, old.direction, old.link_id):
            raise NeedsOperator(
                say(
                    "A flow's direction is fixed by what its two platforms can do. Make another link instead."
                )
            )
        flow = replace(flow, schedule=checked_schedule(flow.schedule))
        if flow.entity is Entity.PRODUCT:
            flow = replace(flow, products=checked_products(flow.products, ground))
        if flow.entity is Entity.STOCK:
            flow = replace(flow, stock=checked_stock(flow.stock))
        if flow.entity is Entity.ORDER:
            flow = replace(flow, orders=checked_orders(flow.orders, ground, enabled=flow.enabled))
        if flow.enabled:
            self._refuse_second_writer(flow, ground)
        if flow.enabled and not old.enabled:
            self._require_rights(flow, ground)
        elif flow.enabled and (more := newly_needed(old, flow)):
            checks_of(self.ws).require(ground.target, more)
        return self._stored(flow, old)

    def enable(self, flow_id: str) -> Flow:
        """Switches a flow on; see `save`."""
        return self.save(replace(self.ws.links.flow(flow_id), enabled=True))

    def disable(self, flow_id: str) -> Flow:
        """Switches a flow off: nothing of it runs, by itself or by hand, until it is on again."""
        flow = self.ws.links.flow(flow_id)
        self._refuse_while_running(flow)
        return self._stored(replace(flow, enabled=False), flow)

    def set_schedule(self, flow_id: str, schedule: Schedule) -> Flow:
        """When the flow runs by itself, counted from now."""
        flow = self.ws.links.flow(flow_id)
        return self._stored(replace(flow, schedule=checked_schedule(schedule)), flow)

    def pause(self, flow_id: str) -> Flow:
        """The schedule rests; runs by hand stay possible."""
        return self.set_schedule(flow_id, replace(self.ws.links.flow(flow_id).schedule, paused=True))

    def resume(self, flow_id: str) -> Flow:
        """The schedule goes on from now; what it would have run meanwhile is not caught up."""
        return self.set_schedule(flow_id, replace(self.ws.links.flow(flow_id).schedule, paused=False))

    def next_fire(self, flow: Flow) -> datetime | None:
        """When the flow runs next by itself; None: not by itself."""
        return next_fire(self.ws, flow)

    def count_older(self, flow_id: str, since: datetime) -> int:
        """How many of the shop's orders were placed from `since` up to the go-live moment (now, while there
        is none).
        Raises as the connector's read."""
        return count_older(self.ws, flow_id, since)

    # -- everything
    # -------------------------------------------------------------------------------------------

    def paused(self) -> bool:
        """Do all schedules rest?"""
        return self.ws.preferences.get(preferences.PAUSED)

    def pause_all(self) -> None:
        """No flow starts by itself any more; what is running ends as usual."""
        if not self.paused():
            self.ws.preferences.set(preferences.PAUSED, True)
            self.ws.journal.say("warning", say("All schedules were paused."))

    def resume_all(self) -> None:
        """All schedules go on from now."""
        if self.paused():
            for flow in self.ws.links.flows():
                start_anew(self.ws, flow)
            self.ws.preferences.set(preferences.PAUSED, False)
            self.ws.journal.say("info", say("All schedules go on."))

    # -- steps
    # ------------------------------------------------------------------------------------------------

    def _connected(self, connection_id: str) -> Connection:
        connection = self.ws.connections.get(connection_id)
        if connection.status != "connected":
            raise NeedsOperator(
                say(
                    "{name} is not connected. Test it first; its card says what is wrong.",
                    name=connection.name,
                )
            )
        return connection

    def _places(self, a: Connection, b: Connection, wait: float) -> Places:
        offers = offers_of(self.ws)
        warehouses = offers.get(a.id, "warehouses", wait)
        if warehouses.ready and not warehouses.items:  # a shop as the source: its places are called locations
            warehouses = offers.get(a.id, "locations", wait)
        return Places(offers.get(b.id, "locations", wait), warehouses)

    def _first_mapping(self, a: Connection, b: Connection) -> dict[str, tuple[str, ...]]:
        """With one location there is nothing to choose."""
        places = self._places(a, b, WAIT)
        if len(places.locations.items) != 1:
            return {}
        return {places.locations.items[0].id: tuple(w.id for w in places.warehouses.items)}

    def _stored(self, flow: Flow, old: Flow) -> Flow:
        if flow == old:
            return old
        if replace(flow, schedule=old.schedule) != old:
            self._refuse_while_running(flow)
        self._refuse_early_schedule(flow, old)
        self._own_stock(flow, old)
        stored = self.ws.links.save(flow)
        if flow.schedule != old.schedule or flow.enabled and not old.enabled:
            start_anew(self.ws, stored)
        return stored

    def _refuse_early_schedule(self, flow: Flow, old: Flow) -> None:
        """Stock runs by itself only once its baseline was made and validated."""
        scheduled = flow.schedule.minutes or flow.schedule.cron
        if flow.entity is Entity.STOCK and scheduled and flow.schedule != old.schedule:
            mode = Mode.DELTA if flow.schedule.minutes else Mode.SWEEP
            if reason := StockGate(self.ws).refused(flow, mode, Scope()):
                raise NeedsOperator(reason)

    def _own_stock(self, flow: Flow, old: Flow) -> None:
        """A flow that writes stock claims its locations when it is switched on and gives them up when it is
        switched off. Raises NeedsOperator naming another owner."""
        if _writes_stock(flow) and not _writes_stock(old):
            claim(self.ws, flow, "")
        elif _writes_stock(old) and not _writes_stock(flow):
            self.ws.stock_owners.release(flow.id)  # a flow that is switched off owns nothing

    def _own_what_is_mapped(self, link_id: str) -> None:
        """The link's writers give up what is mapped no more, and take what nobody else writes."""
        for flow in self.ws.links.flows(link_id):
            if _writes_stock(flow):
                claim_free(self.ws, flow)

    def _refuse_while_running(self, flow: Flow) -> None:
        if self.ws.runs.list(flow_id=flow.id, live=True, limit=1):
            raise NeedsOperator(
                say("A run of this flow is under way. Wait until it ends, or cancel it on the Sync page.")
            )

    def _refuse_if_live(self, link_id: str) -> None:
        for flow in self.ws.links.flows(link_id):
            self._refuse_while_running(flow)

    def _refuse_second_writer(self, flow: Flow, ground: Ground) -> None:
        """Each field at a target has one writing flow. Documents are created, not shared: two shops may send
        orders to one ERP."""
        if KIND[flow.entity] is not Kind.MIRROR or flow.entity is Entity.STOCK:  # a location has an owner
            return
        for other in self.ws.links.flows():
            theirs = (
                None
                if other.id == flow.id or not other.enabled or other.entity is not flow.entity
                else ground_of(self.ws, other)
            )
            both = set(flow.products.fields) & set(other.products.fields)
            if theirs is not None and theirs.target.id == ground.target.id and both:
                raise NeedsOperator(
                    say(
                        "Link {owner} already writes these fields of {target}: {fields}. "
                        "Leave them to it, or switch "
                        "its flow off.",
                        owner=theirs.link.name,
                        target=ground.target.name,
                        fields=", ".join(ALL_FIELDS[name].label for name in ALL_FIELDS if name in both),
                    )
                )

    def _require_rights(self, flow: Flow, ground: Ground) -> None:
        """Both connections must work and allow what this flow does."""
        checks = checks_of(self.ws)
        for connection, side in ((ground.source, flow.direction[0]), (ground.target, flow.direction[-1])):
            wanted = tuple(dict.fromkeys((*checks.needed(connection.id), *needs_of(flow, side))))
            tested = checks.test(connection.id, wanted)
            if tested.status != "connected":
                raise NeedsOperator(tested.reason or reason_of(()), f"connection {connection.name}")


def joined(
    ws: Workspace,
    name: str,
    giving: Connection,
    taking: Connection,
    locations: Mapping[str, tuple[str, ...]],
    *,
    with_stock: bool = False,
) -> Link:
    """A new link with all flows that its two platforms can have, switched off, in the currency of the shop;
    `with_stock`: between two stores one of stock alone. Raises NeedsOperator if they are linked already, or
    the name is taken."""
    orders = can_flow(Entity.ORDER, taking.platform, giving.platform)
    flows = STORE_TO_STORE if with_stock and not orders else ERP_TO_SHOP
    link = ws.links.add(name, giving.id, taking.id, locations, flows)
    currency = taking.facts.get("currency", "")
    for flow in ws.links.flows(link.id) if currency else ():
        products, orders_of = flow.products, flow.orders
        products, orders_of = replace(products, currency=currency), replace(orders_of, currency=currency)
        ws.links.save(replace(flow, products=products, orders=orders_of))
    return link


def _writes_stock(flow: Flow) -> bool:
    products = flow.entity is Entity.PRODUCT and "stock" in flow.products.fields
    return flow.enabled and (products or flow.entity is Entity.STOCK)


def _roles(one: Connection, other: Connection) -> tuple[Connection, Connection]:
    """(who gives products, who takes them). Raises NeedsOperator if neither way works."""
    if one.id == other.id:
        raise NeedsOperator(say("Choose two different connections."))
    for giving, taking in ((one, other), (other, one)):
        if can_flow(Entity.PRODUCT, giving.platform, taking.platform):
            return giving, taking
    raise NeedsOperator(
        say(
            "{one} and {other} have nothing to give each other: neither can take products from the other.",
            one=one.name,
            other=other.name,
        )
    )
