"""By which names a fresh console may be taken.

A web page of anywhere can give its own name the address 127.0.0.1 (DNS rebinding) and would then speak to a
console on this machine as its own site. Once there is an administrator it gains nothing, because the session
cookie belongs to another name; before, it could become the administrator. So the first visit of a console
that listens on this machine alone wants a name that no stranger can own.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from streamlit import config
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed


def may_be_first(request: HTTPConnection) -> bool:
    """True if the first visit may come under this host name."""
    host = request.headers.get("host", "")
    if config.get_option("server.allowedHosts"):
        return bool(is_host_allowed(host))
    return not _listens_here_alone() or _cannot_be_owned(urlsplit(f"//{host}").hostname or "")


def _listens_here_alone() -> bool:
    address = str(config.get_option("server.address") or "")
    return address == "localhost" or (_is_address(address) and ipaddress.ip_address(address).is_loopback)


def _cannot_be_owned(name: str) -> bool:
    """Addresses and the names of this very machine; all else somebody may have registered."""
    return name == "localhost" or name.endswith(".localhost") or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
