"""What an operator can do with stock flows: set up, start, validate, push single items, hand over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from storage.queue_item import URGENT
from storage.stock_shape import speller
from sync.errors import NeedsOperator
from sync.managers.stock.ownership import claim
from sync.managers.stock.validating import figures_of
from sync.managers.verbs.checks import checks_of, newly_needed, stock_needs
from sync.managers.verbs.handover import Handover
from sync.managers.verbs.runs import RunVerbs
from sync.managers.verbs.stock_gate import Finding, StockGate
from sync.managers.verbs.stock_rules import checked_places, checked_stock, counted_once
from sync.managers.verbs.stock_set_up import Places, StockSetUp
from sync.model.entity import Entity
from sync.model.flow import Connection, Flow, Link, StockSettings
from sync.model.run import Mode, Scope
from sync.model.stock import StockStage
from sync.model.support import Need
from sync.model.text import Message, say
from sync.model.values import text
from sync.workspace import Workspace

MOST_PUSHED = 1_000


@dataclass(frozen=True, slots=True)
class Pushed:
    """How many items were queued, and which SKUs the source does not have."""

    count: int
    unknown: tuple[str, ...] = ()


class StockVerbs:
    """Verbs of stock flows; every refusal is a NeedsOperator that says what to do."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.rules = StockGate(ws)
        self.setting_up = StockSetUp(ws)
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
        take_over: Collection[str] = (),
    ) -> list[Flow]:
        """One stock flow from the source to each target, switched on; a link that is there gets one more
        flow, and is refused if it has one: that keeps its settings. `take_over`: ids of product flows that
        leave stock to it from now on, as `Handover` does it. Everything is checked first: credentials and
        rights of all stores, places, and that nobody else writes there. Raises NeedsOperator with nothing
        half done."""
        return self.setting_up.make(source_id, targets, settings, by, name, take_over)

    def save(self, flow_id: str, settings: StockSettings, by: str) -> Flow:
        """Stores a stock flow's settings; plans made before are void."""
        checked_stock(settings)
        flow = self._stock_flow(flow_id)
        if flow.stock == settings:
            return flow
        self.handover.refuse_live(flow)
        changed = replace(flow, stock=settings)
        if flow.enabled and (more := newly_needed(flow, changed)):
            checks_of(self.ws).require(self._target(flow, self.ws.links.get(flow.link_id)), more)
        stored = self.ws.links.save(changed)
        self._say(flow, say("{who} changed the settings of the stock flow.", who=by))
        return stored

    def enable(self, flow_id: str, by: str) -> Flow:
        """Switches a stock flow on, as its settings are: both stores are tested and its locations claimed."""
        flow = self._stock_flow(flow_id)
        link = self.ws.links.get(flow.link_id)
        able = self.setting_up.able
        source = able(self._source(flow, link).id, (Need.STOCK_READ,))
        target = able(self._target(flow, link).id, stock_needs(flow.stock))
        checked_places(self.ws, source, target, link.locations)
        claim(self.ws, flow, by)
        stored = self.ws.links.save(replace(flow, enabled=True))
        self._say(flow, say("{who} switched the stock flow on.", who=by))
        return stored

    # -- one writer per location -----------------------------------------------------------------------------

    def transfer(self, flow_id: str, place: str, by: str) -> None:
        """From now on this flow writes the stock of a location, whoever did before: the explicit act. See
        `Handover.transfer`."""
        self.handover.transfer(flow_id, place, by)

    # -- running ---------------------------------------------------------------------------------------------

    def start(self, flow_id: str, mode: Mode, scope: Scope = Scope(), by: str = "") -> str:
        """Queues a run; its id. See `gate` for what is refused."""
        return RunVerbs(self.ws).start(flow_id, mode, scope, by)

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
        """Matches what was last read of both sides anew; counts by `Match`, see `counted_once`."""
        flow = self._stock_flow(flow_id)
        return counted_once(self.ws.stock_match.refresh(flow, self.ws.links.get(flow.link_id)))

    def push(
        self, flow_id: str, skus: Sequence[str] = (), by: str = "", *, ids: Sequence[str] = ()
    ) -> Pushed:
        """Queues single items at the highest priority: those of the SKUs, compared as the flow does, that the
        source has. Raises NeedsOperator if it has none of them, or if the flow is not live yet."""
        flow = self._stock_flow(flow_id)
        if reason := self.gate(flow, Mode.ITEMS):
            raise NeedsOperator(reason)
        link = self.ws.links.get(flow.link_id)
        wanted = [cleaned for sku in skus if (cleaned := text(sku))]
        spelt = speller(flow)
        rows = self.ws.stock_items.by_sku(self._source(flow, link).id, wanted, spelt)
        known = {spelt(row.sku) for row in rows}
        unknown = tuple(sorted({sku for sku in wanted if spelt(sku) not in known}))
        records = list(dict.fromkeys([*(row.variant_id for row in rows), *ids]))
        if unknown and not records:
            raise NeedsOperator(say("The source has no item {skus}.", skus=", ".join(unknown[:10])))
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
        self.ws.wake()
        self._say(flow, say("{who} asked for {count} items at once.", who=by, count=len(records)))
        return Pushed(len(records), unknown)

    # -- steps -----------------------------------------------------------------------------------------------

    def _stock_flow(self, flow_id: str) -> Flow:
        flow = self.ws.links.flow(flow_id)
        if flow.entity is not Entity.STOCK:
            raise NeedsOperator(say("This is not a stock flow."))
        return flow

    def _source(self, flow: Flow, link: Link) -> Connection:
        return self.ws.connections.get(link.a if flow.direction[0] == "a" else link.b)

    def _target(self, flow: Flow, link: Link) -> Connection:
        return self.ws.connections.get(link.a if flow.direction[-1] == "a" else link.b)

    def _say(self, flow: Flow, message: Message) -> None:
        self.ws.journal.say("info", message, flow_id=flow.id, link_id=flow.link_id, entity=flow.entity.value)
