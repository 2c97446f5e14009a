"""The access token: a static one, or one of 24 hours for client id and secret, kept, renewed early and
fetched by one thread at a time (shopify.dev, "Client credentials grant")."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

from sync.connectors.http import Http
from sync.connectors.shopify.failures import WRONG_TOKEN, of_grant
from sync.errors import NeedsOperator, NotAuthorised
from sync.model.ports import Account, Clock, Keep
from sync.model.text import say
from sync.model.values import fingerprint

PATH = "/admin/oauth/access_token"
# Renewed when a tenth of its life is left, but at least five minutes before the end.
_EARLY_SHARE = 0.1
_EARLY_LEAST = timedelta(minutes=5)


class Tokens:
    """Gives the token for the next request. Printing shows nothing of it."""

    def __init__(self, account: Account, http: Http, keep: Keep, clock: Clock, shop: str) -> None:
        self._http, self._keep, self._clock, self._shop = http, keep, clock, shop
        self._static = account.secrets.get("access_token").strip()
        self._id = (account.settings.get("client_id") or account.secrets.get("client_id")).strip()
        self._secret = account.secrets.get("client_secret").strip()
        # Another secret makes another name: a token of replaced credentials is not used on.
        self._name = "token-" + fingerprint([self._id, self._secret])[:8]
        self._lock = threading.Lock()
        self._token, self._renew_at = "", datetime.min.replace(tzinfo=UTC)
        for secret in (self._static, self._secret):
            http.hide(secret)

    def __repr__(self) -> str:
        return "Tokens()"

    @property
    def static(self) -> bool:
        """Whether an operator entered the token, so that it cannot be renewed."""
        return bool(self._static)

    def get(self) -> str:
        """The token to use now. Raises NotAuthorised (credentials refused or absent), Transient."""
        if self._static:
            return self._static
        with self._lock:
            if not self._token:
                self._remember(self._keep.get(self._name) or "")
            if not self._token or self._clock.now() >= self._renew_at:
                self._fetch()
            return self._token

    def renew(self, refused: str) -> str:
        """Another token after `refused` was answered with 401; of several threads only one fetches it.
        Raises NotAuthorised for a static token."""
        if self._static:
            raise NotAuthorised(say(WRONG_TOKEN, shop=self._shop), "static token refused")
        with self._lock:
            if self._token == refused:
                self._keep.drop(self._name)
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        if not (self._id and self._secret):
            raise NeedsOperator(say("Enter an access token, or the app's client id and client secret."))
        form = {"grant_type": "client_credentials", "client_id": self._id, "client_secret": self._secret}
        response = self._http.request("POST", PATH, data=form, operation="access_token")
        if response.status != 200:
            raise of_grant(response, self._shop)
        given = response.json()
        if not isinstance(given, dict) or not given.get("access_token"):
            raise of_grant(response, self._shop)
        self._store(str(given["access_token"]), float(given.get("expires_in") or 86399))

    def _store(self, token: str, seconds: float) -> None:
        until = self._clock.now() + timedelta(seconds=seconds)
        early = min(
            max(timedelta(seconds=seconds * _EARLY_SHARE), _EARLY_LEAST), timedelta(seconds=seconds / 2)
        )
        kept = json.dumps({"token": token, "renew_at": (until - early).isoformat()})
        self._keep.put(self._name, kept, until)
        self._remember(kept)

    def _remember(self, kept: str) -> None:
        if not kept:
            return
        raw = json.loads(kept)
        self._token, self._renew_at = raw["token"], datetime.fromisoformat(raw["renew_at"])
        self._http.hide(self._token)
