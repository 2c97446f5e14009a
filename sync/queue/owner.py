"""Names of workers that say which process they are, so that its end can be seen from the same machine."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path


def new_owner() -> str:
    """A name for this process: host, machine since its start, process and its start, and a random part."""
    place, pid = _place(), os.getpid()
    return f"{socket.gethostname()}/{place}/{pid}/{_started(pid)}/{secrets.token_hex(4)}"


def certainly_dead(owner: str) -> bool:
    """Has that process ended? True only where this machine can know: same boot, same process namespace."""
    parts = owner.split("/")
    if len(parts) != 5 or not parts[1] or parts[1] != _place() or not parts[3]:
        return False
    return _started(int(parts[2])) != parts[3]


def _place() -> str:
    """This boot of this machine and the namespace of its process ids; "" where that cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}-{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When the process started, in ticks since boot; "" if there is none or it has ended and is not yet
    collected."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # from the third field on: the second may hold anything
    return "" if fields[0] in ("Z", "X") else fields[19]
