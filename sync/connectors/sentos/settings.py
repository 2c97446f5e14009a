"""What an operator sets for a Sentos connection, and how a firm name becomes the address of its API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sync.connectors.sentos import money
from sync.errors import NeedsOperator
from sync.model.text import say

DOMAIN = "sentos.com.tr"
_FIRM = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
# Hosts of Sentos itself, not of a firm.
_NOT_FIRMS = frozenset({"api", "www", "panel", "docs", "demo-api"})


@dataclass(frozen=True, slots=True)
class Profile:
    """How fast a tenant is read: GETs a minute, and seconds between two."""

    gets_per_minute: int
    get_spacing: float


# The limits' scope is not documented: "strict" reads them as two GETs a minute in all.
PROFILES: dict[str, Profile] = {
    "normal": Profile(30, 0.0),
    "careful": Profile(10, 5.0),
    "strict": Profile(2, 31.0),
}
POINTS = (money.AMBIGUOUS, money.THOUSANDS, money.DECIMAL)


def profile(settings: Mapping[str, str]) -> Profile:
    """The chosen profile; the usual one for none or an unknown one."""
    return PROFILES.get(settings.get("profile", "normal"), PROFILES["normal"])


def normalise(values: dict[str, str]) -> dict[str, str]:
    """The form's values completed: "firm", its host or any of its URLs becomes
    https://<firm>.sentos.com.tr/api; with the workspace's own `sandbox` = "true" an address on this
    machine is taken as it is. NeedsOperator says what to mend."""
    values = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    url = api_url(values.get("url", ""), values.get("sandbox") == "true")
    chosen = {
        "profile": values.get("profile") or "normal",
        "thousands": values.get("thousands") or money.AMBIGUOUS,
    }
    if chosen["profile"] not in PROFILES:
        raise NeedsOperator(say("Choose one of the speeds: {choices}.", choices=", ".join(PROFILES)))
    if chosen["thousands"] not in POINTS:
        raise NeedsOperator(say("Choose how a price such as 1.220 is read."))
    return {**values, **chosen, "url": url}


def api_url(entered: str, sandbox: bool = False) -> str:
    """The base URL of a tenant's API, without a slash at its end."""
    if sandbox and entered.startswith(("http://127.0.0.1:", "http://localhost:", "http://[::1]:")):
        root = entered.rstrip("/").removesuffix("/api")
        return f"{root}/api"
    if not entered:
        raise NeedsOperator(say("Enter the firm name or the API address from the Sentos panel."))
    host = _host(entered)
    firm = host.removesuffix(f".{DOMAIN}")
    if not _FIRM.fullmatch(firm) or firm in _NOT_FIRMS:
        raise NeedsOperator(
            say(
                "{entered} is no Sentos address. Enter the firm name, such as ornek, or the API URL "
                "from the panel, such as https://ornek.sentos.com.tr/api.",
                entered=entered[:80],
            )
        )
    return f"https://{firm}.{DOMAIN}/api"


def _host(entered: str) -> str:
    """The host in whatever was entered; user names and ports in it make it none."""
    try:
        parts = urlsplit(entered if "//" in entered else f"//{entered}")
        odd = (
            parts.scheme not in ("", "http", "https")
            or "@" in parts.netloc
            or parts.port not in (None, 80, 443)
        )
    except ValueError:
        return ""
    return "" if odd else (parts.hostname or "").rstrip(".")


def firm_host(url: str) -> str:
    """What tells tenants apart: the host, with the port where it is a sandbox."""
    parts = urlsplit(url)
    return parts.netloc if parts.port else (parts.hostname or "")
