"""The pages a stranger sees: first visit (create the administrator's password), sign in, sign out. No
Streamlit in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from zoneinfo import ZoneInfo, available_timezones

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console import bodies, cookies, html, i18n
from console.authenticators import Authenticator, LocalPassword, Refused
from console.firstvisit import create_administrator
from console.state import Shell
from storage.users import User

_LOCAL_PATH = re.compile(r"/(?![/\\])[^\s\\]*")
_NEVER_NEXT = ("/login", "/logout", "/first-visit")


class SignIn:
    """The routes around signing in, over the shell's users, sessions and throttle."""

    def __init__(
        self, shell: Callable[[], Shell], authenticator: Callable[[Shell], Authenticator] = LocalPassword
    ) -> None:
        self.shell, self.authenticator = shell, authenticator

    def routes(self) -> list[Route]:
        """What the console adds to Streamlit's own routes."""
        return [
            Route("/login", self.login_page, methods=["GET"]),
            Route("/login", self.login, methods=["POST"]),
            Route("/first-visit", self.first_visit_page, methods=["GET"]),
            Route("/first-visit", self.first_visit, methods=["POST"]),
            Route("/logout", self.logout, methods=["POST"]),
            Route("/logout", self.not_by_link, methods=["GET"]),
        ]

    async def login_page(self, request: Request) -> Response:
        """The form; a browser that is signed in already goes on, a fresh installation goes to its first
        visit.
        """
        if not await to_thread.run_sync(lambda: self.shell().users.any()):
            return RedirectResponse("/first-visit", HTTPStatus.SEE_OTHER)
        token = request.cookies.get(cookies.SESSION)
        if token and await to_thread.run_sync(lambda: self.shell().sessions.user_of(token)) is not None:
            return RedirectResponse(next_of(request), HTTPStatus.SEE_OTHER)
        return self._page(request, "login", {})

    async def login(self, request: Request) -> Response:
        """Check what was typed; 303 onwards with a session, or the form again with the reason (401, 429 when
        throttled).
        """
        given, address = await bodies.read_form(request), address_of(request)
        with i18n.reading_in(cookies.language_of(request)):
            verdict = await to_thread.run_sync(
                lambda: self.authenticator(self.shell()).authenticate(given, address)
            )
        if isinstance(verdict, Refused):
            status = HTTPStatus.TOO_MANY_REQUESTS if verdict.wait else HTTPStatus.UNAUTHORIZED
            response = self._page(request, "login", given, problem=verdict.reason, status=status)
            if verdict.wait:
                response.headers["Retry-After"] = str(verdict.wait)
            return response
        return await self._signed_in(request, verdict, next_of(request))

    async def first_visit_page(self, request: Request) -> Response:
        """The form that makes the administrator, only while there is nobody."""
        if await to_thread.run_sync(lambda: self.shell().users.any()):
            return RedirectResponse("/login", HTTPStatus.SEE_OTHER)
        return self._page(request, "first_visit", {"name": "admin"})

    async def first_visit(self, request: Request) -> Response:
        """Make the administrator and sign in; of two who try at once, one is told that the console is
        taken.
        """
        given, language = await bodies.read_form(request), cookies.language_of(request)
        with i18n.reading_in(language):
            zone = known_zone(given.get("timezone", ""))
            verdict = await to_thread.run_sync(
                lambda: create_administrator(self.shell(), given, language, zone)
            )
        if verdict is None:
            return RedirectResponse("/login", HTTPStatus.SEE_OTHER)
        if isinstance(verdict, Refused):
            return self._page(
                request, "first_visit", given, problem=verdict.reason, status=HTTPStatus.BAD_REQUEST
            )
        return await self._signed_in(request, verdict, "/welcome")

    async def logout(self, request: Request) -> Response:
        """End this session here and in the browser."""
        bodies.refuse_other_sites(request)
        token = request.cookies.get(cookies.SESSION)
        if token:
            await to_thread.run_sync(lambda: self.shell().sessions.revoke(token))
        response = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
        cookies.drop_session(response, request)
        return response

    async def not_by_link(self, _request: Request) -> Response:
        """A link or an image of another site must not sign anybody out."""
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)

    async def _signed_in(self, request: Request, user: User, onwards: str) -> Response:
        """A new session for each sign-in, so that a cookie planted before it is worth nothing."""
        token = await to_thread.run_sync(lambda: self.shell().sessions.start(user))
        response = RedirectResponse(onwards, HTTPStatus.SEE_OTHER)
        cookies.set_session(response, token, request)
        return response

    def _page(
        self,
        request: Request,
        name: str,
        given: Mapping[str, str],
        *,
        problem: str = "",
        status: int = HTTPStatus.OK,
    ) -> HTMLResponse:
        language = cookies.language_of(request)
        with i18n.reading_in(language):
            body = html.sign_in_page(name, given, problem=problem, onwards=next_of(request))
        response = html.response(body, status)
        if request.query_params.get("lang") == language:
            cookies.set_language(response, language, request)
        return response


def next_of(request: Request) -> str:
    """Where to go after signing in: a path of this console, never another site, never back to the sign-in."""
    wish = request.query_params.get("next", "/")
    return wish if _LOCAL_PATH.fullmatch(wish) and not wish.startswith(_NEVER_NEXT) else "/"


def address_of(request: Request) -> str:
    """The visitor's address as the server sees it (behind a proxy: as uvicorn trusts it)."""
    return request.client.host if request.client else "unknown"


def known_zone(name: str) -> str:
    """The time zone that the browser names, if there is such a zone, else UTC."""
    return ZoneInfo(name).key if name in available_timezones() else "UTC"
