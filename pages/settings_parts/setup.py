"""The first steps of an own installation: two connections, a link, a test of five. Gone once a run has
ended."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts import _, plain, render, section
from pages.settings_parts.base import act, attempt, lead_to
from pages.settings_parts.connection_forms import add_dialog, edit_dialog
from sync.application import Application
from sync.managers.verbs import ConnectionVerbs, LinkVerbs
from sync.model.entity import Entity
from sync.model.flow import Connection

STORE = "shopify"
FIRST_PLATFORMS = ("sentos", STORE)


@dataclass(frozen=True)
class Step:
    """One of the steps: done, or next (`open`), or to come."""

    title: str
    text: str
    done: bool
    open: bool


def draw(ws: Application) -> None:
    """The steps, until own accounts have had their first run; sandboxes do not count."""
    verbs, links = ConnectionVerbs(ws), LinkVerbs(ws)
    own = {c.id: c for c in verbs.all() if not c.sandbox}
    linked = {link.id for link in ws.links.all() if link.a in own and link.b in own}
    if any(ws.runs.list(flow_id=flow.id, limit=1) for flow in ws.links.flows() if flow.link_id in linked):
        return
    found = [c for c in own.values() if c.identity and c.status != "failed"]
    names = [verbs.platforms()[p].title for p in FIRST_PLATFORMS if p in verbs.platforms()]
    with st.container(border=True, key="setup"):
        if not _only_stores(found):
            _four_steps(verbs, links, found, _steps(found, bool(linked), names))
        _between_stores(verbs, found)


def _only_stores(found: list[Connection]) -> bool:
    """Two Shopify stores and nothing else: who has these came for stock between them."""
    return len(found) > 1 and {c.platform for c in found} == {STORE}


def _between_stores(verbs: ConnectionVerbs, found: list[Connection]) -> None:
    """The other way to begin: stock from store to store, without products or orders."""
    stores = sum(c.platform == STORE for c in found)
    with st.container(horizontal=True, vertical_alignment="center", key="setup_stores"):
        st.markdown(
            ":material/inventory_2: "
            + _("Stock between Shopify stores: connect two stores, then Set up stock."),
            width="stretch",
        )
        if st.button(_("Connect a store"), key="setup_store", icon=":material/add_link:"):
            add_dialog(verbs, STORE)
        if stores > 1:
            st.page_link(
                "pages/inventory.py",
                label=_("Set up stock"),
                icon=":material/arrow_forward:",
                query_params={"setup": "1"},
            )


def _four_steps(verbs: ConnectionVerbs, links: LinkVerbs, found: list[Connection], steps: list[Step]) -> None:
    """Products and orders between Sentos and a store."""
    section(
        _("Connect your own"),
        _("Four steps. Nothing is written to your shop before the last one, and then to five products only."),
    )
    with st.grid(columns=4, min_column_width=190, gap="small"):
        for n, step in enumerate(steps, 1):
            with st.container(border=True, height="stretch", key=f"setup_{n}", gap="xsmall"):
                _step(n, step)
                st.space("stretch")
                if step.open:
                    _way_on(n, verbs, links, found)


def _steps(found: list[Connection], linked: bool, names: list[str]) -> list[Step]:
    """A second connection of any kind counts as the other side."""
    connected = len(found)
    platforms = {c.platform for c in found}
    first = FIRST_PLATFORMS[0] in platforms or connected > 1
    second = FIRST_PLATFORMS[1] in platforms or connected > 1
    one, other = (*names, "–", "–")[:2]
    return [
        Step(
            render("Connect {name}", name=one),
            _("Firm name, key and secret from its panel."),
            first,
            not first,
        ),
        Step(
            render("Connect {name}", name=other),
            _("Shop domain, and an app's client id and secret."),
            second,
            first and not second,
        ),
        Step(
            _("Link the two"),
            _("Products go to the shop; its orders come back later."),
            linked,
            first and second and not linked,
        ),
        Step(
            _("Test with five"), _("The first five products that differ. You see each change."), False, linked
        ),
    ]


def _step(n: int, step: Step) -> None:
    if step.done:
        st.badge(_("Done"), icon=":material/check_circle:", color="green")
    else:
        st.badge(render("Step {n}", n=n), color="blue" if step.open else "gray")
    st.markdown(f"**{step.title}**")
    st.caption(step.text)


def _way_on(n: int, verbs: ConnectionVerbs, links: LinkVerbs, found: list[Connection]) -> None:
    if n in (1, 2):
        _to_form(n, verbs)
    elif n == 3:
        if len(found) == 2 and st.button(
            _("Link them"), key="setup_link", type="primary", icon=":material/link:"
        ):
            act(
                lambda: make_link(links, called(found[0], found[1]), found[0].id, found[1].id),
                doing=_("Linking…"),
            )
        if len(found) > 2:
            st.button(
                _("Choose the two"),
                key="setup_to_links",
                icon=":material/link:",
                on_click=lead_to,
                kwargs={"section": "links"},
            )
    else:
        st.page_link("pages/sync.py", label=_("Open Sync"), icon=":material/play_arrow:")


def _to_form(n: int, verbs: ConnectionVerbs) -> None:
    """The form of the step's platform; one that was saved and failed is mended, not added again."""
    platform = FIRST_PLATFORMS[n - 1]
    broken = next((c for c in verbs.all() if c.platform == platform and not c.sandbox), None)
    label, icon = (_("Mend it"), "edit") if broken else (_("Open the form"), "add_link")
    if st.button(label, key=f"setup_form_{n}", type="primary", icon=f":material/{icon}:"):
        if broken:
            edit_dialog(verbs, broken)
        else:
            add_dialog(verbs, platform)


def called(one: Connection, other: Connection) -> str:
    """What a link is called unless somebody names it."""
    return f"{one.name} ⇄ {other.name}"[:80]


def make_link(links: LinkVerbs, name: str, one: str, other: str) -> None:
    """Make the link and switch its products on, so that a preview or a test can follow at once. A flow that
    cannot be switched on yet stays off; its card says why when it is tried there."""
    made = links.add(name, one, other)
    product = next(flow for flow in links.ws.links.flows(made.id) if flow.entity is Entity.PRODUCT)
    if refused := attempt(
        lambda: links.enable(product.id), render("{name} is linked.", name=plain(made.name))
    ):
        st.session_state["settings_refused"] = refused
