"""The plan stage of the product flow: staged records in, planned rows out, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from storage.ids import new_id
from sync.engine.products.match import Hit, Match, Matcher
from sync.engine.products.pairing import Memory
from sync.engine.products.plan import Rules, plan_product
from sync.engine.products.wanted import RECORD_KEY, left_out_by, wanted
from sync.errors import NeedsOperator
from sync.managers.approval import Approval
from sync.managers.context import Context
from sync.managers.products.scope import asked
from sync.managers.views.candidates import candidate_ids, describe
from sync.model.entity import Entity
from sync.model.plan import Binding, Planned
from sync.model.product import Product
from sync.model.run import Mode
from sync.model.text import say

TEST_RECORDS = 5

# What a run's parts leave of the flow's fields.
PARTS: Mapping[str, frozenset[str]] = {
    "products": frozenset(
        {
            "title",
            "description",
            "vendor",
            "product_type",
            "category",
            "tags",
            "seo_title",
            "seo_description",
            "sku",
            "barcode",
            "weight",
            "hs_code",
            "origin",
            "taxable",
            "stock_policy",
            "tracked",
            "options",
            "metafields",
            "channels",
            "cost",
        }
    ),
    "prices": frozenset({"price", "compare_at", "cost"}),
    "stock": frozenset({"stock"}),
    "images": frozenset({"images"}),
}


def fields_of_run(fields: Sequence[str], parts: Sequence[str]) -> frozenset[str]:
    """The fields that a run writes: the flow's, cut down to the chosen parts. (A run that creates products
    takes prices, stock and pictures of the new ones along, whatever the parts: see `Rules.whole`.)"""
    chosen = frozenset(fields) | {"channels"}
    if not parts:
        return chosen
    return chosen & frozenset().union(*(PARTS.get(part, frozenset()) for part in parts))


class _Index:
    """The matcher's index over this run's staged records."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    def find(self, side: str, key: str, values: Sequence[str]) -> list[Hit]:
        return self.ctx.ws.staging.find(self.ctx.run.id, side, key, values) if values else []


class Planning:
    """Plans one run. Repeatable: what an interrupted attempt left is replaced."""

    def __init__(self, ctx: Context) -> None:
        self.ctx, self.ws = ctx, ctx.ws
        link, flow = ctx.link, ctx.flow
        self.bound = {b.id_a: b for b in self.ws.bindings.all(link.id, "product")}
        decisions = self.ws.decisions.of(link.id, Entity.PRODUCT.value)
        self.matcher = Matcher(
            _Index(ctx),
            ctx.source_side,
            ctx.target_side,
            flow.products.match_keys,
            {a: b.id_b for a, b in self.bound.items()},
            {b.id_b: a for a, b in self.bound.items()},
            decisions,
            frozenset(self.ws.staging.ids(ctx.run.id, ctx.target_side)),
        )
        self.rules = Rules(
            flow.products,
            fields_of_run(flow.products.fields, ctx.run.scope.parts),
            ctx.target.support(Entity.PRODUCT).groups,
            new_id,
            fields_of_run(flow.products.fields, ()),
            {c.id: c.name for c in ctx.target.choices("channels")} if flow.products.channels else {},
        )
        self.approval = Approval.of(ctx)
        self.origin = ctx.source_connection.identity or ctx.source_connection.id
        self.figures = {"source": 0, "stock_rows": 0, "prices": 0, "wrong_currency": 0}
        self.differing = 0

    def run(self) -> None:
        """Plans every staged source record. Raises NeedsOperator if an approved plan no longer holds."""
        if not self.origin:
            raise NeedsOperator(
                say("The source connection has never been tested. Test it in Settings first.")
            )
        self.ws.plans.forget(self.ctx.run.id)
        total, done, seq = self.ws.staging.count(self.ctx.run.id, self.ctx.source_side), 0, 0
        for page in self.ws.staging.pages(self.ctx.run.id, self.ctx.source_side):
            self.ctx.check()
            products = [r for r in page if isinstance(r, Product) and asked(self.ctx.run, r)]
            seq = self.ws.plans.add(self.ctx.run.id, self._page(products), seq)
            done += len(page)
            self.figures["source"] += len(products)
            self.ctx.progress(done, total)
        self.ws.runs.update(self.ctx.run.id, figures=self.figures)

    def _page(self, products: Sequence[Product]) -> list[Planned]:
        matches = {p.id: self.matcher.match(self._named(p)) for p in products}
        staged = self.ws.staging.get(
            self.ctx.run.id, self.ctx.target_side, [m.target_id for m in matches.values() if m.target_id]
        )
        targets = {id: record for id, record in staged.items() if isinstance(record, Product)}
        matches = {
            p.id: self.matcher.contested(p, matches[p.id], targets.get(matches[p.id].target_id))
            for p in products
        }
        memories = self._memories([self.bound[p.id] for p in products if p.id in self.bound])
        return [
            self._one(p, matches[p.id], targets.get(matches[p.id].target_id), memories.get(p.id, Memory()))
            for p in products
        ]

    def _named(self, p: Product) -> Product:
        """The record with the name under which we mark it at the target."""
        return replace(p, metafields={**p.metafields, RECORD_KEY: f"{self.origin}/{p.id}"})

    def _one(self, p: Product, match: Match, target: Product | None, memory: Memory) -> Planned:
        want = wanted(p, self.ctx.flow.products, self.ctx.link, self.origin)
        want = replace(want, excluded=want.excluded or left_out_by(p, self.ctx.run.scope.filters))
        planned = self._described(p, plan_product(want, match, target, memory, self.rules))
        self.figures["stock_rows"] += sum(len(v.levels) for v in want.product.variants)
        self.figures["prices"] += len(want.product.variants)
        self.figures["wrong_currency"] += sum(x.cause == "price.currency" for x in want.problems)
        return self._limited(self.approval.of_record(planned))

    def _described(self, p: Product, planned: Planned) -> Planned:
        """What a person decides about is kept with the question: the record, and the candidates as this run
        saw them."""
        if not planned.parks:
            return planned
        ids = [i for park in planned.parks for i in candidate_ids(park.facts)]
        seen = {
            i: describe(r) for i, r in self.ws.staging.get(self.ctx.run.id, self.ctx.target_side, ids).items()
        }
        return replace(
            planned,
            parks=tuple(
                replace(
                    park,
                    facts={
                        **park.facts,
                        "source": describe(p),
                        "shown": {i: seen[i] for i in candidate_ids(park.facts) if i in seen},
                    },
                )
                for park in planned.parks
            ),
        )

    def _limited(self, planned: Planned) -> Planned:
        """In test mode only the first five records that differ are written."""
        if self.ctx.run.mode is not Mode.TEST or not planned.changes:
            return planned
        self.differing += 1
        if self.differing <= TEST_RECORDS:
            return planned
        item = replace(
            planned.item,
            planned="skipped",
            cause="test.limit",
            message=say("Differs, but a test writes only the first five."),
        )
        return Planned(item)

    def _memories(self, bindings: Sequence[Binding]) -> dict[str, Memory]:
        children = self.ws.bindings.children([b.id for b in bindings])
        variants = {b.id: {c.id_a: c for c in children[b.id] if c.kind == "variant"} for b in bindings}
        stock = self.ws.bindings.stock([c.id for group in variants.values() for c in group.values()])
        return {b.id_a: Memory(b, variants[b.id], stock) for b in bindings}
