"""Products over the wire: paging, shapes, styles, writes that answer 200 whatever happened."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests


def test_the_envelope_and_its_pages(open_tenant: Any) -> None:
    tenant = open_tenant(products=230)
    first = tenant.get("/products", page=1, size=500, orderby_id="ASC")
    assert {name: first[name] for name in ("page", "size", "total_elements", "total_pages")} == {
        "page": 1, "size": 100, "total_elements": 230, "total_pages": 3,
    }  # fmt: skip
    ids = [product["id"] for product in tenant.catalogue()]
    assert ids == sorted(ids) and len(set(ids)) == 230
    assert tenant.get("/products", page=4, orderby_id="ASC")["data"] == []
    assert tenant.get("/products", page=0)["page"] == 1
    assert tenant.get("/products", pageSize=5, per_page=5)["size"] == 100


def test_a_shifting_list_repeats_but_never_misses(open_tenant: Any) -> None:
    tenant = open_tenant(products=50, list_shift="2")
    seen, page, pages = [], 1, 1
    while page <= pages:
        answer = tenant.get("/products", page=page, size=10)
        seen += [product["id"] for product in answer["data"]]
        page, pages = page + 1, answer["total_pages"]
    assert len(set(seen)) == 50 and len(seen) > 50


def test_a_clean_product_looks_like_sentos(open_tenant: Any) -> None:
    tenant = open_tenant(dirt=0.0)
    product = next(one for one in tenant.catalogue() if one["variants"] and one["variants"][0].get("color"))
    assert re.fullmatch(r"\d{1,3}(\.\d{3})*,\d\d", product["prices"]["shopify"]["sale_price"])
    assert product["stocks"] == [] and product["currency"] == "TL"
    variant = product["variants"][0]
    assert [row["warehouse"] for row in variant["stocks"]] == [1, 2]
    assert variant["sku"].startswith(product["sku"])
    url = product["images"][0]["url"]
    assert url == f"{tenant.url}/urunres/o_{product['images'][0]['id']}.jpg"
    picture = requests.get(url, timeout=60)
    assert picture.headers["content-type"] == "image/jpeg" and picture.content[:2] == b"\xff\xd8"


def test_one_product_and_its_wrappings(open_tenant: Any) -> None:
    for wrap, unwrap in (("none", lambda x: x), ("data", lambda x: x["data"]), ("list", lambda x: x[0])):
        tenant = open_tenant(products=2, wrap=wrap)
        assert unwrap(tenant.get("/products/4101"))["id"] == 4101
    assert tenant.call("GET", "/products/9").status_code == 404
    assert tenant.call("GET", "/products/x").status_code == 404


def test_the_sku_filter_is_loose(open_tenant: Any) -> None:
    tenant = open_tenant(products=60, dirt=0.0)
    product = next(one for one in tenant.catalogue() if one["variants"])
    sku = product["variants"][0]["sku"]
    prefix = sku[:4].lower()
    assert tenant.get("/products", sku=prefix)["total_elements"] > 1
    assert [one["id"] for one in tenant.get("/products", sku=sku)["data"]] == [product["id"]]
    tenant.control("POST", "/settings", {"sku_filter": "exact"})
    assert tenant.get("/products", sku=prefix)["total_elements"] == 0
    code = next(variant["barcode"] for variant in product["variants"] if variant["barcode"])
    assert [one["id"] for one in tenant.get("/products", barcode=code)["data"]] == [product["id"]]


@pytest.mark.parametrize(
    ("style", "shown"),
    [("thousands", "1.299,90"), ("comma", "1299,90"), ("dot", "1299.90"), ("number", 1299.9)],
)
def test_money_styles(open_tenant: Any, style: str, shown: Any) -> None:
    tenant = open_tenant(products=1, dirt=0.0, money=style)
    tenant.control("POST", "/products/4101", {"price": "1299.90"})
    product = tenant.get("/products/4101")
    assert product["sale_price"] == shown and product["prices"]["shopify"]["list_price"] == shown


def test_the_other_switches_of_shape(open_tenant: Any) -> None:
    switches = {
        "model": "string",
        "stock": "string",
        "warehouse": "object",
        "parent_sku": "null",
        "variant_images": "none",
    }
    tenant = open_tenant(products=20, dirt=0.0, **switches)
    product = next(one for one in tenant.catalogue() if one["variants"] and one["variants"][0]["model"])
    variant = product["variants"][0]
    assert product["sku"] is None and isinstance(variant["model"], str) and variant["images"] == []
    assert isinstance(variant["stocks"][0]["stock"], str)
    assert variant["stocks"][0]["warehouse"] == {"id": 1, "name": "Depo 1"}


def test_the_truth_is_told_of_every_product(open_tenant: Any) -> None:
    tenant = open_tenant(products=100)
    told = {product["id"]: product for product in tenant.state()["products"]}
    assert len(told) == 100 and sum(1 for one in told.values() if one["dirt"]) == 10
    shown = {product["id"]: product for product in tenant.catalogue()}
    for number, truth in told.items():
        if truth["dirt"] == "price_zero":
            assert shown[number]["sale_price"] == "0,00" and truth["expect"] == "parked"
        if truth["dirt"] == "prices_empty_array":
            assert shown[number]["prices"] == [] and truth["expect"] == "synced"


def test_dirts_go_out_as_they_are(open_tenant: Any) -> None:
    tenant = open_tenant(products=10, dirts="price_ambiguous")
    (number,) = [one["id"] for one in tenant.state()["products"] if one["dirt"]]
    assert re.fullmatch(r"\d\.\d{3}", tenant.get(f"/products/{number}")["prices"]["shopify"]["sale_price"])
    tenant = open_tenant(products=10, dirts="picture_404")
    truth = next(one for one in tenant.state()["products"] if one["dirt"])
    lost = [
        image
        for image in tenant.get(f"/products/{truth['id']}")["images"]
        if image["id"] in truth["missing_pictures"]
    ]
    assert requests.get(lost[0]["url"], timeout=60).status_code == 404


def test_a_put_changes_what_it_names_and_nothing_else(open_tenant: Any) -> None:
    tenant = open_tenant(dirt=0.0)
    before = next(one for one in tenant.catalogue() if len(one["variants"]) > 1)
    sku = before["variants"][0]["sku"]
    variants = [{"sku": one["sku"]} for one in before["variants"]]
    variants[0]["stocks"] = [{"warehouse": 1, "stock": 77}]
    body = {"prices": {"shopify": {"sale_price": 1249.9}}, "variants": variants}
    answer = tenant.call("PUT", f"/products/{before['id']}", json=body).json()
    assert answer["errors"] == [] and answer["message"]
    after = tenant.get(f"/products/{before['id']}")
    assert after["prices"]["shopify"]["sale_price"] == "1.249,90"
    assert after["prices"]["b2c"] == before["prices"]["b2c"] and len(after["variants"]) == len(variants)
    assert after["variants"][0]["stocks"][0]["stock"] == 77
    assert after["variants"][0]["stocks"][1] == before["variants"][0]["stocks"][1]
    assert tenant.state()["stock"][sku]["1"] == 77
    (effect,) = tenant.effects()
    assert (effect["kind"], effect["target"]) == ("product.put", str(before["id"]))


@pytest.mark.parametrize(("deletes", "left"), [("on", 1), ("off", 0)])
def test_variants_left_out_of_a_put(open_tenant: Any, deletes: str, left: int) -> None:
    tenant = open_tenant(dirt=0.0, put_deletes_omitted=deletes)
    product = next(one for one in tenant.catalogue() if len(one["variants"]) > 1)
    body = {"variants": [{"sku": product["variants"][0]["sku"]}, {"sku": "yok"}]}
    answer = tenant.call("PUT", f"/products/{product['id']}", json=body).json()
    assert answer["errors"]["variants"] == [{"sku": "yok", "message": "Varyant bulunamadı"}]
    assert len(tenant.get(f"/products/{product['id']}")["variants"]) == (left or len(product["variants"]))


def test_two_hundred_can_be_a_failure(tenant: Any) -> None:
    answer = tenant.call("PUT", "/products/4101", json={"sale_price": -1})
    assert (answer.status_code, answer.json()["product"]) == (200, [])
    assert answer.json()["errors"]["price"]
    tenant.fault("errors_in_200", count=1)
    assert tenant.call("PUT", "/products/4101", json={"name": "x"}).json()["errors"]
    assert tenant.effects() == []
    assert tenant.call("PUT", "/products/4101", json={"name": "x"}).json()["errors"] == []
    assert len(tenant.effects()) == 1
    assert tenant.call("PUT", "/products/1", json={}).status_code == 404


def test_part_of_a_put_can_be_refused(open_tenant: Any) -> None:
    tenant = open_tenant(dirt=0.0)
    product = next(one for one in tenant.catalogue() if len(one["variants"]) > 1)
    rows = [{"sku": one["sku"], "stocks": [{"warehouse": 1, "stock": 500}]} for one in product["variants"]]
    tenant.fault("partial_user_errors", count=1)
    answer = tenant.call("PUT", f"/products/{product['id']}", json={"variants": rows}).json()
    assert [error["sku"] for error in answer["errors"]["variants"]] == [rows[0]["sku"]]
    stock = tenant.state()["stock"]
    assert [stock[row["sku"]]["1"] == 500 for row in rows] == [False] + [True] * (len(rows) - 1)


def test_products_can_be_created(tenant: Any) -> None:
    body = {
        "sku": "YENI-1",
        "name": "Yeni Elbise",
        "sale_price": "1.299,90",
        "variants": [{"sku": "YENI-1-M", "color": "Siyah"}],
    }
    answer = tenant.call("POST", "/products", json=body).json()
    number = answer["product"]["id"]
    assert tenant.get(f"/products/{number}")["sale_price"] == "1.299,90"
    again = tenant.call("POST", "/products", json=body).json()
    assert again["errors"]["variants"] and again["product"] == []
    assert [effect["kind"] for effect in tenant.effects()] == ["product.created"]


def test_platform_variants(open_tenant: Any) -> None:
    tenant = open_tenant(dirt=0.0)
    product = next(one for one in tenant.catalogue() if one["variants"])
    rows = [
        {"sku": product["variants"][0]["sku"], "prices": {"shopify": {"sale_price": 99.9}}},
        {"sku": "yok"},
    ]
    answer = tenant.call("PUT", f"/products/{product['id']}/platform-variants", json=rows).json()
    assert answer["errors"]["prices"]["platform"]["yok"]["message"]
    assert answer["product"]["variants"][0]["prices"]["shopify"]["sale_price"] == "99,90"


def test_answers_can_lose_what_they_should_carry(tenant: Any) -> None:
    tenant.fault("empty_catalogue", count=1)
    assert tenant.get("/products") == {
        "page": 1,
        "size": 100,
        "total_elements": 0,
        "total_pages": 0,
        "data": [],
    }
    tenant.fault("short_page", count=1)
    answer = tenant.get("/products")
    assert len(answer["data"]) == 15 and answer["total_elements"] == 30
    tenant.fault("images_missing", count=1)
    assert sum(product["images"] == [] for product in tenant.get("/products")["data"]) == 1
    tenant.control("DELETE", "/faults")
    assert all(product["images"] for product in tenant.get("/products")["data"])


def test_the_panel_changes_the_truth_without_the_ledger(tenant: Any) -> None:
    tenant.control("POST", "/products/4105", {"title": "Yeni Ad", "price": "19.90", "images": [], "stock": 3})
    product = tenant.get("/products/4105")
    assert (product["name"], product["sale_price"], product["images"]) == ("Yeni Ad", "19,90", [])
    tenant.control("POST", "/products/4106", {"remove": True})
    assert tenant.call("GET", "/products/4106").status_code == 404
    many = tenant.control("POST", "/products", {"like": 4105, "variants": 2049})
    assert len(tenant.get(f"/products/{many['id']}")["variants"]) == 2049
    changed = tenant.control("POST", "/stock", {"random": 20, "seed": 4})["changes"]
    stock = tenant.state()["stock"]
    assert all(stock[change["sku"]][str(change["warehouse"])] == change["stock"] for change in changed)
    assert tenant.effects() == []


def test_the_small_endpoints(tenant: Any) -> None:
    assert [one["name"] for one in tenant.get("/warehouses")] == ["Merkez Depo", "İkitelli Depo"]
    tree = tenant.get("/categories")
    leaf = tree[0]["sub_categories"][0]
    assert tenant.get(f"/categories/{leaf['id']}") == [leaf]
    made = tenant.call("POST", "/categories", json={"name": "Abiye", "parent_id": leaf["id"]}).json()[
        "category"
    ]
    assert tenant.get(f"/categories/{made['id']}")[0]["parent_id"] == leaf["id"]
    assert "e-commerce" in tenant.get("/platforms")
    number = tenant.call("POST", "/sales-channels", json={"name": "Shopify Mağaza"}).json()["saleschannel"][
        "id"
    ]
    assert number in [channel["id"] for channel in tenant.get("/sales-channels")]
