"""What platforms offer to choose from: fetched in the background and kept, because a page may never wait for
a platform."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from sync.clock import cancellable
from sync.errors import CounterpartError
from sync.model.support import Choice
from sync.model.text import Message, say
from sync.workspace import Workspace

KEPT_SECONDS = 600.0
FAILED_SECONDS = 60.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """Choices with their state: ready, loading (nothing known yet) or failed (`reason` says why)."""

    items: tuple[Choice, ...] = ()
    state: str = "ready"
    reason: Message | None = None

    @property
    def ready(self) -> bool:
        return self.state == "ready"

    def names(self) -> dict[str, str]:
        """Name by id."""
        return {choice.id: choice.name for choice in self.items}

    def ids(self) -> frozenset[str]:
        return frozenset(choice.id for choice in self.items)


class Offers:
    """The kept choices of one workspace. Thread-safe."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self._changed = threading.Condition()
        self._kept: dict[tuple[str, str], tuple[float, Offer]] = {}
        self._loading: set[tuple[str, str]] = set()

    def get(self, connection_id: str, what: str, wait: float = 0.0) -> Offer:
        """What is known; what is too old is given all the same while it is fetched anew."""
        key = (connection_id, what)
        with self._changed:
            known = self._kept.get(key)
            if known is None or _too_old(known):
                self._start(key)
            if known is None and wait > 0:
                self._changed.wait_for(lambda: key not in self._loading, timeout=wait)
            at_last = self._kept.get(key)
        return at_last[1] if at_last else Offer(state="loading")

    def warm(self, wanted: Iterable[tuple[str, str]], wait: float) -> None:
        """Starts fetching several (connection, what) at once, and waits at most `wait` seconds for all of
        them.
        """
        keys = set(wanted)
        for key in keys:
            self.get(*key)
        with self._changed:
            self._changed.wait_for(lambda: not keys & self._loading, timeout=wait)

    def loading(self) -> bool:
        """Is anything being fetched?"""
        with self._changed:
            return bool(self._loading)

    def forget(self, connection_id: str) -> None:
        """The next question about a connection asks its platform."""
        with self._changed:
            self._kept = {key: value for key, value in self._kept.items() if key[0] != connection_id}

    def _start(self, key: tuple[str, str]) -> None:
        if key not in self._loading:
            self._loading.add(key)
            threading.Thread(target=self._load, args=(key,), name="choices", daemon=True).start()

    def _load(self, key: tuple[str, str]) -> None:
        offer = self._asked(*key)
        with self._changed:
            self._loading.discard(key)
            self._kept[key] = (time.monotonic(), offer)
            self._changed.notify_all()

    def _asked(self, connection_id: str, what: str) -> Offer:
        try:
            with cancellable(self.ws.stopping.is_set):
                return Offer(tuple(self.ws.connector(connection_id).choices(what)))
        except CounterpartError as error:
            return Offer(state="failed", reason=error.message)
        except Exception as error:  # noqa: BLE001 a connector's bug must not leave the list loading for ever
            _log.exception("reading choices failed")
            return Offer(
                state="failed", reason=say("The list could not be read ({kind}).", kind=type(error).__name__)
            )


def _too_old(known: tuple[float, Offer]) -> bool:
    at, offer = known
    return time.monotonic() - at > (KEPT_SECONDS if offer.ready else FAILED_SECONDS)


def offers_of(ws: Workspace) -> Offers:
    """The one `Offers` of a workspace, made on first use."""
    return ws.one(Offers, lambda: Offers(ws))
