"""Who runs this page: asked anew on every rerun, because a cookie outlives a revoked session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import quote, urlsplit
from zoneinfo import available_timezones

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from console import cookies, i18n, state
from console.authenticators import LocalPassword, Refused
from console.i18n import _
from storage.users import Role, User

_RANK: dict[Role, int] = {"viewer": 0, "operator": 1, "admin": 2}
_READER = "_reader"
_given: ContextVar[Reader | None] = ContextVar("reader", default=None)


@dataclass(frozen=True)
class Reader:
    """How the person before this page reads: language code and IANA time zone."""

    language: str
    timezone: str


def token() -> str:
    """The session token that the browser showed when it connected."""
    return str(st.context.cookies.get(cookies.SESSION, ""))


def current_user() -> User | None:
    """Who is signed in here and now. Only the gate knows whether a person or a live part of the page caused
    this run, so that it alone counts the session as used.
    """
    return state.shared().sessions.user_of(token(), in_use=False)


def require(role: Role = "viewer") -> User:
    """The signed-in user, if they may do at least what `role` may; else the page ends here. First line of
    every page.
    """
    user = current_user()
    if user is None:
        to_sign_in()
    if _RANK[user.role] < _RANK[role]:
        st.error(
            _("Your role does not allow this page. An administrator can change it."), icon=":material/lock:"
        )
        st.stop()
    return user


def allows(user: User, role: Role) -> bool:
    """True if the user may do what `role` may."""
    return _RANK[user.role] >= _RANK[role]


def to_sign_in() -> NoReturn:
    """Lead the browser to the sign-in page (it drops the dead cookie there) and end the page."""
    path = urlsplit(st.context.url or "/").path
    target = json.dumps("/login" if path == "/" else f"/login?next={quote(path, safe='')}")
    leave = f'fetch("/logout", {{method: "POST"}}).finally(() => window.location.replace({target}))'
    st.html(f"<script>{leave}</script>", unsafe_allow_javascript=True)
    st.info(_("You are signed out. The sign-in page opens in a moment."), icon=":material/logout:")
    st.stop()


def sign_out() -> None:
    """End this session; the next rerun leads to the sign-in page."""
    state.shared().sessions.revoke(token())


def sign_out_everywhere(user: User) -> None:
    """End all sessions of this user, on every device, this one included."""
    state.shared().sessions.revoke_all(user.id)


def change_password(user: User, old: str, new: str, again: str) -> str:
    """Set a new password, which ends every session of the user; "" when done, else why not.

    Raises BadInput if the new one is too weak. Guesses at the old one are throttled like any sign-in.
    """
    shell, address = state.shared(), str(st.context.ip_address or "this machine")
    verdict = LocalPassword(shell).authenticate({"name": user.name, "password": old}, address)
    if isinstance(verdict, Refused):
        return verdict.reason if verdict.wait else _("The old password is wrong.")
    if new != again:
        return _("The two passwords are not the same.")
    shell.users.set_password(user.id, new)
    return ""


def greet(user: User) -> Reader:
    """Remember for this browser session how its user reads: their own choice first, then the browser's."""
    language = user.language or i18n.best_of(st.context.locale or "")
    zone = user.timezone or st.context.timezone or "UTC"
    reader = Reader(language, zone if zone in available_timezones() else "UTC")
    st.session_state[_READER] = reader
    return reader


def reader() -> Reader:
    """How the user of this session reads (English and UTC before they were greeted)."""
    if (given := _given.get()) is not None:
        return given
    known = st.session_state.get(_READER) if get_script_run_ctx(suppress_warning=True) else None
    return known if isinstance(known, Reader) else Reader(i18n.SOURCE, "UTC")


@contextmanager
def reading_as(given: Reader) -> Iterator[None]:
    """Within this block `reader` says `given`: for work that a page hands to a thread without a session."""
    before = _given.set(given)
    try:
        yield
    finally:
        _given.reset(before)


i18n.ask_session(lambda: reader().language)
