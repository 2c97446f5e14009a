"""The operator's words for our own names: stages, phases, parts, modes, fields. Messages, so that they
translate.
"""

from __future__ import annotations

from collections.abc import Mapping

from sync.model.entity import Entity
from sync.model.run import Mode, Run, Status
from sync.model.text import Message, say

MODES: Mapping[Mode, Message] = {
    Mode.PREVIEW: say("Preview"),
    Mode.TEST: say("Test"),
    Mode.FULL: say("Full"),
    Mode.SWEEP: say("Sweep"),
    Mode.DELTA: say("Changes"),
    Mode.ITEMS: say("Queue"),
    Mode.UNDO: say("Undo"),
}

FLOWS: Mapping[Entity, Message] = {
    Entity.PRODUCT: say("Products"),
    Entity.ORDER: say("Orders"),
    Entity.STOCK: say("Stock"),
    Entity.CUSTOMER: say("Customers"),
}

ENTITIES: Mapping[str, Message] = {
    "product": say("Product"),
    "variant": say("Variant"),
    "media": say("Image"),
    "publication": say("Publication"),
    "stock": say("Stock"),
    "customer": say("Customer"),
    "order": say("Order"),
    "fulfilment": say("Fulfilment"),
    "refund": say("Refund"),
}

PARTS: Mapping[Entity, Mapping[str, Message]] = {
    Entity.PRODUCT: {
        "products": say("Products"),
        "prices": say("Prices"),
        "stock": say("Stock"),
        "images": say("Images"),
    },
    Entity.ORDER: {"orders": say("Orders"), "statuses": say("Statuses and tracking")},
}
"""What a run of a flow can be cut down to, in the order in which it is offered."""

PHASES: Mapping[str, Message] = {
    "create": say("Creating products"),
    "product": say("Updating products"),
    "variants": say("Updating variants and prices"),
    "media": say("Adding images"),
    "publish": say("Publishing to sales channels"),
    "track": say("Switching tracking on"),
    "activate": say("Stocking items at locations"),
    "stock": say("Setting stock"),
    "adjust": say("Taking stock back by differences"),
    "gone": say("Items gone at the source"),
    "mark": say("Noting what belongs together"),
    "order": say("Creating orders"),
    "status": say("Updating order statuses"),
    "fulfil": say("Making fulfilments"),
    "tracking": say("Updating tracking"),
}

STEPS: Mapping[str, Message] = {
    "match": say("Matching by SKU"),
    "plan": say("Comparing both sides"),
    "brake": say("Safety check"),
    "bind": say("Preparing to write"),
    "report": say("Making the report"),
}

STATES: Mapping[str, Message] = {
    "planned": say("To be written"),
    "sent": say("Sent, waiting for the answer"),
    "applied": say("Written"),
    "refused": say("Refused"),
    "stale": say("Moved meanwhile"),
    "unknown": say("No answer yet"),
    "dropped": say("Not written"),
    "seen": say("Seen, not ours"),
}

FIELDS: Mapping[str, Message] = {
    "title": say("Title"),
    "description": say("Description"),
    "vendor": say("Vendor"),
    "product_type": say("Product type"),
    "category": say("Category"),
    "tags": say("Tags"),
    "seo_title": say("SEO title"),
    "seo_description": say("SEO description"),
    "status": say("Status"),
    "price": say("Price"),
    "compare_at": say("Compare-at price"),
    "cost": say("Cost"),
    "sku": say("SKU"),
    "barcode": say("Barcode"),
    "weight": say("Weight"),
    "hs_code": say("HS code"),
    "origin": say("Country of origin"),
    "taxable": say("Taxable"),
    "stock_policy": say("Stock policy"),
    "tracked": say("Track stock"),
    "options": say("Options and variants"),
    "images": say("Images"),
    "image": say("Image"),
    "stock": say("Stock"),
    "available": say("Stock"),
    "stocked": say("Stocked here"),
    "variants": say("Variants"),
    "variant": say("Variant"),
    "channel": say("Sales channel"),
    "total": say("Total"),
    "lines": say("Lines"),
    "tracking": say("Tracking"),
    "payment": say("Payment method"),
    "shipping": say("Shipping"),
    "customer": say("Customer"),
}

_STARTERS: Mapping[str, Message] = {"schedule": say("Schedule"), "trial": say("Trial")}

_LOOKS: Mapping[Status, str] = {
    Status.BRAKED: "stopped",
    Status.DONE: "succeeded",
    Status.RED: "red",
}


def state_of(run: Run) -> str:
    """The name of the state under which widgets know how it looks."""
    if run.cancel_requested and run.status in (Status.QUEUED, Status.RUNNING):
        return "cancelling"
    return _LOOKS.get(run.status, run.status.value)


def mode(run: Run) -> Message:
    """What kind of run it is. The plan of an undo is stored as a preview and is none of the flow."""
    if run.mode is Mode.PREVIEW and run.scope.undo_of:
        return say("Undo plan")
    return MODES[run.mode]


def starter(run: Run) -> Message:
    """Who started it: a person's name as it is, or which part of ours did."""
    if run.mode is Mode.ITEMS:
        return MODES[Mode.ITEMS]
    return _STARTERS.get(run.started_by) or Message(run.started_by or "–")


def stage(name: str, source: str, target: str) -> Message:
    """What a stage does, in words; `source` and `target` are the connections' names."""
    if name in ("read_source", "read_target"):
        return say("Reading {name}", name=source if name == "read_source" else target)
    first, _, phase = name.partition(":")
    if first == "apply":
        return PHASES.get(phase, say("Writing"))
    return STEPS.get(name, say("Waiting to begin"))


def field(name: str) -> Message:
    """What a field of a change is called; one that nobody named is shown by its own name."""
    if name.startswith("metafield:"):
        return say("Metafield {name}", name=name.partition(":")[2])
    return FIELDS.get(name) or Message(name)


def entity(name: str) -> Message:
    """One record of this kind."""
    return ENTITIES.get(name) or Message(name)
