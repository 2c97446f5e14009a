"""Causes of parking, skipping and failing: what each is called, what helps, and what an operator can decide.

A cause without a row of its own is described by its group, the part before the dot, so that a new one never
shows up without words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sync.model.text import Message, say

RETRY, DISMISS = "retry", "dismiss"
BIND, CREATE, SKIP, UNBIND = "bind", "create", "skip", "unbind"

VERBS: Mapping[str, Message] = {
    BIND: say("Bind"),
    CREATE: say("Create as new"),
    SKIP: say("Skip from now on"),
    UNBIND: say("Forget the pairing"),
    RETRY: say("Try again"),
    DISMISS: say("Dismiss"),
    "keep": say("Keep the order"),
    "done": say("Seen to it"),
    "cancel": say("Cancel it in Sentos"),
}
"""What decisions are called on buttons; the keys are what CSV files use."""


@dataclass(frozen=True, slots=True)
class Cause:
    """`label` names the group in lists; `advice` is the way on; `verbs` are the decisions beside retry and
    dismiss.
    """

    label: Message
    advice: Message
    verbs: tuple[str, ...] = ()

    @property
    def in_settings(self) -> bool:
        """Is a mapping or choice in Settings what helps?"""
        return "ettings" in self.advice.id


_AT_SOURCE = say("Mend it at the source, then try again. The record's other fields keep flowing.")
_ORDER = say("Correct it in the shop, then try again.")
_CHOOSE = say("Bind it to the right one, or skip it. Nothing is created until you decide.")
_LOOK = say("Look at the reason, mend it on either side, then try again.")

CAUSES: Mapping[str, Cause] = {
    "undo.moved": Cause(
        say("Moved since that run"), say("It stays as it is. Both values stand in the plan.")
    ),
    "undo.offered": Cause(
        say("Stock moved since: offered"), say("Tick the row to give back the difference as a delta.")
    ),
    "undo.created": Cause(say("Created by that run"), say("It becomes a draft when you approve the plan.")),
    "undo.listed": Cause(say("Not undone"), say("Orders and fulfilments are listed, never undone.")),
    "undo.gone": Cause(say("Gone meanwhile"), say("There is nothing left to restore.")),
    "undo.back": Cause(say("Back already"), say("It already shows what it showed before that run.")),
    "undo.marks": Cause(say("Our own marks"), say("They stay: they say what belongs together.")),
    "untracked.source": Cause(
        say("Not tracked at the source"), say("Switch tracking on there: its stock is not counted.")
    ),
    "source.missing": Cause(
        say("Not in the source's last reading"), say("Nothing is concluded before a second complete reading.")
    ),
    "target.missing": Cause(
        say("Not in the target's last reading"), say("Nothing is written to what the target does not show.")
    ),
    "sku.moved": Cause(
        say("SKU moved to another item"), say("Nothing is written until the items are matched anew.")
    ),
    "gone": Cause(say("Item gone at the source"), say("The flow's settings say what becomes of it.")),
    "unreported.subtracted": Cause(
        say("Sold at the target: taken off"), say("The pieces that it lost untold were subtracted.")
    ),
    "drift.restored": Cause(
        say("Put back to the source's stock"), say("The settings say that edits there are restored.")
    ),
    "above.source": Cause(
        say("Showed more than the source has"),
        say("It was set to the source again: an undo or a larger buffer had left it above."),
    ),
    "twice": Cause(say("Written twice"), say("One change of the source was written more than once.")),
    "not.answered": Cause(
        say("No answer yet"), say("It is looked up before anything is repeated. The next run looks again.")
    ),
    "stock.given_up": Cause(
        say("Given up by the queue"), say("Look at the reason on the queue's page, then retry or dismiss.")
    ),
    "not.stocked": Cause(
        say("Not stocked at the target"), say("Settings can have items stocked where they are not.")
    ),
    "match.ambiguous": Cause(say("Several possible matches"), _CHOOSE, (BIND, SKIP)),
    "match.proposed": Cause(
        say("Same title, no common SKU"),
        say("Bind the two if they are the same, or create a new product."),
        (BIND, CREATE, SKIP),
    ),
    "target.gone": Cause(
        say("Deleted in the shop"),
        say("Create it again, bind it to another product, or skip it from now on."),
        (CREATE, BIND, SKIP),
    ),
    "source.gone": Cause(
        say("Gone at the source"),
        say(
            "Nothing is deleted in the shop. Forget the pairing if this is right; both sides stay as they "
            "are."
        ),
        (UNBIND,),
    ),
    "variant.gone_at_source": Cause(
        say("Variant gone at the source"),
        say("Nothing is deleted in the shop. Remove the variant there by hand if it is no longer sold."),
    ),
    "variant.gone_at_target": Cause(
        say("Variant deleted in the shop"),
        say("It is not created again unasked. Add it in the shop by hand with the same SKU, then try again."),
    ),
    "options.differ": Cause(
        say("Different options on both sides"),
        say("Give both products the same options, or add the missing variants by hand, then try again."),
        (SKIP,),
    ),
    "price.zero": Cause(
        say("No price, or price 0"),
        say("Enter a price at the source, or choose another price list in Settings."),
    ),
    "price.missing": Cause(
        say("Not created: no price"),
        say("Enter a price at the source, or choose another price list in Settings."),
        (SKIP,),
    ),
    "price.currency": Cause(say("Wrong currency"), say("Check the price list of the flow in Settings.")),
    "sku.missing": Cause(say("Variant without SKU"), say("Give the variant a SKU at the source.")),
    "sku.repeated": Cause(say("SKU used twice"), say("Make each SKU unique at the source."), (SKIP,)),
    "sku.duplicate": Cause(say("SKU used twice"), say("Make each SKU unique at the source."), (SKIP,)),
    "order.changed_later": Cause(
        say("Changed after it was sent"),
        say("Change it in Sentos by hand, then say that you have seen to it."),
    ),
    "order.cancel_proposed": Cause(
        say("Cancelled in the shop"), say("Cancel it in Sentos too, or keep it there.")
    ),
    "order.cancelled_at_sentos": Cause(
        say("Cancelled in Sentos"),
        say("Cancel or refund it in the shop by hand, then say that you have seen to it."),
    ),
    "order.ambiguous": Cause(
        say("Perhaps in Sentos already"), say("Bind it to that order, or create it as new.")
    ),
    "order.line_without_sku": Cause(
        say("Order line without SKU"), say("Give the product a SKU in the shop, then try again.")
    ),
    "order.total": Cause(say("Totals differ"), _LOOK),
    "order.currency": Cause(
        say("Order in another currency"),
        say("Sentos takes this flow's currency only. Enter it by hand, then skip it."),
    ),
    "order.withheld": Cause(
        say("Customer data withheld"), say("Grant the app access to protected customer data, then try again.")
    ),
    "order.address": Cause(say("Address incomplete"), _ORDER),
    "order.billing_address": Cause(say("Address incomplete"), _ORDER),
    "order.phone": Cause(say("Phone number to check"), _ORDER),
    "order.tax_number": Cause(say("Tax number to check"), _ORDER),
    "order.identity": Cause(say("Tax number to check"), _ORDER),
    "order.payment_unknown": Cause(
        say("Payment method not mapped"), say("Map it in the flow's settings, then try again.")
    ),
    "order.payment_mixed": Cause(say("Several payment methods"), _LOOK),
    "order.service_sku": Cause(
        say("No SKU for a service"), say("Choose a service SKU in the flow's settings, then try again.")
    ),
    "order.extra": Cause(
        say("No SKU for a service"), say("Choose a service SKU in the flow's settings, then try again.")
    ),
    "order.gift_card": Cause(say("Gift card"), _LOOK),
    "order.vat": Cause(say("VAT rate unknown"), _LOOK),
    "order.on_hold": Cause(say("Shipment on hold"), say("Release the hold in the shop, then try again.")),
    "order.not_routed": Cause(say("Shipment not possible yet"), _LOOK),
    "order.fulfilment_scope": Cause(
        say("Access scope missing"), say("Grant it in the app's settings and install the app again.")
    ),
    "stock.refused": Cause(
        say("Stock refused"),
        say("Look at the reason, mend it at the store, then try again. All other rows have been written."),
    ),
    "stock.unreported": Cause(
        say("Sold at the target, not told"),
        say(
            "The target lost pieces that the source does not know of. Enter the sale at the source, or set "
            "the quantity by hand; then try again."
        ),
    ),
    "stock.silent": Cause(
        say("The source tells no stock"),
        say("Give the item a quantity at the mapped locations, or change the mapping in Settings."),
    ),
    "stock.gone": Cause(
        say("Item gone at the source"),
        say("Two complete readings did not show it. What becomes of it stands in the flow's settings."),
    ),
    "image.failed": Cause(
        say("Image not accepted"),
        say("Open the picture's address: it must be public and a usual picture format."),
    ),
}

_GROUPS: Mapping[str, Cause] = {
    "match": Cause(say("Match to decide"), _CHOOSE, (BIND, SKIP)),
    "price": Cause(say("Price to check"), _AT_SOURCE),
    "sku": Cause(say("SKU to check"), _AT_SOURCE),
    "options": Cause(say("Options to check"), _AT_SOURCE),
    "variant": Cause(say("Variant to check"), _AT_SOURCE),
    "variants": Cause(say("Variants to check"), _AT_SOURCE, (SKIP,)),
    "title": Cause(say("No title"), _AT_SOURCE, (SKIP,)),
    "stock": Cause(say("Stock to check"), _AT_SOURCE),
    "image": Cause(say("Image to check"), _AT_SOURCE),
    "record": Cause(say("Unreadable record"), _AT_SOURCE, (SKIP,)),
    "product": Cause(say("Product refused"), _LOOK, (SKIP,)),
    "media": Cause(say("Image refused"), _LOOK),
    "publication": Cause(say("Publication refused"), _LOOK),
    "order": Cause(say("Order to check"), _LOOK, (SKIP,)),
    "fulfilment": Cause(say("Fulfilment to check"), _LOOK),
    "location": Cause(say("Location not mapped"), say("Map it in Settings, then try again.")),
    "currency": Cause(say("Wrong currency"), say("Check the price list of the flow in Settings.")),
    "mapping": Cause(say("Mapping incomplete"), say("Complete the mapping in Settings, then try again.")),
    "customer": Cause(say("Customer data missing"), _LOOK, (SKIP,)),
    "change": Cause(say("Refused by the target"), _LOOK),
    "filter": Cause(
        say("Left out by a filter"), say("Change the filter in Settings if it should take part.")
    ),
    "operator": Cause(say("Skipped by an operator"), say("Decided earlier by a person.")),
    "unticked": Cause(say("Not chosen"), say("It was unticked in the plan.")),
    "test": Cause(say("Beyond the test's five"), say("A full run writes it.")),
    "plan": Cause(say("Moved since the preview"), say("Make a new preview to see it.")),
    "moved": Cause(say("Moved meanwhile"), say("The next run looks at it again.")),
    "not": Cause(say("Not reached"), say("The run ended before this was written.")),
    "parts": Cause(say("Not part of this run"), say("Run the flow with all its parts.")),
    "target": Cause(say("Edited in the shop"), say("The shop's own value is kept.")),
    "undo": Cause(say("Left as it is by the undo"), say("The plan of the undo says why.")),
    "only_source": Cause(say("Only at the source"), say("The target has no item with this SKU.")),
    "duplicate": Cause(say("SKU used twice"), say("Make each SKU unique, then refresh the match.")),
    "empty": Cause(say("Without SKU"), say("Give the item a SKU on both sides.")),
    "untracked": Cause(
        say("Not tracked"), say("Switch tracking on at the store, or let the flow do it in Settings.")
    ),
    "bundle": Cause(say("Bundle"), say("Its stock comes from its components.")),
    "gift_card": Cause(say("Gift card"), say("Gift cards have no stock.")),
    "source": Cause(say("Not stocked at the source"), say("The mapped locations do not stock the item.")),
    "drift": Cause(
        say("Sold or edited at the target"), say("The quantity there is kept, as the settings say.")
    ),
    "unstocked": Cause(
        say("Not stocked at the target"), say("Settings can have items stocked where they are not.")
    ),
    "rise": Cause(say("Rise seen once"), say("It is written when the next reading shows it again.")),
    "tag": Cause(say("Without the tag"), say("Only items whose product carries the tag take part.")),
}


def cause(name: str) -> Cause:
    """The words for a cause; an unknown one is shown by its name."""
    named = CAUSES.get(name) or _GROUPS.get(name.partition(".")[0])
    return named or Cause(Message(name), _LOOK, ())


def label(name: str) -> Message:
    """What a cause is called in lists."""
    return cause(name).label


def of(name: str, facts: Mapping[str, object]) -> Cause:
    """The words for a parked record. One that shares a SKU within the source has no candidates: there is
    nothing to bind.
    """
    if name == "match.ambiguous" and not facts.get("candidates"):
        return CAUSES["sku.repeated"]
    return cause(name)


def verbs(name: str, facts: Mapping[str, object]) -> tuple[str, ...]:
    """What an operator can decide about a parked record, most likely first; retry and dismiss are always
    there.
    """
    offered = of(name, facts).verbs
    if name == "match.ambiguous" and facts.get("key") == "loose_sku":
        offered = (BIND, CREATE, SKIP)
    return (*offered, RETRY, DISMISS)
