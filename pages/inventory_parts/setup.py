"""Setting up stock from a store or an ERP to stores, on one screen: stores, locations, options, start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from pages.inventory_parts.mapping import pick_mapping
from pages.inventory_parts.options import all_options
from pages.parts import _, empty_state, ngettext, plain, render, section
from pages.settings_parts.base import attempt
from pages.settings_parts.connection_forms import add_dialog
from pages.sync_parts.before_run import Start, want
from pages.sync_parts.common import may_configure, pressed, space, who
from sync.managers.verbs import ConnectionVerbs
from sync.managers.verbs.ground import WAIT
from sync.managers.verbs.offers import offers_of
from sync.managers.verbs.stock import StockVerbs
from sync.managers.verbs.stock_rules import has_orders
from sync.managers.views import stock
from sync.model.flow import Connection, StockSettings
from sync.model.run import Mode

OPEN = "setup"
_KEY = "setup_stock"
_REFUSED = f"{_KEY}_refused"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the screen asks for. `places` by target; `taken` are product flows that leave stock to it."""

    source: str
    places: Mapping[str, Mapping[str, tuple[str, ...]]]
    settings: StockSettings
    taken: tuple[str, ...]


def asked() -> bool:
    """Does the address ask for the set-up?"""
    return OPEN in st.query_params and may_configure()


def open_button(*, primary: bool) -> None:
    """The way to the set-up, for who may configure."""
    if may_configure():
        st.button(
            _("Set up stock"),
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
    sources = {c.id: c for c in stock.sources(space())}
    ends = {c.id: c for c in stock.targets(space())}
    known = {**sources, **ends}
    if not ends or len(known) < 2:
        _connect_first(len(known))
        return
    source, targets = _stores(sources, ends)
    places = _locations(known, source, targets)
    taken, relieved = _taken_over(source, places)
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
        with_orders = any(has_orders(known[source].platform, known[one].platform) for one in targets)
        settings = all_options(StockSettings(), names, _KEY, with_orders=with_orders or not targets)
    ready = relieved and bool(source and targets) and all(places.get(target) for target in targets)
    _foot(_Wanted(source, places, settings, tuple(taken)), ready=ready)
    if not relieved:
        st.caption(
            ":material/info: " + _("Tick above that the stock is taken over: a location has one writer.")
        )


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


def _stores(sources: Mapping[str, Connection], ends: Mapping[str, Connection]) -> tuple[str, list[str]]:
    names = {c.id: c.name for c in (*sources.values(), *ends.values())}
    # A store before an ERP, but only if another one is left as its target.
    open_to = {one: set(ends) - {one} - set(stock.fed_already(space(), one)) for one in sources}
    first = next((one for one in [*ends, *sources] if open_to.get(one)), "")
    with st.container(border=True, key=f"{_KEY}_stores"):
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(width="stretch"):
                section(_("1. Stores"), _("Stock flows from the source to the targets, never back."))
            _connect_button()
        with st.grid(columns=2, min_column_width=280, gap="medium"):
            source = st.selectbox(
                _("Source"),
                list(sources),
                index=list(sources).index(first) if first else 0,
                key=f"{_KEY}_source",
                format_func=names.__getitem__,
            )
            others = [one for one in ends if one in open_to.get(source, ())]
            targets = st.multiselect(
                _("Targets"),
                others,
                default=others[:1],
                key=f"{_KEY}_targets_{source}",
                format_func=names.__getitem__,
                help=_("One source may feed several stores."),
                placeholder=_("Choose"),
            )
        if source:
            _fed_already(source, names)
    return source or "", list(targets)


def _fed_already(source: str, names: Mapping[str, str]) -> None:
    """Stores that are no choice here, because their options would become those of this screen."""
    for target, link in stock.fed_already(space(), source).items():
        with st.container(horizontal=True, vertical_alignment="center", key=f"{_KEY}_fed_{target}"):
            st.caption(
                ":material/info: "
                + render(
                    _("{a} → {b} is set up already."),
                    a=plain(names.get(source, "–")),
                    b=plain(names.get(target, "–")),
                )
            )
            st.page_link(
                "pages/settings.py",
                label=_("Its locations and options"),
                icon=":material/tune:",
                query_params={"section": "links", "link": link, "part": "stock"},
            )


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
                        offers.get(source, kind),
                        offers.get(target, "locations"),
                        f"{_KEY}_{source}_{target}",
                        stock.mapped(space(), source, target),
                    )
        if not targets:
            st.caption(_("Choose at least one target."))
    return found


def _taken_over(source: str, places: Mapping[str, Mapping[str, object]]) -> tuple[list[str], bool]:
    """Product flows that write this stock now: (those that somebody ticked, are these all?)."""
    found = {
        one.flow.id: one
        for target, chosen in places.items()
        for one in stock.carriers(space(), source, target, chosen)
    }
    if not found:
        return [], True
    with st.container(border=True, key=f"{_KEY}_taken"):
        section(
            _("Stock that a product flow writes"),
            _("A location has one writer. The product flow goes on with everything else."),
        )
        ticked = [
            flow_id
            for flow_id, one in found.items()
            if st.checkbox(
                render(_("Take the stock over from the product flow of {link}"), link=plain(one.link.name)),
                key=f"{_KEY}_take_{flow_id}",
            )
        ]
    return ticked, len(ticked) == len(found)


def _foot(begin: _Wanted, *, ready: bool) -> None:
    with st.container(border=True, key=f"{_KEY}_foot"):
        st.markdown(
            "**"
            + _("Start brings every matched item into step once.")
            + "** :gray["
            + _("The safety check stops it before the first write if something looks wrong.")
            + "]"
        )
        if refused := st.session_state.pop(_REFUSED, ""):
            st.error(refused, icon=":material/front_hand:")
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.button(_("Cancel"), key=f"{_KEY}_cancel", on_click=_close)
            pressed(
                _("Preview first"),
                lambda: _begin(begin, Mode.PREVIEW),
                key=f"{_KEY}_preview",
                icon=":material/visibility:",
                disabled=not ready,
                help=_("Makes a plan and writes nothing."),
            )
            pressed(
                _("Start"),
                lambda: _begin(begin, Mode.FULL),
                key=f"{_KEY}_start",
                type="primary",
                icon=":material/play_arrow:",
                disabled=not ready,
            )


def _begin(wanted: _Wanted, mode: Mode) -> None:
    """Make the links, and want the first run of each; the page that is drawn next starts them. A refusal is
    told beside the button."""

    def do() -> None:
        verbs, given = StockVerbs(space()), (wanted.source, wanted.places, wanted.settings, who())
        made = verbs.set_up(*given, take_over=wanted.taken)
        want([Start(flow.id, mode) for flow in made])

    if not may_configure():
        return
    refused = attempt(do)
    if refused:
        st.session_state[_REFUSED] = refused
    else:
        _close()
        st.session_state["view_chooser"] = "overview"  # shows every run under way
