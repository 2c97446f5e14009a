"""Before a run by hand: what stands against it is shown after the click, and the person decides. Where
nothing does, nothing is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from pages.parts import _, plain, render, require, say_later
from pages.sync_parts.common import act, flow_names, leave_for, safe, space, who
from sync.managers.verbs.stock import StockVerbs
from sync.managers.verbs.stock_gate import Finding
from sync.model.run import Mode, Scope

_WANTED = "_wanted_runs"


@dataclass(frozen=True, slots=True)
class Start:
    """A run that somebody wants: of a flow, or of a kept plan (`plan`) of that flow."""

    flow_id: str
    mode: Mode
    scope: Scope = Scope()
    plan: str = ""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was clicked, and what was found to stand against it (flow by flow; None: not looked yet)."""

    starts: tuple[Start, ...]
    found: tuple[tuple[str, tuple[Finding, ...]], ...] | None = None

    @property
    def refused(self) -> bool:
        return any(blocks for _flow, found in self.found or () for _code, _said, blocks in found)


def want(starts: Sequence[Start]) -> None:
    """For a callback, or before `st.rerun`: the page that is drawn next looks, and starts or asks."""
    st.session_state[_WANTED] = _Wanted(tuple(starts))


def starting(start: Start) -> Callable[[], None]:
    """The callback of a button that starts a run."""
    return lambda: want([start])


def carry_on() -> None:
    """Near the top of every page with such buttons: what the last click wants is looked into (this may ask
    the shop), and started, or asked about."""
    wanted: _Wanted | None = st.session_state.get(_WANTED)
    if wanted is None:
        return
    if wanted.found is not None:
        _ask(wanted)
        return
    _forget()
    starts, found = wanted.starts, list[tuple[str, tuple[Finding, ...]]]()
    with st.spinner(_("Looking whether anything stands against it …")):
        looked = act(lambda: found.extend(_against(starts)))
    if found:
        st.session_state[_WANTED] = asked = replace(wanted, found=tuple(found))
        _ask(asked)
    elif looked and _begin(starts):
        st.rerun()


def _against(starts: Sequence[Start]) -> list[tuple[str, tuple[Finding, ...]]]:
    """What stands against these runs, by the short name of their flow."""
    ws, short = space(), flow_names()
    found = [
        (short.get(start.flow_id, ""), tuple(StockVerbs(ws).before(start.flow_id, start.mode)))
        for start in starts
    ]
    return [(flow, told) for flow, told in found if told]


def _ask(wanted: _Wanted) -> None:
    """The dialog; it outlives a page that draws itself anew, until somebody has decided."""

    @st.dialog(_title(wanted), icon=":material/front_hand:", on_dismiss=_forget)
    def dialog() -> None:
        require("operator")
        for flow, found in wanted.found or ():
            if len(wanted.starts) > 1:
                st.markdown(f"**{plain(flow)}**")
            for _code, message, blocks in found:
                (st.error if blocks else st.warning)(
                    safe(message), icon=f":material/{'block' if blocks else 'info'}:"
                )
        if not wanted.refused:
            st.caption(_("You can start it all the same, or come back when this is done."))
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button(_("Not now"), key="before_cancel"):
                _forget()
                st.rerun()
            if not wanted.refused and st.button(
                _("Start all the same"), key="before_go_on", type="primary", icon=":material/play_arrow:"
            ):
                _forget()
                _begin(wanted.starts)
                st.rerun()

    dialog()


def _title(wanted: _Wanted) -> str:
    """Names the store where it is about one."""
    flows = {flow for flow, _found in wanted.found or ()}
    return " · ".join([_("Before this run"), *(map(plain, flows) if len(wanted.starts) == 1 else ())])


def _forget() -> None:
    st.session_state.pop(_WANTED, None)


def _begin(starts: Sequence[Start]) -> int:
    """Start them; how many have begun. One leads to its run; of several the page that shows them all says so.
    A refusal of one does not hold the others up."""
    begun: list[str] = []
    for start in starts:
        act(lambda start=start: begun.append(_started(start)))  # type: ignore[misc]
    if len(starts) == 1 and begun:
        leave_for(begun[0])
    elif begun:
        say_later(
            render(
                _("{count} runs have begun, one for each store. All of them are shown here."),
                count=len(begun),
            ),
            ":material/play_arrow:",
        )
    return len(begun)


def _started(start: Start) -> str:
    if start.plan:
        return space().run_verbs.apply_plan(start.plan, who())
    return StockVerbs(space()).start(start.flow_id, start.mode, start.scope, who())
