"""The sandboxes as processes of their own: started by the workspace, gone with it, their state in files of
their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from storage.paths import URL_VARIABLE
from storage.vault import KEY_VARIABLE
from sync.errors import NeedsOperator, Transient
from sync.model.text import say

_ROOT = Path(__file__).resolve().parents[2]
_START_PATIENCE = 15.0  # seconds
_PATIENCE = 120.0  # seconds a control call may take; seeding a large catalogue is the longest


def _environment() -> dict[str, str]:
    """Ours without what is secret: the vault's key and the database's password are none of the sandbox's
    business."""
    return {name: value for name, value in os.environ.items() if name not in (KEY_VARIABLE, URL_VARIABLE)}


class SandboxProcess:
    """One running emulator. `url` is where its platform answers, `control` its control plane."""

    def __init__(
        self,
        platform: str,
        state_file: Path | None,
        *,
        speed: float = 1.0,
        products: int = 0,
        seed: int = 1,
        latency: float = 0.0,
        dirt: float | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        command = [
            sys.executable,
            "-m",
            "sandbox",
            platform,
            "--port",
            "0",
            "--speed",
            str(speed),
            "--products",
            str(products),
            "--seed",
            str(seed),
            "--with-parent",
            str(os.getpid()),
            "--latency",
            str(latency),
        ]
        command += ["--state", str(state_file)] if state_file else []
        command += ["--dirt", str(dirt)] if dirt is not None else []
        for name, value in (settings or {}).items():
            command += ["--set", f"{name}={value}"]
        self.platform = platform
        ready = self._start(command)
        self.url, self.control = str(ready["url"]), str(ready["control"])

    def _start(self, command: list[str]) -> dict[str, Any]:
        """Starts the process. After a kill -9 of ours its predecessor may take a moment to notice and let go
        of the state file, so a start that fails is tried again for a while."""
        end = time.monotonic() + _START_PATIENCE
        while True:
            # Troubles go to a file: a pipe that nobody empties would stop the sandbox once it is full.
            self._troubles = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 open while the process lives
            self.process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env=_environment(),
                stdout=subprocess.PIPE,
                stderr=self._troubles,
                text=True,
            )
            assert self.process.stdout is not None
            if line := self.process.stdout.readline():
                answer: dict[str, Any] = json.loads(line)
                return answer
            self.process.wait()
            self._troubles.seek(0)
            reason = self._troubles.read()[-500:].strip()
            self.stop()
            if time.monotonic() > end:
                raise NeedsOperator(
                    say(
                        "The {platform} sandbox did not start: {reason}",
                        platform=self.platform,
                        reason=reason,
                    )
                )
            time.sleep(0.3)

    def ask(self, method: str, path: str, body: object = None, **params: object) -> Any:
        """One call to the control plane. Raises Transient if the sandbox is gone."""
        try:
            answer = requests.request(
                method,
                f"{self.control}{path}",
                json=body,
                params={k: str(v) for k, v in params.items()},
                timeout=_PATIENCE,
            )
        except requests.ConnectionError as error:
            raise Transient(say("The {platform} sandbox does not answer.", platform=self.platform)) from error
        if answer.status_code >= 400:
            raise NeedsOperator(
                say(
                    "The {platform} sandbox refused: {reason}",
                    platform=self.platform,
                    reason=answer.text[:300],
                )
            )
        return answer.json()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """Ends the process; its state file stays."""
        if self.alive:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdout, self._troubles):
            if pipe is not None:
                pipe.close()
