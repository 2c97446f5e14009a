"""Stock exports: hashed in any order, refused when torn, paced by the last one, parsed line by line."""

from __future__ import annotations

import json
import random
import tempfile
import tracemalloc
from collections.abc import Iterator
from errno import ENOSPC
from io import BytesIO
from typing import Any

import pytest

from sync.connectors.contract import Services
from sync.connectors.digest import ContentDigest
from sync.connectors.shopify import export
from sync.connectors.shopify.bulk import Bulk, BulkFailed
from sync.connectors.shopify.client import Answer
from sync.connectors.shopify.documents import Document
from sync.connectors.shopify.export import Export, StockExport
from sync.connectors.shopify.facts import Facts
from sync.connectors.shopify.read_stock import StockReader
from sync.errors import NeedsOperator
from sync.model.page import Page, ReadFilter
from sync.model.stock import StockItem
from tests.contract.doubles import MemoryKeep, StillClock, Trace

PLACES = ("gid://shopify/Location/1", "gid://shopify/Location/2")


def variant(n: int, pieces: int = 5, **other: Any) -> dict[str, Any]:
    level = {"isActive": True, "quantities": [{"name": "available", "quantity": pieces}]}
    return {
        "id": f"gid://shopify/ProductVariant/{n}",
        "sku": f"SKU-{n}",
        "displayName": f"Şapka {n}",
        "requiresComponents": False,
        "product": {"id": "gid://shopify/Product/1", "isGiftCard": False, "tags": ["yaz"]},
        "inventoryItem": {"id": f"gid://shopify/InventoryItem/{n}", "tracked": True, "l0": level, "l1": None},
        **other,
    }


def line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


class Shop:
    """Plays Shopify: every export takes `seconds` and gives the next of `results`; `pages` is the same shop
    page by page."""

    def __init__(self, *results: list[str], seconds: float = 6.0) -> None:
        self.clock, self.http, self.shop = StillClock(), self, "shop"
        self.results, self.seconds, self.keep = list(results), seconds, MemoryKeep()
        self.asked: list[str] = []
        self.states: list[str] = []
        self.pages: list[dict[str, Any]] = []
        self.miscounted = 0
        self.refusal = ""
        self.grouped: list[bool] = []
        self.cut = 64
        self._began = 0.0

    def query(self, name: str, variables: dict[str, Any] | None = None, **_: Any) -> Answer:
        self.asked.append(name)
        return Answer(getattr(self, name)(variables or {}))

    def execute(self, doc: Document, variables: dict[str, Any], **_: Any) -> Answer:
        return self.query(doc.name, variables)

    def bulk_run(self, variables: dict[str, Any]) -> dict[str, Any]:
        self._began = self.clock.monotonic()
        self.grouped.append(variables["grouped"])
        if self.refusal:
            error = {"code": "INVALID", "field": ["query"], "message": self.refusal}
            return {"bulkOperationRunQuery": {"bulkOperation": None, "userErrors": [error]}}
        return {"bulkOperationRunQuery": {"bulkOperation": {"id": "1"}, "userErrors": []}}

    def bulk_state(self, _: dict[str, Any]) -> dict[str, Any]:
        passed = self.clock.monotonic() - self._began
        count = len(self.results[0]) + self.miscounted
        if passed < self.seconds:
            return {
                "bulkOperation": {"status": "RUNNING", "objectCount": str(int(count * passed / self.seconds))}
            }
        status = self.states.pop(0) if self.states else "COMPLETED"
        url = "file" if self.results[0] else None
        children = sum('"__parentId":' in one for one in self.results[0])
        counts = {"objectCount": str(count), "rootObjectCount": str(count - children)}
        return {"bulkOperation": {"status": status, "url": url, **counts}}

    def bulk_cancel(self, _: dict[str, Any]) -> dict[str, Any]:
        return {}

    def chunks(self, url: str) -> Iterator[bytes]:
        lines = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        text = "".join(one + "\n" for one in lines).encode()
        yield from (text[n : n + self.cut] for n in range(0, len(text), self.cut))

    def variants_count(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"productVariantsCount": {"count": len(self.pages), "precision": "EXACT"}}

    def stock_pages(self, variables: dict[str, Any]) -> dict[str, Any]:
        return {"productVariants": {"nodes": self.pages, "pageInfo": {"hasNextPage": False}}}

    def export(self) -> StockExport:
        services = Services(self.clock, self.keep, Trace())
        return StockExport(self, services, Bulk(self, services))  # type: ignore[arg-type]

    def read(self, since: str = "") -> list[Page]:
        reader = StockReader(self, Facts(self, self.clock), self.export())  # type: ignore[arg-type]
        return list(reader.read(ReadFilter(locations=PLACES), since))


def items(pages: list[Page]) -> list[Any]:
    return [record for page in pages for record in page.records]


LINES = [line(variant(n)) for n in range(1, 8)]


def test_every_line_is_an_item_and_the_end_is_complete() -> None:
    pages = Shop(LINES).read()
    found: list[StockItem] = items(pages)
    assert [item.sku for item in found] == [f"SKU-{n}" for n in range(1, 8)]
    assert found[0].label == "Şapka 1" and [lv.location_id for lv in found[0].levels] == [PLACES[0]]
    assert pages[-1].complete and pages[-1].expected == 7


def test_the_digest_knows_no_order_but_every_piece() -> None:
    first = Shop(LINES).read()[-1].cursor
    shuffled = random.Random(1).sample(LINES, len(LINES))
    [same] = Shop(shuffled).read(first)
    assert same.unchanged and same.complete and same.cursor == first and same.records == ()
    moved = [*LINES[:-1], line(variant(7, pieces=6))]
    for other in (moved, LINES[:-1], [*LINES, LINES[0]]):
        assert not any(page.unchanged for page in Shop(other).read(first))


def test_nothing_is_parsed_when_nothing_changed() -> None:
    broken = ["{not json"]
    first = Shop(broken)
    with first.export().taken(PLACES) as export:
        cursor = f"s:{export.digest}"
    assert Shop(broken).read(cursor)[0].unchanged


def test_an_empty_shop_has_no_file() -> None:
    pages = Shop([]).read()
    assert items(pages) == [] and pages[-1].complete and pages[-1].expected == 0


@pytest.mark.parametrize("cut", [1, 7, 64, 10_000])
def test_pieces_may_be_cut_anywhere(cut: int) -> None:
    shop = Shop(LINES)
    shop.cut = cut
    assert shop.read()[-1].cursor == Shop(LINES).read()[-1].cursor


def test_a_torn_result_is_fetched_once_more() -> None:
    shop = Shop(LINES[:3], LINES)
    shop.miscounted = 4

    def healed(url: str, take: Any = shop.chunks) -> Iterator[bytes]:
        yield from take(url)
        shop.miscounted = 0

    shop.chunks = healed  # type: ignore[method-assign]
    assert len(items(shop.read())) == 7
    assert shop.asked.count("bulk_run") == 2


def test_a_second_failure_gives_way_to_pages() -> None:
    shop = Shop(LINES)
    shop.states, shop.pages = ["FAILED", "FAILED"], [variant(n) for n in range(1, 8)]
    pages = shop.read()
    assert len(items(pages)) == 7 and pages[-1].complete
    assert pages[-1].cursor == Shop(LINES).read()[-1].cursor


def test_a_second_failure_is_said_so() -> None:
    shop = Shop(LINES)
    shop.states = ["FAILED", "FAILED"]
    with pytest.raises(BulkFailed), shop.export().taken(PLACES):
        pass


def test_a_poll_costs_fifteen_points_at_most() -> None:
    shop = Shop(LINES, seconds=240.0)
    shop.read()
    shop.asked.clear()
    shop.read()
    assert shop.asked.count("bulk_run") == 1 and shop.asked.count("bulk_state") <= 2
    shop.asked.clear()
    shop.seconds = 600.0
    shop.read()
    assert shop.asked.count("bulk_state") <= 5


def test_an_operation_that_does_not_move_is_given_up() -> None:
    shop = Shop([], seconds=float("inf"))
    shop.results = [[]]
    with pytest.raises(BulkFailed), shop.export().taken(PLACES):
        pass
    assert "bulk_cancel" in shop.asked


def test_a_large_export_is_read_in_little_memory(tmp_path: Any) -> None:
    text = (line(variant(1)) + "\n").encode()
    with (tmp_path / "export").open("w+b") as file:
        for _ in range(20):
            file.write(text * 1000)
        tracemalloc.start()
        count = sum(len(rows) for rows in Export(file, "", 20_000).rows(2000))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == 20_000 and peak < 16 * 1024 * 1024


def test_a_line_that_is_no_variant_ends_the_read() -> None:
    shop = Shop([*LINES, '{"no":"id"}'])
    with pytest.raises(Exception, match="not whole"):
        shop.read()


def test_a_query_that_shopify_does_not_take_gives_way_to_pages() -> None:
    shop = Shop(LINES)
    shop.refusal, shop.pages = "Query is too long.", [variant(n) for n in range(1, 8)]
    pages = shop.read()
    assert len(items(pages)) == 7 and pages[-1].complete


class TestManyLocations:
    """Levels as lines of their own."""

    @pytest.fixture(autouse=True)
    def few_are_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(export, "MOST_INLINE", 1)

    def lines(self, parent: str = "ProductVariant") -> list[str]:
        found = []
        for n in (1, 2, 3):
            row = variant(n)
            level = row["inventoryItem"].pop("l0")
            found.append(line({**row, "inventoryItem": {**row["inventoryItem"], "l1": None}}))
            for place in [*PLACES, "gid://shopify/Location/9"][: n - 1]:
                own = {"id": f"L{n}", "location": {"id": place}, **level}
                found.append(line({**own, "__parentId": f"gid://shopify/{parent}/{n}"}))
        return found

    @pytest.mark.parametrize("parent", ["ProductVariant", "InventoryItem"])
    @pytest.mark.parametrize("cut", [1, 64, 10_000])
    def test_each_variant_gets_the_levels_that_follow_it(self, parent: str, cut: int) -> None:
        shop = Shop(self.lines(parent))
        shop.cut = cut
        pages = shop.read()
        assert [[lv.location_id for lv in one.levels] for one in items(pages)] == [
            [],
            [PLACES[0]],
            list(PLACES),
        ]
        assert pages[-1].complete and pages[-1].expected == 3 and shop.grouped == [True]

    def test_a_value_that_looks_like_a_parent_is_a_value(self) -> None:
        odd = line(variant(1, sku='"__parentId":"x"'))
        assert [item.sku for item in items(Shop([odd]).read())] == ['"__parentId":"x"']

    @pytest.mark.parametrize("order", [(2, 0, 1, 3, 4, 5), (0, 2, 1, 3, 4, 5), (0, 1, 3, 2, 4, 5)])
    def test_lines_that_are_not_grouped_give_way_to_pages(self, order: tuple[int, ...]) -> None:
        told = self.lines()
        shop = Shop([told[n] for n in order])
        shop.pages = [variant(n) for n in range(1, 4)]
        assert len(items(shop.read())) >= 3 and "variants_count" in shop.asked

    def test_a_level_without_its_location_gives_way_to_pages(self) -> None:
        told = self.lines()
        shop = Shop([*told[:2], told[2].replace('"location"', '"elsewhere"'), *told[3:]])
        shop.pages = [variant(n) for n in range(1, 4)]
        assert "variants_count" in (shop.read() and shop.asked)


def test_a_full_disk_is_the_operators_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    with pytest.raises(NeedsOperator, match="No space left"):
        Shop(LINES).read()


class TestDigest:
    def test_the_question_is_part_of_it(self) -> None:
        assert ContentDigest("a").text() != ContentDigest("b").text()

    def test_a_piece_twice_is_not_a_piece_once(self) -> None:
        once, twice, none = ContentDigest(), ContentDigest(), ContentDigest()
        assert once.add([b"x"]) == 1 and twice.add([b"x", b"x"]) == 2
        assert len({once.text(), twice.text(), none.text()}) == 3
