"""Over real HTTP: tokens, versions, scopes, faults, pictures, bulk results, the control plane."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests

from tests.sandbox_shopify.conftest import PRODUCT_SET


def _until(done: Callable[[], bool]) -> None:
    """Wait for something that a thread brings about; fails after a minute."""
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


@pytest.mark.parametrize("as_json", [True, False])
def test_client_credentials_and_their_expiry(http: Any, as_json: bool) -> None:
    served, post = http(speed=1, token_seconds="100")
    fields = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-client",
        "client_secret": "shpss_sandbox_secret",
    }
    body = {"json": fields} if as_json else {"data": fields}
    granted = requests.post(f"{served.url}/admin/oauth/access_token", timeout=60, **body).json()
    assert granted["expires_in"] == 100
    assert "write_products" in granted["scope"]
    assert post("{shop { id } }", token=granted["access_token"]).status_code == 200
    # Tokens age by the scaled clock.
    served.platform.tokens._issued_at[granted["access_token"]] -= 101
    assert post("{shop { id } }", token=granted["access_token"]).status_code == 401


def test_a_wrong_secret_gets_no_token(http: Any) -> None:
    served, _ = http()
    fields = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "guess"}
    answer = requests.post(f"{served.url}/admin/oauth/access_token", data=fields, timeout=60)
    assert answer.status_code == 401
    assert "access_token" not in answer.json()


def test_a_bad_token_is_told_as_text(http: Any) -> None:
    _, post = http()
    answer = post("{shop { id } }", token="shpat_wrong")
    assert answer.status_code == 401
    assert answer.json() == {
        "errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"
    }


def test_an_old_version_is_served_by_the_oldest(http: Any) -> None:
    _, post = http()
    assert post("{shop { id } }").headers["X-Shopify-API-Version"] == "2026-10"
    assert post("{shop { id } }", version="2023-10").headers["X-Shopify-API-Version"] == "2026-01"


def test_a_missing_scope_is_named(http: Any) -> None:
    _, post = http(scopes="read_products")
    answer = post(PRODUCT_SET, input={"title": "A"}).json()
    assert answer["data"] == {"productSet": None}
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert "write_products" in answer["errors"][0]["extensions"]["requiredAccess"]
    scopes = post("{currentAppInstallation { accessScopes { handle } } }").json()["data"]
    assert scopes["currentAppInstallation"]["accessScopes"] == [{"handle": "read_products"}]


def test_faults_of_the_transport(http: Any) -> None:
    served, post = http()

    def on(name: str, **more: Any) -> None:
        body = {"name": name, "count": 1, **more}
        assert requests.post(f"{served.control}/faults", json=body, timeout=60).status_code == 201

    on("server_error", params={"status": 503})
    assert post("{shop { id } }").status_code == 503
    on("html_body")
    assert post("{shop { id } }").headers["content-type"].startswith("text/html")
    on("throttle", match={"operation": "productSet"})
    throttled = post(PRODUCT_SET, input={"title": "A"}).json()
    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    on("truncated_json", match={"operation": "productSet"})
    with pytest.raises(requests.exceptions.JSONDecodeError):
        post(PRODUCT_SET, input={"title": "Yarım"}).json()
    on("reset", match={"kind": "write"})
    with pytest.raises(requests.exceptions.ConnectionError):
        post(PRODUCT_SET, input={"title": "Hiç"})
    on("partial_user_errors", match={"operation": "publicationUpdate"})
    text = (
        'mutation { publicationUpdate(id: "gid://shopify/Publication/1", input: {}) { '
        "publication { id } userErrors { code } } }"
    )
    assert post(text).json()["data"]["publicationUpdate"] == {
        "publication": None,
        "userErrors": [{"code": "INVALID"}],
    }
    titles = [one["title"] for one in served.platform.store.kinds["product"].values()]
    assert titles == ["Yarım"]
    summary = requests.get(f"{served.control}/ledger?summary=1", timeout=60).json()
    assert summary["throttled"] == 1
    assert summary["effects"]["product.created"] == 1


def test_later_pages_can_fail_alone(http: Any) -> None:
    served, post = http()
    for n in range(3):
        post(PRODUCT_SET, input={"title": f"Ürün {n}"})
    requests.post(
        f"{served.control}/faults", json={"name": "server_error", "match": {"page": "later"}}, timeout=60
    )
    text = "query($a: String) { products(first: 2, after: $a) { nodes { id } pageInfo { endCursor } } }"
    first = post(text)
    assert first.status_code == 200
    assert post(text, a=first.json()["data"]["products"]["pageInfo"]["endCursor"]).status_code == 500


def test_search_lags_and_reads_by_id_do_not(http: Any) -> None:
    served, post = http(speed=1, search_lag="3600")
    id = post(PRODUCT_SET, input={"title": "Yeni"}).json()["data"]["productSet"]["product"]["id"]
    search = '{products(first: 5, query: "title:Yeni") { nodes { id } } }'
    assert post(search).json()["data"]["products"]["nodes"] == []
    assert post("query($id: ID!) { product(id: $id) { title } }", id=id).json()["data"]["product"] == {
        "title": "Yeni"
    }
    assert post("{products(first: 5) { nodes { id } } }").json()["data"]["products"]["nodes"] == [{"id": id}]


class _Pictures(BaseHTTPRequestHandler):
    # Kept open, as it says, and then closed all the same after each answer.
    protocol_version = "HTTP/1.1"
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        found = "missing" not in self.path
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"abc")
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def test_pictures_are_fetched_once_and_a_404_ends_as_failed(http: Any) -> None:
    _Pictures.asked = []
    server = HTTPServer(("127.0.0.1", 0), _Pictures)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        served, post = http(media_delay="0")
        base = f"http://127.0.0.1:{server.server_port}"
        files = [{"originalSource": f"{base}/{name}.jpg"} for name in ("good", "missing")]
        made = post(PRODUCT_SET, input={"title": "Resimli", "files": files}).json()["data"]["productSet"]
        read = (
            "query($id: ID!) { product(id: $id) { media(first: 5) { nodes { ... on MediaImage { "
            "fileStatus image { url } } } } } }"
        )

        def states() -> list[str]:
            nodes = post(read, id=made["product"]["id"]).json()["data"]["product"]["media"]["nodes"]
            return [node["fileStatus"] for node in nodes]

        _until(lambda: states() == ["READY", "FAILED"])
        assert sorted(_Pictures.asked) == ["/good.jpg", "/missing.jpg"]
        state = requests.get(f"{served.control}/state", timeout=60).json()
        assert [one["source"] for one in state["products"][0]["media"]] == [
            f["originalSource"] for f in files
        ]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_bulk_query_ends_in_jsonl_at_a_real_address(http: Any) -> None:
    served, post = http()
    for n in range(3):
        post(PRODUCT_SET, input={"title": f"Ürün {n}"})
    inner = (
        "{products { edges { node { id title variants { edges { node { id inventoryItem { id "
        "inventoryLevels { edges { node { id } } } } } } } } } } }"
    )
    started = post(
        (
            "mutation($q: String!) { bulkOperationRunQuery(query: $q) { bulkOperation { id status "
            "} userErrors { message } } }"
        ),
        q=inner,
    ).json()["data"]["bulkOperationRunQuery"]
    assert started["userErrors"] == []
    assert started["bulkOperation"]["status"] == "CREATED"
    read = "query($id: ID!) { bulkOperation(id: $id) { status url objectCount rootObjectCount } }"

    def now() -> dict[str, Any]:
        found: dict[str, Any] = post(read, id=started["bulkOperation"]["id"]).json()["data"]["bulkOperation"]
        return found

    _until(lambda: now()["status"] == "COMPLETED")
    done = now()
    lines = [json.loads(line) for line in requests.get(done["url"], timeout=60).text.splitlines()]
    assert (done["objectCount"], done["rootObjectCount"], len(lines)) == ("9", "3", 9)
    parents = {line["id"] for line in lines if "title" in line}
    variants = [line for line in lines if "/ProductVariant/" in line["id"]]
    assert {line["__parentId"] for line in variants} == parents
    levels = [line for line in lines if "/InventoryLevel/" in line["id"]]
    assert {line["__parentId"] for line in levels} == {line["id"] for line in variants}


def test_a_failed_bulk_leaves_partial_data(http: Any) -> None:
    served, post = http()
    for n in range(4):
        post(PRODUCT_SET, input={"title": f"Ürün {n}"})
    requests.post(f"{served.control}/faults", json={"name": "failed_bulk", "count": 1}, timeout=60)
    run = (
        "mutation($q: String!) { bulkOperationRunQuery(query: $q) { bulkOperation { id } "
        "userErrors { message } } }"
    )
    id = post(run, q="{products { edges { node { id } } } }").json()["data"]["bulkOperationRunQuery"][
        "bulkOperation"
    ]["id"]
    read = "query($id: ID!) { bulkOperation(id: $id) { status errorCode url partialDataUrl } }"
    _until(lambda: post(read, id=id).json()["data"]["bulkOperation"]["status"] == "FAILED")
    failed = post(read, id=id).json()["data"]["bulkOperation"]
    assert (failed["errorCode"], failed["url"]) == ("INTERNAL_SERVER_ERROR", None)
    assert len(requests.get(failed["partialDataUrl"], timeout=60).text.splitlines()) == 2


def test_the_control_plane_does_what_a_merchant_would(http: Any) -> None:
    served, post = http()

    def ask(path: str, **body: Any) -> Any:
        return requests.post(f"{served.control}{path}", json=body, timeout=60)

    options = [{"name": "Renk", "values": [{"name": "Mavi"}]}]
    variants = [{"optionValues": [{"optionName": "Renk", "name": "Mavi"}], "sku": "M", "price": "10",
                 "inventoryItem": {"tracked": True}}]  # fmt: skip
    assert ask("/products", title="El yapımı", productOptions=options, variants=variants).status_code == 201
    edited = ask(
        "/products/M",
        add_tags=["elle"],
        add_variant={"options": {"Renk": "Mor"}, "sku": "R", "price": "12"},
        add_image="https://example.com/x.jpg",
        metafield={"namespace": "custom", "key": "bakim", "value": "30°"},
    ).json()
    assert [variant["sku"] for variant in edited["variants"]] == ["M", "R"]
    assert edited["tags"] == ["elle"]
    assert edited["metafields"] == {"custom.bakim": "30°"}
    assert len(edited["media"]) == 1
    assert ask("/stock", sku="M", available=8).json()["changed"][0]["after"] == 8
    placed = ask(
        "/orders",
        lines=[{"sku": "M", "quantity": 2}],
        customer={"firstName": "Ayşe", "email": "a@example.com"},
    )
    assert placed.json()["orders"][0]["total"] == "20.00"
    state = requests.get(f"{served.control}/state", timeout=60).json()
    level = next(iter(state["products"][0]["variants"][0]["levels"].values()))
    assert (level["available"], level["committed"], level["on_hand"]) == (6, 2, 8)
    assert ask("/orders/1001", cancel=True).json()["cancelReason"] == "CUSTOMER"
    assert ask("/orders/9999", cancel=True).status_code == 400
    assert "unknown edit" in ask("/products/M", paint="red").json()["error"]
    kinds = requests.get(f"{served.control}/ledger?summary=1", timeout=60).json()["effects"]
    assert {"hand.product.edited", "hand.inventory.set", "hand.order.placed", "hand.order.edited"} <= set(
        kinds
    )
    assert "product.created" not in kinds


def test_reset_and_seed(http: Any) -> None:
    served, post = http()
    answer = requests.post(f"{served.control}/seed", json={"products": 12, "seed": 5}, timeout=60).json()
    assert answer["products"] == 12
    assert answer["variants"] > 12
    requests.post(f"{served.control}/reset", timeout=60)
    assert post("{productsCount { count } locations(first: 5) { nodes { name } } }").json()["data"] == {
        "productsCount": {"count": 0},
        "locations": {"nodes": [{"name": "Merkez Depo"}, {"name": "Mağaza"}]},
    }
