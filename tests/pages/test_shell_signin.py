"""First visit, sign-in, sign-out: once, throttled across restarts, from our own pages only."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from console import state
from console.signin import known_zone
from console.state import Shell
from storage.users import User
from sync.application import open_application
from tests.pages.asgi import OWN, Answer, request
from tests.pages.conftest import PASSWORD, guarded

FIRST = {"name": "admin", "password": PASSWORD, "again": PASSWORD, "timezone": "Europe/Istanbul"}


def sign_in(app: Any, password: str = PASSWORD, target: str = "/login", **headers: str) -> Answer:
    return request(app, "POST", target, form={"name": "admin", "password": password}, **{**OWN, **headers})


def test_a_fresh_installation_leads_to_its_first_visit(app: Any) -> None:
    for path in ("/", "/sync", "/login"):
        assert request(app, "GET", path).header("location") == "/first-visit"
    assert 'autocomplete="new-password"' in request(app, "GET", "/first-visit").text


def test_the_first_visit_makes_the_administrator_and_signs_in(app: Any, shell: Shell) -> None:
    answer = request(app, "POST", "/first-visit", form=FIRST, accept_language="tr-TR,tr;q=0.9", **OWN)
    assert (answer.status, answer.header("location")) == (303, "/welcome")
    user = shell.sessions.user_of(answer.cookie_value("counterpart_session"))
    assert user is not None
    assert (user.name, user.role, user.language, user.timezone) == ("admin", "admin", "tr", "Europe/Istanbul")


@pytest.mark.parametrize(
    "change",
    [{"password": "short", "again": "short"}, {"again": "something else"}, {"name": " "}, {"password": ""}],
)
def test_a_first_visit_that_will_not_do_makes_nobody(app: Any, shell: Shell, change: dict[str, str]) -> None:
    answer = request(app, "POST", "/first-visit", form={**FIRST, **change}, **OWN)
    assert answer.status == 400
    assert 'role="alert"' in answer.text
    assert not shell.users.any()
    assert PASSWORD not in answer.text


def test_there_is_no_second_first_visit(app: Any, shell: Shell, admin: User) -> None:
    assert request(app, "GET", "/first-visit").header("location") == "/login"
    answer = request(app, "POST", "/first-visit", form={**FIRST, "name": "mallory"}, **OWN)
    assert answer.header("location") == "/login"
    assert answer.cookie("counterpart_session") == ""
    assert [user.name for user in shell.users.list()] == ["admin"]


def test_of_two_first_visits_at_once_one_wins(shell: Shell) -> None:
    app, answers = guarded(shell), []

    def visit(name: str) -> None:
        answers.append(request(app, "POST", "/first-visit", form={**FIRST, "name": name}, **OWN))

    threads = [threading.Thread(target=visit, args=(name,)) for name in ("ada", "bob", "cem")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.header("location") for answer in answers) == ["/login", "/login", "/welcome"]
    assert len(shell.users.list()) == 1


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:8501", "localhost.evil.test", "127.0.0.1.evil.test", ""]
)
def test_a_fresh_console_is_not_taken_under_a_strangers_name(app: Any, shell: Shell, host: str) -> None:
    strange = {"host": host, "origin": f"http://{host}"}
    assert request(app, "GET", "/first-visit", **strange).status == 403
    answer = request(app, "POST", "/first-visit", form=FIRST, **strange)
    assert answer.status == 403
    assert "server.allowedHosts" in answer.text
    assert not shell.users.any()


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "[::1]:8501", "localhost", "192.168.1.20:8501"])
def test_a_fresh_console_is_taken_under_its_own_address(app: Any, host: str) -> None:
    form = request(app, "POST", "/first-visit", form=FIRST, host=host, origin=f"http://{host}")
    assert form.header("location") == "/welcome"


def test_a_named_host_may_be_first(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit import config

    options = {"server.allowedHosts": ["console.shop.example"], "server.address": "127.0.0.1"}
    monkeypatch.setattr(config, "get_option", options.__getitem__)
    assert request(app, "GET", "/first-visit", host="console.shop.example").status == 200
    assert request(app, "GET", "/first-visit", host="evil.test").status == 403


def test_signing_in_sets_a_cookie_that_script_and_other_sites_cannot_use(app: Any, admin: User) -> None:
    cookie = sign_in(app).cookie("counterpart_session").lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie


def test_over_https_the_cookie_is_secure(app: Any, admin: User) -> None:
    assert "secure" in sign_in(app, x_forwarded_proto="https").cookie("counterpart_session").lower()


def test_each_sign_in_is_a_new_session(app: Any, admin: User) -> None:
    planted = "counterpart_session=planted-by-someone"
    first = sign_in(app, cookie=planted).cookie_value("counterpart_session")
    second = sign_in(app, cookie=planted).cookie_value("counterpart_session")
    assert len({first, second, "planted-by-someone"}) == 3


@pytest.mark.parametrize(
    ("wish", "target"),
    [
        ("/logs?level=error", "/logs?level=error"),
        ("//evil.test/", "/"),
        ("/\\evil.test", "/"),
        ("https://evil.test", "/"),
        ("/login", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nSet-Cookie: x=1", "/"),
    ],
)
def test_after_signing_in_one_stays_in_the_console(app: Any, admin: User, wish: str, target: str) -> None:
    from urllib.parse import quote

    assert sign_in(app, target=f"/login?next={quote(wish, safe='')}").header("location") == target


def test_a_wrong_password_is_refused_without_saying_which_was_wrong(app: Any, admin: User) -> None:
    wrong, nobody = (
        sign_in(app, "wrong password"),
        request(app, "POST", "/login", form={"name": "nobody", "password": "x"}, **OWN),
    )
    assert (wrong.status, nobody.status) == (401, 401)
    assert "Name or password is wrong." in wrong.text
    assert "Name or password is wrong." in nobody.text
    assert "wrong password" not in wrong.text


@pytest.mark.usefixtures("still")
def test_guessing_is_throttled_and_a_restart_does_not_help(tmp_path: Path) -> None:
    home = {"COUNTERPART_HOME": str(tmp_path)}
    before = open_application(home)
    shell = state.of(before)
    shell.users.create_first("admin", PASSWORD)
    app = guarded(shell)
    for _ in range(12):
        last = sign_in(app, "guess")
    assert last.status == 429
    assert int(last.header("retry-after")) >= 1
    before.close()

    again = open_application(home)
    assert sign_in(guarded(state.of(again))).status == 429, "the right password is not even looked at"
    again.close()


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "http://evil.test"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}]
)
@pytest.mark.parametrize("target", ["/login", "/first-visit", "/logout"])
def test_forms_of_other_sites_are_refused(
    app: Any, shell: Shell, target: str, headers: dict[str, str]
) -> None:
    assert request(app, "POST", target, form=FIRST, **headers).status == 403
    assert not shell.users.any()


def test_a_browser_that_leaves_origin_out_may_say_same_origin(app: Any, admin: User) -> None:
    form = {"name": "admin", "password": PASSWORD}
    assert request(app, "POST", "/login", form=form, sec_fetch_site="same-origin").status == 303


@pytest.mark.parametrize("announced", ["999999", "-1", "many", None])
def test_an_oversized_form_is_refused(app: Any, admin: User, announced: str | None) -> None:
    headers = {**OWN, **({"content_length": announced} if announced else {})}
    assert request(app, "POST", "/login", body=[b"name=" + b"a" * 9000] * 3, **headers).status == 413


def test_signing_out_ends_the_session_here_and_there(app: Any, shell: Shell, admin: User) -> None:
    token = sign_in(app).cookie_value("counterpart_session")
    answer = request(app, "POST", "/logout", cookie=f"counterpart_session={token}", **OWN)
    assert answer.header("location") == "/login"
    assert "max-age=0" in answer.cookie("counterpart_session").lower()
    assert shell.sessions.user_of(token) is None


def test_a_link_signs_nobody_out(app: Any, shell: Shell, admin: User) -> None:
    token = sign_in(app).cookie_value("counterpart_session")
    answer = request(app, "GET", "/logout", cookie=f"counterpart_session={token}")
    assert (answer.header("location"), answer.cookie("counterpart_session")) == ("/", "")
    assert shell.sessions.user_of(token) is not None


def test_what_was_typed_comes_back_as_text(app: Any, admin: User) -> None:
    form = {"name": '"><script>alert(1)</script>', "password": "x"}
    answer = request(app, "POST", "/login", form=form, **OWN)
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_the_sign_in_speaks_turkish_to_those_who_ask(app: Any, admin: User) -> None:
    assert 'lang="tr"' in request(app, "GET", "/login", accept_language="de;q=0.9,tr;q=0.8").text
    english = request(app, "GET", "/login?lang=en", accept_language="tr")
    assert 'lang="en"' in english.text
    kept = english.cookie_value("counterpart_language")
    assert (
        'lang="en"'
        in request(app, "GET", "/login", accept_language="tr", cookie=f"counterpart_language={kept}").text
    )


def test_own_pages_name_no_other_host(app: Any, admin: User) -> None:
    for path in ("/login", "/first-visit"):
        assert "http://" not in request(app, "GET", path).text
        assert "https://" not in request(app, "GET", path).text


def test_zones_that_do_not_exist_become_utc() -> None:
    assert known_zone("Europe/Istanbul") == "Europe/Istanbul"
    assert known_zone("../../etc/passwd") == "UTC"
