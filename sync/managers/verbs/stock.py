"""What an operator can do with stock flows: set up, start, validate, push single items, hand over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from storage.links import STORE_TO_STORE
from storage.queue_item import URGENT
from sync.errors import NeedsOperator
from sync.managers.stock.validating import figures_of
from sync.managers.verbs.forms import connection_name
from sync.managers.verbs.handover import Handover, store_of
from sync.managers.verbs.stock_gate import Finding, StockGate
from sync.managers.verbs.stock_rules import checked_places, checked_stock
from sync.model.entity import Entity
from sync.model.flow import Connection, Flow, Link, StockSettings
from sync.model.run import Mode, Scope
from sync.model.stock import StockStage
from sync.model.text import Message, say
from sync.model.values import text

if TYPE_CHECKING:
    from sync.workspace import Workspace

Places = Mapping[str, Sequence[str]]
"""Target location → the source's locations summed there ("*" for all of them)."""
MOST_PUSHED = 1_000


class StockVerbs:
    """Verbs of stock flows; every refusal is a NeedsOperator that says what to do."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.rules = StockGate(ws)
        self.handover = Handover(ws)

    # -- setting up ------------------------------------------------------------------------------------------

    def set_up(
        self,
        source_id: str,
        targets: Mapping[str, Places],
        settings: StockSettings,
        by: str,
        *,
        name: str = "",
    ) -> list[Flow]:
        """One stock flow from the source to each target, switched on; a link that is there gets one more
        flow. Everything is checked first: credentials and rights of all stores, places, and that nobody else
        writes there. Raises NeedsOperator with nothing half done."""
        if not targets or source_id in targets:
            raise NeedsOperator(say("Choose a source and at least one other store as destination."))
        source = self._able(source_id)
        stores = {target_id: self._able(target_id) for target_id in targets}
        checked_stock(settings)
        mapped = {
            target_id: checked_places(self.ws, source, stores[target_id], places)
            for target_id, places in targets.items()
        }
        for target_id, places in mapped.items():
            self._refuse_backwards(source, stores[target_id])
            self._refuse_owned(stores[target_id], places, self._flow_between(source_id, target_id))
        made = []
        for target_id, places in mapped.items():
            title = _title(name, source, stores[target_id], len(mapped))
            made.append(self._made(title, source, stores[target_id], places, settings, by))
        return made

    def save(self, flow_id: str, settings: StockSettings, by: str) -> Flow:
        """Stores a stock flow's settings; plans made before are void."""
        checked_stock(settings)
        flow = self._stock_flow(flow_id)
        if flow.stock == settings:
            return flow
        self.handover.refuse_live(flow)
        stored = self.ws.links.save(replace(flow, stock=settings))
        self._say(flow, say("{who} changed the settings of the stock flow.", who=by))
        return stored

    def enable(self, flow_id: str, by: str) -> Flow:
        """Switches a stock flow on, as its settings are: both stores are tested and its locations claimed."""
        flow = self._stock_flow(flow_id)
        link = self.ws.links.get(flow.link_id)
        source, target = self._able(self._source(flow, link).id), self._able(self._target(flow, link).id)
        checked_places(self.ws, source, target, link.locations)
        self.claim(flow, by)
        stored = self.ws.links.save(replace(flow, enabled=True))
        self._say(flow, say("{who} switched the stock flow on.", who=by))
        return stored

    def _made(
        self,
        title: str,
        source: Connection,
        target: Connection,
        places: Mapping[str, tuple[str, ...]],
        settings: StockSettings,
        by: str,
    ) -> Flow:
        link = self._link(source.id, target.id)
        if link is None:
            link = self.ws.links.add(title, source.id, target.id, dict(places), STORE_TO_STORE)
        elif dict(link.locations) != dict(places):
            self._refuse_live_link(link)
            self.ws.links.set_locations(link.id, dict(places))
        direction = "a>b" if link.a == source.id else "b>a"
        flow = self.ws.links.add_flow(link.id, Entity.STOCK, direction)
        self.claim(flow, by)
        stored = self.ws.links.save(replace(flow, enabled=True, stock=settings))
        self._say(stored, say("{who} set up stock from {a} to {b}.", who=by, a=source.name, b=target.name))
        return stored

    def _able(self, connection_id: str) -> Connection:
        """The connection, tested for what stock needs (products, inventory and locations)."""
        tested = self.ws.checks.test(connection_id, (Entity.STOCK,))
        if tested.status != "connected":
            reason = tested.reason or say("{name} is not connected. Test it first.", name=tested.name)
            raise NeedsOperator(reason, f"connection {tested.name}")
        return tested

    # -- one writer per location -----------------------------------------------------------------------------

    def claim(self, flow: Flow, by: str) -> None:
        """Makes a flow the writer of its locations. Raises NeedsOperator naming the owner's link."""
        link = self.ws.links.get(flow.link_id)
        target = self._target(flow, link)
        places = [place for place, sources in link.locations.items() if sources]
        self.ws.stock_owners.claim(flow.id, store_of(target), places, by)

    def release(self, flow: Flow) -> None:
        """A flow that is switched off owns nothing."""
        self.ws.stock_owners.release(flow.id)

    def owner(self, flow_id: str, place: str) -> Flow | None:
        """The flow that writes a location of this flow's target now; None if none does."""
        flow = self.ws.links.flow(flow_id)
        target = self._target(flow, self.ws.links.get(flow.link_id))
        owner = self.ws.stock_owners.of(store_of(target)).get(place)
        return self.ws.links.flow(owner) if owner else None

    def transfer(self, flow_id: str, place: str, by: str) -> None:
        """From now on this flow writes the stock of a location, whoever did before: the explicit act. See
        `Handover.transfer`."""
        self.handover.transfer(flow_id, place, by)

    def _refuse_backwards(self, source: Connection, target: Connection) -> None:
        """Two stores have one link and its stock one direction: a flow the other way would write what it has
        just read."""
        flow = self._flow_between(source.id, target.id)
        if flow is not None and self._source(flow, self.ws.links.get(flow.link_id)).id != source.id:
            raise NeedsOperator(
                say(
                    "The link {link} already carries stock from {target} to {source}. Stock flows one way: "
                    "delete that link first if it is to flow the other way.",
                    link=self.ws.links.get(flow.link_id).name,
                    target=target.name,
                    source=source.name,
                )
            )

    def _refuse_owned(
        self, target: Connection, places: Mapping[str, tuple[str, ...]], own: Flow | None
    ) -> None:
        owners = self.ws.stock_owners.of(store_of(target))
        mine = own.id if own else ""
        taken = next((place for place in places if owners.get(place, mine) != mine), "")
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

    # -- running ---------------------------------------------------------------------------------------------

    def start(self, flow_id: str, mode: Mode, scope: Scope = Scope(), by: str = "") -> str:
        """Queues a run; its id. See `gate` for what is refused."""
        return self.ws.run_verbs.start(flow_id, mode, scope, by)

    def gate(self, flow: Flow, mode: Mode, scope: Scope = Scope(), by: str = "") -> Message | None:
        """Why such a run is refused now, None if it is not."""
        return self.rules.refused(flow, mode, scope, by)

    def waits(self, flow: Flow, by: str) -> Message | None:
        """Why the stock of a scheduled product run waits, None if it does not."""
        return self.rules.waits(flow, by)

    def refused(self, flow_id: str, mode: Mode) -> Message | None:
        """Why runs of this mode are refused now."""
        return self.gate(self._stock_flow(flow_id), mode, Scope(reason="-"))

    def checks(self, flow_id: str) -> list[Finding]:
        """What to know before a run by hand: (code, sentence, does it forbid the run?)."""
        return self.rules.checks(self._stock_flow(flow_id))

    def before(self, flow_id: str, mode: Mode) -> list[Finding]:
        """`checks` for a run by hand in this mode: nothing for one that writes nothing, or is about no stock
        flow. May ask the shop."""
        stock = self.ws.links.flow(flow_id).entity is Entity.STOCK
        return self.checks(flow_id) if stock and mode is not Mode.PREVIEW else []

    def stage(self, flow_id: str) -> StockStage:
        """How far the flow has come; one whose link ran products with stock before takes that as baseline."""
        return self.rules.stage(self._stock_flow(flow_id))

    def validate(self, flow_id: str, by: str, figures: Mapping[str, object] | None = None) -> StockStage:
        """An operator confirms the figures of both sides. `figures`: those that were looked at; if they have
        changed since, nothing is confirmed."""
        flow = self._stock_flow(flow_id)
        if not self.stage(flow_id).baseline_run:
            raise NeedsOperator(say("There is nothing to confirm yet. Run the flow in full first."))
        now = self.figures(flow_id)
        if figures is not None and dict(figures) != now:
            raise NeedsOperator(say("The figures have changed since you looked. Look at them again."))
        self.ws.stock_stages.validate(flow_id, by, now)
        self._say(flow, say("{who} confirmed the stock figures.", who=by))
        return self.stage(flow_id)

    def figures(self, flow_id: str) -> dict[str, object]:
        """The figures that `validate` confirms: totals of both sides, and a sample of rows."""
        flow = self._stock_flow(flow_id)
        return figures_of(self.ws, flow, self.ws.links.get(flow.link_id))

    def refresh_match(self, flow_id: str) -> Mapping[str, int]:
        """Matches what was last read of both sides anew; counts by `Match`."""
        flow = self._stock_flow(flow_id)
        return self.ws.stock_match.refresh(flow, self.ws.links.get(flow.link_id))

    def push(self, flow_id: str, skus: Sequence[str] = (), by: str = "", *, ids: Sequence[str] = ()) -> int:
        """Queues single items at the highest priority; answers how many. Raises NeedsOperator naming SKUs
        that the source does not have, or if the flow is not live yet."""
        flow = self._stock_flow(flow_id)
        if reason := self.gate(flow, Mode.ITEMS):
            raise NeedsOperator(reason)
        link = self.ws.links.get(flow.link_id)
        wanted = [cleaned for sku in skus if (cleaned := text(sku))]
        rows = self.ws.stock_items.by_sku(self._source(flow, link).id, wanted)
        unknown = sorted(set(wanted) - {row.sku for row in rows})
        if unknown:
            raise NeedsOperator(say("The source has no item {skus}.", skus=", ".join(unknown[:10])))
        records = list(dict.fromkeys([*(row.variant_id for row in rows), *ids]))
        if not records or len(records) > MOST_PUSHED:
            raise NeedsOperator(say("Name between 1 and {most} SKUs.", most=MOST_PUSHED))
        with self.ws.db.write() as tx:
            self.ws.queue.push(
                tx,
                flow.id,
                Entity.STOCK,
                flow.direction,
                records,
                self._target(flow, link).id,
                URGENT,
                "manual",
            )
        self.ws.executor.wake()
        self._say(flow, say("{who} asked for {count} items at once.", who=by, count=len(records)))
        return len(records)

    # -- steps -----------------------------------------------------------------------------------------------

    def _stock_flow(self, flow_id: str) -> Flow:
        flow = self.ws.links.flow(flow_id)
        if flow.entity is not Entity.STOCK:
            raise NeedsOperator(say("This is not a stock flow."))
        return flow

    def _link(self, source_id: str, target_id: str) -> Link | None:
        ends = {source_id, target_id}
        return next((link for link in self.ws.links.all() if {link.a, link.b} == ends), None)

    def _flow_between(self, source_id: str, target_id: str) -> Flow | None:
        link = self._link(source_id, target_id)
        flows = self.ws.links.flows(link.id) if link else []
        return next((flow for flow in flows if flow.entity is Entity.STOCK), None)

    def _source(self, flow: Flow, link: Link) -> Connection:
        return self.ws.connections.get(link.a if flow.direction[0] == "a" else link.b)

    def _target(self, flow: Flow, link: Link) -> Connection:
        return self.ws.connections.get(link.a if flow.direction[-1] == "a" else link.b)

    def _refuse_live_link(self, link: Link) -> None:
        for flow in self.ws.links.flows(link.id):
            self.handover.refuse_live(flow)

    def _say(self, flow: Flow, message: Message) -> None:
        self.ws.journal.say("info", message, flow_id=flow.id, link_id=flow.link_id, entity=flow.entity.value)


def _title(name: str, source: Connection, target: Connection, count: int) -> str:
    if name and count == 1:
        return connection_name(name)
    return connection_name(f"{name or source.name} → {target.name}")
