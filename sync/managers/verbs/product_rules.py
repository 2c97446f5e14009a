"""What the settings of a product flow may be. Every refusal says what to do instead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from sync.errors import NeedsOperator
from sync.managers.verbs.ground import MAPPED_FIELDS, SOURCE_FIELDS, Ground, require_known
from sync.model.fields import ALL_FIELDS
from sync.model.flow import Brakes, FieldMap, ProductSettings
from sync.model.text import say

MATCH_KEYS = ("sku", "handle", "barcode")
NEW_STATUSES = ("draft", "active")
DRIFTS = ("keep", "restore")
# Least and most of each number of the brakes.
BRAKE_LIMITS: Mapping[str, tuple[int, int]] = {
    "source_drop_percent": (1, 100),
    "zeroed_percent": (1, 100),
    "zeroed_count": (1, 1_000_000),
    "price_move_percent": (1, 1_000),
    "price_moves_share": (1, 100),
    "price_moves_count": (1, 1_000_000),
    "floor": (0, 10_000),
}
# namespace 3-255 signs, key 2-64 (Shopify Admin 2026-10 schema, MetafieldDefinitionInput)
_METAFIELD = re.compile(r"metafield:([A-Za-z0-9_-]{3,255})\.([A-Za-z0-9_-]{2,64})")
_OURS = "sync"


def checked_products(s: ProductSettings, ground: Ground) -> ProductSettings:
    """The settings, completed: fields that nothing can fill are left out. Raises NeedsOperator for what
    cannot be."""
    for check in _CHECKS:
        check(s, ground)
    fed = ground.fed(s.mappings)
    kept = {*s.fields, *fed} & {*ground.offered(), *fed}
    return replace(
        s,
        fields=tuple(name for name in ALL_FIELDS if name in kept),
        currency=s.currency.upper(),
        channels=tuple(dict.fromkeys(s.channels)),
    )


def check_currency(currency: str, shop: str) -> None:
    """Raises NeedsOperator unless it is a currency code, and the shop's own where that is known."""
    if not re.fullmatch(r"[A-Za-z]{3}", currency):
        raise NeedsOperator(
            say("{currency} is no currency code. Enter three letters, such as TRY.", currency=currency or "–")
        )
    if shop and currency.upper() != shop:
        raise NeedsOperator(
            say(
                "The shop sells in {shop}, not in {currency}. "
                "Choose {shop}, or a price list in that currency.",
                shop=shop,
                currency=currency.upper(),
            )
        )


def check_brakes(brakes: Brakes) -> None:
    """Raises NeedsOperator naming the number that is out of its range."""
    for name, (least, most) in BRAKE_LIMITS.items():
        value = getattr(brakes, name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise NeedsOperator(
                say(
                    "{limit} must be a whole number from {least} to {most}.",
                    limit=name.replace("_", " ").capitalize(),
                    least=least,
                    most=most,
                )
            )


def _fields(s: ProductSettings, ground: Ground) -> None:
    unknown = [name for name in s.fields if name not in ALL_FIELDS]
    if unknown:
        raise NeedsOperator(say("There is no field {fields}.", fields=", ".join(unknown)))
    if not set(s.fields) & set(ground.offered()):
        raise NeedsOperator(say("Choose at least one field to synchronise."))


def _match_keys(s: ProductSettings, ground: Ground) -> None:
    wrong = [key for key in s.match_keys if key not in MATCH_KEYS]
    if wrong or not s.match_keys or len(set(s.match_keys)) != len(s.match_keys):
        raise NeedsOperator(
            say(
                "Choose how products are matched: any of {keys}, each once, the most trusted first.",
                keys=", ".join(MATCH_KEYS),
            )
        )


def _prices(s: ProductSettings, ground: Ground) -> None:
    if not s.price_list.strip():
        raise NeedsOperator(say("Choose the price list that becomes the shop's price."))
    check_currency(s.currency, ground.target.facts.get("currency", ""))


def _words(s: ProductSettings, ground: Ground) -> None:
    if s.new_status not in NEW_STATUSES:
        raise NeedsOperator(say("New products are created as {choices}.", choices=", ".join(NEW_STATUSES)))
    if s.drift not in DRIFTS:
        raise NeedsOperator(say("An edit made in the shop is either kept or restored."))


def _channels(s: ProductSettings, ground: Ground) -> None:
    if s.channels:
        require_known(ground.choices("target", "channels"), s.channels, ground.target.name)


def _mappings(s: ProductSettings, ground: Ground) -> None:
    for mapping in s.mappings:
        check_mapping(mapping)
    twice = [
        target for target, n in Counter(m.target for m in s.mappings).items() if n > 1 and target != "tag"
    ]
    if twice:
        raise NeedsOperator(say("Two mappings fill {target}. Keep one of them.", target=twice[0]))


def check_mapping(mapping: FieldMap) -> None:
    """Raises NeedsOperator for a source that no record has or a target that cannot be filled."""
    source, target = mapping.source, mapping.target
    extra = source.startswith("extra.") and len(source) > 6
    if not (source.startswith("=") and len(source) > 1 or extra or source in SOURCE_FIELDS):
        raise NeedsOperator(
            say(
                "{source} is no source field. Use {fields}, extra.… for a field of the "
                "platform's own, or =text "
                "for a constant.",
                source=source or "–",
                fields=", ".join(SOURCE_FIELDS),
            )
        )
    found = _METAFIELD.fullmatch(target)
    if found and found.group(1) == _OURS:
        raise NeedsOperator(
            say("The metafield namespace sync is Counterpart's own. Choose another one, such as custom.")
        )
    if not (found or target == "tag" or target in MAPPED_FIELDS):
        raise NeedsOperator(
            say(
                "{target} cannot be filled. Use {fields}, tag, or metafield:namespace.key.",
                target=target or "–",
                fields=", ".join(MAPPED_FIELDS),
            )
        )


_CHECKS: tuple[Callable[[ProductSettings, Ground], None], ...] = (
    _fields,
    _match_keys,
    _prices,
    _words,
    _channels,
    _mappings,
    lambda s, ground: check_brakes(s.brakes),
)
