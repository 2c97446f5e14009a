"""Lines of a bulk result straight from columns: a ``productVariants`` document compiled to a template.

What is compiled here answers, byte for byte, what the executor answers for the same row; documents that ask
for anything else are left to the executor.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Any

from sandbox.shopify.columns import ACTIVE, BUNDLE, TRACKED, Place
from sandbox.shopify.context import Context
from sandbox.shopify.plan import Field, Selection
from sandbox.shopify.project import Shape
from sandbox.shopify.quantities import ON_HAND, QUANTITIES
from sandbox.shopify.stock_objects import ITEMS, OPTION_NAME, TAG, VARIANTS, iso
from sandbox.shopify.stock_plan import SIZES
from sandbox.shopify.stock_store import StockStore

Obj = dict[str, Any]
Value = Callable[[int], object]
Part = str | Value
# Connections that generated variants have nothing in.
EMPTY_CONNECTIONS = {("ProductVariant", "media"), ("ProductVariant", "metafields")}


class NotInColumns(Exception):
    """The document asks for something that only the executor knows."""


@dataclass
class Children:
    """A connection of inventory levels: per place when a row is in it, and its line."""

    wanted: list[Callable[[int], bool]]
    lines: list[Callable[[int], str]]


@dataclass
class Projection:
    """One document over one catalogue: the line of a row, and the lines below it."""

    line: Callable[[int], str]
    below: list[Children] = field(default_factory=list)

    def children(self, row: int) -> list[str]:
        """The lines below a row."""
        return [
            line(row)
            for one in self.below
            for wanted, line in zip(one.wanted, one.lines, strict=True)
            if wanted(row)
        ]


def projection(node: Selection, stock: StockStore, context: Context) -> Projection | None:
    """The document whose nodes select ``node``; None when the executor has to answer it."""
    compiler = _Compiler(stock, context)
    try:
        line = _template([*compiler.object("ProductVariant", node), "\n"])
    except NotInColumns:
        return None
    return Projection(line, compiler.below)


def _template(parts: list[Part]) -> Callable[[int], str]:
    """Parts joined: what stands still is written once."""
    text = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in parts)
    values = [part for part in parts if not isinstance(part, str)]
    if not values:
        still = text % ()
        return lambda row: still
    if len(values) == 1:
        only = values[0]
        return lambda row: text % (only(row),)
    return lambda row: text % tuple([value(row) for value in values])


def _still(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _yes(test: Callable[[int], object]) -> Value:
    return lambda row: "true" if test(row) else "false"


class _Compiler:
    """Compiles selections on the types of a stock query into parts."""

    def __init__(self, stock: StockStore, context: Context) -> None:
        self._stock, self._columns, self._context = stock, stock.columns, context
        self._objects = stock.objects
        self.below: list[Children] = []

    def object(self, type_name: str, selection: Selection | None) -> list[Part]:
        """An object's parts with its braces."""
        if selection is None or selection.is_abstract:
            raise NotInColumns
        parts: list[Part] = ["{"]
        for one in selection.fields():
            if one.type_name.endswith("Connection"):
                self._connection(type_name, one)
                continue
            parts.append(f'{"," if len(parts) > 1 else ""}"{one.key}":')
            parts += self._field(type_name, one)
        return [*parts, "}"]

    def _field(self, type_name: str, one: Field) -> list[Part]:
        if one.name == "__typename":
            return [_still(type_name)]
        if type_name == "ProductVariant":
            return self._of_variant(one)
        if type_name == "InventoryItem":
            return self._of_item(one)
        if type_name == "Product":
            return self._of_product(one)
        raise NotInColumns

    def _connection(self, type_name: str, one: Field) -> None:
        if (type_name, one.name) in EMPTY_CONNECTIONS:
            return
        if (type_name, one.name) != ("InventoryItem", "inventoryLevels"):
            raise NotInColumns
        arguments = one.arguments({})
        if arguments.get("query") or arguments.get("reverse"):
            raise NotInColumns
        inactive, node = bool(arguments.get("includeInactive")), node_selection(one)
        first = self._objects.base + VARIANTS
        made = Children([], [])
        for place in self._columns.places:
            parts = self._level(place, node)
            parent: list[Part] = [
                ',"__parentId":"gid://shopify/ProductVariant/',
                lambda row: first + row,
                '"}\n',
            ]
            made.wanted.append(_shown(place, inactive))
            made.lines.append(_template([*parts[:-1], *parent]))
        self.below.append(made)

    # variant, item, product -----------------------------------------------------------------------------

    def _of_variant(self, one: Field) -> list[Part]:
        columns, objects = self._columns, self._objects
        if one.name == "inventoryItem":
            return self.object("InventoryItem", one.selection)
        if one.name == "product":
            return self.object("Product", one.selection)
        if one.name == "inventoryQuantity":
            places = columns.places
            return [lambda row: sum(p.available[row] for p in places if p.state[row] == ACTIVE)]
        first, title, said = objects.base + VARIANTS, objects.title, encode_basestring
        table: dict[str, list[Part]] = {
            "id": ['"gid://shopify/ProductVariant/', lambda row: first + row, '"'],
            "legacyResourceId": ['"', lambda row: first + row, '"'],
            "sku": [self._sku],
            "title": ['"', lambda row: SIZES[row % len(SIZES)], '"'],
            "displayName": [lambda row: said(f"{title(row // len(SIZES))} - {SIZES[row % len(SIZES)]}")],
            "barcode": ['"869', lambda row: f"{row:010d}", '"'],
            "price": ['"', objects.price, '"'],
            "position": [lambda row: row % len(SIZES) + 1],
            "requiresComponents": [_yes(lambda row: columns.flags[row] & BUNDLE)],
            "selectedOptions": self._options(one),
            **dict.fromkeys(("compareAtPrice", "taxCode", "unitPriceMeasurement"), ["null"]),
            **dict.fromkeys(("createdAt", "updatedAt"), [_still(iso(columns.made))]),
            "taxable": ["true"],
            "inventoryPolicy": ['"DENY"'],
        }
        return _known(table, one)

    def _options(self, one: Field) -> list[Part]:
        if one.name != "selectedOptions" or one.selection is None:
            return []
        parts: list[Part] = ["[{"]
        for n, inner in enumerate(one.selection.fields()):
            parts.append(f'{"," if n else ""}"{inner.key}":')
            options: dict[str, list[Part]] = {
                "name": [_still(OPTION_NAME)],
                "value": ['"', lambda row: SIZES[row % len(SIZES)], '"'],
                "__typename": [_still(inner.parent)],
            }
            parts += _known(options, inner)
        return [*parts, "}]"]

    def _sku(self, row: int) -> str:
        sku = self._columns.skus[row]
        return "null" if sku is None else encode_basestring(sku)

    def _of_item(self, one: Field) -> list[Part]:
        columns, first = self._columns, self._objects.base + ITEMS
        if one.name == "inventoryLevel":
            return self._level_at(one)
        table: dict[str, list[Part]] = {
            "id": ['"gid://shopify/InventoryItem/', lambda row: first + row, '"'],
            "legacyResourceId": ['"', lambda row: first + row, '"'],
            "sku": [self._sku],
            "tracked": [_yes(lambda row: columns.flags[row] & TRACKED)],
            "requiresShipping": ["true"],
            "createdAt": [_still(iso(columns.made))],
            "updatedAt": ['"', lambda row: iso(columns.item_at[row]), '"'],
        }
        for name in ("unitCost", "countryCodeOfOrigin", "provinceCodeOfOrigin", "harmonizedSystemCode"):
            table[name] = ["null"]
        if one.name == "measurement":
            return self._measurement(one)
        return _known(table, one)

    def _measurement(self, one: Field) -> list[Part]:
        """The same for every row but for its own id, which nobody asks for."""
        assert one.selection is not None
        if any(inner.name != "weight" for inner in one.selection.fields()):
            raise NotInColumns
        example = self._objects.product(next(self._stock.living_products(), 0))
        if example is None:
            raise NotInColumns
        item = example["_variants"][0]["_item"]
        return [_still(Shape(one.parent, [one])(item, self._context)[one.key])]

    def _of_product(self, one: Field) -> list[Part]:
        columns, objects, size = self._columns, self._objects, len(SIZES)
        common, plan = _still([TAG]), columns.plan

        def tags(row: int) -> str:
            own = columns.tags.get(row // size)
            return common if own is None else _still(own)

        table: dict[str, list[Part]] = {
            "id": ['"gid://shopify/Product/', lambda row: objects.base + row // size, '"'],
            "legacyResourceId": ['"', lambda row: objects.base + row // size, '"'],
            "title": [lambda row: encode_basestring(objects.title(row // size))],
            "handle": ['"', lambda row: objects.handle(row // size), '"'],
            "status": ['"ACTIVE"'],
            "tags": [tags],
            "isGiftCard": [_yes(lambda row: plan.is_gift(row // size))],
            "updatedAt": ['"', lambda row: iso(columns.product_at[row // size]), '"'],
            **dict.fromkeys(("createdAt", "publishedAt"), [_still(iso(columns.made))]),
        }
        return _known(table, one)

    # levels ---------------------------------------------------------------------------------------------

    def _level_at(self, one: Field) -> list[Part]:
        arguments = one.arguments({})
        number = self._columns.place_of.get(arguments["locationId"])
        if number is None:
            return ["null"]
        place = self._columns.places[number]
        shown = _shown(place, bool(arguments.get("includeInactive")))
        line = _template(self._level(place, one.selection))
        return [lambda row: line(row) if shown(row) else "null"]

    def _level(self, place: Place, selection: Selection | None) -> list[Part]:
        if selection is None or selection.is_abstract:
            raise NotInColumns
        parts: list[Part] = ["{"]
        for n, one in enumerate(selection.fields()):
            parts.append(f'{"," if n else ""}"{one.key}":')
            parts += self._of_level(place, one)
        return [*parts, "}"]

    def _of_level(self, place: Place, one: Field) -> list[Part]:
        if one.name == "quantities":
            return self._quantities(place, one)
        if one.name == "location":
            found = self._context.store.kinds["location"][place.id]
            return [
                _still(Shape("InventoryLevel", [one])({"_location": found["id"]}, self._context)[one.key])
            ]
        if one.name == "item":
            return self.object("InventoryItem", one.selection)
        more, made = place.more, iso(self._columns.made)
        table: dict[str, list[Part]] = {
            "__typename": ['"InventoryLevel"'],
            "id": self._level_id(place, "InventoryLevel", ""),
            "isActive": [_yes(lambda row: place.state[row] == ACTIVE)],
            "canDeactivate": ["true"],
            "deactivationAlert": ["null"],
            "updatedAt": ['"', lambda row: iso(place.at[row]), '"'],
            "createdAt": ['"', lambda row: more.get(row, {}).get("created", made), '"'],
        }
        return _known(table, one)

    def _level_id(self, place: Place, type_name: str, tail: str) -> list[Part]:
        first = self._objects.base + ITEMS
        start = f'"gid://shopify/{type_name}/{place.level_number}?inventory_item_id='
        return [start, lambda row: first + row, f'{tail}"']

    def _quantities(self, place: Place, one: Field) -> list[Part]:
        assert one.selection is not None
        parts: list[Part] = ["["]
        for name in one.arguments({})["names"]:
            if name not in QUANTITIES:
                continue
            parts.append("," if len(parts) > 1 else "")
            for n, inner in enumerate(one.selection.fields()):
                parts.append(f'{"," if n else "{"}"{inner.key}":')
                table: dict[str, list[Part]] = {
                    "__typename": ['"InventoryQuantity"'],
                    "id": self._level_id(place, "InventoryQuantity", f"&name={name}"),
                    "name": [_still(name)],
                    "quantity": [_quantity(place, name)],
                    "updatedAt": [_quantity_at(place, name)],
                }
                parts += _known(table, inner)
            parts.append("}")
        return [*parts, "]"]


def _known(table: dict[str, list[Part]], one: Field) -> list[Part]:
    if one.name not in table:
        raise NotInColumns
    return table[one.name]


def _shown(place: Place, inactive: bool) -> Callable[[int], bool]:
    state = place.state
    return (lambda row: state[row] != 0) if inactive else (lambda row: state[row] == ACTIVE)


def _quantity(place: Place, name: str) -> Value:
    available, committed, more = place.available, place.committed, place.more
    if name == "available":
        return available.__getitem__
    if name == "committed":
        return committed.__getitem__

    def on_hand(row: int) -> int:
        found = available[row] + committed[row]
        if more and row in more:
            others = more[row].get("q", {})
            found += sum(others.get(part, 0) for part in ON_HAND)
        return found

    if name == "on_hand":
        return on_hand
    return lambda row: more[row].get("q", {}).get(name, 0) if row in more else 0


def _quantity_at(place: Place, name: str) -> Value:
    at, more = place.at, place.more

    def quantity_at(row: int) -> str:
        if row in more and "at" in more[row]:
            return _still(more[row]["at"].get(name))
        return f'"{iso(at[row])}"' if name == "available" else "null"

    return quantity_at


def node_selection(connection: Field) -> Selection:
    """What a bulk connection selects of its nodes: ``edges{node{…}}``."""
    assert connection.selection is not None
    edge = next(part for part in connection.selection.fields() if part.name == "edges")
    assert edge.selection is not None
    found = next(part.selection for part in edge.selection.fields() if part.name == "node")
    assert found is not None
    return found
