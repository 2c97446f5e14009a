"""Sandboxes as processes of their own, and their control plane."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]


class Sandbox:
    """A running sandbox: its URL, and what a test may ask of it."""

    def __init__(self, url: str, control: str) -> None:
        self.url, self._control = url, control

    def get(self, path: str) -> Any:
        """The JSON of a control route."""
        answer = requests.get(self._control + path, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        """Posts to a control route; an answer of 4xx fails the test with the sandbox's words."""
        answer = requests.post(self._control + path, json=body if body is not None else {}, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def fault(self, name: str, count: int | None = 1, **settings: Any) -> None:
        """Switches a fault on; `count` None: for ever."""
        self.post("/faults", {"name": name, **({} if count is None else {"count": count}), **settings})

    def clear_faults(self) -> None:
        """Switches all faults off."""
        requests.delete(self._control + "/faults", timeout=30).raise_for_status()

    def effects(self) -> list[dict[str, Any]]:
        """What was really applied."""
        return list(self.get("/ledger")["effects"])

    def calls(self) -> list[dict[str, Any]]:
        """Every request that arrived."""
        return list(self.get("/ledger?calls=1")["calls"])


@contextmanager
def sandbox(platform: str, **options: object) -> Iterator[Sandbox]:
    """`python -m sandbox <platform> --port 0 …` while the block runs. `speed=300` becomes `--speed 300`."""
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", platform, "--port", "0", "--with-parent", str(os.getpid()), *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the {platform} sandbox did not start"
        ready = json.loads(line)
        yield Sandbox(ready["url"], ready["control"])
    finally:
        process.terminate()
        process.wait(timeout=60)
        if process.stdout is not None:
            process.stdout.close()
