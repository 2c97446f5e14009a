"""Which network addresses may be spoken to: a connection's host is checked at the moment its socket is
opened, and the address that was checked is the one that is used, so that a second answer of the name
service cannot slip in between."""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from sync.errors import NeedsOperator
from sync.model.text import say

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]

_LOCAL_NAMES = ("localhost", "local", "internal", "localdomain", "home.arpa", "lan", "intranet")
# The only IPv6 addresses that are routed on the internet (IANA, IPv6 Global Unicast). Python's `is_global`
# knows exceptions instead, and calls IPv4-compatible (::7f00:1), site-local and local NAT64 addresses global.
_ROUTED = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddress(NeedsOperator):
    """The address lies in a private network (or is no address at all) and the connection does not allow
    that."""


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host as text, in the name service's order; socket.gaierror when there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an IP address (text) is reachable on the open internet: not private, loopback, link-local
    (cloud metadata), shared, reserved or multicast, and not such an IPv4 address dressed as IPv6."""
    try:
        plain = _undressed(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    routed = isinstance(plain, ipaddress.IPv4Address) or plain in _ROUTED
    return routed and plain.is_global and not plain.is_multicast


def _undressed(address: Address) -> Address:
    """The IPv4 address inside a mapped, 6to4, Teredo or NAT64 IPv6 address, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


@dataclass(frozen=True, slots=True)
class Guard:
    """The rule of one connection. `allow_private` opens private networks (sandbox, an ERP in the office)."""

    allow_private: bool = False
    resolve: Resolve = resolve

    def check_scheme(self, scheme: str, host: str) -> None:
        """https always; plain http only where private addresses are allowed. PrivateAddress otherwise."""
        if scheme == "https" or (scheme == "http" and self.allow_private):
            return
        raise PrivateAddress(say("{host} must be reached by https.", host=host), f"scheme {scheme!r}")

    def addresses(self, host: str, port: int, encrypted: bool) -> list[str]:
        """The addresses of `host` that may be connected to. PrivateAddress if any of them is forbidden
        (one bad answer spoils the rest: a name that points inside and outside is an attack or a mistake);
        socket.gaierror if none."""
        found = self.resolve(host, port)
        public = [is_public(address) for address in found]
        if not self.allow_private and not all(public):
            raise PrivateAddress(
                say(
                    "{host} is an address inside a private network; this connection may only reach "
                    "public hosts.",
                    host=host,
                ),
                ", ".join(found),
            )
        if not encrypted and any(public):
            raise PrivateAddress(
                say("{host} must be reached by https.", host=host), "plain http to a public host"
            )
        return found


def safe_url(url: str, allow_private: bool = False) -> bool:
    """Whether a URL from a record (a picture) may be handed on: http or https, with a host, no user or
    password in it, and the host neither a private IP in any spelling nor a name of the local network. Does
    not ask the name service: whoever fetches it later must guard that connection itself."""
    try:
        parts = urlsplit(url)
        host = _as_looked_up(parts.hostname or "")
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return False
    if not _one_reading(url, host):
        return False
    return allow_private or _public_name(host)


def _as_looked_up(host: str) -> str:
    """The host as browsers and IDNA look it up: wide digits and letters are plain ones, so are other dots."""
    return unicodedata.normalize("NFKC", host).replace("\u3002", ".").rstrip(".").casefold()


def _one_reading(url: str, host: str) -> bool:
    """Whether every client sees the same host: a backslash or an escape is a slash or a letter to some."""
    return url.isprintable() and not any(c.isspace() or c == "\\" for c in url) and "%" not in host


def _public_name(host: str) -> bool:
    literal = _literal(host)
    if literal is not None:
        return is_public(literal)
    last = host.rpartition(".")[2].casefold()
    return (
        "." in host
        and not any(host.casefold().endswith("." + name) for name in _LOCAL_NAMES)
        and last not in _LOCAL_NAMES
    )


def _literal(host: str) -> str | None:
    """The IP address that a host spells, also as 0x7f.1 or 2130706433 (inet_aton reads those, so do HTTP
    clients)."""
    if ":" in host:
        return host
    if not host.rpartition(".")[2][:1].isdigit():
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return ""
