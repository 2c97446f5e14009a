"""What the emulated store holds: objects by kind and id, their indexes, and the file they are kept in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sandbox.platform import Tools
from sandbox.shopify.facts import FACTS
from sandbox.shopify.ids import gid, number_of
from sandbox.shopify.media_worker import MediaWorker
from sandbox.shopify.search_index import SearchIndex
from sandbox.shopify.settings import Settings
from sandbox.shopify.stock_objects import ITEMS, OPTION_SPAN, OPTIONS, VARIANTS
from sandbox.shopify.stock_sort import sorted_rows
from sandbox.shopify.stock_store import Beside, StockStore

Obj = dict[str, Any]
KINDS = (
    "product",
    "order",
    "customer",
    "file",
    "location",
    "publication",
    "definition",
    "webhook",
    "bulk",
    "operation",
    "job",
    "upload",
    "key",
    "token",
)
SEARCHED = tuple(FACTS)


class Store:
    """All objects, plain dicts with GraphQL field names; names that start with ``_`` are ours.

    A product holds its variants, a variant its inventory item, an item its levels: one aggregate, saved as
    one.
    ``variants``, ``items``, ``handles`` and ``custom_ids`` find the parts.
    """

    def __init__(self, tools: Tools, settings: Settings) -> None:
        self.tools, self.settings = tools, settings
        self.index = SearchIndex(tools.clock, settings.search_lag, self._facts)
        self.media = MediaWorker(tools.clock, settings)
        self.clear()
        self._load()

    def clear(self) -> None:
        """Empty memory (the state file is the caller's)."""
        self.kinds: dict[str, dict[str, Obj]] = {kind: {} for kind in KINDS}
        self.variants: dict[str, Obj] = {}
        self.items: dict[str, Obj] = {}
        self.handles: dict[str, str] = {}
        self._id_definitions: set[tuple[str, str, str]] = set()
        self.custom_ids: dict[tuple[str, str, str, str], str] = {}
        self.variants_by_sku: defaultdict[str, set[str]] = defaultdict(set)
        self._cancelling: set[str] = set()
        self.order_of_part: dict[str, str] = {}
        self.files_by_name: dict[str, set[str]] = {}
        # How often a kind's members, or anything about them, changed: sorted lists are kept until then.
        self._members: Counter[str] = Counter()
        self._changes: Counter[str] = Counter()
        self._sorted: dict[tuple[str, str], tuple[int, Sequence[Obj]]] = {}
        # A generated stock catalogue beside these objects, if there is one.
        self.stock: StockStore | None = None
        # How often a known idempotency key was answered from memory.
        self.replays = 0
        self._next = self.settings.first_id
        self.index.clear()
        self.media.clear()

    def stand_beside(self, stock: StockStore) -> None:
        """Show a stock catalogue's products among the objects. Only for a store that is empty of products and
        kept in memory: columns are not written to the state file."""
        objects, columns, self.stock = stock.objects, stock.columns, stock
        made = objects.base
        self.kinds["product"] = Beside(
            stock.product,
            lambda: (gid("Product", made + n) for n in stock.living_products()),
            stock.drop_product,
            stock.product_count,
        )
        self.variants = Beside(
            stock.variant,
            lambda: map(objects.variant_id, columns.living()),
            lambda id: stock.drop_row(id, VARIANTS),
            stock.row_count,
        )
        self.items = Beside(
            stock.item, lambda: map(objects.item_id, columns.living()), lambda id: stock.drop_row(id, ITEMS)
        )
        self.handles = Beside(stock.handle, lambda: map(objects.handle, stock.living_products()))
        for kind in ("product", "variant"):
            self._members[kind] += 1

    def _load(self) -> None:
        counter = self.tools.state.load("meta").get("counter")
        if counter:
            self._next = counter["next"]
        for kind in KINDS:
            self.kinds[kind] = self.tools.state.load(kind)
        self._wake()
        for definition in self.kinds["definition"].values():
            self.note_definition(definition)
        for product in self.kinds["product"].values():
            self.note_product(product)
        for order in self.kinds["order"].values():
            self.note_order(order)
            if order["_cancelling"]:
                self._cancelling.add(order["id"])
        for file in self.kinds["file"].values():
            self.files_by_name.setdefault(file["_filename"], set()).add(file["id"])
            if file["fileStatus"] not in ("READY", "FAILED"):
                self.media.expect(file)
        self._index_all()

    def _index_all(self) -> None:
        for kind in SEARCHED:
            for id, obj in self.kinds[kind].items():
                self.index.now(kind, id)
                if kind != "product":
                    self._note_custom_ids(obj)

    def _wake(self) -> None:
        """Scaled seconds begin anew with each start: whatever waited is due at once."""
        for one in (*self.kinds["operation"].values(), *self.kinds["job"].values()):
            one["_due"] = 0.0
        for bulk in self.kinds["bulk"].values():
            bulk["_start"] = bulk["_due"] = -1.0
            bulk["_cancelled_at"] = None if bulk["_cancelled_at"] is None else -1.0
        for order in self.kinds["order"].values():
            if order["_cancelling"]:
                order["_cancelling"]["due"] = 0.0
            for one in order["_fulfillment_orders"]:
                one["_visible_at"] = 0.0

    def _facts(self, kind: str, id: str) -> Obj | None:
        obj = self.kinds[kind].get(id)
        return None if obj is None else FACTS[kind](obj)

    # identity and time ----------------------------------------------------------------------------------

    def number(self) -> int:
        """The next id of the store; never used twice."""
        self._next += 1
        self.tools.state.put("meta", "counter", {"next": self._next})
        return self._next

    def now(self) -> str:
        """The time of day as Shopify writes it: UTC, whole seconds."""
        return self.tools.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    # objects --------------------------------------------------------------------------------------------

    def get(self, kind: str, id: str) -> Obj | None:
        """One object by gid; None if the store has none."""
        return self.kinds[kind].get(id)

    def save(self, kind: str, obj: Obj) -> None:
        """Keep an object that is new or changed; the search index hears of it after its lag."""
        self._changes[kind] += 1
        if kind == "product" and self._save_in_stock(obj):
            return
        self._members[kind] += obj["id"] not in self.kinds[kind]
        self.kinds[kind][obj["id"]] = obj
        self.tools.state.put(kind, obj["id"], obj)
        if kind == "order":
            (self._cancelling.add if obj["_cancelling"] else self._cancelling.discard)(obj["id"])
        if kind in SEARCHED:
            self.index.later(kind, obj["id"])

    def _save_in_stock(self, product: Obj) -> bool:
        """Whether the stock catalogue took a changed product back. One that outgrew it becomes an object."""
        stock, id = self.stock, product["id"]
        if stock is None or stock.objects.product_of(id) < 0 or dict.__contains__(self.kinds["product"], id):
            return False
        number = stock.objects.product_of(id)
        if not self.index.knows("product", id) and (was := stock.objects.product(number)):
            # Search goes on seeing what was until its lag is over.
            self.index.seen("product", id, FACTS["product"](was))
        self._members["variant"] += 1
        kept = stock.save(product)
        if not kept:
            self._members["product"] += 1
            dict.__setitem__(self.kinds["product"], id, product)
            self.note_product(product)
        self.index.later("product", id)
        return True

    def touch(self, product: Obj) -> None:
        """Save a product whose content changed: its time of change moves on."""
        product["updatedAt"] = self.now()
        self.save("product", product)

    def drop(self, kind: str, id: str) -> None:
        """Forget an object; the search index still shows it for its lag."""
        self._changes[kind] += 1
        self._members[kind] += 1
        obj = self.kinds[kind].pop(id, None)
        self.tools.state.delete(kind, id)
        if obj is not None and kind == "product":
            self.forget_product(obj)
        if kind in SEARCHED:
            self.index.later(kind, id)

    def sorted(self, kind: str, by: str) -> Sequence[Obj]:
        """All objects of a kind (or ``variant``, ``item``) ascending by a field, then id."""
        counts = self._members if by == "id" else self._changes
        version = counts["variant" if kind == "item" else kind]
        if self.stock is not None and by != "id":
            version += self.stock.changes
        known = self._sorted.get((kind, by))
        if known and known[0] == version:
            return known[1]
        rows = self._sort(kind, by)
        self._sorted[(kind, by)] = (version, rows)
        return rows

    def _sort(self, kind: str, by: str) -> Sequence[Obj]:
        parts: dict[str, dict[str, Obj]] = {"variant": self.variants, "item": self.items}
        source = parts.get(kind, self.kinds.get(kind, {}))
        if self.stock is not None and isinstance(source, Beside):
            return sorted_rows(self.stock, kind, by, source)
        rows = list(source.values())
        rows.sort(key=_number if by == "id" else lambda obj: (obj.get(by) or "", number_of(obj["id"])))
        return rows

    def searched(self, query: str | None) -> Iterator[Obj]:
        """The facts of the products that a search may find: those that it has seen, and the stock's."""
        rows = self.index.rows("product")
        yield from rows.values()
        if self.stock is None:
            return
        for number in self.stock.candidates(query):
            id = gid("Product", self.stock.objects.base + number)
            if id not in rows and (product := self.stock.objects.product(number)):
                yield FACTS["product"](product)

    def with_options(self, id: str) -> Iterable[Obj]:
        """Products among which an option of this id may be."""
        products = self.kinds["product"]
        if self.stock is None or not isinstance(products, Beside):
            return products.values()
        generated = self.stock.view((number_of(id) - self.stock.objects.base - OPTIONS) // OPTION_SPAN)
        return [*products.own(), *([generated] if generated else [])]

    def with_sku(self, sku: str) -> list[str]:
        """Ids of the variants with exactly this SKU, ascending."""
        found = sorted(self.variants_by_sku.get(sku, ()))
        if self.stock is not None:
            found += map(self.stock.objects.variant_id, self.stock.rows_with(sku))
        return list(dict.fromkeys(found))

    # the parts of a product -----------------------------------------------------------------------------

    def note_product(self, product: Obj) -> None:
        """Index a product's handle, variants, items and custom ids."""
        self.handles[product["handle"]] = product["id"]
        self._note_custom_ids(product)
        for variant in product["_variants"]:
            self.note_variant(variant)

    def note_variant(self, variant: Obj) -> None:
        """Index one variant with its item."""
        item = variant["_item"]
        self._members["variant"] += 1
        self.variants[variant["id"]] = variant
        self.items[item["id"]] = item
        if item["sku"]:
            self.variants_by_sku[item["sku"]].add(variant["id"])
        self._note_custom_ids(variant)

    def forget_variant(self, variant: Obj) -> None:
        """Take one variant out of the indexes."""
        self._members["variant"] += 1
        self.variants.pop(variant["id"], None)
        self.items.pop(variant["_item"]["id"], None)
        self.variants_by_sku[variant["_item"]["sku"]].discard(variant["id"])
        self._forget_custom_ids(variant)

    def forget_product(self, product: Obj) -> None:
        """Take a product and its parts out of the indexes."""
        if self.handles.get(product["handle"]) == product["id"]:
            del self.handles[product["handle"]]
        self._forget_custom_ids(product)
        for variant in product["_variants"]:
            self.forget_variant(variant)

    def set_sku(self, item: Obj, sku: str | None) -> None:
        """Give an item another SKU and keep the index right."""
        variant = item["_variant"]
        self.variants_by_sku[item["sku"]].discard(variant)
        item["sku"] = sku
        if sku:
            self.variants_by_sku[sku].add(variant)

    def product_of(self, variant: Obj) -> Obj:
        """The product that a variant belongs to."""
        return self.kinds["product"][variant["_product"]]

    # the parts of an order ------------------------------------------------------------------------------

    def note_order(self, order: Obj) -> None:
        """Make an order findable by its fulfilment orders, shipments, lines and refunds."""
        for part in ("_lines", "_fulfillment_orders", "_fulfillments", "_refunds"):
            for one in order[part]:
                self.order_of_part[one["id"]] = order["id"]

    def order_with(self, part_id: str) -> Obj | None:
        """The order that a line, shipment, refund or fulfilment order belongs to."""
        return self.kinds["order"].get(self.order_of_part.get(part_id, ""))

    def cancelling(self, now: float) -> list[Obj]:
        """Orders whose cancellation is due. (Orders that wait are few; the set is kept by ``save``.)"""
        waiting = [self.kinds["order"][id] for id in self._cancelling if id in self.kinds["order"]]
        return [order for order in waiting if order["_cancelling"] and order["_cancelling"]["due"] <= now]

    # custom ids -----------------------------------------------------------------------------------------

    def note_definition(self, definition: Obj) -> None:
        """Make the metafields of an ``id`` definition findable."""
        if definition["_type"] == "id":
            self._id_definitions.add((definition["ownerType"], definition["namespace"], definition["key"]))

    def is_custom_id(self, owner_type: str, namespace: str, key: str) -> bool:
        """Whether a definition of type ``id`` stands for this owner, namespace and key."""
        return (owner_type, namespace, key) in self._id_definitions

    def note_metafield(self, metafield: Obj) -> None:
        """Index a metafield's value if it is a custom id."""
        if self.is_custom_id(metafield["ownerType"], metafield["namespace"], metafield["key"]):
            self.custom_ids[_custom_key(metafield)] = metafield["_owner"]

    def forget_metafield(self, metafield: Obj) -> None:
        """Take a metafield's value out of the index of custom ids."""
        self.custom_ids.pop(_custom_key(metafield), None)

    def _note_custom_ids(self, owner: Obj) -> None:
        for metafield in owner.get("_metafields", {}).values():
            self.note_metafield(metafield)

    def _forget_custom_ids(self, owner: Obj) -> None:
        for metafield in owner.get("_metafields", {}).values():
            self.forget_metafield(metafield)


def _number(obj: Obj) -> int:
    return number_of(obj["id"])


def _custom_key(metafield: Obj) -> tuple[str, str, str, str]:
    return metafield["ownerType"], metafield["namespace"], metafield["key"], metafield["value"]
