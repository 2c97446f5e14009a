"""HTTP: the GraphQL endpoint with its headers and statuses, and the token endpoint."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sandbox.answers import Json, base_url, with_fault
from sandbox.faults import TRANSPORT, Fault
from sandbox.shopify.bulk import size_of
from sandbox.shopify.engine import Answer, Asked, Engine
from sandbox.shopify.errors import DocumentRefused
from sandbox.shopify.idempotency import CONCURRENT, FAILED
from sandbox.shopify.ids import gid
from sandbox.shopify.media import settle_files
from sandbox.shopify.order_cancel import settle_cancellations
from sandbox.shopify.shop import CANDIDATE, VERSIONS
from sandbox.shopify.store import Store
from sandbox.shopify.tokens import Tokens

Obj = dict[str, Any]
BAD_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"
MOST_BODY = 12 * 1024 * 1024
# Faults that leave nothing behind but a call.
NO_EFFECT = ("timeout_before", "reset", "server_error", "html_body")
ANSWER_FAULTS = (
    "partial_user_errors",
    "stale_search",
    "empty_catalogue",
    "failed_bulk",
    "without_media",
    CONCURRENT,
    FAILED,
)


class Transport:
    """The routes of one store's API."""

    def __init__(self, store: Store, tokens: Tokens, engine: Engine) -> None:
        self._store, self._tokens, self._engine = store, tokens, engine

    def routes(self) -> list[BaseRoute]:
        """GraphQL of any version, and the client credentials grant."""
        return [
            Route("/admin/api/{version}/graphql.json", self.graphql, methods=["POST"]),
            Route("/admin/oauth/access_token", self._tokens.grant, methods=["POST"]),
            Route("/bulk-results/{number:int}.jsonl", self.bulk_result),
            Route("/staged-uploads", self.upload, methods=["POST"]),
            Route("/staged-uploads/{key:path}", self.put_upload, methods=["PUT"]),
            Route("/staged-uploads/{key:path}", self.staged_file),
        ]

    async def bulk_result(self, request: Request) -> Response:
        """The JSONL of a finished bulk query, to whoever knows the address. The fault ``download`` strikes
        here, and nowhere else; its param ``how`` names what the transport does."""
        bulk = self._store.get("bulk", gid("BulkOperation", request.path_params["number"]))
        if bulk is None or not size_of(bulk):
            return Response("Not Found", 404)
        tools = self._store.tools
        if struck := tools.faults.take("bulkResult", only=("download",)):
            how = replace(struck, name=str(struck.params.get("how", "reset")))

            async def produce() -> Response:
                return Response(_whole(bulk), media_type="application/jsonl")

            return await with_fault(how, tools.clock, produce, _refused, _refused)
        if bulk.get("_result") is not None:
            return StreamingResponse(_beside(bulk["_result"].chunks()), media_type="application/jsonl")
        return Response(bulk["_body"].encode(), media_type="application/jsonl")

    async def upload(self, request: Request) -> Response:
        """A staged upload as multipart form: all parameters, then the file."""
        form = await request.form(max_part_size=100 * 1024 * 1024)
        file, key = form.get("file"), str(form.get("key") or "")
        if not isinstance(file, UploadFile):
            return Response("file is missing", 400)
        return self._stored(key, await file.read())

    async def put_upload(self, request: Request) -> Response:
        """A staged upload as the bare body of a PUT."""
        return self._stored(request.path_params["key"], await request.body())

    def _stored(self, key: str, content: bytes) -> Response:
        upload = self._store.get("upload", key)
        if upload is None:
            return Response("unknown upload", 403)
        upload["body"] = base64.b64encode(content).decode()
        self._store.save("upload", upload)
        return Response(status_code=201)

    async def staged_file(self, request: Request) -> Response:
        """What was uploaded, for the store's own fetch."""
        upload = self._store.get("upload", request.path_params["key"])
        if upload is None or upload["body"] is None:
            return Response("Not Found", 404)
        return Response(base64.b64decode(upload["body"]))

    async def graphql(self, request: Request) -> Response:
        """One GraphQL request; HTTP 200 for nearly every answer."""
        raw = await request.body()
        headers = {"X-Shopify-API-Version": served_version(request.path_params["version"])}
        if not self._tokens.accepts(request.headers.get("x-shopify-access-token")):
            self._count(Answer({}, "unauthorised", "read", refused=True), 401)
            return _with(Json({"errors": BAD_TOKEN}, 401), headers)
        settle_files(self._store)
        settle_cancellations(self._store)
        body = _parsed(raw)
        if isinstance(body, Response):
            self._count(Answer({}, "invalid", "read", refused=True), body.status_code)
            return _with(body, headers)
        return _with(await self._answered(body, base_url(request)), headers)

    async def _answered(self, body: Obj, base: str) -> Response:
        engine, tools = self._engine, self._store.tools
        try:
            asked = engine.understand(body["query"], body.get("variables") or {}, body.get("operationName"))
        except DocumentRefused as refused:
            return self._sent(engine.refusal(refused))
        facts = _facts(asked)
        fault = tools.faults.take(asked.operation.name, only=TRANSPORT, **facts)

        async def produce() -> Response:
            answer_fault = tools.faults.take(asked.operation.name, only=ANSWER_FAULTS, **facts)
            return self._sent(engine.answer(asked, base, fault=answer_fault))

        def throttled(_: Fault) -> Response:
            return self._sent(engine.answer(asked, base, throttle=True))

        def unauthorised(_: Fault) -> Response:
            self._tokens.revoke_all()
            self._count(Answer({}, asked.operation.name, facts["kind"], refused=True), 401)
            return Json({"errors": BAD_TOKEN}, 401)

        answer = await with_fault(fault, tools.clock, produce, throttled, unauthorised)
        if fault is not None and fault.name in NO_EFFECT and not fault.params.get("effect"):
            self._count(Answer({}, asked.operation.name, facts["kind"], refused=True), answer.status_code)
        return answer

    def _sent(self, answer: Answer) -> Response:
        self._count(answer, 200)
        return Json(answer.body)

    def _count(self, answer: Answer, status: int) -> None:
        self._store.tools.ledger.call(
            answer.operation,
            kind="write" if answer.kind == "write" else "read",
            status=status,
            points=answer.points,
            throttled=answer.throttled,
            refused=answer.refused,
        )


def _whole(bulk: Obj) -> bytes:
    result = bulk.get("_result")
    return bulk["_body"].encode() if result is None else b"".join(result.chunks())


def _refused(_: Fault) -> Response:
    """What a storage service says whose signed address has run out."""
    return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")


async def _beside(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Bytes read from disk in this thread: they lie in the page cache, and a thread would cost more."""
    for chunk in chunks:
        yield chunk


def served_version(asked: str) -> str:
    """The version that answers: an unsupported one is served by the oldest supported."""
    return asked if asked in VERSIONS or asked in (CANDIDATE, "unstable") else VERSIONS[0]


def _parsed(raw: bytes) -> Obj | Response:
    if len(raw) > MOST_BODY:
        return Json({"errors": "Request body too large"}, 413)
    try:
        body = json.loads(raw)
    except ValueError:
        return Json(
            {"errors": {"message": "There was a problem with the request: the body is not JSON."}}, 400
        )
    if not isinstance(body, dict) or not isinstance(body.get("query"), str) or not body["query"].strip():
        return Json({"errors": {"query": "Required parameter missing or invalid"}}, 400)
    if not isinstance(body.get("variables") or {}, dict):
        return Json({"errors": {"variables": "Required parameter missing or invalid"}}, 400)
    return body


def _with(response: Response, headers: dict[str, str]) -> Response:
    response.headers.update(headers)
    return response


def _facts(asked: Asked) -> Obj:
    """What faults may match on: kind, first or later page, search text, and plain variables as
    ``var_name``."""
    variables = asked.variables
    plain = {f"var_{name}": value for name, value in variables.items() if isinstance(value, str | int | bool)}
    arguments = asked.operation.roots[0].arguments(variables)
    return {
        **plain,
        "kind": "write" if asked.operation.kind == "mutation" else "read",
        "page": "later" if arguments.get("after") else "first",
        "query": arguments.get("query"),
    }
