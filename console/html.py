"""Server-rendered pages from the templates beside this file; every value is escaped on its way in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlencode

from starlette.responses import HTMLResponse

from console import i18n
from console.headers import OWN_POLICY
from console.i18n import _

_TEMPLATES = Path(__file__).parent / "templates"


@lru_cache
def _template(name: str) -> Template:
    return Template((_TEMPLATES / f"{name}.html").read_text(encoding="utf-8"))


def fill(name: str, texts: Mapping[str, str], parts: Mapping[str, str] | None = None) -> str:
    """The template with `texts` escaped and `parts` (markup of other templates) as they are."""
    return _template(name).substitute({key: escape(text) for key, text in texts.items()}, **(parts or {}))


def sign_in_page(name: str, given: Mapping[str, str], *, problem: str, onwards: str) -> str:
    """A whole page of `templates/<name>.html` (login, first_visit) in the reader's language; passwords are
    never put back.
    """
    query = {} if onwards == "/" else {"next": onwards}
    texts = {"name": given.get("name", ""), "query": _query(query), **_LABELS[name]()}
    body = fill(name, texts, {"problem": fill("problem", {"text": problem}) if problem else ""})
    other = next(code for code in i18n.LANGUAGES if code != i18n.current())
    return fill(
        "base",
        {
            "language": i18n.current(),
            "other_code": other,
            "other_name": i18n.LANGUAGES[other],
            "other_query": _query({**query, "lang": other}),
            "title": texts["title"],
            "promise": _("Two systems, always in step."),
            "detail": _(
                "Products, stock and orders move between your shop and your ERP. "
                "Every change arrives once, and nothing is lost on the way."
            ),
        },
        {"body": body},
    )


def _login_labels() -> dict[str, str]:
    return {
        "title": _("Sign in"),
        "intro": _("Welcome back."),
        "label_name": _("Name"),
        "label_password": _("Password"),
        "show": _("Show"),
        "hide": _("Hide"),
        "action": _("Sign in"),
        "help": _("Forgotten? On the server run"),
        "command": "python -m sync reset-password",
    }


def _first_visit_labels() -> dict[str, str]:
    return {
        "title": _("Welcome to Counterpart"),
        "intro": _("This console is new. Choose the password of its administrator: there is no default one."),
        "label_name": _("Name"),
        "label_password": _("Password"),
        "label_again": _("Password again"),
        "hint": _("At least 10 characters. A short sentence is easy to remember and hard to guess."),
        "show": _("Show"),
        "hide": _("Hide"),
        "action": _("Create and sign in"),
    }


_LABELS = {"login": _login_labels, "first_visit": _first_visit_labels}


def _query(parameters: Mapping[str, str]) -> str:
    return f"?{urlencode(parameters)}" if parameters else ""


def response(page: str, status: int) -> HTMLResponse:
    """The page with the tight policy of pages that hold no script of their own, never kept in a cache."""
    return HTMLResponse(page, status, {"Content-Security-Policy": OWN_POLICY, "Cache-Control": "no-store"})
