"""A worker process of the tests: does record items by writing their ids into a file, one line each."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from storage.queue import Item
from sync import fence
from sync.application import open_application
from sync.errors import CounterpartError
from sync.model.flow import Flow


class Writer:
    """Every effect is one line; `pause` seconds a record. A lost lease is noticed before each effect, as a
    connector notices it before each request."""

    def __init__(self, ledger: Path, pause: float) -> None:
        self.ledger = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.pause = pause

    def items(self, flow: Flow, batch: Sequence[Item], owner: str) -> Mapping[int, CounterpartError | None]:
        for item in batch:
            time.sleep(self.pause)
            fence.check_alive()
            os.write(self.ledger, f"{item.record_id} {os.getpid()}\n".encode())
        return {item.id: None for item in batch}


def main() -> None:
    ws = open_application()
    manager = Writer(Path(sys.argv[1]), float(sys.argv[2]))
    ws.manager_of = lambda entity: manager  # type: ignore[method-assign,assignment,return-value]
    assert ws.start(always=True)
    print("working", flush=True)
    signal.sigwait({signal.SIGTERM})
    ws.close()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main()
