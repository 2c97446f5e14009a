"""`GET /healthz`: one JSON object for a monitor; 200 while the database answers, 503 otherwise. It names
nothing of the shop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from console.state import Shell
from console.version import VERSION

_log = logging.getLogger(__name__)


class Health:
    """The health route over the shell."""

    def __init__(self, shell: Callable[[], Shell]) -> None:
        self.shell = shell

    def routes(self) -> list[Route]:
        """The one route."""
        return [Route("/healthz", self.healthz, methods=["GET"])]

    async def healthz(self, _request: Request) -> JSONResponse:
        """Version, whether the database answers, and how the workers are."""
        database, workers = await to_thread.run_sync(self._look)
        status = HTTPStatus.OK if database == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
        body = {"version": VERSION, "database": database, "workers": workers}
        return JSONResponse(body, status, {"Cache-Control": "no-store"})

    def _look(self) -> tuple[str, str]:
        try:
            shell = self.shell()
            shell.users.any()
            return "ok", shell.workers()
        except Exception:  # noqa: BLE001  a monitor wants to hear "failed", whatever the reason
            _log.exception("health check: the database does not answer")
            return "failed", "unknown"
