"""The fault `download`: it strikes where a bulk result is fetched, and no API call counts for it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox_shopify.test_stock_bulk import DOCUMENTS, RUN, ended


def test_a_download_is_spoilt_once_and_whole_the_next_time(http: Any) -> None:
    served, post = http(stock_skus="200", plan="plus", bulk_rate="1000000")
    for how in ("reset", "truncated_json", "server_error", "html_body", "expired_token"):
        fault = {"name": "download", "count": 1, "params": {"how": how}}
        assert requests.post(f"{served.control}/faults", json=fault, timeout=60).status_code == 201
    started = post(RUN, q=DOCUMENTS["plain"].format()).json()["data"]["bulkOperationRunQuery"]
    state = ended(post, started["bulkOperation"]["id"], "COMPLETED")
    with pytest.raises(requests.ConnectionError):
        requests.get(state["url"], timeout=60)
    torn = requests.get(state["url"], timeout=60)
    assert torn.status_code == 200 and len(torn.content) == int(state["fileSize"]) // 2
    assert requests.get(state["url"], timeout=60).status_code == 500
    assert "<html" in requests.get(state["url"], timeout=60).text
    assert requests.get(state["url"], timeout=60).status_code == 403
    assert len(requests.get(state["url"], timeout=60).content) == int(state["fileSize"])
    shown = requests.get(f"{served.control}/faults", timeout=60).json()["faults"]
    assert [one["hits"] for one in shown] == [1] * 5
