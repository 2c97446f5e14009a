"""The order flow's settings: which orders, where they go, how money, tax and states are written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import streamlit as st

from pages.parts import N_, _, day_format, local, reader, section, shown, text_column
from pages.settings_parts import older_orders
from pages.settings_parts.base import act, foot, warm
from pages.settings_parts.pickers import edit_rows, pick_one, tags
from pages.settings_parts.schedule_card import draw_head, draw_schedule
from sync.application import Application
from sync.managers.verbs import LinkVerbs
from sync.managers.verbs.ground import Ground
from sync.managers.verbs.offers import Offer
from sync.managers.verbs.order_rules import (
    BACK_VERBS,
    FINANCIAL,
    FULFILMENT,
    MOST_ORDERS,
    SERVICES,
    STATUS_WORDS,
)
from sync.model.flow import Flow, OrderSettings

WORDS = {
    "authorized": N_("Authorised"),
    "expired": N_("Expired"),
    "paid": N_("Paid"),
    "partially_paid": N_("Partly paid"),
    "partially_refunded": N_("Partly refunded"),
    "pending": N_("Payment pending"),
    "refunded": N_("Refunded"),
    "voided": N_("Voided"),
    "fulfilled": N_("Fulfilled"),
    "in_progress": N_("In progress"),
    "on_hold": N_("On hold"),
    "open": N_("Open"),
    "partially_fulfilled": N_("Partly fulfilled"),
    "pending_fulfillment": N_("Fulfilment pending"),
    "request_declined": N_("Request declined"),
    "restocked": N_("Restocked"),
    "scheduled": N_("Scheduled"),
    "unfulfilled": N_("Unfulfilled"),
    "cancelled": N_("Cancelled"),
}
BACK = {"fulfil": N_("Fulfil in the shop, with tracking"), "propose_cancel": N_("Ask me whether to cancel")}
SERVICE_NAMES = {
    "tip": N_("Tip"),
    "duties": N_("Duties"),
    "fee": N_("Additional fee"),
    "gift_card": N_("Gift card"),
    "rounding": N_("Cash rounding"),
}
LISTS = ("sales_channels", "warehouses", "payment_methods", "order_statuses")


def draw(ws: Application, verbs: LinkVerbs, flow: Flow) -> None:
    """The whole form."""
    ground = verbs.ground(flow)
    warm(ws, [(ground.target.id, what) for what in LISTS])
    draw_head(verbs, flow, _("Orders"), _("New orders of the shop, once each, and their shipping back."))
    with st.grid(columns=2, min_column_width=320, gap="medium"):
        draw_schedule(verbs, flow)
        older_orders.draw(verbs, flow)
    key = f"orders_{flow.id}_{flow.version}"
    with st.form(key, border=False):
        wanted = _settings(flow.orders, ground, key)
        pressed = foot(_("Save order settings"), f"{key}_save")
    if pressed:
        act(lambda: verbs.save(replace(flow, orders=wanted)), _("Saved."), _("Checking…"))


def _settings(s: OrderSettings, ground: Ground, key: str) -> OrderSettings:
    with st.grid(columns=2, min_column_width=320, gap="medium"):
        for part in (_destination, _which, _money, _invoice):
            with st.container(border=True, height="stretch"):
                s = part(s, ground, key)
    with st.expander(
        _("Payments: the shop's ways of paying"), icon=":material/payments:", key=f"{key}_pay_box"
    ):
        s = _payments(s, ground, key)
    with st.expander(_("Statuses, both ways"), icon=":material/sync_alt:", key=f"{key}_status_box"):
        s = _statuses(s, ground, key)
    with st.expander(
        _("Tips, fees and other extras"), icon=":material/add_shopping_cart:", key=f"{key}_extra_box"
    ):
        s = _services(s, ground, key)
    with st.expander(
        _("Brakes: when a run stops before its first write"),
        icon=":material/front_hand:",
        key=f"{key}_brake_box",
    ):
        return _brakes(s, ground, key)


def _destination(s: OrderSettings, ground: Ground, key: str) -> OrderSettings:
    section(_("Where they go"))
    channels = ground.choices("target", "sales_channels", wait=0)
    channel = pick_one(
        _("Sales channel"),
        channels,
        s.sales_channel,
        f"{key}_channel",
        help=_("Under which the orders appear there."),
        nothing=_nothing(channels),
    )
    warehouses = ground.choices("target", "warehouses", wait=0)
    warehouse = pick_one(
        _("Booking warehouse"),
        warehouses,
        s.warehouse,
        f"{key}_warehouse",
        help=_("Its stock goes down when an order is accepted."),
        nothing=_nothing(warehouses),
    )
    start = st.date_input(
        _("Goes live on"),
        value=local(s.go_live_at).date() if s.go_live_at else None,
        key=f"{key}_live",
        format=day_format(),
        help=_("Orders placed before are left alone. Empty: the moment at which you switch the flow on."),
    )
    if s.go_live_at:
        st.caption(shown(s.go_live_at))
    return replace(s, sales_channel=channel, warehouse=warehouse, go_live_at=_moment(start, s.go_live_at))


def _nothing(offer: Offer) -> str:
    """What no choice means: a single one is taken by itself."""
    return _("Choose") if len(offer.items) != 1 else offer.items[0].name


def _which(s: OrderSettings, ground: Ground, key: str) -> OrderSettings:
    section(_("Which orders"))
    financial = st.multiselect(
        _("Payment status"), FINANCIAL, default=list(s.financial), key=f"{key}_financial", format_func=_word
    )
    fulfilment = st.multiselect(
        _("Fulfilment status"),
        FULFILMENT,
        default=list(s.fulfilment),
        key=f"{key}_fulfilment",
        format_func=_word,
        placeholder=_("Any"),
    )
    some = tags(_("Only with one of these tags"), s.tags_any, f"{key}_tags_any")
    none = tags(_("Never with one of these tags"), s.tags_none, f"{key}_tags_none")
    test = st.toggle(_("Test orders too"), s.test_orders, key=f"{key}_test")
    return replace(
        s,
        financial=tuple(financial),
        fulfilment=tuple(fulfilment),
        tags_any=some,
        tags_none=none,
        test_orders=test,
    )


def _money(s: OrderSettings, ground: Ground, key: str) -> OrderSettings:
    section(_("Money"))
    currency = st.text_input(
        _("Currency"),
        s.currency,
        max_chars=3,
        key=f"{key}_currency",
        help=_("Orders in another currency wait for you."),
    )
    vat = st.text_input(
        _("VAT rate where the shop tells none (%)"),
        f"{s.default_vat.normalize():f}",
        max_chars=6,
        key=f"{key}_vat",
    )
    foreign = st.toggle(
        _("Orders from abroad too"),
        s.allow_foreign,
        key=f"{key}_foreign",
        help=_("Off: an order with an address outside Turkey waits for you."),
    )
    notify = st.toggle(_("Shopify tells the customer when it ships"), s.notify_customer, key=f"{key}_notify")
    return replace(
        s,
        currency=(currency or "").strip(),
        default_vat=_percent(vat),
        allow_foreign=foreign,
        notify_customer=notify,
    )


def _invoice(s: OrderSettings, ground: Ground, key: str) -> OrderSettings:
    hint = _("Names of the order attributes that your checkout fills; several with commas.")
    section(_("Invoice identity"), hint)
    identity = st.text_input(
        _("Identity number (TCKN)"), s.identity_attribute, max_chars=80, key=f"{key}_identity"
    )
    office = st.text_input(_("Tax office"), s.tax_office_attribute, max_chars=80, key=f"{key}_office")
    number = st.text_input(_("Tax number"), s.tax_number_attribute, max_chars=80, key=f"{key}_number")
    return replace(
        s,
        identity_attribute=(identity or "").strip(),
        tax_office_attribute=(office or "").strip(),
        tax_number_attribute=(number or "").strip(),
    )


def _payments(s: OrderSettings, ground: Ground, key: str) -> OrderSettings:
    methods = ground.choices("target", "payment_methods", wait=0)
    st.caption(_("The name of the gateway as the shop writes it, in any case of letters."))
    ids = list(dict.fromkeys((*methods.names(), *s.payments.values())))
    rows = edit_rows(
        [{"gateway": name, "method": method} for name, method in s.payments.items()],
        {
            "gateway": text_column(_("In the shop")),
            "method": st.column_config.SelectboxColumn(_("In the ERP"), options=ids),
        },
        f"{key}_payments",
    )
    default = pick_one(
        _("For any other gateway"),
        methods,
        s.default_payment,
        f"{key}_default_payment",
        nothing=_("Wait for me"),
    )
    return replace(s, payments={row["gateway"]: row["method"] for row in rows}, default_payment=default)


def _statuses(s: OrderSettings, ground: Ground, key: str) -> OrderSettings:
    names = ground.choices("target", "order_statuses", wait=0).names()
    names |= {code: code for code in (*s.status_out.values(), *s.status_back) if code not in names}
    labels = {code: code if name == code else f"{code} · {name}" for code, name in names.items()}
    codes = {label: code for code, label in labels.items()}
    choice = st.column_config.SelectboxColumn
    st.caption(_("From the shop to the ERP. A status there only ever moves forward."))
    out = edit_rows(
        [{"shop": word, "erp": labels[code]} for word, code in s.status_out.items()],
        {
            "shop": choice(_("In the shop"), options=list(STATUS_WORDS), format_func=_word),
            "erp": choice(_("In the ERP"), options=list(codes)),
        },
        f"{key}_out",
    )
    st.caption(_("Back from the ERP to the shop."))
    back = edit_rows(
        [{"erp": labels[code], "then": verb} for code, verb in s.status_back.items()],
        {
            "erp": choice(_("In the ERP"), options=list(codes)),
            "then": choice(_("What follows"), options=list(BACK_VERBS), format_func=_follow),
        },
        f"{key}_back",
    )
    return replace(
        s,
        status_out={row["shop"]: codes.get(row["erp"], row["erp"]) for row in out},
        status_back={codes.get(row["erp"], row["erp"]): row["then"] for row in back},
    )


def _services(s: OrderSettings, ground: Ground, key: str) -> OrderSettings:
    st.caption(
        _(
            "The SKU of a service product that carries the amount. Empty: an order with "
            "such an amount waits for you."
        )
    )
    with st.grid(columns=3, min_column_width=180, gap="small"):
        skus = {
            name: st.text_input(
                _(SERVICE_NAMES[name]),
                s.service_skus.get(name, ""),
                max_chars=80,
                key=f"{key}_service_{name}",
            )
            or ""
            for name in SERVICES
        }
    return replace(s, service_skus={name: sku.strip() for name, sku in skus.items() if sku.strip()})


def _brakes(s: OrderSettings, ground: Ground, key: str) -> OrderSettings:
    with st.grid(columns=2, min_column_width=220, gap="small"):
        creates = st.number_input(
            _("New orders in one run"), 1, MOST_ORDERS, s.brake_creates, key=f"{key}_creates"
        )
        older = st.number_input(
            _("Of these, from before the go-live date"), 1, MOST_ORDERS, s.brake_older, key=f"{key}_older"
        )
    return replace(s, brake_creates=int(creates or 0), brake_older=int(older or 0))


def _word(word: object) -> str:
    return _(WORDS.get(str(word), str(word)))


def _follow(verb: object) -> str:
    return _(BACK.get(str(verb), str(verb)))


def _percent(typed: str | None) -> Decimal:
    """A rate as typed, with comma or point; NaN, which the verb refuses in words, for what is no number."""
    try:
        return Decimal((typed or "").strip().replace(",", "."))
    except InvalidOperation:
        return Decimal("NaN")


def _moment(day: object, known: datetime | None) -> datetime | None:
    """The chosen day's first moment in the operator's zone; the exact moment stays while its day was not
    changed."""
    if not isinstance(day, date):
        return None
    if known is not None and local(known).date() == day:
        return known
    return datetime.combine(day, time(), ZoneInfo(reader().timezone))
