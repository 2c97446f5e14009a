"""The product flow's settings: what is synchronised, how products find each other, prices, new products,
brakes."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts import N_, _, render, section, text_column
from pages.settings_parts.base import act, foot, warm
from pages.settings_parts.brakes import PRODUCT_BRAKES, draw_brakes
from pages.settings_parts.pickers import edit_rows, pick_many, pick_one, tags
from pages.settings_parts.places import draw_summary
from pages.settings_parts.schedule_card import draw_head, draw_schedule
from sync.application import Application
from sync.managers.verbs import LinkVerbs
from sync.managers.verbs.ground import SOURCE_FIELDS, Ground
from sync.managers.verbs.product_rules import DRIFTS, MATCH_KEYS, NEW_STATUSES
from sync.model.fields import ALL_FIELDS
from sync.model.flow import FieldMap, Flow, ProductFilter, ProductSettings

KEYS = {"sku": N_("SKU"), "handle": N_("Handle"), "barcode": N_("Barcode")}
STATUSES = {"draft": N_("Draft"), "active": N_("Active")}
DRIFT = {"keep": N_("Keep it and report it"), "restore": N_("Put the source's value back")}


def draw(ws: Application, verbs: LinkVerbs, flow: Flow) -> None:
    """The whole form."""
    ground = verbs.ground(flow)
    lists = ((ground.source, "price_lists"), (ground.target, "channels"))
    places = ((ground.target, "locations"), (ground.source, "warehouses"))
    warm(ws, [(end.id, what) for end, what in (*lists, *places)])
    draw_head(verbs, flow, _("Products"), _("Catalogue, prices, pictures and stock."))
    with st.grid(columns=2, min_column_width=320, gap="medium"):
        draw_schedule(verbs, flow)
        draw_summary(verbs, ground.link)
    key = f"products_{flow.id}_{flow.version}"
    with st.form(key, border=False):
        wanted = _settings(flow.products, ground, key)
        pressed = foot(_("Save product settings"), f"{key}_save")
    if pressed:
        act(lambda: verbs.save(replace(flow, products=wanted)), _("Saved."), _("Checking…"))


def _settings(s: ProductSettings, ground: Ground, key: str) -> ProductSettings:
    """All inputs; what stands in them."""
    s = _fields(s, ground, key)
    with st.grid(columns=2, min_column_width=320, gap="medium"):
        for part in (_prices, _new_products, _matching, _drift):
            with st.container(border=True, height="stretch"):
                s = part(s, ground, key)
    with st.expander(_("Custom field mapping"), icon=":material/swap_horiz:", key=f"{key}_map_box"):
        s = _mappings(s, ground, key)
    with st.expander(
        _("Filters: which products take part"), icon=":material/filter_alt:", key=f"{key}_filter_box"
    ):
        s = _filters(s, ground, key)
    with st.expander(
        _("Brakes: when a run stops before its first write"),
        icon=":material/front_hand:",
        key=f"{key}_brake_box",
    ):
        return _brakes(s, ground, key)


def _fields(s: ProductSettings, ground: Ground, key: str) -> ProductSettings:
    offered = ground.offered()
    with st.container(border=True):
        section(
            _("Fields to synchronise"),
            _("Only what both sides can handle is offered. What is not chosen is never touched."),
        )
        chosen = st.pills(
            _("Fields"),
            offered,
            selection_mode="multi",
            default=[n for n in offered if n in s.fields],
            key=f"{key}_fields",
            format_func=lambda name: _(ALL_FIELDS[name].label),
            label_visibility="collapsed",
        )
    fed = [name for name in s.fields if name not in offered]
    return replace(s, fields=(*(chosen or ()), *fed))


def _prices(s: ProductSettings, ground: Ground, key: str) -> ProductSettings:
    section(_("Prices"))
    lists = ground.choices("source", "price_lists", wait=0)
    price_list = pick_one(_("The shop's price is the price list"), lists, s.price_list, f"{key}_list")
    currency = st.text_input(
        _("Currency"),
        s.currency,
        max_chars=3,
        key=f"{key}_currency",
        help=_("Prices in another currency are left as they are and reported."),
    )
    fallback = st.toggle(
        _("Without a price there, take the product's plain price"), s.price_fallback, key=f"{key}_fallback"
    )
    zero = st.toggle(
        _("Never write a price of zero"),
        s.zero_price_protection,
        key=f"{key}_zero",
        help=_("A product without a price keeps the one that it has."),
    )
    return replace(
        s,
        price_list=price_list,
        currency=(currency or "").strip(),
        price_fallback=fallback,
        zero_price_protection=zero,
    )


def _new_products(s: ProductSettings, ground: Ground, key: str) -> ProductSettings:
    section(_("New products"))
    status = st.segmented_control(
        _("They are created as"),
        NEW_STATUSES,
        default=s.new_status,
        required=True,
        key=f"{key}_status",
        format_func=lambda one: _(STATUSES[one]),
        help=_("A draft is not visible in the shop until you publish it."),
    )
    channels = pick_many(
        _("Sales channels"),
        ground.choices("target", "channels", wait=0),
        s.channels,
        f"{key}_channels",
        help=_("New products are published there. None: they are published nowhere."),
    )
    return replace(s, new_status=status or s.new_status, channels=channels)


def _matching(s: ProductSettings, ground: Ground, key: str) -> ProductSettings:
    section(_("Matching"))
    keys = st.multiselect(
        _("Products that exist on both sides are found by"),
        MATCH_KEYS,
        default=list(s.match_keys),
        key=f"{key}_match",
        format_func=lambda one: _(KEYS[one]),
        help=_("In this order. A title alone never binds: it asks you."),
    )
    return replace(s, match_keys=tuple(keys))


def _drift(s: ProductSettings, ground: Ground, key: str) -> ProductSettings:
    section(_("Edits made in the shop"))
    drift = st.radio(
        _("When somebody changes a synchronised field there"),
        DRIFTS,
        index=DRIFTS.index(s.drift),
        key=f"{key}_drift",
        format_func=lambda one: _(DRIFT[one]),
    )
    return replace(s, drift=drift or s.drift)


def _mappings(s: ProductSettings, ground: Ground, key: str) -> ProductSettings:
    st.caption(
        _(
            "Source: a field, `extra.…` for a field of the platform's own, or `=text` for a constant. "
            "Target: a field, `tag`, or `metafield:namespace.key`."
        )
    )
    st.caption(render("Fields: {fields}", fields=" ".join(f"`{name}`" for name in SOURCE_FIELDS)))
    rows = edit_rows(
        [{"source": m.source, "target": m.target} for m in s.mappings],
        {"source": text_column(_("Source")), "target": text_column(_("Target"))},
        f"{key}_mappings",
    )
    return replace(s, mappings=tuple(FieldMap(row["source"], row["target"]) for row in rows))


def _filters(s: ProductSettings, ground: Ground, key: str) -> ProductSettings:
    f = s.filters
    with st.grid(columns=2, min_column_width=260, gap="small"):
        brands = tags(_("Brands"), f.brands, f"{key}_brands", help=_("Empty means all."))
        categories = tags(_("Categories"), f.categories, f"{key}_categories")
        skus = tags(_("SKUs"), f.skus, f"{key}_skus")
        title = st.text_input(_("Title contains"), f.title_contains, key=f"{key}_title", max_chars=100)
    stock = st.toggle(_("Only what is in stock"), f.in_stock_only, key=f"{key}_in_stock")
    return replace(s, filters=ProductFilter(brands, categories, skus, (title or "").strip(), stock))


def _brakes(s: ProductSettings, ground: Ground, key: str) -> ProductSettings:
    return replace(s, brakes=draw_brakes(s.brakes, PRODUCT_BRAKES, key, columns=3))
