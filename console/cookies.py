"""The two cookies of the console: who is signed in, and the language of someone who is not."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response

from console import i18n
from console.headers import is_secure

SESSION, LANGUAGE = "counterpart_session", "counterpart_language"
_YEAR = 365 * 24 * 3600


def set_session(response: Response, token: str, request: HTTPConnection) -> None:
    """Sign the browser in; the cookie ends with the browser, the session itself ends in the database."""
    response.set_cookie(
        SESSION, token, httponly=True, samesite="lax", secure=is_secure(request.scope), path="/"
    )


def drop_session(response: Response, request: HTTPConnection) -> None:
    """Sign the browser out."""
    response.delete_cookie(SESSION, httponly=True, samesite="lax", secure=is_secure(request.scope), path="/")


def set_language(response: Response, language: str, request: HTTPConnection) -> None:
    """Remember the language for a year."""
    response.set_cookie(
        LANGUAGE, language, max_age=_YEAR, httponly=True, samesite="lax", secure=is_secure(request.scope)
    )


def language_of(request: HTTPConnection) -> str:
    """What a visitor reads: chosen just now (`?lang=`), chosen before, or the first the browser asks for that
    we speak.
    """
    for wish in (request.query_params.get("lang"), request.cookies.get(LANGUAGE)):
        if wish in i18n.LANGUAGES:
            return str(wish)
    return i18n.best_of(request.headers.get("accept-language", ""))
