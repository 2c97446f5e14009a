"""The workspace of one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sync.application import Application, open_application
from sync.errors import NeedsOperator
from sync.model.flow import Flow
from sync.model.text import say


@contextmanager
def opened(*, work: bool = False) -> Iterator[Application]:
    """Opens it and gives it back. `work`: run stages here if no other process does; otherwise what is queued
    is that process's to do. Raises NeedsOperator when the key does not fit the database."""
    ws = open_application()
    try:
        if work:
            ws.start()
        yield ws
    finally:
        ws.close()


def find_flow(ws: Application, name: str) -> Flow:
    """A flow by id, by entity ("product" or "products") where there is only one of it, or by
    "link/entity"."""
    links = {link.id: link.name for link in ws.links.all()}
    found = [flow for flow in ws.links.flows() if name in _names(flow, links[flow.link_id])]
    if len(found) == 1:
        return found[0]
    if not links:
        raise NeedsOperator(
            say(
                "There is no flow yet. Connect both platforms and link them in the console, "
                "or type: python -m sync sandbox up"
            )
        )
    if not found:
        raise NeedsOperator(say("There is no flow {name}. `python -m sync flows` lists them.", name=name))
    raise NeedsOperator(
        say(
            "{name} names several flows. Use one of: {names}.",
            name=name,
            names=", ".join(f"{links[f.link_id]}/{f.entity.value}" for f in found),
        )
    )


def _names(flow: Flow, link: str) -> tuple[str, ...]:
    entity = flow.entity.value
    return flow.id, entity, f"{entity}s", f"{link}/{entity}", f"{link}/{entity}s"
