"""By which names the console may be spoken to.

A web page of anywhere can give its own name the address 127.0.0.1 (DNS rebinding) and then speaks to a
console on this machine as its own site: it could take a fresh one, guess at the password of one in use, or
lock its owner out by guessing. So it answers only under names that no stranger can own; with
server.allowedHosts set, only under those. Where it listens makes no difference: a console that listens on all
addresses (in a container, whose port is published on this machine) is reached under 127.0.0.1 as well.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from streamlit import config
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed


def is_ours(request: HTTPConnection) -> bool:
    """True if the console may be spoken to under the name that the request gives it."""
    host = request.headers.get("host", "")
    if config.get_option("server.allowedHosts"):
        return bool(is_host_allowed(host))
    return _cannot_be_owned(_name_in(host))


def _name_in(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _cannot_be_owned(name: str) -> bool:
    """Addresses and the names of this very machine; all else somebody may have registered."""
    return name == "localhost" or name.endswith(".localhost") or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
