"""A worker as the proofs run it: the product's own, in a process that can be killed, frozen and woken. The
emulated stores belong to the proof and outlive it. `--break` takes a guard away first, so that a proof shows
that it would notice; `--instant` lets something happen to it at the worst moment, once in a data folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
READY = "ready"


class Worker:
    """One worker process on the data of `env`."""

    def __init__(
        self,
        env: Mapping[str, str],
        *options: str,
        broken: str = "",
        log: Path | None = None,
        instants: Sequence[str] = (),
    ) -> None:
        """`instants`: names of `bench.proof.instants`; "name:mark" happens once for each mark."""
        command = [sys.executable, "-m", "bench.proof.worker", *options]
        command += ["--break", broken] if broken else []
        for instant in instants:
            command += ["--instant", instant]
        self.started = time.monotonic()
        self._log = open(log or os.devnull, "ab")  # noqa: SIM115 open while the process lives
        self.process = subprocess.Popen(
            command, cwd=_ROOT, env={**os.environ, **env}, stdout=self._log, stderr=self._log
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """-9: no last word."""
        self.process.kill()
        self.process.wait()
        self._log.close()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    @property
    def frozen(self) -> bool:
        """Has it stopped? Waking one that is only about to stop would leave it stopped for ever."""
        stopped = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
        return self.alive and os.waitid(os.P_PID, self.pid, stopped) is not None

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self, patience: float = 30.0) -> None:
        """Asks it to end, as a service manager does."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
        self._log.close()

    def wait(self, patience: float) -> int:
        code = self.process.wait(patience)
        self._log.close()
        return code


def main(argv: Sequence[str]) -> int:
    from bench.proof import breaks, instants
    from sync.cli.main import main as command_line
    from sync.managers.trial import Trial

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as `python -m sync` does
    options, home = list(argv), Path(os.environ["COUNTERPART_HOME"])
    # The boxes run in the proof's process; this one must neither start others nor change their addresses.
    Trial.resume = lambda self: None  # type: ignore[method-assign,assignment,misc]
    for name in _taken(options, "--break"):
        breaks.BREAKS[name]()
    for instant in _taken(options, "--instant"):
        instants.arm(instant.partition(":")[0], marked(home, instant))
    return command_line(["worker", *options])


def marked(home: Path, instant: str) -> Path:
    """The file that is there once it has happened."""
    return home / f"happened-{instant.replace(':', '-')}"


def _taken(options: list[str], name: str) -> list[str]:
    """The values of an option, taken out of `options`."""
    found = []
    while name in options:
        at = options.index(name)
        found.append(options[at + 1])
        del options[at : at + 2]
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
