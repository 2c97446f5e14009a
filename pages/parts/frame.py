"""What is around every page: who is signed in, logo, navigation, user menu, waiting toasts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from console import access, i18n, state
from console.i18n import N_, _
from console.version import VERSION
from pages.parts import toasts
from pages.parts.text import plain
from storage.users import Role, User
from sync import application
from sync.managers.verbs.checks import checks_of

_ROOT = Path(__file__).resolve().parent.parent.parent
_STATIC = _ROOT / "static"
_NEEDS_YOU = "needs_you"
_MOST_SHOWN = 999


@dataclass(frozen=True)
class Screen:
    """One page: its file in pages/, its name, its symbol, its section ("" keeps it out of the menu), who may
    see it.
    """

    file: str
    title: str
    icon: str
    section: str
    role: Role = "viewer"


OPERATE, CONFIGURE = N_("Operate"), N_("Configure")
SCREENS = (
    Screen("dashboard", N_("Dashboard"), "space_dashboard", OPERATE),
    Screen("sync", N_("Sync"), "sync_alt", OPERATE),
    Screen("inventory", N_("Inventory"), "inventory_2", OPERATE),
    Screen(_NEEDS_YOU, N_("Needs you"), "inbox", OPERATE),
    Screen("queue", N_("Queue"), "low_priority", OPERATE),
    Screen("logs", N_("Logs"), "receipt_long", OPERATE),
    Screen("settings", N_("Settings"), "tune", CONFIGURE, "admin"),
    Screen("run", N_("Run"), "play_circle", ""),
    Screen("welcome", N_("Welcome"), "waving_hand", "", "admin"),
    Screen("profile", N_("Profile"), "account_circle", ""),
)


def run() -> None:
    """One run of one browser session: decide who it is, then run the page that the address names."""
    user = access.current_user()
    if user is not None:
        access.greet(user)
    page = st.navigation(_menu(user), position="sidebar" if user else "hidden", expanded=True)
    st.set_page_config(
        page_title=f"{_title_of(page.url_path)} · Counterpart",
        page_icon=_STATIC / "icon.svg",
        layout="wide",
        menu_items={"About": f"Counterpart {VERSION}"},
    )
    if user is None:
        access.to_sign_in()
    st.logo(_STATIC / "logo.svg", size="large", icon_image=_STATIC / "icon.svg")
    _user_menu(user)
    toasts.show()
    _opened()
    page.run()


def _opened() -> None:
    """Once a browser session: connections whose last test is old are tested in the background."""
    if "opened" not in st.session_state:
        st.session_state["opened"] = True
        checks_of(application.shared()).test_if_stale()


def _menu(user: User | None) -> dict[str, list[st.Page]]:
    """All pages, always: an address that is not registered would end in a dialog. What may not be seen is
    hidden.
    """
    menu: dict[str, list[st.Page]] = {}
    for screen in SCREENS:
        shown = bool(user and screen.section and access.allows(user, screen.role))
        page = st.Page(
            _ROOT / "pages" / f"{screen.file}.py",
            # The symbol stands in the title: as the page's icon it would also become the tab's, fetched from
            # an outside host.
            title=f":material/{screen.icon}:\u2002{_(screen.title)}"
            + (_badge() if user and screen.file == _NEEDS_YOU else ""),
            icon="",
            url_path=screen.file,
            default=screen.file == "dashboard",
            visibility="visible" if shown else "hidden",
        )
        menu.setdefault(_(screen.section or CONFIGURE), []).append(page)
    return menu


def _badge() -> str:
    waiting = state.shared().needs_you()
    if not waiting:
        return ""
    return f" :orange-badge[{waiting if waiting <= _MOST_SHOWN else f'{_MOST_SHOWN}+'}]"


def _title_of(url_path: str) -> str:
    return next((_(screen.title) for screen in SCREENS if screen.file == url_path), _("Dashboard"))


def _user_menu(user: User) -> None:
    with st.sidebar, st.expander(plain(user.name, 30), icon=":material/account_circle:", key="user_menu"):
        st.segmented_control(
            _("Language"),
            list(i18n.LANGUAGES),
            default=i18n.current(),
            format_func=i18n.LANGUAGES.__getitem__,
            key="language",
            required=True,
            on_change=_choose_language,
            args=(user,),
            width="stretch",
        )
        st.page_link(
            _ROOT / "pages" / "profile.py",
            label=_("Profile and sessions"),
            icon=":material/manage_accounts:",
            width="stretch",
        )
        st.button(
            _("Sign out"), key="sign_out", icon=":material/logout:", on_click=access.sign_out, width="stretch"
        )


def _choose_language(user: User) -> None:
    state.shared().users.set_preferences(user.id, language=st.session_state["language"])
