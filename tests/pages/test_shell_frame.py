"""The frame around the pages, in AppTest: who sees what, in which language, and that each page asks who it
is.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from console import access, state
from console.state import Shell
from storage.users import User
from sync import application
from sync.errors import NeedsOperator
from sync.model.text import say
from tests.pages.conftest import PASSWORD

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted(path for path in (ROOT / "pages").glob("*.py") if path.name != "__init__.py")
Visit = Callable[..., AppTest]


@pytest.fixture
def visit(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Open the console as this user (None: a stranger), on this page."""

    def open_page(user: User | None, page: str = "") -> AppTest:
        token = shell.sessions.start(user) if user else "nobody"
        monkeypatch.setattr(access, "token", lambda: token)
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
        return test.switch_page(f"pages/{page}.py").run() if page else test

    return open_page


def texts(test: AppTest) -> str:
    """All that is written in the main part of the page."""
    kinds = (test.title, test.subheader, test.caption, test.markdown, test.info, test.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_page_first_asks_who_it_is(path: Path) -> None:
    """Before anything else runs: only imports, definitions and constants may stand above `require(…)`."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        value = getattr(node, "value", None)
        if isinstance(value, ast.Call):
            assert isinstance(value.func, ast.Name) and value.func.id == "require", (
                f"{path.name}:{node.lineno}"
            )
            return
        harmless = (
            ast.Import
            | ast.ImportFrom
            | ast.FunctionDef
            | ast.ClassDef
            | ast.Assign
            | ast.AnnAssign
            | ast.Expr
        )
        assert isinstance(node, harmless), f"{path.name}:{node.lineno} runs before require()"
    pytest.fail(f"{path.name} never calls require()")


def test_a_stranger_sees_nothing_of_the_console(visit: Visit, admin: User) -> None:
    test = visit(None)
    assert not test.title
    assert not test.sidebar.button
    assert "signed out" in texts(test)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_without_its_frame_still_refuses_a_stranger(
    shell: Shell, admin: User, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    """Streamlit would run a file of pages/ by itself if it ever forgot the navigation."""
    monkeypatch.setattr(access, "token", lambda: "nobody")
    test = AppTest.from_file(str(path), default_timeout=60).run()
    assert not test.exception
    assert not (test.title or test.button or test.dataframe)
    assert "signed out" in texts(test)


@pytest.mark.parametrize("page", [path.stem for path in PAGES])
def test_every_page_opens_for_the_administrator(visit: Visit, admin: User, page: str) -> None:
    test = visit(admin, page)
    assert not test.exception
    assert test.title


def test_a_revoked_session_sees_nothing_on_the_next_rerun(visit: Visit, shell: Shell, admin: User) -> None:
    test = visit(admin, "profile")
    shell.sessions.revoke_all(admin.id)
    test.run()
    assert not test.title
    assert "signed out" in texts(test)


def test_a_viewer_is_kept_from_the_settings(visit: Visit, shell: Shell, admin: User) -> None:
    viewer = shell.users.create("vera", PASSWORD, "viewer")
    test = visit(viewer, "settings")
    assert not test.title
    assert "role does not allow" in texts(test)


def test_signing_out_from_the_menu_ends_the_session(visit: Visit, shell: Shell, admin: User) -> None:
    test = visit(admin)
    test.button(key="sign_out").click().run()
    assert not test.title
    assert shell.sessions.list(admin.id) == []


def test_signing_out_everywhere_ends_every_session(visit: Visit, shell: Shell, admin: User) -> None:
    shell.sessions.start(admin)
    test = visit(admin, "profile")
    test.button(key="sign_out_everywhere").click().run()
    assert shell.sessions.list(admin.id) == []


def test_the_language_is_each_users_own(visit: Visit, shell: Shell, admin: User) -> None:
    shell.users.set_preferences(admin.id, language="tr")
    other = shell.users.create("bob", PASSWORD, "operator")
    assert "Profil" in [title.value for title in visit(admin, "profile").title]
    assert "Profile" in [title.value for title in visit(other, "profile").title]


def test_choosing_a_time_zone_is_remembered(visit: Visit, shell: Shell, admin: User) -> None:
    visit(admin, "profile").selectbox(key="zone").select("Europe/Istanbul").run()
    user = shell.users.by_id(admin.id)
    assert user is not None and user.timezone == "Europe/Istanbul"


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("wrong", "a new long password", "a new long password", "old password is wrong"),
        (PASSWORD, "a new long password", "another", "not the same"),
        (PASSWORD, "short", "short", "10"),
    ],
)
def test_a_password_is_changed_only_with_the_old_one(
    visit: Visit, shell: Shell, admin: User, old: str, new: str, again: str, said: str
) -> None:
    test = change_password(visit(admin, "profile"), old, new, again)
    assert said in texts(test)
    assert shell.users.verify("admin", PASSWORD) is not None


def test_a_new_password_ends_every_session(visit: Visit, shell: Shell, admin: User) -> None:
    change_password(visit(admin, "profile"), PASSWORD, "a new long password", "a new long password")
    assert shell.users.verify("admin", "a new long password") is not None
    assert shell.sessions.list(admin.id) == []


def change_password(test: AppTest, old: str, new: str, again: str) -> AppTest:
    for key, value in (("old_password", old), ("new_password", new), ("again", again)):
        test.text_input(key=key).input(value)
    submit: Any = next(button for button in test.button if button.label == "Change password")
    return submit.click().run()


def test_the_badge_counts_what_waits(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.parts import frame

    def badge(waiting: int) -> str:
        monkeypatch.setattr(state, "shared", lambda: replace(shell, needs_you=lambda: waiting))
        return frame._badge()

    assert badge(0) == ""
    assert "[7]" in badge(7)
    assert "[999+]" in badge(5000)


def test_one_click_starts_the_sandbox_and_leads_on(
    visit: Visit, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(application.shared().trial, "start", lambda plan: started.append(plan.kind) or "link")
    test = visit(admin, "welcome").button(key="start_sandbox").click().run()
    assert started == ["erp"]
    assert [title.value for title in test.title] == ["Sync"]
    test = visit(admin, "welcome").button(key="start_stores").click().run()
    assert started == ["erp", "stores"]
    assert [title.value for title in test.title] == ["Inventory"]


def test_a_refusal_stands_on_the_page_as_text(
    visit: Visit, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_plan: object) -> None:
        raise NeedsOperator(say("There is no host {host}.", host="**evil** <img src=x>"))

    monkeypatch.setattr(application.shared().trial, "start", refuse)
    test = visit(admin, "welcome").button(key="start_sandbox").click().run()
    assert [title.value for title in test.title] == ["Welcome to Counterpart"]
    assert "\\*\\*evil\\*\\*" in test.error[0].value


def test_no_click_of_a_stranger_starts_anything(
    visit: Visit, shell: Shell, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(application.shared().trial, "start", lambda _plan: started.append("trial"))
    test = visit(admin, "welcome")
    shell.sessions.revoke_all(admin.id)
    test.button(key="start_sandbox").click().run()
    assert started == []
