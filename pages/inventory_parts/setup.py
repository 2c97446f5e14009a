"""Setting up stock from one store to others, on one screen: stores, locations, options, start."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.inventory_parts.mapping import pick_mapping
from pages.inventory_parts.options import all_options
from pages.parts import _, empty_state, ngettext, plain, section
from pages.settings_parts.connection_forms import add_dialog
from pages.sync_parts.before_run import Start, want
from pages.sync_parts.common import act, may_configure, space, who
from sync.managers.verbs import ConnectionVerbs
from sync.managers.verbs.ground import WAIT
from sync.managers.verbs.offers import offers_of
from sync.managers.verbs.stock import StockVerbs
from sync.managers.views import stock
from sync.model.flow import Connection, StockSettings
from sync.model.run import Mode

OPEN = "setup"
_KEY = "setup_stock"


def asked() -> bool:
    """Does the address ask for the set-up?"""
    return OPEN in st.query_params and may_configure()


def open_button(*, primary: bool) -> None:
    """The way to the set-up, for who may configure."""
    if may_configure():
        st.button(
            _("Set up a store"),
            icon=":material/add:",
            key="open_setup",
            type="primary" if primary else "secondary",
            on_click=_open,
        )


def _open() -> None:
    st.query_params[OPEN] = "1"


def _close() -> None:
    st.query_params.pop(OPEN, None)


def draw() -> None:
    """The whole screen."""
    usable = set(stock.connections_for(space()))
    ends = {c.id: c for c in space().connections.all() if c.id in usable and c.status == "connected"}
    if len(ends) < 2:
        _connect_first(len(ends))
        return
    source, targets = _stores(ends)
    places = _locations(ends, source, targets)
    names = {
        place: name
        for target in targets
        for place, name in offers_of(space()).get(target, "locations").names().items()
        if place in places.get(target, {})
    }
    with st.expander(
        _("Options: buffer, edits at the target, missing items"),
        icon=":material/tune:",
        key=f"{_KEY}_options",
    ):
        settings = all_options(StockSettings(), names, _KEY)
    _foot(source, targets, places, settings)


def _connect_first(connected: int) -> None:
    with empty_state(
        "storefront",
        _("Connect two stores first"),
        ngettext(
            "{count} store is connected. Stock needs a source and at least one target.",
            "{count} stores are connected. Stock needs a source and at least one target.",
            connected,
        ),
    ):
        _connect_button()
        st.page_link("pages/welcome.py", label=_("Try it on the sandbox"), icon=":material/science:")


def _connect_button() -> None:
    """The form of a store's credentials, here."""
    if st.button(_("Connect a store"), key=f"{_KEY}_connect", icon=":material/add_link:"):
        add_dialog(ConnectionVerbs(space()), "shopify")


def _stores(ends: Mapping[str, Connection]) -> tuple[str, list[str]]:
    names = {c.id: c.name for c in ends.values()}
    shops = [c.id for c in ends.values() if c.platform == "shopify"]
    with st.container(border=True, key=f"{_KEY}_stores"):
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(width="stretch"):
                section(_("1. Stores"), _("Stock flows from the source to the targets, never back."))
            _connect_button()
        with st.grid(columns=2, min_column_width=280, gap="medium"):
            source = st.selectbox(
                _("Source"),
                list(names),
                index=list(names).index(shops[0]) if shops else 0,
                key=f"{_KEY}_source",
                format_func=names.__getitem__,
            )
            others = [one for one in shops if one != source]
            targets = st.multiselect(
                _("Targets"),
                others,
                default=others[:1],
                key=f"{_KEY}_targets_{source}",
                format_func=names.__getitem__,
                help=_("One source may feed several stores."),
                placeholder=_("Choose"),
            )
    return source or "", list(targets)


def _locations(
    ends: Mapping[str, Connection], source: str, targets: list[str]
) -> dict[str, dict[str, tuple[str, ...]]]:
    offers = offers_of(space())
    kind = "locations" if ends[source].platform == "shopify" else "warehouses"
    offers.warm([(source, kind), *((target, "locations") for target in targets)], WAIT)
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    with st.container(border=True, key=f"{_KEY}_places"):
        section(
            _("2. Locations"),
            _("Several locations of the source may be added up; one that is left alone is never written."),
        )
        with st.grid(columns=max(1, min(3, len(targets))), min_column_width=280, gap="medium"):
            for target in targets:
                with st.container(gap="xsmall", key=f"{_KEY}_target_{target}"):
                    st.markdown(f"**{plain(ends[target].name)}**")
                    found[target] = pick_mapping(
                        offers.get(source, kind), offers.get(target, "locations"), f"{_KEY}_{source}_{target}"
                    )
        if not targets:
            st.caption(_("Choose at least one target."))
    return found


def _foot(
    source: str,
    targets: list[str],
    places: dict[str, dict[str, tuple[str, ...]]],
    settings: StockSettings,
) -> None:
    ready = bool(source and targets) and all(places.get(target) for target in targets)
    begin = (source, {target: places.get(target, {}) for target in targets}, settings)
    with st.container(border=True, key=f"{_KEY}_foot"):
        st.markdown(
            "**"
            + _("Start brings every matched item into step once.")
            + "** :gray["
            + _("The safety check stops it before the first write if something looks wrong.")
            + "]"
        )
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.button(_("Cancel"), key=f"{_KEY}_cancel", on_click=_close)
            st.button(
                _("Preview first"),
                key=f"{_KEY}_preview",
                icon=":material/visibility:",
                disabled=not ready,
                help=_("Makes a plan and writes nothing."),
                on_click=_begin,
                args=(*begin, Mode.PREVIEW),
            )
            st.button(
                _("Start"),
                key=f"{_KEY}_start",
                type="primary",
                icon=":material/play_arrow:",
                disabled=not ready,
                on_click=_begin,
                args=(*begin, Mode.FULL),
            )


def _begin(
    source: str, targets: Mapping[str, Mapping[str, tuple[str, ...]]], settings: StockSettings, mode: Mode
) -> None:
    """Make the links, and want the first run of each; the page that is drawn next starts them."""

    def do() -> None:
        verbs = StockVerbs(space())
        made = verbs.set_up(source, targets, settings, who())
        want([Start(flow.id, mode) for flow in made])

    if act(do):
        _close()
        st.session_state["view_chooser"] = "overview"  # shows every run under way
