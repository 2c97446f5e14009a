"""Talking to one Sentos tenant: sign-in, limits, repeats. Pacing is safe under every reading of the
limits: writes at least 5.1 s apart, the same GET once in 31 s (answered from memory meanwhile), GETs
within a budget of their own."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sync.connectors.contract import Services
from sync.connectors.http import Http, Response
from sync.connectors.sentos.settings import Profile
from sync.connectors.sentos.signin import BY_NAME, METHODS, Method, mark
from sync.connectors.sentos.statuses import REFUSALS, TRIES, UNAUTHORISED, WAITS, Throttled, error_of, pause
from sync.connectors.shared_pacing import same_url, window
from sync.errors import NotAuthorised, Transient
from sync.model.ports import Account

SAME_GET_SECONDS = 31.0
WRITE_SPACING = 5.1
WRITES_PER_MINUTE = 12
SLOW_SECONDS = 300.0
_KEPT = "sentos.signin"


@dataclass(frozen=True, slots=True)
class _Ask:
    """One GET as its caller wants it."""

    url: str
    operation: str
    fresh: bool
    missing: bool
    tries: int


def _url(path: str, params: Mapping[str, str] | None) -> str:
    return path + (f"?{urlencode(params)}" if params else "")


class Client:
    """One tenant. One request at a time; safe between threads."""

    def __init__(self, account: Account, services: Services, base_url: str, profile: Profile) -> None:
        self._key, self._secret = account.secrets.get("key"), account.secrets.get("secret")
        self._clock, self._keep = services.clock, services.keep
        self.http = Http(
            base_url,
            services.clock,
            services.trace,
            allow_private=account.allow_private,
            secrets=(self._key, self._secret, f"{self._key}:{self._secret}"),
        )
        self._mark = mark(base_url, self._key, self._secret)
        self._method: Method | None = None
        self._budget = profile.gets_per_minute
        self._gets = window(services, "gets", profile.gets_per_minute, 60.0, profile.get_spacing)
        self._writes = window(services, "writes", WRITES_PER_MINUTE, 60.0, WRITE_SPACING)
        self._same = same_url(services, "same", SAME_GET_SECONDS)
        self._recent: dict[str, tuple[float, Any]] = {}
        self._read_turn, self._write_turn, self._wire = threading.RLock(), threading.Lock(), threading.Lock()

    def __repr__(self) -> str:
        return f"Client({self.http.base_url!r})"

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        fresh: bool = False,
        operation: str = "",
        missing: bool = False,
        tries: int = TRIES,
    ) -> Any:
        """The JSON of a GET, its numbers with a point as Decimal. An answer not older than 31 s is given
        again unless `fresh`, which waits till the address may be asked anew. With `missing` a 404 is None.
        `tries` 1: no repeats. Raises NotAuthorised, NeedsOperator, Transient (tries used up),
        BrokenContract."""
        ask = _Ask(_url(path, params), operation or f"GET {path}", fresh, missing, tries)
        with self._read_turn:
            for attempt in range(tries):
                try:
                    return self._answer(ask)
                except Transient as error:
                    if attempt == tries - 1:
                        raise
                    self._clock.sleep(pause(error, attempt))
        raise AssertionError("the last try returns or raises")

    def wait_for(self, path: str, params: Mapping[str, str] | None = None) -> float:
        """Seconds until this address may be asked anew."""
        return self._same.wait(_url(path, params))

    def write(self, method: str, path: str, body: object, operation: str) -> Response:
        """Sends a write and returns its 2xx or refusing (4xx) answer. A 429, and what failed before
        anything was sent, is tried again; nothing else is. Raises NotAuthorised, NeedsOperator, Transient
        (nothing happened), OutcomeUnknown."""
        headers = self._signed_in().headers(self._key, self._secret)
        with self._write_turn:
            for attempt in range(TRIES):
                try:
                    return self._written(method, path, body, operation, headers)
                except Transient as error:
                    if attempt == TRIES - 1:
                        raise
                    self._clock.sleep(pause(error, attempt))
        raise AssertionError("the last try returns or raises")

    def _written(
        self, method: str, path: str, body: object, operation: str, headers: Mapping[str, str]
    ) -> Response:
        self._writes.take()
        try:
            with self._wire:
                answer = self.http.request(
                    method, path, json=body, headers=headers, write=True, operation=operation
                )
        finally:
            self._writes.answered()
            # Whatever was read before this write is no longer worth remembering.
            self._recent = {}
        if answer.status == 401:
            self._forget()
        if 200 <= answer.status < 300 or answer.status in REFUSALS:
            return answer
        raise error_of(answer)

    def signed_in_by(self, tries: int = TRIES) -> str:
        """The title of the sign-in method that works; finds it out if need be. Raises as `get`."""
        return self._signed_in(tries).title

    def close(self) -> None:
        """Gives the sockets back."""
        self.http.close()

    def _answer(self, ask: _Ask) -> Any:
        """One try of a GET: from memory, or asked for, judged by its status, read and remembered."""
        method = self._signed_in(ask.tries)
        known = self._recent.get(ask.url)
        if known is not None and not ask.fresh and self._clock.monotonic() - known[0] < SAME_GET_SECONDS:
            return known[1]
        response = self._fetched(ask.url, ask.operation, method)
        if response.status == 404 and ask.missing:
            return None
        if not 200 <= response.status < 300:
            self._note_failure(response)
            raise error_of(response)
        answer = response.json(decimals=True)
        self._remember(ask.url, answer)
        return answer

    def _note_failure(self, response: Response) -> None:
        if response.status == 401:
            self._forget()
        if response.status == 429 or response.status >= 500:
            self._slow_down()

    def _fetched(self, url: str, operation: str, method: Method) -> Response:
        """One GET at its time: the same address 31 s after its last answer, within the budget, alone on
        the wire."""
        headers = {"Content-Type": "application/json", **method.headers(self._key, self._secret)}
        self._same.take(url)
        try:
            self._gets.take()
            try:
                with self._wire:
                    return self.http.request("GET", url, headers=headers, operation=operation)
            finally:
                self._gets.answered()
        finally:
            self._same.note(url)

    def _slow_down(self) -> None:
        """Half the budget for five minutes: Sentos has just said that it is too much, by 429 or by its
        500."""
        self._gets.slow(max(1, self._budget // 2), SLOW_SECONDS)

    def _remember(self, url: str, answer: Any) -> None:
        now = self._clock.monotonic()
        self._recent = {u: kept for u, kept in self._recent.items() if now - kept[0] < SAME_GET_SECONDS}
        self._recent[url] = (now, answer)

    def _signed_in(self, tries: int = TRIES) -> Method:
        """The method that works: remembered in this process, kept from an earlier one, or found out now."""
        known = self._method
        if known is not None:
            return known
        with self._read_turn:
            found = self._method or self._kept_method() or self._found_out(tries)
            if self._method is None:
                self._method = found
                self._keep.put(_KEPT, f"{found.name}:{self._mark}")
            return found

    def _kept_method(self) -> Method | None:
        name, _, of = (self._keep.get(_KEPT) or "").partition(":")
        return BY_NAME.get(name) if of == self._mark else None

    def _found_out(self, tries: int) -> Method:
        """The first method that is not answered by 401. NotAuthorised when none works; other failures as
        they come."""
        for method in METHODS:
            response = self._probed(method, tries)
            if 200 <= response.status < 300:
                self._remember(method.probe, response.json(decimals=True))
                return method
            if response.status == 403:
                return method
            if response.status != 401:
                raise error_of(response)
        raise NotAuthorised(UNAUTHORISED, "all four sign-in methods were refused")

    def _probed(self, method: Method, tries: int) -> Response:
        for attempt in range(tries):
            response = self._fetched(method.probe, "signin", method)
            if response.status != 429 and response.status < 500:
                break
            self._slow_down()
            if attempt < tries - 1:
                self._clock.sleep(response.retry_after() or WAITS[Throttled][attempt])
        return response

    def _forget(self) -> None:
        """The remembered method no longer works: it is found out anew at the next occasion."""
        with self._read_turn:
            self._method = None
            self._keep.drop(_KEPT)
