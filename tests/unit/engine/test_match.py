"""Which target product a source product is: nothing is created because a match was merely missed."""

from __future__ import annotations

import pytest

from sync.engine.products.match import loose
from sync.model.product import Product
from tests.unit.engine.make import item, matcher, source


def verdict(
    p: Product, targets: list[Product], sources: list[Product] | None = None, **more: object
) -> tuple[str, str]:
    found = matcher(sources or [p], targets, **more).match(p)
    return found.verdict, found.target_id or ",".join(found.candidates)


def test_a_stored_binding_comes_before_every_key() -> None:
    p = source("1", item("A"))
    assert verdict(p, [source("x", item("A")), source("y", item("Z"))], bound={"1": "y"}) == ("bound", "y")


def test_a_bound_product_that_is_gone_is_not_matched_anew() -> None:
    assert verdict(source("1", item("A")), [source("x", item("A"))], bound={"1": "lost"})[0] == "gone"


def test_sku_matches_without_regard_to_case_and_blanks() -> None:
    assert verdict(source("1", item("el-1")), [source("x", item(" EL-1 "))]) == ("found", "x")


def test_a_part_of_the_skus_is_enough() -> None:
    assert verdict(source("1", item("A"), item("B")), [source("x", item("B"))]) == ("found", "x")


def test_variants_on_two_products_park() -> None:
    assert verdict(source("1", item("A"), item("B")), [source("x", item("A")), source("y", item("B"))]) == (
        "ambiguous",
        "x,y",
    )


def test_a_sku_that_two_source_products_share_parks_both() -> None:
    one, two = source("1", item("A")), source("2", item("A"))
    assert verdict(one, [source("x", item("A"))], [one, two])[0] == "ambiguous"


def test_handle_then_barcode() -> None:
    assert verdict(
        source("1", item("A"), handle="elbise"), [source("x", item("Z"), handle="Elbise", title="t")]
    ) == ("found", "x")
    assert verdict(
        source("1", item("A", barcode="869")), [source("x", item("Z", barcode="869"), title="t")]
    ) == ("found", "x")


@pytest.mark.parametrize("near", ["A 1", "a_1", "00A1", "A-1"])
def test_a_near_miss_parks(near: str) -> None:
    assert verdict(source("1", item("A1"), title="x"), [source("x", item(near), title="y")]) == (
        "ambiguous",
        "x",
    )


def test_a_title_only_proposes() -> None:
    assert verdict(source("1", item("A")), [source("x", item("Q"))]) == ("proposed", "x")


def test_the_target_of_another_source_product_is_never_taken() -> None:
    assert (
        verdict(source("1", item("A")), [source("x", item("A"))], owners={"x": "9"}, bound={"9": "x"})[0]
        == "ambiguous"
    )


def test_nothing_alike_is_absent() -> None:
    assert verdict(source("1", item("A"), title="Elbise"), [source("x", item("Q"), title="Kupa")]) == (
        "absent",
        "",
    )


def test_our_own_mark_finds_a_product_after_the_database_was_lost() -> None:
    marked = source("x", item("OTHER"), metafields={"sync.record": "shop/1"})
    assert verdict(source("1", item("A"), metafields={"sync.record": "shop/1"}), [marked]) == ("found", "x")


@pytest.mark.parametrize(
    ("decision", "expected"),
    [(("skip", ""), ("skip", "")), (("bind", "x"), ("found", "x")), (("create", ""), ("absent", ""))],
)
def test_the_operator_decides(decision: tuple[str, str], expected: tuple[str, str]) -> None:
    assert verdict(source("1", item("A")), [source("x", item("Q"))], decisions={"1": decision}) == expected


def test_create_by_decision_still_never_passes_an_exact_match() -> None:
    assert verdict(source("1", item("A")), [source("x", item("A"))], decisions={"1": ("create", "")}) == (
        "found",
        "x",
    )


def test_loose_forgets_case_separators_and_zeros() -> None:
    assert loose(" 00ab-1_2 ") == loose("AB12") == "ab12"
