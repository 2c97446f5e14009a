"""The real console as a process of its own: a free port, its own data folder, its output shown if it dies."""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent.parent
_PATIENCE = 180.0
_PORTS = range(10_000, 20_000)


class Console:
    """`streamlit run app.py` until the block ends; `url` once it answers."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.output = home / "console.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Console:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process on the same data and port as before, and wait until it answers."""
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        environment = {**os.environ, "COUNTERPART_HOME": str(self.home)}
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process, gently first."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def kill(self) -> None:
        """End the process as a power cut does: nothing of it runs to its end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def said(self) -> str:
        """What the processes have printed so far."""
        return self.output.read_text(errors="replace")

    def ask(self, path: str) -> tuple[int, dict[str, str], str]:
        """(status, headers, body) of a GET by nobody: no cookie, and redirects are not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Accept": "text/html"})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode(errors="replace")
        finally:
            connection.close()

    def sandbox(self, platform: str, path: str, body: object = None, method: str = "") -> dict[str, Any]:
        """Ask a sandbox's control plane; with a `body` it is a POST unless `method` says otherwise."""
        data = None if body is None else json.dumps(body).encode()
        address = f"{self._sandbox_address(platform)}/_sandbox/{path}"
        request = Request(address, data=data, method=method or None)
        with urlopen(request, timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def _sandbox_address(self, platform: str) -> str:
        """Where one of the console's own sandboxes listens at present, as its connection says; of several of
        one platform, by the name of its box."""
        with closing(sqlite3.connect(f"file:{self.home / 'counterpart.db'}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT platform, settings FROM connections WHERE sandbox").fetchall()
        boxes = {json.loads(raw).get("box") or name: json.loads(raw) for name, raw in rows}
        settings = boxes[platform]
        parts = urlsplit(settings.get("base_url") or settings["url"])
        return f"{parts.scheme}://{parts.netloc}"

    def _wait(self) -> None:
        pause = threading.Event()
        for _attempt in range(int(_PATIENCE / 0.1)):
            if self._process is None or self._process.poll() is not None:
                break
            if self._answers():
                return
            pause.wait(0.1)
        raise RuntimeError(f"the console did not start:\n{self.said()}")

    def _answers(self) -> bool:
        try:
            return self.ask("/healthz")[0] == 200
        except OSError:
            return False


def free_port() -> int:
    """A port that was free a moment ago, below those that the system hands out by itself: nobody else is
    given it before the console takes it, or while it is started anew."""
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free for a console")
