"""One shop's GraphQL Admin API: token, pacing by points, and three layers of errors.

Safe between threads; they share one bucket. A throttled call waits exactly as long as the missing points take
and goes again; a failure before anything was sent, or of a mere read, is tried up to `ATTEMPTS` times.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.connectors.contract import Services
from sync.connectors.http import Http, Response, UnknownHost
from sync.connectors.pacing import Bucket, Told
from sync.connectors.shopify import failures
from sync.connectors.shopify.cost import Learnt, Variables
from sync.connectors.shopify.documents import Document, document, operation_name
from sync.connectors.shopify.failures import Problem
from sync.connectors.shopify.tokens import Tokens
from sync.errors import BrokenContract, OutcomeUnknown, Transient
from sync.model.ports import Account
from sync.model.text import say

VERSION = "2026-10"
ATTEMPTS = 5
_PATH = f"/admin/api/{VERSION}/graphql.json"
_log = logging.getLogger("counterpart.shopify")


@dataclass(frozen=True, slots=True)
class Answer:
    """`data` of an answer, and what was refused within it (ACCESS_DENIED in a query, a failed root among
    several of a mutation); the values there are null."""

    data: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Status:
    """The cost part of an answer, in points and points a second; 0 where the answer does not say."""

    requested: float = 0.0
    actual: float = 0.0
    available: float = 0.0
    maximum: float = 0.0
    restore: float = 0.0
    known: bool = field(default=False)


@dataclass(frozen=True, slots=True)
class _Taken:
    """The points that a call took, its mark in the bucket, and the seconds of its round trip."""

    cost: float
    mark: float
    seconds: float


class Client:
    """Executes documents. `url` is the root of the shop's admin address."""

    def __init__(
        self, account: Account, services: Services, shop: str, url: str, http: Http | None = None
    ) -> None:
        self.shop = shop
        self.http = http or Http(url, services.clock, services.trace, allow_private=account.allow_private)
        self.tokens = Tokens(account, self.http, services.keep, services.clock, shop)
        self.bucket = Bucket(services.clock)
        self.learnt = Learnt()
        self._clock, self._trace = services.clock, services.trace
        self._warned = threading.Event()

    def __repr__(self) -> str:
        return f"Client({self.shop!r})"

    def query(
        self,
        name: str,
        variables: Variables | None = None,
        *,
        locations: tuple[str, ...] = (),
        urgent: bool = False,
        partial: bool = False,
    ) -> Answer:
        """Executes `graphql/<name>.graphql`."""
        return self.execute(document(name, locations), variables or {}, urgent=urgent, partial=partial)

    def execute(
        self, doc: Document, variables: Variables, *, urgent: bool = False, partial: bool = False
    ) -> Answer:
        """Executes a document; returns when it was answered with data. Raises NotAuthorised, NeedsOperator,
        Transient (nothing happened), OutcomeUnknown (a write that may have happened), RecordRefused (Shopify
        does not accept the data, nothing happened), BrokenContract."""
        failed: Transient | None = None
        for wait in _waits():
            if failed is not None:
                self._clock.sleep(max(wait, failed.retry_after or 0.0))
            try:
                return self._whole(self._paced(doc, variables, urgent), doc, partial)
            except UnknownHost:
                raise
            except Transient as error:
                failed = error
        assert failed is not None
        raise failed

    def _whole(self, answer: Answer, doc: Document, partial: bool) -> Answer:
        """A read of which something is denied is none, unless the reader can do with parts."""
        if answer.problems and not (partial or doc.write):
            raise failures.of_problems(answer.problems, doc.write)
        return answer

    def close(self) -> None:
        """Gives the sockets back."""
        self.http.close()

    def _paced(self, doc: Document, variables: Variables, urgent: bool) -> Answer:
        """Takes the points, sends, gives back what was not used; goes again as long as Shopify says
        THROTTLED."""
        while True:
            cost = self.learnt.cost(doc, variables)
            mark = self.bucket.take(cost, urgent)
            settled = False
            try:
                response = self._authorised(doc, variables)
                status, body = _read(response)
                throttled = any(p.code == "THROTTLED" for p in failures.problems(body))
                self._settle(doc, variables, _Taken(cost, mark, response.seconds), status, throttled)
                settled = True
                if doc.write and status.known and not (throttled or urgent):
                    self.bucket.measured(response.seconds, status.actual)
                self._report(doc, response.seconds, status, throttled)
            finally:
                if not settled:
                    self.bucket.lost(cost)
            if not throttled:
                return _answer(body, doc.write)

    def _authorised(self, doc: Document, variables: Variables) -> Response:
        """Sends with the token, once more with a new one after 401."""
        token = self.tokens.get()
        response = self._send(doc, variables, token)
        if response.status == 401:
            response = self._send(doc, variables, self.tokens.renew(token))
        error = failures.of_status(response, self.shop)
        if error is not None:
            self._trace.request(
                operation_name(doc), seconds=response.seconds, throttled=response.status == 429
            )
            raise error
        self._compare_version(response)
        return response

    def _send(self, doc: Document, variables: Variables, token: str) -> Response:
        body = {"query": doc.text, "variables": dict(variables), "operationName": operation_name(doc)}
        return self.http.request(
            "POST",
            _PATH,
            json=body,
            headers={"X-Shopify-Access-Token": token},
            write=doc.write,
            operation=operation_name(doc),
            traced=False,
        )

    def _settle(
        self, doc: Document, variables: Variables, taken: _Taken, status: _Status, throttled: bool
    ) -> None:
        if not status.known:
            self.bucket.lost(taken.cost)
            if throttled:
                self.bucket.throttled(taken.cost / self.bucket.restore)
            return
        if status.requested:
            self.learnt.learn(doc, variables, status.requested)
        told = Told(status.available, status.maximum, status.restore, taken.seconds, taken.mark)
        self.bucket.settle(taken.cost, 0.0 if throttled else status.actual, told)
        if throttled:
            missing = (status.requested or taken.cost) - status.available
            self.bucket.throttled(max(missing, 1.0) / max(status.restore, 0.1), status.available)

    def _report(self, doc: Document, seconds: float, status: _Status, throttled: bool) -> None:
        known = status.known
        self._trace.request(
            operation_name(doc),
            seconds=seconds,
            points=0.0 if throttled else status.actual,
            throttled=throttled,
            available=status.available if known else None,
            limit=status.maximum if known else None,
            restore=status.restore if known else None,
        )

    def _compare_version(self, response: Response) -> None:
        served = response.headers.get("X-Shopify-API-Version", VERSION)
        if served != VERSION and not self._warned.is_set():
            self._warned.set()
            # An unsupported version is not refused but served by another one: its answers may mean something
            # else.
            _log.error("Shopify served API version %s instead of %s to %s.", served, VERSION, self.shop)


def _waits() -> Iterator[float]:
    """Seconds before each attempt: 0, 1, 2, 4, 8."""
    yield 0.0
    for attempt in range(ATTEMPTS - 1):
        yield float(2**attempt)


def _read(response: Response) -> tuple[_Status, Mapping[str, Any]]:
    """Cost and body of a 200. Raises as `Response.json`, BrokenContract for JSON that is no answer."""
    body = response.json()
    if not isinstance(body, dict):
        message = say("Shopify's answer is not readable.")
        if response.write:
            raise OutcomeUnknown(message, response.start()[:200])
        raise BrokenContract(message, "no object", response.start())
    extensions = body.get("extensions")
    cost = extensions.get("cost") if isinstance(extensions, dict) else None
    return (_status(cost) if isinstance(cost, dict) else _Status()), body


def _status(cost: Mapping[str, Any]) -> _Status:
    bucket = cost.get("throttleStatus")
    if not isinstance(bucket, dict):
        return _Status(float(cost.get("requestedQueryCost") or 0))
    return _Status(
        float(cost.get("requestedQueryCost") or 0),
        float(cost.get("actualQueryCost") or 0),
        float(bucket.get("currentlyAvailable") or 0),
        float(bucket.get("maximumAvailable") or 0),
        float(bucket.get("restoreRate") or 0),
        known=True,
    )


def _answer(body: Mapping[str, Any], write: bool) -> Answer:
    """Data, if there is some to use; else the error that the top-level problems stand for. Of a call with
    several writes some may have been carried out: their data is there, the others are null."""
    data, found = body.get("data"), failures.problems(body)
    usable = isinstance(data, dict) and any(value is not None for value in data.values())
    only_denied = bool(found) and all(p.code == "ACCESS_DENIED" for p in found)
    if isinstance(data, dict) and (not found or (usable and (write or only_denied))):
        return Answer(data, tuple(found))
    if found:
        raise failures.of_problems(found, write)
    message = say("Shopify's answer is not readable.")
    if write:
        raise OutcomeUnknown(message, "no data and no errors")
    raise Transient(message, "no data and no errors")
