# ruff: noqa: F401, F811 (fixtures come by import)
"""Security and general settings, and the two ways on the welcome page."""

from __future__ import annotations

from typing import Any

import pytest

from console import state
from storage import preferences
from storage.users import User
from sync.application import Application
from sync.errors import NeedsOperator
from sync.managers.trial import Trial
from sync.managers.verbs import LinkVerbs
from sync.model.flow import Link
from sync.model.text import say
from tests.pages.conftest import PASSWORD
from tests.pages.settings_world import link, visit, world, ws


def test_the_key_is_rotated_after_a_typed_confirmation(visit: Any, ws: Application, link: Link) -> None:
    before = ws.paths.key_file.read_text()
    page = visit(section="security")
    page.confirm("rotate_key", "rotate_key_ask", "rotate")
    assert ws.paths.key_file.read_text() != before
    assert ws.connections.secrets(link.a)["secret"] == "s3cret-erp"


def test_everybody_is_signed_out_by_number(visit: Any, admin: User) -> None:
    state.shared().sessions.start(admin)
    page = visit(section="security")
    page.confirm("sign_out_all", "sign_out_all_ask", "2")
    assert state.shared().sessions.list(admin.id) == []


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("wrong", "a new long password", "a new long password", "old password is wrong"),
        (PASSWORD, "a new long password", "other", "not the same"),
        (PASSWORD, "short", "short", "10"),
    ],
)
def test_a_password_is_changed_only_with_the_old_one(
    visit: Any, old: str, new: str, again: str, said: str
) -> None:
    page = visit(section="security")
    for key, value in (("settings_old", old), ("settings_new", new), ("settings_again", again)):
        page.fill(key, value)
    page.press("settings_change")
    assert said in page.errors
    assert state.shared().users.verify("admin", PASSWORD) is not None


def test_schedules_are_paused_all_together(visit: Any, ws: Application) -> None:
    page = visit(section="general")
    page.press("pause_all_do")
    assert LinkVerbs(ws).paused() and "All schedules are paused." in page.text
    page.press("resume_all")
    assert not LinkVerbs(ws).paused()


def test_what_the_log_keeps_and_how_csv_is_written(visit: Any, ws: Application) -> None:
    page = visit(section="general")
    page.at.number_input(key="log_days").set_value(30)
    page.press("log_save")
    assert ws.preferences.get(preferences.LOG_DAYS) == 30
    page.at.radio(key="csv_comma").set_value(True).run()
    assert ws.preferences.get(preferences.CSV_DECIMAL_COMMA)


def test_language_and_zone_are_the_readers_own(visit: Any, admin: User) -> None:
    page = visit(section="general")
    page.at.selectbox(key="settings_zone").set_value("Europe/Istanbul").run()
    page.find(page.at.button_group, "settings_language").set_value("tr").run()
    user = state.shared().users.by_id(admin.id)
    assert user is not None and (user.language, user.timezone) == ("tr", "Europe/Istanbul")


def test_the_sandbox_starts_by_one_click(
    visit: Any, ws: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(Trial, "start", lambda self, plan: started.append(plan.kind))
    page = visit()
    page.at.switch_page("pages/welcome.py").run()
    page.at.button(key="start_sandbox").click().run()
    assert started == ["erp"]
    page.at.switch_page("pages/welcome.py").run()
    page.at.button(key="start_stores").click().run()
    assert started == ["erp", "stores"]


def test_a_sandbox_that_does_not_start_says_why(visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Trial, plan: object) -> None:
        raise NeedsOperator(say("The sentos sandbox did not start: no port."))

    monkeypatch.setattr(Trial, "start", refuse)
    page = visit()
    page.at.switch_page("pages/welcome.py").run()
    page.at.button(key="start_sandbox").click().run()
    assert "did not start: no port" in page.errors
