"""How a benchmark takes its options and says its figures."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any


def parser(name: str, about: str | None) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"python -m bench {name}", description=about)
    made.add_argument("--json", action="store_true", help="one line of JSON")
    return made


def say(figures: Mapping[str, Any], as_json: bool) -> None:
    print(json.dumps(figures, ensure_ascii=False, indent=None if as_json else 2), flush=True)


def tell(text: str) -> None:
    """Progress, beside the figures."""
    print(text, file=sys.stderr, flush=True)


def cpu_seconds() -> float:
    """Of this process, all its threads."""
    times = os.times()
    return times.user + times.system


class Watch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start
