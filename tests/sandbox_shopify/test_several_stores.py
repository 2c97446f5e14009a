"""Three stores side by side, each a process of its own: no id, file or port in common."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
READ = """{ shop { id myshopifyDomain } locations(first: 5) { nodes { id } } productVariants(first: 50) {
  nodes { id sku product { id } inventoryItem { id inventoryLevels(first: 5) { nodes { id } } } } } }"""


@contextmanager
def store(name: str, **settings: object) -> Iterator[subprocess.Popen[str]]:
    """A Shopify sandbox in a process of its own, which says by a line when it is ready."""
    given = [f"--set={key}={value}" for key, value in {"shop": name, **settings}.items()]
    command = [sys.executable, "-m", "sandbox", "shopify", "--with-parent", str(os.getpid()), *given]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def _ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    ready: dict[str, Any] = json.loads(process.stdout.readline())
    return ready


def _ask(ready: dict[str, Any], text: str, token: str, **variables: Any) -> requests.Response:
    return requests.post(
        f"{ready['url']}/admin/api/2026-10/graphql.json",
        json={"query": text, "variables": variables},
        headers={"X-Shopify-Access-Token": token},
        timeout=30,
    )


def _gids(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {found for inner in value.values() for found in _gids(inner)}
    if isinstance(value, list):
        return {found for inner in value for found in _gids(inner)}
    return {value} if isinstance(value, str) and value.startswith("gid://") else set()


def test_three_stores_share_skus_and_nothing_else() -> None:
    names = ("kaynak", "hedef-bir", "hedef-iki")
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                store(name, stock_skus=24, stock_common=20, stock_seed=n, token=f"shpat_{name}", plan="plus")
            )
            for n, name in enumerate(names, start=1)
        ]
        stores = [_ready(process) for process in started]
        data = [
            _ask(one, READ, f"shpat_{name}").json()["data"] for one, name in zip(stores, names, strict=True)
        ]
        assert len({one["url"] for one in stores}) == 3
        assert [one["shop"]["myshopifyDomain"] for one in data] == [f"{name}.myshopify.com" for name in names]
        skus = [{node["sku"] for node in one["productVariants"]["nodes"]} for one in data]
        assert len(skus[0] & skus[1] & skus[2]) == 20 and len(skus[0] | skus[1] | skus[2]) == 32
        gids = [_gids(one) for one in data]
        assert not (gids[0] & gids[1] or gids[0] & gids[2] or gids[1] & gids[2])
        # One store's token and one store's ids mean nothing to another.
        assert _ask(stores[1], READ, "shpat_kaynak").status_code == 401
        foreign = data[0]["productVariants"]["nodes"][0]["inventoryItem"]["id"]
        text = "query($i: ID!) { inventoryItem(id: $i) { id } }"
        assert _ask(stores[1], text, "shpat_hedef-bir", i=foreign).json()["data"] == {"inventoryItem": None}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads a process's memory from /proc")
def test_a_large_catalogue_is_no_pile_of_objects() -> None:
    with store("big", stock_skus=100_000, stock_dirt=0.02, plan="plus") as process:
        ready = _ready(process)
        text = (
            "{ productVariants(first: 250) { nodes { id sku } } productVariantsCount(limit: null) { count } }"
        )
        data = _ask(ready, text, "shpat_sandbox_token").json()["data"]
        assert data["productVariantsCount"] == {"count": 100_000}
        moved = requests.post(f"{ready['control']}/stock/move", json={"count": 500}, timeout=30).json()
        assert moved["changed"] == 500 == len(moved["rows"])
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
        # As objects they would take more than 400 MB.
        assert peak < 250, f"{peak} MB"
