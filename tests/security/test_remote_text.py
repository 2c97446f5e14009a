"""What others wrote stands on every page as it is: never HTML, Markdown, a link, an icon or a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from console import access, state
from console.state import Shell
from sync import application
from sync.managers.verbs.offers import Offer, Offers
from sync.managers.views import runs
from sync.model.support import Choice
from sync.model.text import say
from tests.security.poison import ATTACK, LIVE, poisoned

ROOT = Path(__file__).resolve().parent.parent.parent
#: Elements and fields that the browser draws letter by letter.
PLAIN_ELEMENTS = {"Text", "Code", "Dataframe", "Arrow", "ArrowVegaLiteChart", "VegaLiteChart", "TextInput"}
PLAIN_FIELDS = {
    "options",
    "default",
    "raw_values",
    "set_value",
    "id",
    "key",
    "value",
    "placeholder",
    "page_script_hash",
}
MARKDOWN_OPTIONS = {"Radio", "ButtonGroup"}
PAGES = [
    *("dashboard", "sync", "inventory", "queue", "needs_you", "logs"),
    *("run", "settings", "profile", "welcome"),
]


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Made once: no test here changes what others look at."""
    opened = application.open_application({"COUNTERPART_HOME": str(tmp_path_factory.mktemp("spoilt"))})
    shell = state.of(opened)
    shell.users.create_first("admin", "correct horse battery")
    poisoned(opened)
    application.hand_in(opened)
    yield shell
    application.hand_in(None)
    opened.close()


@pytest.fixture(params=["ready"])
def offer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What every list of every platform answers."""
    monkeypatch.setattr(Offers, "get", lambda *_args, **_options: OFFERS[request.param])


@pytest.fixture
def visit(spoilt: Shell, offer: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Open a page as the administrator of the spoilt installation."""
    token = spoilt.sessions.start(spoilt.users.list()[0])
    monkeypatch.setattr(access, "token", lambda: token)

    def open_page(page: str, **query: str) -> AppTest:
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        test.run()
        test.switch_page(f"pages/{page}.py")
        for name, value in query.items():
            test.query_params[name] = value
        return test.run()

    return open_page


OFFERS = {
    "ready": Offer((Choice("1", ATTACK, ATTACK), Choice("2", ATTACK))),
    "failed": Offer(state="failed", reason=say("There is no host {host}.", host=ATTACK)),
}


def drawn(test: AppTest) -> Iterator[tuple[str, str]]:
    """(where, text) of everything on the page that Streamlit draws as Markdown, or may."""
    for node in walked(test._tree):
        proto = getattr(node, "proto", None)
        if proto is not None and hasattr(proto, "DESCRIPTOR"):
            yield from strings(proto, proto.DESCRIPTOR.name)


def walked(node: Any) -> Iterator[Any]:
    yield node
    for child in getattr(node, "children", {}).values():
        yield from walked(child)


def strings(proto: Any, where: str) -> Iterator[tuple[str, str]]:
    name = proto.DESCRIPTOR.name
    if name in PLAIN_ELEMENTS:
        return
    for field, value in proto.ListFields():
        if field.name in PLAIN_FIELDS and not (field.name == "options" and name in MARKDOWN_OPTIONS):
            continue
        for one in (
            value if isinstance(value, list) or hasattr(value, "add") or hasattr(value, "append") else [value]
        ):
            if hasattr(one, "DESCRIPTOR"):
                yield from strings(one, f"{where}.{field.name}")
            elif isinstance(one, str):
                yield f"{where}.{field.name}", one


def alive(test: AppTest) -> list[tuple[str, str]]:
    assert not test.exception, [e.value for e in test.exception]
    return [(where, text) for where, text in drawn(test) if LIVE.search(text)]


def shows_the_attack(test: AppTest) -> bool:
    return any("zq" in text for _where, text in drawn(test))


def test_the_detector_finds_what_is_not_escaped() -> None:
    assert LIVE.search(ATTACK)

    def page() -> None:
        import streamlit as st

        from pages.parts import plain
        from tests.security.poison import ATTACK

        st.caption(ATTACK)
        st.button("x", help=ATTACK)
        st.pills("x", [ATTACK])
        st.expander(ATTACK)
        st.text(ATTACK)
        st.selectbox("x", [ATTACK])
        st.markdown(plain(ATTACK))

    found = [where for where, _text in alive(AppTest.from_function(page).run())]
    assert len(found) == 4, found


@pytest.mark.parametrize("page", PAGES)
def test_no_page_draws_what_others_wrote(visit: Any, page: str) -> None:
    test = visit(page)
    assert not alive(test)
    if page not in ("logs", "welcome", "queue"):  # words in tables draw nothing; the queue is empty
        assert shows_the_attack(test), "the attack is not on the page: this test proves nothing"


@pytest.mark.parametrize("offer", ["ready", "failed"], indirect=True)
@pytest.mark.parametrize("part", ["products", "orders", "places"])
def test_no_part_of_a_link_does(visit: Any, part: str) -> None:
    test = visit("settings", section="links", part=part)
    assert not alive(test)
    assert shows_the_attack(test)


@pytest.mark.parametrize("offer", ["failed"], indirect=True)
def test_no_reason_why_places_are_missing_does(visit: Any) -> None:
    links = application.shared().links
    link, *_ = links.all()
    links.set_locations(link.id, {})
    test = visit("settings", section="links", part="places")
    links.set_locations(link.id, link.locations)
    assert not alive(test)
    assert "There is no host" in "".join(text for _where, text in drawn(test))


def test_no_question_before_a_deletion_does(visit: Any) -> None:
    for section in ("connections", "links"):
        test = visit("settings", section=section)
        openers = [b.key for b in test.button if b.key and b.key.startswith(("delete_", "edit_", "add_"))]
        assert openers
        for key in openers:
            assert not alive(visit("settings", section=section).button(key=key).click().run()), key


@pytest.mark.parametrize("page", ["run", "logs", "needs_you"])
def test_no_detail_of_a_row_does(visit: Any, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest cannot tick a row of a table; the table says here that the first one is ticked."""
    really = st.dataframe

    def ticked(*args: Any, **options: Any) -> Any:
        really(*args, **options)
        return SimpleNamespace(selection=SimpleNamespace(rows=[0], columns=[]))

    monkeypatch.setattr(st, "dataframe", ticked)
    every = [line.run.id for line in runs.recent(application.shared(), limit=20)] if page == "run" else [""]
    for run_id in every:
        test = visit(page, **({"id": run_id} if run_id else {}))
        assert not alive(test), run_id
        assert shows_the_attack(test)


def test_no_outcome_of_a_decision_does(visit: Any) -> None:
    test = visit("needs_you")
    for button in [b.key for b in test.button if b.key and b.key.startswith(("bind_", "skip_", "create_"))][
        :4
    ]:
        assert not alive(visit("needs_you").button(key=button).click().run())
