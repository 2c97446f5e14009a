"""The compiled executor answers as graphql-core's own does, and says what is wrong as a store does."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLResolveInfo, execute, parse

from sandbox.shopify.context import Context
from sandbox.shopify.order_generate import place_orders
from sandbox.shopify.pages import edges
from sandbox.shopify.project import RESOLVERS
from tests.sandbox_shopify.conftest import Desk

DOCUMENTS = {
    "fragments and aliases": """
        query($n: Int!, $with: Boolean!) {
          shop { ...Named plan { publicDisplayName } }
          first: products(first: $n, sortKey: UPDATED_AT, reverse: true) {
            edges { cursor node { ...Product } } pageInfo { hasNextPage endCursor } }
        }
        fragment Named on Shop { name id __typename }
        fragment Product on Product {
          id title tags options { name values optionValues { name hasVariants } }
          seo { title } totalInventory @include(if: $with) hasOnlyDefaultVariant @skip(if: $with)
          variants(first: 5) { nodes { id sku price selectedOptions { name value }
            inventoryItem { tracked measurement { weight { unit value } }
              inventoryLevels(first: 2) { nodes { location { name }
                quantities(names: ["available", "on_hand"]) { name quantity } } } } } }
          media(first: 3) { nodes { __typename alt ... on MediaImage { image { url } fileStatus } } }
          resourcePublicationsV2(first: 5) { nodes { publication { name } } }
        }""",
    "abstract types": """
        query($ids: [ID!]!) {
          nodes(ids: $ids) { __typename id ... on Product { title } ... on ProductVariant { sku product {
          handle } }
            ... on Order { name lineItems(first: 2) { nodes { quantity } } } } }""",
    "orders": """
        { orders(first: 10) { nodes {
            name displayFinancialStatus tags customAttributes { key value }
            totalPriceSet { shopMoney { amount currencyCode } presentmentMoney { amount } }
            shippingAddress { name city } customer { displayName defaultEmailAddress { emailAddress } }
            discountApplications(first: 5) { nodes { index value { __typename
              ... on MoneyV2 { amount } ... on PricingPercentageValue { percentage } } } }
            lineItems(first: 20) { nodes { sku quantity taxLines { rate title priceSet { shopMoney { amount
            } } }
              discountAllocations { allocatedAmountSet { shopMoney { amount } } discountApplication { index
              } } } }
            fulfillmentOrders(first: 5) { nodes { status lineItems(first: 5) { nodes { remainingQuantity }
            } } }
            transactions { kind status amountSet { shopMoney { amount } } } } } }""",
    "merged selections": """
        { shop { name } shop { id plan { shopifyPlus } } shop { plan { publicDisplayName } }
          locations(first: 3) { nodes { id } nodes { name address { city } } } }""",
}  # fmt: skip


def _reference(desk: Desk, text: str, variables: dict[str, Any]) -> Any:
    """The same request through graphql-core, on the same resolvers."""
    asked = desk.engine.understand(text, variables)
    context = Context(desk.store, asked.operation, asked.variables, "http://sandbox")

    def resolve(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if info.field_name == "edges" and info.parent_type.name.endswith("Connection"):
            return edges(source)
        fn = RESOLVERS.get((info.parent_type.name, info.field_name))
        return fn(source, arguments, context) if fn else source[info.field_name]

    def typed(value: Any, *_: Any) -> str:
        return str(value["__typename"])

    made = execute(
        desk.engine.schema,
        parse(text),
        variable_values=variables,
        field_resolver=resolve,
        type_resolver=typed,
    )
    assert not made.errors, made.errors  # type: ignore[union-attr]
    return made.data  # type: ignore[union-attr]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_equals_graphql_core(desk: Desk, name: str) -> None:
    products = [
        desk.product(f"Ürün {n}", files=[{"originalSource": f"https://example.com/{n}.jpg"}])
        for n in range(4)
    ]
    place_orders(desk.store, {"count": 6, "seed": 5, "dirt": 0})
    desk.clock.advance(10)
    ids = [
        products[0]["id"],
        products[1]["_variants"][0]["id"],
        *desk.store.kinds["order"],
        "gid://shopify/Product/1",
    ]
    given = (
        {"n": 3, "with": True}
        if "$n" in DOCUMENTS[name]
        else {"ids": ids}
        if "$ids" in DOCUMENTS[name]
        else {}
    )
    for switch in (True, False):
        variables = {**given, "with": switch} if "with" in given else given
        assert desk.data(DOCUMENTS[name], **variables) == _reference(desk, DOCUMENTS[name], variables)


def test_fields_come_in_the_order_asked(desk: Desk) -> None:
    assert list(desk.data("{shop { name id currencyCode } }")["shop"]) == ["name", "id", "currencyCode"]


def test_a_field_it_does_not_know_is_said(desk: Desk) -> None:
    answer = desk("{shop { shipsToCountries } }")
    assert answer["errors"][0]["extensions"]["code"] == "SANDBOX_NOT_EMULATED"
    assert "Shop.shipsToCountries" in answer["errors"][0]["message"]


def test_a_refused_root_leaves_the_others(desk: Desk) -> None:
    answer = desk(
        "{good: productsCount { count } bad: orderByIdentifier(identifier: {customId: {key: "
        '"x", value: "1"}}) { id } }'
    )
    assert answer["data"] == {"good": {"count": 0}, "bad": None}
    assert answer["errors"][0]["path"] == ["bad"]
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{shop { nme } }", "undefinedField"),
        ("{products(firs: 1) { nodes { id } } }", "argumentNotAccepted"),
        ("{product { id } }", "missingRequiredArguments"),
        ("{products(first: 1, sortKey: NOPE) { nodes { id } } }", "argumentLiteralsIncompatible"),
        ("{shop @nope { id } }", "undefinedDirective"),
        (
            'mutation { tagsAdd(id: "gid://shopify/Product/1", tags: []) { userErrors { code } } }',
            "undefinedField",
        ),
    ],
)
def test_invalid_documents_are_refused_whole(desk: Desk, text: str, code: str) -> None:
    answer = desk(text)
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == code


def test_variables_are_refused_with_their_problems(desk: Desk) -> None:
    text = "query($id: ID!, $n: Int) { product(id: $id) { id variants(first: $n) { nodes { id } } } }"
    errors = desk(text, id="17-not-a-gid", n="three")["errors"]
    assert [one["extensions"]["code"] for one in errors] == ["INVALID_VARIABLE", "INVALID_VARIABLE"]
    assert errors[0]["extensions"]["problems"] == [
        {"path": [], "explanation": "Invalid global id '17-not-a-gid'"}
    ]


def test_lists_over_250_are_refused(desk: Desk) -> None:
    text = (
        "mutation($files: [FileCreateInput!]!) { fileCreate(files: $files) { files { id } "
        "userErrors { code } } }"
    )
    answer = desk(text, files=[{"originalSource": "https://example.com/1.jpg"}] * 251)
    assert answer["errors"][0]["message"] == (
        "The input array size of 251 is greater than the maximum allowed of 250."
    )
    assert answer["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"
    assert answer["errors"][0]["path"] == ["fileCreate", "files"]
