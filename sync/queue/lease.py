"""The partitions this process runs: taken, prolonged by one heartbeat thread, given back."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

from sqlalchemy import Connection

from storage.partitions import Partitions
from sync.queue.owner import certainly_dead

LEASE_SECONDS = 10.0
REQUEST_SECONDS = 75.0
"""The longest a request of a connector takes: ten seconds to connect, a minute to answer, and a margin."""
_log = logging.getLogger(__name__)


def passed() -> float:
    """Seconds, counting also while the machine slept, where the system can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(slots=True)
class Lease:
    """One partition under one fence (a `fence.Hold`)."""

    partitions: Partitions
    partition: str
    owner: str
    fence: int
    seconds: float
    renewed: float = field(default_factory=passed)
    taken_over: bool = False
    _over: bool = False
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def lost(self) -> bool:
        """Once lost it stays so, even if the database still knows it as ours: some of the work has seen it
        and ended, the rest must not go on without it."""
        with self._guard:
            self._over |= self.taken_over or passed() - self.renewed >= self.seconds
            return self._over

    def guard(self, tx: Connection) -> None:
        self.partitions.guard(tx, self.partition, self.owner, self.fence)

    def renew(self) -> None:
        """Prolongs it. The time counts from before asking: the database may have been slow to answer."""
        if self.lost:
            return
        asked = passed()
        if self.partitions.renew(self.partition, self.owner, self.fence, self.seconds):
            if not self.lost:
                self.renewed = asked
        else:
            self.taken_over = True


class Leases:
    """All leases of one worker. `seconds`: how long one lasts; `grace`: how long a takeover waits beyond."""

    def __init__(
        self,
        partitions: Partitions,
        owner: str,
        seconds: float = LEASE_SECONDS,
        grace: float = REQUEST_SECONDS,
    ) -> None:
        self.partitions, self.owner, self.seconds, self.grace = partitions, owner, seconds, grace
        self._held: dict[str, Lease] = {}
        self._owed: list[Lease] = []
        self._guard, self._stop = threading.Lock(), threading.Event()
        self._beat: threading.Thread | None = None

    def start(self) -> None:
        """Begins to prolong what is held."""
        self._stop.clear()
        self._beat = threading.Thread(target=self._beating, name="heartbeat", daemon=True)
        self._beat.start()

    def stop(self) -> None:
        """Prolongs nothing any more."""
        self._stop.set()
        if self._beat is not None:
            self._beat.join(5)
            self._beat = None

    def take(self, partition: str) -> Lease | None:
        """The partition under a new fence; None while another worker has it."""
        asked = passed()
        fence = self.partitions.take(partition, self.owner, self.seconds, self.grace, certainly_dead)
        if fence is None:
            return None
        lease = Lease(self.partitions, partition, self.owner, fence, self.seconds, asked)
        with self._guard:
            older, self._held[partition] = self._held.get(partition), lease
        if older is not None:
            older.taken_over = True
        return lease

    def forget(self, lease: Lease) -> None:
        """Prolongs it no more."""
        with self._guard:
            if self._held.get(lease.partition) is lease:
                del self._held[lease.partition]

    def release(self, lease: Lease) -> None:
        """Gives it back; while the database is away, with a later beat: else all would wait out lease and
        grace for a worker that is alive."""
        self.forget(lease)
        with self._guard:
            self._owed.append(lease)
        self._pay()

    def _pay(self) -> None:
        with self._guard:
            owed, self._owed = self._owed, []
        for lease in owed:
            try:
                self.partitions.release(lease.partition, lease.owner, lease.fence)
            except Exception:  # noqa: BLE001 a database that is away for a moment
                _log.warning("partition %s could not be given back yet", lease.partition)
                with self._guard:
                    self._owed.append(lease)

    def free(self, owner: str, left: float) -> bool:
        """Could a partition with that owner and so many seconds of lease be taken now?"""
        return not owner or left + self.grace <= 0 or certainly_dead(owner)

    def orphaned(self, partition: str, owner: str) -> bool:
        """Does nobody hold it, although it has an owner? Either that one has died on this machine, or it is
        ours by the database alone: the answer to taking it was lost. Ask only while no turn of it is under
        way here."""
        with self._guard:
            ours = owner == self.owner and partition not in self._held
        return ours or certainly_dead(owner)

    def beat(self) -> None:
        """Prolongs every lease once, and gives back what could not be given back before."""
        self._pay()
        with self._guard:
            held = list(self._held.values())
        for lease in held:
            try:
                lease.renew()
            except Exception:  # noqa: BLE001 a database that is away for a moment; the lease runs out if it stays away
                _log.warning("partition %s could not be prolonged", lease.partition)

    def _beating(self) -> None:
        while not self._stop.wait(self.seconds / 5):
            self.beat()
