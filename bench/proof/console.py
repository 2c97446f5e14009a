"""The console as the proofs run it: `streamlit run app.py`, a process of its own that also does the work. The
emulated stores belong to the proof."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.parts.database import free_port

_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 30.0


class Console:
    """One console on the data of `env`."""

    def __init__(self, env: Mapping[str, str], log: Path | None = None) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self._log = open(log or os.devnull, "ab")  # noqa: SIM115 open while the process lives
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.proof.console", "--server.port", str(port)],
            cwd=_ROOT,
            env={**os.environ, **env},
            stdout=self._log,
            stderr=self._log,
        )

    def answers(self) -> bool:
        """Does it serve its sign-in page?"""
        try:
            with urllib.request.urlopen(f"{self.url}/login", timeout=_PATIENCE) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """Asks it to end, as a service manager does."""
        self.process.terminate()
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


def main(options: Sequence[str]) -> None:
    from streamlit.web import cli

    from sync.managers.trial import Trial

    # The boxes run in the proof's process; this one must neither start others nor change their addresses.
    Trial.resume = lambda self: None  # type: ignore[method-assign,assignment,misc]
    sys.argv = ["streamlit", "run", "app.py", *options]
    cli.main()


if __name__ == "__main__":
    main(sys.argv[1:])
