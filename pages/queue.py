"""Queue: what is due, what is at work, what failed and why; process now, retry, dismiss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from pages.inventory_parts.common import PAGE, counted
from pages.parts import (
    Metric,
    _,
    ago,
    empty_state,
    label_of,
    live,
    metric_row,
    ngettext,
    number,
    number_column,
    page_header,
    plain,
    render,
    require,
    say_later,
    shown,
    status_badge,
    status_cell,
    status_column,
    table,
    text_column,
    time_column,
)
from pages.sync_parts import address
from pages.sync_parts.common import act, follow, may_act, pressed, roomy, safe, said, show_refusal, space, who
from pages.sync_parts.paging import cursor, pages_back, turner
from sync.managers.verbs.queue import QueueVerbs
from sync.managers.views import flows, queue, words
from sync.managers.views.queue import Line, QueueFilter, Share
from sync.model.text import Message

require()
follow()

STATUSES = ("pending", "processing", "failed", "completed", "dismissed")
_FILTERS = ("status", "flow", "q")


def figures() -> None:
    """Counts by status, and whose; these move while the page is open."""
    found = queue.figures(space())
    counts = found.by_status
    metric_row(
        [
            Metric(label_of(name), number(counts.get(name, 0)), help=explained)
            for name, explained in (
                ("pending", _("Due now or soon.")),
                ("processing", _("A worker has taken them.")),
                ("failed", _("All retries are used up. They stay until someone decides.")),
                ("completed", _("Done; kept for a while.")),
            )
        ]
    )
    told = [_share(one) for one in found.by_connection if one.pending + one.processing + one.failed]
    if found.oldest is not None:
        told.append(render(_("the oldest is due since {when}"), when=plain(ago(found.oldest))))
    told += [
        render(
            _("{connection} is worked on by {worker}"), connection=plain(w.connection), worker=plain(w.owner)
        )
        for w in found.workers
    ]
    if told:
        st.caption(" · ".join(told))


def _share(one: Share) -> str:
    """What of one connection is open."""
    parts = [
        f"{number(n)} {label_of(name).lower()}"
        for name, n in (("pending", one.pending), ("processing", one.processing), ("failed", one.failed))
        if n
    ]
    return f"{plain(one.name)}: {', '.join(parts)}"


def moving() -> frozenset[str]:
    """Changes when work begins or ends, or something fails."""
    counts = queue.figures(space()).by_status
    busy = [name for name in ("pending", "processing") if counts.get(name)]
    return frozenset([*busy, f"failed:{counts.get('failed', 0)}"]) if busy else frozenset()


def filters() -> QueueFilter:
    """The filters, in the address."""
    with st.container(key="queue_filters"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            text = address.text(_("SKU, id or words of the reason"), "q", "ABC-1-M")
            flow = address.pick(_("Flow"), list(NAMES), "flow", NAMES) if len(NAMES) > 1 else None
            address.clear(_FILTERS)
        present = [name for name in STATUSES if counts.get(name)]
        labels = {name: f"{label_of(name)} · {number(counts[name])}" for name in present}
        status = address.pills(_("Status"), present, "status", labels)
    return QueueFilter(status=status or "", flow_id=flow or "", text=text)


def rows(wanted: QueueFilter) -> None:
    """A page of rows, what can be done with the chosen ones, and why one waits."""
    after = cursor("queue_page", wanted)
    page = queue.lines(space(), wanted, after or 0, PAGE)
    if not page.lines:
        st.caption(_("No row matches."))
        return
    chosen = table(
        [_cells(line) for line in page.lines],
        _columns(),
        key=f"queue_rows_{hash((wanted, after))}",
        select="many",
        most_shown=14,
    )
    _verbs(wanted, [page.lines[n] for n in chosen])
    first = pages_back("queue_page") * PAGE + 1
    turner("queue_page", page.after or None, counted(page.total, False, first, len(page.lines)))
    if len(chosen) == 1:
        detail(page.lines[chosen[0]])


def _columns() -> dict[str, Any]:
    return {
        "status": status_column(_("Status"), STATUSES, width=86),
        "what": text_column(_("What"), width=160),
        **({"flow": text_column(_("Flow"), width=126)} if len(NAMES) > 1 else {}),
        "cause": text_column(_("Cause"), width=66),
        "due": time_column(_("Due"), width=150, seconds=True),
        "tries": number_column(_("Retries"), width=roomy(_("Retries"), 58)),
        "why": text_column(_("Why"), width=198),
    }


def _cells(line: Line) -> dict[str, object]:
    return {
        "status": status_cell(line.status),
        "what": what(line),
        "flow": flow_name(line),
        "cause": render(queue.CAUSES[line.cause]) if line.cause in queue.CAUSES else line.cause,
        "due": line.due,
        "tries": line.tries,
        "why": said(why(line)),
    }


def what(line: Line) -> str:
    """The record that is due, or the stage of a run."""
    if line.kind == "stage":
        return render(words.stage(line.what, *ENDS.get(line.flow_id, ("A", "B"))))
    return " · ".join(part for part in (line.what.rpartition("/")[2], line.label) if part)


def why(line: Line) -> Message:
    """Why it stands where it stands, on the reader's clock and in the reader's language."""
    return queue.why(line, shown(line.due), said(line.error) if line.error else "")


def flow_name(line: Line) -> str:
    """Stock · Outlet."""
    return NAMES.get(line.flow_id, "–")


def _verbs(wanted: QueueFilter, chosen: Sequence[Line]) -> None:
    off, verbs = not may_act(), QueueVerbs(space())
    with st.container(horizontal=True, vertical_alignment="center", key="queue_verbs"):
        for name, label, icon, verb in (
            ("now", _("Process now"), "bolt", verbs.now),
            ("retry", _("Retry"), "refresh", verbs.retry),
            ("dismiss", _("Dismiss"), "close", verbs.dismiss),
        ):
            ids = [line.id for line in chosen if name in line.may]
            st.button(
                label,
                key=f"queue_{name}",
                icon=f":material/{icon}:",
                disabled=off or not ids,
                on_click=_doing(partial(verb, ids, who())),
            )
        if counts.get("failed"):
            pressed(
                _("Retry all that failed"),
                _doing(partial(verbs.retry_all, wanted, who())),
                key="queue_retry_all",
                type="tertiary",
                disabled=off,
            )


def _doing(verb: Callable[[], int]) -> Callable[[], None]:
    def clicked() -> None:
        found: list[int] = []
        if act(lambda: found.append(verb())):
            say_later(ngettext("{count} row changed.", "{count} rows changed.", found[0]))

    return clicked


def detail(line: Line) -> None:
    """All about one row: why it waits or failed, and when it goes on."""
    with st.container(border=True, key="queue_detail"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(what(line))}** :gray[{plain(flow_name(line))}]", width="stretch")
            status_badge(line.status)
        (st.error if line.status == "failed" else st.info)(safe(why(line)), icon=":material/info:")
        st.caption(
            " · ".join(
                (
                    render(_("Due {when}"), when=plain(shown(line.due))),
                    render(
                        _("{tries} of {most} retries"), tries=number(line.tries), most=number(line.of_tries)
                    ),
                    render(_("Priority {priority}"), priority=number(line.priority)),
                    plain(line.connection),
                )
            )
        )
        if line.run_id:
            st.page_link(
                "pages/run.py",
                label=_("Open the run"),
                icon=":material/arrow_forward:",
                icon_position="right",
                query_params={"id": line.run_id},
            )


KNOWN = flows.all_flows(space())
ENDS = {f.flow.id: (f.source.name, f.target.name) for f in KNOWN}
SHORT = flows.short_names(KNOWN)
NAMES = {f.flow.id: f"{render(f.name)} · {SHORT[f.flow.id]}" for f in KNOWN}
counts = queue.figures(space()).by_status
page_header(_("Queue"), _("What is due, what is at work, and what failed"))
show_refusal()
live(figures, running=moving, key="live_queue")
st.space("small")
if any(counts.values()):
    rows(filters())
else:
    empty_state("low_priority", _("The queue is empty"), _("Runs and changed records line up here."))
