"""The settings page opened in AppTest, on platforms that live in the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from console import access, state
from console.state import Shell
from storage.users import User
from sync import application
from sync.application import Application
from sync.connectors import registry
from sync.managers.verbs import ConnectionVerbs, LinkVerbs
from sync.model.entity import Entity
from sync.model.flow import Flow, Link
from tests.unit.verbs.world import SENTOS_FORM, SHOPIFY_FORM, World, furnished

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = furnished()
    monkeypatch.setattr(registry, "SPECS", {**registry.SPECS, **made.specs()})
    return made


@pytest.fixture
def ws(shell: Shell, world: World) -> Iterator[Application]:
    """The workspace of the shell, on the test's platforms."""
    yield application.shared()
    world.gate.set()


@pytest.fixture
def link(ws: Application) -> Link:
    """Both accounts connected and linked; both flows off."""
    verbs = ConnectionVerbs(ws)
    erp, shop = verbs.add("sentos", "ERP", *SENTOS_FORM), verbs.add("shopify", "Shop", *SHOPIFY_FORM)
    return LinkVerbs(ws).add("Moda", erp.id, shop.id)


class Page:
    """The settings as one user sees them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, user: User, shell: Shell, **query: str) -> None:
        token = shell.sessions.start(user)
        monkeypatch.setattr(access, "token", lambda: token)
        self.at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in query.items():
            self.at.query_params[name] = value
        self.at.run()
        self.at.switch_page("pages/settings.py").run()
        assert not self.at.exception

    def press(self, key: str) -> None:
        """Press the button whose key begins so."""
        self.find(self.at.button, key).click().run()
        assert not self.at.exception, self.at.exception

    def submit(self, opener: str, key: str) -> None:
        """Press a button inside a dialog. (AppTest draws the whole page where a browser draws the dialog
        alone: it has to be opened in the same run.)
        """
        self.find(self.at.button, opener).click()
        self.press(key)

    def confirm(self, opener: str, question: str, word: str) -> None:
        """Open a question, type the word, and agree."""
        self.press(opener)
        self.fill(f"{question}_phrase", word)
        self.press(opener)
        self.submit(opener, f"{question}_do")

    def fill(self, key: str, value: Any) -> None:
        """Type into the text input whose key ends so."""
        self.find(self.at.text_input, key).input(value)

    def find(self, elements: Any, key: str) -> Any:
        return next(
            e for e in elements if e.key and (e.key == key or e.key.startswith(key) or e.key.endswith(key))
        )

    @property
    def errors(self) -> str:
        """All that is said in red, without the signs that keep it from being Markdown."""
        return " ".join(str(e.value) for e in self.at.error).replace("\\", "")

    @property
    def text(self) -> str:
        kinds = (
            self.at.title,
            self.at.subheader,
            self.at.caption,
            self.at.markdown,
            self.at.info,
            self.at.warning,
            self.at.code,
        )
        return "\n".join(str(e.value) for kind in kinds for e in kind).replace("\\", "")

    @property
    def toasts(self) -> str:
        """What the frame will show with the next page."""
        waiting = self.at.session_state.get("_toasts", [])
        return " ".join(text for text, _ in waiting).replace("\\", "")


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch, ws: Application, admin: User) -> Any:
    """Open the settings; keywords go into the address."""
    return lambda **query: Page(monkeypatch, admin, state.shared(), **query)


def flow_of(ws: Application, link: Link, entity: Entity) -> Flow:
    return next(f for f in ws.links.flows(link.id) if f.entity is entity)
