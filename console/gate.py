"""The gate before everything: who has not signed in reaches the sign-in pages and nothing else.

It is pure ASGI because Starlette's BaseHTTPMiddleware never sees websockets, and Streamlit's pages are one
websocket. The session is looked up again with every message that the browser sends: a callback of an open
page runs before any line of the page does, so a check in the page alone would come too late for a session
that was revoked meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from console import bodies, cookies
from console.state import Shell

#: Open to everyone: deliveries (their own signature admits them), sign-in, health, and files without any
#: content of the shop.
PUBLIC = ("/login", "/logout", "/first-visit", "/healthz", "/favicon.png", "/_stcore/health")
PUBLIC_FOLDERS = ("/webhooks/", "/static/", "/app/static/")
#: Streamlit's own addresses: no page lives there, so nobody is led from them to the sign-in page.
_MACHINERY = ("/_stcore/", "/media/", "/component/", "/app/")
_POLICY_VIOLATION = 1008


class Gate:
    """Lets signed-in browsers through; sends pages to the sign-in, refuses the rest."""

    def __init__(self, app: ASGIApp, shell: Callable[[], Shell]) -> None:
        self.app, self.shell = app, shell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (scope["type"] == "http" and is_public(scope["path"])):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(HTTPConnection(scope), receive, send)
        elif await self._is_signed_in(HTTPConnection(scope)):
            await self.app(scope, receive, send)
        else:
            await (await self._refusal(HTTPConnection(scope)))(scope, receive, send)

    async def _is_signed_in(self, connection: HTTPConnection) -> bool:
        token = connection.cookies.get(cookies.SESSION)
        return (
            bool(token)
            and await to_thread.run_sync(lambda: self.shell().sessions.user_of(str(token))) is not None
        )

    async def _refusal(self, connection: HTTPConnection) -> Response:
        path, method = connection.scope["path"], connection.scope["method"]
        if method not in ("GET", "HEAD") or path.startswith(_MACHINERY):
            return PlainTextResponse("Sign in first.", HTTPStatus.UNAUTHORIZED)
        if not await to_thread.run_sync(lambda: self.shell().users.any()):
            return RedirectResponse("/first-visit", HTTPStatus.SEE_OTHER)
        wish = path + (f"?{connection.url.query}" if connection.url.query else "")
        target = "/login" if wish == "/" else f"/login?next={quote(wish, safe='')}"
        return RedirectResponse(target, HTTPStatus.SEE_OTHER)

    async def _websocket(self, connection: HTTPConnection, receive: Receive, send: Send) -> None:
        if not (bodies.comes_from_here(connection) and await self._is_signed_in(connection)):
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": "Sign in first."})
            return

        async def receive_from_signed_in() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and not await self._is_signed_in(connection):
                return {"type": "websocket.receive", "bytes": blank_rerun()}
            return message

        await self.app(connection.scope, receive_from_signed_in, send)


def is_public(path: str) -> bool:
    """True for what may be asked for without signing in; a path that climbs (`..`) never is."""
    return path in PUBLIC or (path.startswith(PUBLIC_FOLDERS) and ".." not in path)


def blank_rerun() -> bytes:
    """What the page gets instead of a message of a session that has ended: run from the top, with no click
    and no value.

    The page then finds nobody signed in and leads the browser to the sign-in page.
    """
    message = BackMsg()
    message.rerun_script.query_string = ""
    return message.SerializeToString()
