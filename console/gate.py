"""The gate before everything: who has not signed in reaches the sign-in pages and nothing else, under none
but our own names and from none but our own pages.

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
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from console import bodies, cookies, hosts, i18n
from console.i18n import render
from console.state import Shell
from storage.users import User

#: Open to everyone: sign-in, health, and files without any content of the shop.
PUBLIC = ("/login", "/logout", "/first-visit", "/healthz", "/favicon.png", "/_stcore/health")
PUBLIC_FOLDERS = ("/static/", "/app/static/")
#: Asked for under whatever name a monitor was given.
_UNDER_ANY_NAME = ("/healthz", "/_stcore/health")
#: Streamlit's own addresses: no page lives there, so nobody is led from them to the sign-in page.
_MACHINERY = ("/_stcore/", "/media/", "/component/", "/app/")
_SAFE = ("GET", "HEAD", "OPTIONS")
_POLICY_VIOLATION = 1008


class Gate:
    """Lets signed-in browsers through; sends pages to the sign-in, refuses the rest (403 strange name or
    another site's request, 401 machinery)."""

    def __init__(self, app: ASGIApp, shell: Callable[[], Shell]) -> None:
        self.app, self.shell = app, shell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(HTTPConnection(scope), receive, send)
        elif not under_our_name(HTTPConnection(scope)):
            await _strange_name(HTTPConnection(scope))(scope, receive, send)
        elif is_public(scope["path"]):
            await self.app(scope, receive, send)
        else:
            await (await self._guarded(HTTPConnection(scope)))(scope, receive, send)

    async def _guarded(self, connection: HTTPConnection) -> ASGIApp:
        """The app for whoever signed in, else a refusal. SameSite cookies do not tell one port of a machine
        from another, so a page of another program there is known by its Origin."""
        if not await self._is_signed_in(connection):
            return await self._refusal(connection)
        if connection.scope["method"] not in _SAFE and not bodies.comes_from_here(connection):
            return PlainTextResponse("This was sent from another site.", HTTPStatus.FORBIDDEN)
        return self.app

    async def _is_signed_in(self, connection: HTTPConnection, *, in_use: bool = True) -> bool:
        token = connection.cookies.get(cookies.SESSION)
        return bool(token) and await to_thread.run_sync(lambda: self._user(str(token), in_use)) is not None

    def _user(self, token: str, in_use: bool) -> User | None:
        return self.shell().sessions.user_of(token, in_use=in_use)

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
        ours = hosts.is_ours(connection) and bodies.comes_from_here(connection)
        if not (ours and await self._is_signed_in(connection)):
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": "Sign in first."})
            return

        async def receive_from_signed_in() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive":
                in_use = is_a_persons(message.get("bytes"))
                if not await self._is_signed_in(connection, in_use=in_use):
                    return {"type": "websocket.receive", "bytes": blank_rerun()}
            return message

        await self.app(connection.scope, receive_from_signed_in, send)


def is_public(path: str) -> bool:
    """True for what may be asked for without signing in; a path that climbs (`..`) never is."""
    return path in PUBLIC or (path.startswith(PUBLIC_FOLDERS) and ".." not in path)


def under_our_name(connection: HTTPConnection) -> bool:
    """False for a request under a name that a stranger may own; monitors may use any."""
    return connection.scope["path"] in _UNDER_ANY_NAME or hosts.is_ours(connection)


def _strange_name(connection: HTTPConnection) -> Response:
    with i18n.reading_in(cookies.language_of(connection)):
        sentence = render(
            "This console answers under 127.0.0.1 and localhost. "
            "To open it under {name}, list that host in server.allowedHosts (.streamlit/config.toml).",
            name=connection.headers.get("host", "")[:100],
        )
    return PlainTextResponse(sentence, HTTPStatus.FORBIDDEN)


def is_a_persons(message: bytes | None) -> bool:
    """False for what an open page sends by itself (a live part that draws itself anew): it must not keep the
    session of somebody who has gone from idling out."""
    try:
        return not BackMsg.FromString(message or b"").rerun_script.is_auto_rerun
    except DecodeError:
        return False


def blank_rerun() -> bytes:
    """What the page gets instead of a message of a session that has ended: run from the top, with no click
    and no value.

    The page then finds nobody signed in and leads the browser to the sign-in page.
    """
    message = BackMsg()
    message.rerun_script.query_string = ""
    return message.SerializeToString()
