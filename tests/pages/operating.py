"""Fixtures for the operating pages: an installation with two connections, and a browser session of its
operator.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from console import access
from console.state import Shell
from storage.users import Role, User
from sync import application
from sync.application import Application
from tests.pages import seed
from tests.pages.conftest import PASSWORD

ROOT = Path(__file__).resolve().parent.parent.parent
Open = Callable[..., AppTest]


@pytest.fixture
def ws(shell: Shell) -> Application:
    """The workspace of the console under test."""
    return application.shared()


@pytest.fixture
def shop(ws: Application) -> seed.Shop:
    """Two tested connections, linked."""
    return seed.connect(ws)


@pytest.fixture
def operator(shell: Shell) -> User:
    """A person who may act but not configure."""
    return shell.users.create("ayse", PASSWORD, "operator")


@pytest.fixture
def open_page(shell: Shell, operator: User, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open a page of the console, with this in its address; `role` for another person."""

    def visit(page: str, role: Role | None = None, language: str = "en", **query: str) -> AppTest:
        user = shell.users.create(f"other-{role}", PASSWORD, role) if role else operator
        shell.users.set_preferences(user.id, language=language, timezone="Europe/Istanbul")
        token = shell.sessions.start(user)
        monkeypatch.setattr(access, "token", lambda: token)
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        test.run()
        test.switch_page(f"pages/{page}.py")
        for name, value in query.items():
            test.query_params[name] = value
        test.run()
        assert not test.exception, [e.value for e in test.exception]
        return test

    return visit


def texts(test: AppTest) -> str:
    """All that is written on the page."""
    kinds = (
        test.title,
        test.subheader,
        test.caption,
        test.markdown,
        test.info,
        test.error,
        test.warning,
        test.text,
    )
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def labels(test: AppTest) -> list[str]:
    """What the buttons of the page are called."""
    return [button.label for button in test.button]


def metrics(test: AppTest) -> dict[str, str]:
    """The figures of the page by name."""
    return {str(m.label): str(m.value) for m in test.metric}


def typed_in(test: AppTest, opener: str, question: str, word: str) -> None:
    """Type into a question. (AppTest draws the whole page where a browser draws the dialog alone: it is
    opened each time.)
    """
    test.text_input(key=f"{question}_phrase").input(word)
    test.button(key=opener).click().run()
