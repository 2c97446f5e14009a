"""The plan stage of the order flow: staged orders in, planned rows out, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from storage.ids import new_id
from storage.order_pieces import Placed
from sync.engine.orders.export import Rules, park, plan_export, skip
from sync.engine.orders.follow import plan_facts
from sync.engine.orders.ledger import ledger_of
from sync.engine.orders.match import Found, same_order
from sync.engine.orders.select import is_older, skipped
from sync.engine.orders.status import Seen, seen_of
from sync.engine.orders.transform import Made, reference_of, transform
from sync.managers.approval import Approval
from sync.managers.context import Context
from sync.managers.orders.defaults import completed
from sync.managers.orders.older import Older
from sync.managers.orders.reading import TEST_RECORDS, shop_of
from sync.managers.orders.recovery import unsure
from sync.managers.orders.scope import covers
from sync.model.entity import Entity
from sync.model.order import Order
from sync.model.plan import Binding, Planned
from sync.model.run import Mode
from sync.model.text import say

Decision = tuple[str, str]


class OrderPlanning:
    """Plans one run. Repeatable: what an interrupted attempt left is replaced."""

    def __init__(self, ctx: Context) -> None:
        self.ctx, self.ws, self.link_id = ctx, ctx.ws, ctx.link.id
        self.shop = shop_of(ctx)
        self.settings = ctx.flow.orders
        self.rules = Rules(self.settings, new_id)
        self.older = Older.of(ctx)
        self.unsure = unsure(ctx)
        self.decisions: Mapping[str, Decision] = self.ws.decisions.of(self.link_id, Entity.ORDER.value)
        self.approval = Approval.of(ctx)
        self.figures = {"read": 0, "creates": 0, "older": 0, "currency": 0}
        self.taken: set[str] = set()

    def run(self) -> None:
        """Plans every staged order of the shop."""
        run_id, side = self.ctx.run.id, self.ctx.source_side
        self.ws.plans.forget(run_id)
        total, seq = self.ws.staging.count(run_id, side), 0
        for page in self.ws.staging.pages(run_id, side):
            self.ctx.check()
            seq = self.ws.plans.add(run_id, self._page([r for r in page if isinstance(r, Order)]), seq)
            self.ctx.progress(self.figures["read"], total)
        self.ws.runs.update(run_id, figures=self.figures)

    def _page(self, orders: Sequence[Order]) -> list[Planned]:
        bound = self.ws.bindings.by_b(self.link_id, "order", [o.id for o in orders])
        children = self.ws.bindings.children([b.id for b in bound.values()])
        shown = self.ws.staging.get(self.ctx.run.id, self.ctx.target_side, [b.id_a for b in bound.values()])
        self.figures["read"] += len(orders)
        self._note_pieces(orders, bound)
        planned = []
        for order in orders:
            binding = bound.get(order.id)
            if binding is None:
                planned.append(self._new(order))
            else:
                planned.append(self._known(order, binding, children[binding.id], shown.get(binding.id_a)))
        return [self.approval.of_record(p) for p in planned]

    def _note_pieces(self, orders: Sequence[Order], bound: Mapping[str, Binding]) -> None:
        """What the stock of the link has to know once one of them is taken over. A cancelled one is none."""
        new = [o for o in orders if o.id not in bound and o.cancelled_at is None]
        with self.ws.db.write() as tx:
            self.ws.order_pieces.put(tx, self.link_id, [Placed(o.id, o.placed_at, o.pieces()) for o in new])
            cancelled = [o.id for o in orders if o.cancelled_at is not None]
            self.ws.order_pieces.forget(tx, self.link_id, cancelled)

    # -- in our ledger ---------------------------------------------------------------------------------------

    def _known(self, order: Order, binding: Binding, children: Sequence[Binding], shown: object) -> Planned:
        if not covers(self.ctx.run, "statuses"):
            return skip(
                order,
                "order.exported",
                say("Sent to Sentos already; this run does not look at statuses."),
                binding.id_a,
            )
        if self._decision(order)[0] == "skip":
            return skip(order, "order.skipped", say("Skipped by the operator."), binding.id_a)
        seen: Seen | None = seen_of(shown) if isinstance(shown, Order) else None
        return plan_facts(order, ledger_of(binding, children), seen, self.rules, self._decision(order)[0])

    def _decision(self, order: Order) -> Decision:
        return self.decisions.get(order.id, ("", ""))

    # -- not in our ledger -----------------------------------------------------------------------------------

    def _new(self, order: Order) -> Planned:
        left = self._left_alone(order)
        if left is not None:
            return left
        made = transform(order, self.settings, self.shop)
        self.figures["currency"] += any(p.cause == "order.currency" for p in made.problems)
        if made.order is None:
            return park(order, made.problems)
        found = self._found(order)
        return self._limited(order, plan_export(order, self._completed(made, found), found, self.rules))

    def _left_alone(self, order: Order) -> Planned | None:
        if not covers(self.ctx.run, "orders"):
            return skip(
                order, "order.not_exported", say("Not sent to Sentos yet; this run looks at statuses only.")
            )
        if self._decision(order)[0] == "skip":
            return skip(order, "order.skipped", say("Skipped by the operator."))
        why = skipped(order, self.settings)
        if why is not None:
            return skip(order, why.cause, why.message)
        if order.id in self.unsure:
            return skip(
                order,
                "order.unsure",
                say(
                    "An earlier run sent it and got no answer; Sentos does not say yet whether it has it. "
                    "The next run asks again."
                ),
            )
        return None if self.older.lets(order) else self._unconfirmed(order)

    def _unconfirmed(self, order: Order) -> Planned:
        if self.older.count < 0:
            return skip(
                order,
                "order.older",
                say(
                    "Placed before the flow went live. Older orders are sent by a full run, once their "
                    "number is confirmed in the flow's settings."
                ),
            )
        return skip(
            order,
            "order.older",
            say(
                "Placed before the flow went live. There are {count} such orders; they are sent once you "
                "have confirmed this number in the flow's settings.",
                count=self.older.count,
            ),
        )

    def _found(self, order: Order) -> Found:
        """Looks among the staged orders of Sentos, which hold the answers of the look-ups."""
        run_id, side, reference = self.ctx.run.id, self.ctx.target_side, reference_of(order, self.shop)
        decision = self._decision(order)
        hits = [
            *self.ws.staging.find(run_id, side, "reference", [reference, order.code, order.id]),
            *self.ws.staging.find(run_id, side, "code", [order.name, order.name.removeprefix("#")]),
        ]
        ids = [hit[1] for hit in hits] + ([decision[1]] if decision[0] == "bind" else [])
        shown = [
            o
            for o in self.ws.staging.get(run_id, side, list(dict.fromkeys(ids))).values()
            if isinstance(o, Order)
        ]
        taken = set(self.ws.bindings.by_a(self.link_id, "order", [o.id for o in shown])) | self.taken
        found = same_order(order, reference, shown, taken, decision)
        if found.target is not None:
            self.taken.add(found.target.id)
        return found

    def _completed(self, made: Made, found: Found) -> Made:
        """With the sales channel and the warehouse, which only an order to be created needs."""
        if found.target is not None or found.candidates or made.order is None:
            return made
        return replace(made, order=completed(self.ctx, made.order))

    def _limited(self, order: Order, planned: Planned) -> Planned:
        """Counts what would be created; a test creates only the first five."""
        if not planned.changes:
            return planned
        self.figures["creates"] += 1
        self.figures["older"] += is_older(order, self.settings)
        if self.ctx.run.mode is not Mode.TEST or self.figures["creates"] <= TEST_RECORDS:
            return planned
        return skip(order, "test.limit", say("Would be sent, but a test sends only the first five."))
