"""Everything that the console adds to Streamlit's ASGI app, in one place: `app.py` hands it to `st.App`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse
from starlette.routing import BaseRoute, Route

from console import state
from console.gate import Gate
from console.headers import SecurityHeaders
from console.health import Health
from console.i18n import LOCALE
from console.lifespan import lifespan
from console.signin import SignIn
from console.state import Shell

_ICON = LOCALE.parent / "static" / "icon.svg"
_log = logging.getLogger(__name__)


async def _favicon(_request: Request) -> FileResponse:
    """The tab icon that Streamlit's empty page asks for before the first page is drawn."""
    return FileResponse(_ICON, media_type="image/svg+xml")


async def _home(_request: Request) -> RedirectResponse:
    """The dashboard is the default page and has no address of its own; whoever types its name means it."""
    return RedirectResponse("/", status_code=307)


def _note(error: Exception) -> bool:
    """A page failed: the log gets the traceback, the operator a sentence without details."""
    _log.error("a page failed", exc_info=error)
    return False


def parts(shell: Callable[[], Shell] = state.shared) -> dict[str, Any]:
    """The keyword arguments for `st.App`. Further routes join the list here."""
    routes: list[BaseRoute] = [
        *SignIn(shell).routes(),
        *Health(shell).routes(),
        Route("/favicon.png", _favicon, methods=["GET"]),
        Route("/dashboard", _home, methods=["GET"]),
    ]
    return {
        "routes": routes,
        "middleware": [Middleware(SecurityHeaders), Middleware(Gate, shell=shell)],
        "lifespan": lifespan,
        "on_script_error": _note,
    }
