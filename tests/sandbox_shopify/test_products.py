"""productSet and its relatives: upsert, whole lists, what is refused, and edits that leave the rest alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox_shopify.conftest import PRODUCT_SET, Desk

DEFINE = """mutation($type: String!) { metafieldDefinitionCreate(definition: {
  name: "Source", namespace: "sync", key: "source", type: $type, ownerType: PRODUCT}) {
  createdDefinition { id } userErrors { code } } }"""
TAGS = (
    "mutation($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags) { node { id } "
    "userErrors { message } } }"
)


def _set(desk: Desk, given: dict[str, Any], identifier: dict[str, Any] | None = None) -> dict[str, Any]:
    payload: dict[str, Any] = desk.data(PRODUCT_SET, input=given, id=identifier)["productSet"]
    return payload


def _codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


def test_a_custom_id_creates_once_and_then_updates(desk: Desk) -> None:
    custom = {"customId": {"namespace": "sync", "key": "source", "value": "sentos/7"}}
    assert (
        desk(PRODUCT_SET, input={"title": "A"}, id=custom)["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    )
    assert desk.data(DEFINE, type="id")["metafieldDefinitionCreate"]["userErrors"] == []
    assert desk.data(DEFINE, type="id")["metafieldDefinitionCreate"]["userErrors"] == [{"code": "TAKEN"}]
    first = _set(desk, {"title": "A"}, custom)["product"]
    again = _set(desk, {"title": "B"}, custom)["product"]
    assert first["id"] == again["id"]
    assert len(desk.store.kinds["product"]) == 1
    found = desk.data(
        "query($c: UniqueMetafieldValueInput!) { productByIdentifier(identifier: {customId: $c}) { title } }",
        c=custom["customId"],
    )
    assert found["productByIdentifier"]["title"] == "B"


def test_a_custom_id_is_unique(desk: Desk) -> None:
    desk.data(DEFINE, type="id")
    mark = [{"namespace": "sync", "key": "source", "type": "id", "value": "1"}]
    assert _codes(_set(desk, {"title": "A", "metafields": mark})) == []
    assert _codes(_set(desk, {"title": "B", "metafields": mark})) == ["INVALID_METAFIELD"]


def test_an_api_product_is_published_nowhere_and_born_with_one_variant(desk: Desk) -> None:
    id = _set(desk, {"title": "Yalın"})["product"]["id"]
    read = desk.data(
        """query($id: ID!) { product(id: $id) { hasOnlyDefaultVariant status resourcePublicationsV2(first:
        5) {
        nodes { publication { name } } } variants(first: 2) { nodes { title sku price inventoryItem { tracked
        inventoryLevels(first: 5) { nodes { location { name } } } } } } } }""",
        id=id,
    )["product"]
    assert read["resourcePublicationsV2"]["nodes"] == []
    assert read["hasOnlyDefaultVariant"] is True
    (variant,) = read["variants"]["nodes"]
    assert (variant["title"], variant["sku"], variant["price"]) == ("Default Title", None, "0.00")
    assert [level["location"]["name"] for level in variant["inventoryItem"]["inventoryLevels"]["nodes"]] == [
        "Merkez Depo"
    ]


def test_lists_that_are_sent_are_the_whole_list(desk: Desk) -> None:
    files = [{"originalSource": f"https://example.com/{n}.jpg"} for n in range(2)]
    product = desk.product(tags=["yaz", "yeni"], files=files)
    small, medium = product["_variants"]
    kept = {"id": product["_media"][1]}
    _set(
        desk,
        {
            "tags": ["kış"],
            "files": [kept],
            "productOptions": [{"name": "Beden", "values": [{"name": "M"}, {"name": "L"}]}],
            "variants": [{"id": medium["id"], "optionValues": [{"optionName": "Beden", "name": "M"}]},
                         {"optionValues": [{"optionName": "Beden", "name": "L"}], "sku": "L"}],
        },
        {"id": product["id"]},
    )  # fmt: skip
    assert product["tags"] == ["kış"]
    assert product["_media"] == [kept["id"]]
    assert [one["_item"]["sku"] for one in product["_variants"]] == ["KE-M", "L"]
    assert product["_variants"][0]["id"] == medium["id"]
    assert small["id"] not in desk.store.variants


def test_what_is_not_sent_stays(desk: Desk) -> None:
    product = desk.product(tags=["yaz"], descriptionHtml="<p>x</p>")
    _set(desk, {"title": "Başka"}, {"id": product["id"]})
    assert (product["tags"], product["descriptionHtml"], len(product["_variants"])) == (
        ["yaz"],
        "<p>x</p>",
        2,
    )
    assert product["handle"] == "keten-gomlek"


def test_the_same_url_again_uploads_a_duplicate(desk: Desk) -> None:
    files = [{"originalSource": "https://example.com/a.jpg"}]
    product = desk.product(files=files)
    first = list(product["_media"])
    _set(desk, {"files": files}, {"id": product["id"]})
    assert product["_media"] != first
    assert len(desk.store.kinds["file"]) == 2


def test_stock_of_an_existing_variant_only_where_it_is_stocked(desk: Desk) -> None:
    product = desk.product()
    rows = [{"locationId": desk.locations[1], "name": "available", "quantity": 9}]
    variants = [desk.variant(size, f"KE-{size}", inventoryQuantities=rows) for size in ("S", "M")]
    options = [{"name": "Beden", "values": [{"name": "S"}, {"name": "M"}]}]
    payload = _set(desk, {"productOptions": options, "variants": variants}, {"id": product["id"]})
    assert [error["field"][-1] for error in payload["userErrors"]] == ["locationId", "locationId"]
    assert product["_variants"][0]["_item"]["_levels"].keys() == {desk.locations[0]}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"title": " "}, "INVALID_PRODUCT"),
        ({"title": "x" * 256}, "INVALID_PRODUCT"),
        ({"title": "A", "tags": [str(n) for n in range(250)] + ["one more"]}, "MAX"),
        ({"title": "A", "handle": "keten-gomlek"}, "HANDLE_NOT_UNIQUE"),
        ({"title": "A", "variants": []}, "PRODUCT_OPTIONS_INPUT_MISSING"),
        ({"title": "A", "productOptions": []}, "VARIANTS_INPUT_MISSING"),
        ({"title": "A", "files": [{"originalSource": "data:image/png;base64,AA"}]}, "INVALID_INPUT"),
        (
            {"title": "A", "metafields": [{"namespace": "custom", "key": "note", "value": "x"}]},
            "INVALID_METAFIELD",
        ),
    ],
)
def test_refused_products(desk: Desk, given: dict[str, Any], code: str) -> None:
    desk.product()
    answer = desk(PRODUCT_SET, input=given)
    if code == "MAX":
        assert answer["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"
    else:
        assert code in _codes(answer["data"]["productSet"])
        assert answer["data"]["productSet"]["product"] is None
    assert len(desk.store.kinds["product"]) == 1


@pytest.mark.parametrize(
    ("values", "chosen", "code"),
    [
        (["S"], "XL", "OPTION_VALUE_DOES_NOT_EXIST"),
        (["S", "s"], "S", "DUPLICATED_OPTION_VALUE"),
        (["S / M"], "S / M", "INVALID_INPUT"),
        ([], "S", "OPTION_VALUES_MISSING"),
    ],
)
def test_refused_options(desk: Desk, values: list[str], chosen: str, code: str) -> None:
    options = [{"name": "Beden", "values": [{"name": value} for value in values]}]
    payload = _set(desk, {"title": "A", "productOptions": options, "variants": [desk.variant(chosen, "X")]})
    assert code in _codes(payload)


def test_2049_variants_are_refused_at_the_top(desk: Desk) -> None:
    options = [{"name": "Beden", "values": [{"name": str(n)} for n in range(250)]}]
    variants = [desk.variant(str(n), str(n)) for n in range(2049)]
    answer = desk(PRODUCT_SET, input={"title": "A", "productOptions": options, "variants": variants})
    assert answer["errors"][0]["message"].endswith("maximum allowed of 2048.")


def test_an_operation_completes_a_moment_later(desk: Desk) -> None:
    payload = desk.data(PRODUCT_SET, input={"title": "Sonra"}, sync=False)["productSet"]
    assert payload["product"] is None
    id = payload["productSetOperation"]["id"]
    read = "query($id: ID!) { productOperation(id: $id) { status product { title } } }"
    assert desk.data(read, id=id)["productOperation"] == {"status": "CREATED", "product": None}
    desk.clock.advance(2)
    assert desk.data(read, id=id)["productOperation"] == {"status": "COMPLETE", "product": {"title": "Sonra"}}


def test_tags_are_added_without_touching_others(desk: Desk) -> None:
    product = desk.product(tags=["el ile"])
    desk.data(TAGS, id=product["id"], tags=["sync", "El İle", "el ile"])
    assert "el ile" in product["tags"]
    assert "sync" in product["tags"]
    remove = TAGS.replace("tagsAdd", "tagsRemove")
    desk.data(remove, id=product["id"], tags=["sync"])
    assert "sync" not in product["tags"]
    assert "el ile" in product["tags"]


def test_publishing_fifty_at_once(desk: Desk) -> None:
    ids = [desk.product(f"Ürün {n}", code=str(n))["id"] for n in range(51)]
    channel = next(iter(desk.store.kinds["publication"]))
    text = """mutation($id: ID!, $add: [ID!]!) { publicationUpdate(id: $id, input: {publishablesToAdd:
    $add}) {
      publication { id } userErrors { code } } }"""
    refused = desk.data(text, id=channel, add=ids)["publicationUpdate"]
    assert refused["userErrors"] == [{"code": "PUBLICATION_UPDATE_LIMIT_EXCEEDED"}]
    assert desk.data(text, id=channel, add=ids[:50])["publicationUpdate"]["userErrors"] == []
    published = [one for one in desk.store.kinds["product"].values() if channel in one["_publications"]]
    assert len(published) == 50


def test_metafields_are_set_together_or_not_at_all(desk: Desk) -> None:
    product = desk.product()
    text = """mutation($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) {
      metafields { key compareDigest } userErrors { code elementIndex } } }"""
    base = {"ownerId": product["id"], "namespace": "sync", "type": "single_line_text_field"}
    refused = desk.data(text, m=[{**base, "key": "aa", "value": "1"}, {**base, "key": "bb", "value": ""}])
    assert refused["metafieldsSet"]["userErrors"][0]["code"] == "BLANK"
    assert product["_metafields"] == {}
    made = desk.data(text, m=[{**base, "key": "aa", "value": "1", "compareDigest": None}])["metafieldsSet"]
    digest = made["metafields"][0]["compareDigest"]
    for given, code in ((None, ["STALE_OBJECT"]), (digest, [])):
        again = desk.data(text, m=[{**base, "key": "aa", "value": "2", "compareDigest": given}])[
            "metafieldsSet"
        ]
        assert [error["code"] for error in again["userErrors"]] == code


def test_bulk_create_replaces_the_default_variant(desk: Desk) -> None:
    id = _set(desk, {"title": "Yalın"})["product"]["id"]
    options = (
        "mutation($id: ID!, $o: [OptionCreateInput!]!) { productOptionsCreate(productId: $id, "
        "options: $o) { userErrors { code } } }"
    )
    desk.data(options, id=id, o=[{"name": "Beden", "values": [{"name": "S"}]}])
    text = """mutation($id: ID!, $v: [ProductVariantsBulkInput!]!, $s: ProductVariantsBulkCreateStrategy) {
      productVariantsBulkCreate(productId: $id, variants: $v, strategy: $s) {
        productVariants { title sku } userErrors { code } } }"""
    given = [
        {"optionValues": [{"optionName": "Beden", "name": "M"}], "price": "5", "inventoryItem": {"sku": "M"}}
    ]
    made = desk.data(text, id=id, v=given, s="REMOVE_STANDALONE_VARIANT")["productVariantsBulkCreate"]
    assert made == {"productVariants": [{"title": "M", "sku": "M"}], "userErrors": []}
    assert [one["title"] for one in desk.store.kinds["product"][id]["_variants"]] == ["M"]
    twice = desk.data(text, id=id, v=given)["productVariantsBulkCreate"]
    assert twice["userErrors"] == [{"code": "VARIANT_ALREADY_EXISTS_CHANGE_OPTION_VALUE"}]


def test_emoji_rtl_and_html_titles_pass(desk: Desk) -> None:
    for title in ("Elbise 👗🏽", "قميص كتان", "<b>Kalın</b> & ince"):
        id = _set(desk, {"title": title})["product"]["id"]
        assert desk.data("query($id: ID!) { product(id: $id) { title } }", id=id)["product"]["title"] == title
