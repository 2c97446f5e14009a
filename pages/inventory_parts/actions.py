"""Starting something of a stock flow: the buttons of its card, and what they ask first."""

from __future__ import annotations

import re
from functools import partial

import streamlit as st

from pages.parts import N_, _, ngettext, plain, render, require, say_later, shown
from pages.sync_parts.before_run import Start, starting, want
from pages.sync_parts.common import act, flow_names, may_act, pressed, safe, space, who
from sync.managers.verbs.stock import Pushed, StockVerbs
from sync.managers.views.stock import StockCard
from sync.model.run import Mode, Scope

_BETWEEN = re.compile(r"[\s,;]+")
MOST_SKUS = 1_000


def buttons(card: StockCard) -> None:
    """What can be started now: the next step large, the rest beside it."""
    flow_id = card.info.flow.id
    off = card.blocked is not None or card.live is not None or not may_act()
    with st.container(horizontal=True, gap="small", key=f"start_{flow_id}"):
        _main(card, off)
        _button(card, Mode.PREVIEW, _("Preview"), "visibility", off)
        _button(card, Mode.TEST, _("Test (5)"), "science", off)
        _more(card, off)


def _main(card: StockCard, off: bool) -> None:
    """The step that comes next."""
    flow_id, step = card.info.flow.id, card.step
    if step == "baseline":
        _button(card, Mode.FULL, _("Start baseline"), "play_arrow", off, primary=True)
    elif step == "validation":
        st.button(
            _("Validate"),
            key=f"validate_{flow_id}",
            icon=":material/fact_check:",
            type="primary",
            on_click=partial(show_view, "validation", flow_id),
        )
    else:
        _button(card, Mode.DELTA, _("Run changes"), "play_arrow", off, primary=True)


def show_view(view: str, flow_id: str) -> None:
    """For a button's `on_click`: the next run of the page shows this part of this flow."""
    st.session_state["view_chooser"] = view
    st.query_params["flow"] = flow_id
    st.session_state["inventory_flow"] = flow_id


_HELP = {
    Mode.PREVIEW: N_("Reads both sides and makes a plan; nothing is written."),
    Mode.TEST: N_("Writes the first five rows that differ."),
    Mode.FULL: N_("Reads both sides and sets every matched item to the source's stock."),
    Mode.DELTA: N_("Reads the source and writes what has moved there since the last run."),
}


def _button(card: StockCard, mode: Mode, label: str, icon: str, off: bool, *, primary: bool = False) -> None:
    flow_id = card.info.flow.id
    refused = StockVerbs(space()).refused(flow_id, mode)
    st.button(
        label,
        key=f"{mode.value}_{flow_id}",
        icon=f":material/{icon}:",
        type="primary" if primary else "secondary",
        disabled=off or refused is not None,
        help=safe(refused) if refused else _(_HELP[mode]),
        on_click=starting(Start(flow_id, mode)),
    )


def _more(card: StockCard, off: bool) -> None:
    flow_id = card.info.flow.id
    with st.popover(
        _("Other runs"),
        icon=":material/more_horiz:",
        key=f"more_{flow_id}",
        width="content",
        disabled=not may_act(),
        help=_("Sweep, full run, tagged products, single SKUs"),
    ):
        _sweep(card, off)
        _full(card, off)
        _tagged(card, off)
        st.space("small")
        _push(card)


def _sweep(card: StockCard, off: bool) -> None:
    refused = StockVerbs(space()).refused(card.info.flow.id, Mode.SWEEP)
    flow_id = card.info.flow.id
    st.button(
        _("Sweep: compare and write what differs"),
        key=f"sweep_{flow_id}",
        icon=":material/cleaning_services:",
        width="stretch",
        disabled=off or refused is not None,
        help=safe(refused) if refused else _("Reads both sides whole and mends what was missed."),
        on_click=starting(Start(flow_id, Mode.SWEEP)),
    )


def _full(card: StockCard, off: bool) -> None:
    """After go-live a full run asks why."""
    if card.step == "baseline":
        return
    if st.button(
        _("Full run: set everything to the source …"),
        key=f"ask_full_{card.info.flow.id}",
        icon=":material/restart_alt:",
        width="stretch",
        disabled=off,
    ):
        _ask_full(card)


def _ask_full(card: StockCard) -> None:
    flow_id = card.info.flow.id

    title = f"{_('Full run after go-live')} · {plain(flow_names().get(flow_id, '–'))}"

    @st.dialog(title, icon=":material/restart_alt:")
    def dialog() -> None:
        require("operator")
        st.markdown(
            _(
                "Every matched item is set to the source's stock, **also where the target has sold or was "
                "edited meanwhile**. The reason is kept with the run."
            )
        )
        reason = st.text_input(
            _("Why is a full run needed?"), key=f"reason_{flow_id}", max_chars=300, live=True
        )
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button(_("Cancel"), key=f"full_cancel_{flow_id}"):
                st.rerun()
            pressed = st.button(
                _("Start the full run"),
                key=f"full_{flow_id}",
                type="primary",
                disabled=not (reason or "").strip(),
            )
        if pressed:
            want([Start(flow_id, Mode.FULL, Scope(reason=(reason or "").strip()))])
            st.rerun()

    dialog()


def _tagged(card: StockCard, off: bool) -> None:
    """Only items whose product carries a tag: a few new ones, without waiting for the whole."""
    flow_id = card.info.flow.id
    tags = st.text_input(
        _("Only products with this tag"), key=f"tags_{flow_id}", max_chars=200, placeholder="new-season"
    )
    wanted = tuple(t.strip() for t in re.split(r"[,;]", tags or "") if t.strip())
    mode = Mode.FULL if card.step == "baseline" else Mode.SWEEP
    pressed(
        _("Run only these"),
        starting(Start(flow_id, mode, Scope(tags=wanted))) if wanted else _nothing_named,
        key=f"tagged_{flow_id}",
        icon=":material/sell:",
        width="stretch",
        disabled=off or not wanted,
    )


def _nothing_named() -> None:
    """A tag that was taken out again while the button was pressed never means: all of them."""


def _push(card: StockCard) -> None:
    """Single SKUs overtake whatever runs."""
    flow_id = card.info.flow.id
    typed = st.text_area(
        _("Push SKUs now"),
        key=f"push_skus_{flow_id}",
        placeholder="ABC-1-M, ABC-2-L",
        max_chars=20_000,
        height=72,
        help=_("They are read again and written before anything else, also during a large run."),
    )
    skus = tuple(dict.fromkeys(one for one in _BETWEEN.split(typed or "") if one))
    pressed(
        _("Push"),
        lambda: _pushed(flow_id, skus),
        key=f"do_push_{flow_id}",
        icon=":material/bolt:",
        width="stretch",
        disabled=not skus or len(skus) > MOST_SKUS or not may_act(),
    )


def _pushed(flow_id: str, skus: tuple[str, ...]) -> None:
    found: list[Pushed] = []
    if act(lambda: found.append(StockVerbs(space()).push(flow_id, skus, who()))):
        say_later(
            ngettext("{count} SKU is on its way.", "{count} SKUs are on their way.", found[0].count),
            ":material/bolt:",
        )
        if unknown := found[0].unknown:
            named = ", ".join(unknown[:10]) + ("…" if len(unknown) > 10 else "")
            say_later(render(_("The source has no item {skus}."), skus=plain(named)), ":material/warning:")


def validated_line(card: StockCard) -> str:
    """Who confirmed the figures, and when; "" while nobody has."""
    stage = card.stage
    if not stage.validated_at:
        return ""
    if stage.validated_by == "demo":
        return _("Validated by the sandbox's demo.")
    from datetime import datetime

    return render(
        _("Validated by {who}, {time}."),
        who=plain(stage.validated_by),
        time=plain(shown(datetime.fromisoformat(stage.validated_at))),
    )
