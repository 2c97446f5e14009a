"""Security headers on every answer (pure ASGI: a websocket passes untouched)."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: What Streamlit's pages need and no more: everything from our own host; its bundle evaluates chart code.
PAGES_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'self'; "
    "form-action 'self'; object-src 'none'"
)
#: Our own sign-in pages: no inline script or style at all.
OWN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Content-Security-Policy": PAGES_POLICY,
}
_TRANSPORT = "max-age=31536000"
#: Exports with customers in them: for whoever asked, not for a cache on the way or on a shared computer.
_PRIVATE = "/media/"


def is_secure(scope: Scope) -> bool:
    """True if the browser speaks https to us or to the proxy before us.

    The proxy's word only ever adds protection (a Secure cookie, strict transport), so that it may be taken as
    it comes.
    """
    forwarded = dict(scope["headers"]).get(b"x-forwarded-proto", b"").split(b",")[0].strip()
    return scope["scheme"] in ("https", "wss") or forwarded == b"https"


class SecurityHeaders:
    """Adds the headers above where an answer does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(_PRIVATE):
                    headers["Cache-Control"] = "private, no-store"
                if is_secure(scope):
                    headers.setdefault("Strict-Transport-Security", _TRANSPORT)
            await send(message)

        await self.app(scope, receive, send_with_headers)
