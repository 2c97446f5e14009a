"""The server as a process of its own, and the faults that break the wire."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.platform import Options
from sandbox.sentos.platform import create
from sandbox.server import Running, running

ROOT = Path(__file__).resolve().parents[2]
KEY = ("sandbox-key", "sandbox-secret")


def start(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """A Sentos sandbox in a process, and the line it prints when ready."""
    command = [sys.executable, "-m", "sandbox", "sentos", "--products", "12", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def stop(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> int:
    process.send_signal(number)
    assert process.stdout is not None
    process.stdout.close()
    return process.wait(60)


@pytest.fixture
def shop() -> Iterator[Running]:
    with running(
        create(Options("sentos", products=5, speed=100, settings={"same_get_per_min": "off"}))
    ) as sandbox:
        yield sandbox


def test_it_says_where_it_is_and_ends_when_told() -> None:
    process, ready = start("--with-parent", str(os.getpid()))
    try:
        assert ready["ready"] and ready["platform"] == "sentos"
        assert ready["control"] == f"{ready['url']}/_sandbox"
        health = requests.get(f"{ready['control']}/health", timeout=60).json()
        assert (health["ok"], health["pid"]) == (True, process.pid)
    finally:
        assert stop(process) == 0


def test_it_ends_with_its_parent() -> None:
    code = (
        "import subprocess, sys, os\n"
        "p = subprocess.Popen([sys.executable, '-m', 'sandbox', 'sentos', '--with-parent', str(os.getpid())],"
        " stdout=subprocess.PIPE, text=True)\n"
        "p.stdout.readline(); print(p.pid, flush=True)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    orphan = int(parent.stdout)
    # A pidfd becomes readable when its process ends: no polling, no fixed wait.
    try:
        watch = os.pidfd_open(orphan)
    except ProcessLookupError:
        return
    try:
        import select

        assert select.select([watch], [], [], 60)[0], "the sandbox outlived its parent"
    finally:
        os.close(watch)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_everything_answered_survives_a_restart_on_another_port(tmp_path: Path, end: signal.Signals) -> None:
    path = str(tmp_path / "sentos.db")
    process, ready = start("--state", path)
    placed = requests.post(f"{ready['control']}/orders", json={"count": 3}, timeout=60).json()["orders"]
    number = requests.get(f"{ready['control']}/state", timeout=60).json()["products"][0]["id"]
    requests.post(f"{ready['control']}/products/{number}", json={"title": "Yeni Ad"}, timeout=60)
    before = requests.get(f"{ready['control']}/state", timeout=60).json()
    stop(process, end)
    process, ready = start("--state", path, "--seed", "99")
    try:
        after = requests.get(f"{ready['control']}/state", timeout=60).json()
        assert after == before
        assert [order["id"] for order in after["orders"]] == [order["id"] for order in placed]
        shown = requests.get(f"{ready['control']}/products/{number}", timeout=60).json()
        assert shown["name"] == "Yeni Ad"
        again = requests.post(f"{ready['control']}/orders", json={}, timeout=60).json()["orders"][0]
        assert again["id"] == placed[-1]["id"] + 1
    finally:
        stop(process)


def test_a_wrong_switch_stops_it_with_a_reason() -> None:
    command = [sys.executable, "-m", "sandbox", "sentos", "--set", "auth=magic"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "auth must be one of basic" in ended.stderr


def fault(shop: Running, name: str, **settings: Any) -> None:
    answer = requests.post(f"{shop.control}/faults", json={"name": name, "count": 1, **settings}, timeout=60)
    assert answer.status_code == 201, answer.text


def new_channel(shop: Running) -> requests.Response:
    return requests.post(f"{shop.url}/api/sales-channels", json={"name": "Kanal"}, auth=KEY, timeout=60)


def effects(shop: Running) -> int:
    return int(
        requests.get(f"{shop.control}/ledger?summary=1", timeout=60)
        .json()["effects"]
        .get("channel.created", 0)
    )


@pytest.mark.parametrize(("name", "applied"), [("timeout_after", 1), ("timeout_before", 0), ("reset", 0)])
def test_a_lost_answer_tells_nothing_but_the_ledger_does(shop: Running, name: str, applied: int) -> None:
    fault(shop, name, params={"hold": 2}, match={"operation": "channels.create"})
    with pytest.raises(requests.ConnectionError):
        new_channel(shop)
    assert effects(shop) == applied
    assert new_channel(shop).status_code == 200
    assert effects(shop) == applied + 1


def test_a_client_that_gives_up_first_frees_the_connection(shop: Running) -> None:
    fault(shop, "timeout_before", params={"hold": 1_000_000})
    with pytest.raises(requests.Timeout):
        requests.get(f"{shop.url}/api/warehouses", auth=KEY, timeout=0.3)
    assert requests.get(f"{shop.url}/api/warehouses", auth=KEY, timeout=60).status_code == 200


def test_half_an_answer_hides_an_applied_effect(shop: Running) -> None:
    fault(shop, "truncated_json")
    answer = new_channel(shop)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert effects(shop) == 1


@pytest.mark.parametrize(
    ("name", "params", "status"),
    [
        ("server_error", {"status": 503}, 503),
        ("html_body", {}, 200),
        ("throttle", {}, 429),
        ("expired_token", {}, 401),
    ],
)
def test_answers_without_an_effect(shop: Running, name: str, params: dict[str, Any], status: int) -> None:
    fault(shop, name, params=params)
    answer = new_channel(shop)
    assert answer.status_code == status
    assert answer.text.startswith("<!DOCTYPE") == (name == "html_body")
    assert effects(shop) == 0


def test_an_error_may_hide_an_effect_when_told(shop: Running) -> None:
    fault(shop, "server_error", params={"effect": True})
    assert new_channel(shop).status_code == 500
    assert effects(shop) == 1


def test_faults_are_listed_and_cleared(shop: Running) -> None:
    fault(shop, "reset")
    listed = requests.get(f"{shop.control}/faults", timeout=60).json()
    assert [one["name"] for one in listed["faults"]] == ["reset"]
    requests.delete(f"{shop.control}/faults", timeout=60)
    assert new_channel(shop).status_code == 200
    wrong = requests.post(f"{shop.control}/faults", json={"name": "nope"}, timeout=60)
    assert wrong.status_code == 400 and "unknown fault" in wrong.json()["error"]


def test_reset_begins_again(shop: Running) -> None:
    new_channel(shop)
    requests.post(f"{shop.control}/orders", json={"count": 2}, timeout=60)
    before = requests.get(f"{shop.control}/state", timeout=60).json()
    requests.post(f"{shop.control}/reset", timeout=60)
    after = requests.get(f"{shop.control}/state", timeout=60).json()
    assert (before["counts"]["orders"], after["counts"]["orders"]) == (2, 0)
    assert len(after["channels"]) == 1
    assert after["counts"]["products"] == 5
    assert effects(shop) == 0


def test_seed_replaces_the_catalogue(shop: Running) -> None:
    answer = requests.post(
        f"{shop.control}/seed", json={"products": 40, "seed": 3, "dirt": 0}, timeout=60
    ).json()
    assert answer == {"products": 40, "sellable": 256, "dirty": 0}
    assert requests.get(f"{shop.control}/state", timeout=60).json()["counts"]["products"] == 40
    assert requests.post(f"{shop.control}/seed", json={"dirt": 3}, timeout=60).status_code == 400


def test_latency_delays_the_platform_but_not_the_control_plane() -> None:
    with running(create(Options("sentos", products=1, speed=10, latency=1.0))) as sandbox:
        begun = sandbox.platform.tools.clock.monotonic()
        requests.get(f"{sandbox.url}/api/warehouses", auth=KEY, timeout=60)
        assert sandbox.platform.tools.clock.monotonic() - begun >= 1.0
