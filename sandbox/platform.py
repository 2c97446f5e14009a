"""What every emulated platform is handed, and what it offers to the server in return."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.routing import BaseRoute

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.ledger import Ledger
from sandbox.statefile import StateFile


@dataclass(frozen=True)
class Options:
    """The command line of a sandbox. ``settings`` are the ``--set name=value`` pairs, for the platform to
    read."""

    platform: str
    products: int = 0
    seed: int = 1
    dirt: float = 0.1
    speed: float = 1.0
    latency: float = 0.0
    state: str | None = None
    settings: dict[str, str] = field(default_factory=dict)


@dataclass
class Tools:
    """The common parts of one sandbox: its clock, ledger, faults and memory."""

    clock: Clock
    ledger: Ledger
    faults: Faults
    state: StateFile
    # Scaled seconds that every answer travels.
    latency: float = 0.0
    # Requests that are being answered, and the most there were at once.
    in_flight: int = 0
    most_in_flight: int = 0

    def arrived(self) -> None:
        """A request came in."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def left(self) -> None:
        """Its answer has gone out."""
        self.in_flight -= 1

    @classmethod
    def of(cls, options: Options, extra_faults: tuple[str, ...] = ()) -> Tools:
        """Make them as the options say; StateFileBusy when the state file is in use."""
        clock, state = Clock(options.speed), StateFile(options.state)
        return cls(clock, Ledger(clock, state), Faults(extra_faults), state, options.latency)


class Platform(Protocol):
    """One emulated platform. It loads itself from ``tools.state`` when made; the server commits before
    each answer.

    Handlers change state without awaiting in between, so that one commit never holds half of another request.
    """

    name: str
    options: Options
    tools: Tools

    def routes(self) -> list[BaseRoute]:
        """The platform's own API and files."""

    def control_routes(self) -> list[BaseRoute]:
        """Extra routes below ``/_sandbox``, with paths such as ``/orders/{id}/advance``."""

    def state(self) -> dict[str, Any]:
        """What it holds and what is true about it, for ``GET /_sandbox/state``."""

    def reset(self) -> None:
        """Back to how the options made it (the server has just emptied ledger, faults and state file)."""

    def seed(self, products: int, seed: int, dirt: float) -> dict[str, Any]:
        """Replace the catalogue by a generated one; answers with its counts. ``dirt`` is a share from 0
        to 1."""
