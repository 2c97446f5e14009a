"""Setting stock up from one source to one or more stores: everything is checked before anything is made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sync.errors import NeedsOperator
from sync.managers.stock.ownership import claim, store_of
from sync.managers.verbs.checks import checks_of, stock_needs
from sync.managers.verbs.forms import connection_name
from sync.managers.verbs.handover import Handover
from sync.managers.verbs.links import joined
from sync.managers.verbs.stock_rules import checked_places, checked_stock, require_stock
from sync.model.entity import Entity
from sync.model.flow import Connection, Flow, Link, StockSettings
from sync.model.support import Need
from sync.model.text import say
from sync.workspace import Workspace

Places = Mapping[str, Sequence[str]]
"""Target location → the source's locations summed there ("*" for all of them)."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """One flow to be made. `link` and `own` are there already, or None; `carriers` are product flows that
    give stock up for it."""

    source: Connection
    target: Connection
    places: Mapping[str, tuple[str, ...]]
    link: Link | None
    own: Flow | None
    carriers: tuple[Flow, ...]


class StockSetUp:
    """Makes the stock flows of one workspace."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.handover = Handover(ws)

    def make(
        self,
        source_id: str,
        targets: Mapping[str, Places],
        settings: StockSettings,
        by: str,
        name: str,
        take_over: Collection[str],
    ) -> list[Flow]:
        """See `StockVerbs.set_up`."""
        if not targets or source_id in targets:
            raise NeedsOperator(say("Choose a source and at least one other store as destination."))
        for target_id in targets:
            self._refuse_again(source_id, target_id)
        source = self.able(source_id, (Need.STOCK_READ,))
        stores = [self.able(target_id, stock_needs(settings)) for target_id in targets]
        checked_stock(settings)
        plans = [self._planned(source, store, targets[store.id], take_over) for store in stores]
        _refuse_twins(plans)
        return [self._made(plan, self._title(name, plan, len(plans)), settings, by) for plan in plans]

    def able(self, connection_id: str, needs: Sequence[Entity | Need]) -> Connection:
        """The connection, tested for what the flow does there."""
        tested = checks_of(self.ws).test(connection_id, needs)
        if tested.status != "connected":
            reason = tested.reason or say("{name} is not connected. Test it first.", name=tested.name)
            raise NeedsOperator(reason, f"connection {tested.name}")
        return tested

    # -- what is refused -------------------------------------------------------------------------------------

    def _refuse_again(self, source_id: str, target_id: str) -> None:
        """The options and locations of a flow that is there would become those of the set-up's screen."""
        source, target = self.ws.connections.get(source_id), self.ws.connections.get(target_id)
        own = self._own(self.handover.link_of(source_id, target_id))
        self._refuse_backwards(source, target, own)
        if own is not None and is_set_up(self.ws, own):
            raise NeedsOperator(
                say(
                    "{a} → {b} is set up already. Its locations and options are under Settings, Links and "
                    "flows.",
                    a=source.name,
                    b=target.name,
                )
            )

    def _planned(
        self, source: Connection, target: Connection, places: Places, take_over: Collection[str]
    ) -> _Plan:
        require_stock(source, target)
        mapped = checked_places(self.ws, source, target, places)
        link = self.handover.link_of(source.id, target.id)
        own = self._own(link)
        carriers = self.handover.carriers(target, mapped, link)
        _refuse_untaken(self.ws, target, [flow for flow in carriers if flow.id not in take_over])
        known = {own.id if own else "", *(flow.id for flow in carriers)}
        self._refuse_owned(target, mapped, known)
        plan = _Plan(source, target, mapped, link, own, tuple(carriers))
        self._refuse_live(plan)
        return plan

    def _own(self, link: Link | None) -> Flow | None:
        flows = self.ws.links.flows(link.id) if link else []
        return next((flow for flow in flows if flow.entity is Entity.STOCK), None)

    def _refuse_backwards(self, source: Connection, target: Connection, own: Flow | None) -> None:
        """Two stores have one link and its stock one direction: a flow the other way would write what it has
        just read."""
        link = self.ws.links.get(own.link_id) if own else None
        if own is None or link is None or (link.a if own.direction[0] == "a" else link.b) == source.id:
            return
        raise NeedsOperator(
            say(
                "The link {link} already carries stock from {target} to {source}. Stock flows one way: "
                "delete that link first if it is to flow the other way.",
                link=link.name,
                target=target.name,
                source=source.name,
            )
        )

    def _refuse_owned(self, target: Connection, places: Collection[str], known: Collection[str]) -> None:
        owners = self.ws.stock_owners.of(store_of(target))
        taken = next((place for place in places if owners.get(place, "") not in {"", *known}), "")
        if taken:
            owner = self.ws.links.get(self.ws.links.flow(owners[taken]).link_id)
            raise NeedsOperator(
                say(
                    "The link {link} writes the stock of location {place} already. A location has one "
                    "writer: switch that flow off in Settings first, or leave the location out.",
                    link=owner.name,
                    place=taken,
                )
            )

    def _refuse_live(self, plan: _Plan) -> None:
        """What changes must not be at work: the flow itself, those that give stock up, and all of the link if
        its mapping becomes another one."""
        flows = [*plan.carriers, *((plan.own,) if plan.own else ())]
        if plan.link is not None and dict(plan.link.locations) != dict(plan.places):
            flows += self.ws.links.flows(plan.link.id)
        for flow in flows:
            self.handover.refuse_live(flow)

    # -- what is made ----------------------------------------------------------------------------------------

    def _made(self, plan: _Plan, title: str, settings: StockSettings, by: str) -> Flow:
        source, target, places = plan.source, plan.target, dict(plan.places)
        link = plan.link or joined(self.ws, title, source, target, places, with_stock=True)
        same = dict(link.locations) == places
        if not same:
            self.ws.links.set_locations(link.id, places)
        flow = self.ws.links.add_flow(link.id, Entity.STOCK, "a>b" if link.a == source.id else "b>a")
        if plan.carriers:
            self.handover.take_over(flow, plan.carriers, sorted(places), by, aligned=same)
        self.handover.leave_out(link)
        claim(self.ws, flow, by)
        stored = self.ws.links.save(replace(flow, enabled=True, stock=settings))
        said = say("{who} set up stock from {a} to {b}.", who=by, a=source.name, b=target.name)
        self.ws.journal.say("info", said, flow_id=flow.id, link_id=link.id, entity=flow.entity.value)
        return stored

    def _title(self, name: str, plan: _Plan, count: int) -> str:
        """A name for the link, if one is made; nobody is asked for it, so one that is taken gets a number."""
        wanted = name if name and count == 1 else f"{name or plan.source.name} → {plan.target.name}"
        title, taken, n = connection_name(wanted), {link.name for link in self.ws.links.all()}, 2
        while not name and title in taken:
            title, n = connection_name(f"{wanted} {n}"), n + 1
        return title


def is_set_up(ws: Workspace, flow: Flow) -> bool:
    """Is this stock flow more than what a set-up leaves that broke off: one that is off, has no options of
    its own and never ran?"""
    used = flow.enabled or flow.stock != StockSettings()
    return used or bool(ws.stock_stages.get(flow.id).baseline_run or ws.runs.list(flow_id=flow.id, limit=1))


def _refuse_untaken(ws: Workspace, target: Connection, carriers: Sequence[Flow]) -> None:
    if carriers:
        raise NeedsOperator(
            say(
                "The product flow of {link} writes the stock of {target} already. A location has one writer: "
                "tick in the set-up that the stock is taken over, switch stock off in that product flow, or "
                "leave the location out.",
                link=ws.links.get(carriers[0].link_id).name,
                target=target.name,
            )
        )


def _refuse_twins(plans: Sequence[_Plan]) -> None:
    """Two connections may lead to one store: its locations have one writer all the same."""
    seen: dict[tuple[str, str], Connection] = {}
    for plan in plans:
        for place in plan.places:
            other = seen.setdefault((store_of(plan.target), place), plan.target)
            if other.id != plan.target.id:
                raise NeedsOperator(
                    say(
                        "{one} and {other} are the same store: choose one of them.",
                        one=other.name,
                        other=plan.target.name,
                    )
                )
