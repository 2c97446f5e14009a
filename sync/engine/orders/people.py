"""Who buys and where it goes: names, phones, addresses and invoice identity as Sentos wants them.

Phones there are digits only, 11 to 13 long, Turkish ones beginning with 90; an address has il (city) and ilçe
(district); a Turkish identity number has 11 digits (public client code, from the server's 422 answers)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sync.model.flow import OrderSettings
from sync.model.order import Address, Buyer, Order
from sync.model.problem import Problem
from sync.model.text import say
from sync.model.values import key_of, text

ANYBODY = "11111111111"  # what Turkish e-invoices hold for a buyer without a number
_SHORTEST, _LONGEST = 11, 13

# Words in the paths of denied fields that are about the customer.
_PERSONAL = frozenset(
    {
        "customer",
        "email",
        "phone",
        "shippingAddress",
        "billingAddress",
        "firstName",
        "lastName",
        "displayName",
        "defaultEmailAddress",
        "defaultPhoneNumber",
        "defaultAddress",
    }
)

_ADDRESS_PARTS = {
    "phone": "phone",
    "address1": "line1",
    "city": "city",
    "province": "city",
    "zip": "postcode",
    "company": "company",
}
_BUYER_PARTS = (("mail", "email"), ("hone", "phone"))
_PARTS = {
    "name": "name",
    "line1": "street",
    "city": "city (il)",
    "district": "district (ilçe)",
    "country": "country",
}


@dataclass(frozen=True, slots=True)
class People:
    """The parties of an order, complete; `problems` if they are not."""

    buyer: Buyer
    billing: Address | None
    delivery: Address | None
    identity: Mapping[str, str]
    problems: tuple[Problem, ...] = ()


def people(order: Order, settings: OrderSettings) -> People:
    """The parties of an order. What is withheld or missing is a problem and never a blank."""
    hidden = withheld(order)
    if hidden:
        return _nobody(order, [_withheld(hidden)])
    ships = any(line.requires_shipping for line in order.lines if line.quantity > 0)
    delivery = order.delivery or (None if ships else order.billing)
    billing = order.billing or delivery
    identity, flaws = _identity(order, settings)
    if delivery is None or billing is None:
        missing = say("The order has no delivery address. Add it in Shopify, then send it again.")
        return _nobody(order, [*flaws, Problem("order.address", missing, "delivery")])
    return _complete(order, billing, delivery, identity, flaws)


def _nobody(order: Order, problems: list[Problem]) -> People:
    return People(order.buyer, None, None, {}, tuple(problems))


def _withheld(fields: list[str]) -> Problem:
    message = say(
        "Shopify withholds customer data of this order ({fields}). Allow the app to read protected customer "
        "data (name, address, email, phone) in Shopify, then send it again.",
        fields=", ".join(fields),
    )
    return Problem("order.withheld", message, "customer")


def _complete(
    order: Order, billing: Address, delivery: Address, identity: Mapping[str, str], flaws: list[Problem]
) -> People:
    buyer = order.buyer
    name = text(buyer.name) or named(billing) or named(delivery)
    bill = replace(_address(billing, name), phone=best_phone(billing.phone, buyer.phone, delivery.phone))
    ship = replace(_address(delivery, name), phone=best_phone(delivery.phone, buyer.phone, billing.phone))
    phone = best_phone(buyer.phone, billing.phone, delivery.phone)
    flaws += _address_flaws(bill, ship)
    if not phone:
        flaws.append(
            Problem(
                "order.phone",
                say(
                    "The order has no phone number that Sentos accepts (11 to 13 digits). Correct it in "
                    "Shopify, then send it again."
                ),
                "phone",
            )
        )
    return People(
        replace(buyer, name=name, phone=phone, email=text(buyer.email)), bill, ship, identity, tuple(flaws)
    )


def _address_flaws(billing: Address, delivery: Address) -> Iterator[Problem]:
    for where, address in (("billing", billing), ("delivery", delivery)):
        missing = [label for part, label in _PARTS.items() if not getattr(address, part)]
        if missing and where == "delivery":
            yield Problem(
                "order.address",
                say(
                    "The delivery address lacks: {parts}. Complete it in Shopify, then send it again.",
                    parts=", ".join(missing),
                ),
                where,
            )
        elif missing and billing != delivery:
            yield Problem(
                "order.billing_address",
                say(
                    "The billing address lacks: {parts}. Complete it in Shopify, then send it again.",
                    parts=", ".join(missing),
                ),
                where,
            )


def withheld(order: Order) -> list[str]:
    """Names of the customer's fields that the platform did not let us see. A denial that names a field which
    is there all the same was about another order of the page."""
    paths = [p for p in order.withheld if _PERSONAL & set(re.split(r"[.\[\]]", p)) and not _shown(order, p)]
    silent = [name for name in ("name", "email", "phone") if getattr(order.buyer, name) is None]
    return list(dict.fromkeys([*paths, *(silent if not paths else ())]))


def _shown(order: Order, path: str) -> bool:
    """Is the field of a denied path there?"""
    head, _, rest = path.partition(".")
    if head in ("shippingAddress", "billingAddress"):
        address = order.delivery if head == "shippingAddress" else order.billing
        return address is not None and (not rest or bool(getattr(address, _ADDRESS_PARTS.get(rest, "name"))))
    field = next((name for word, name in _BUYER_PARTS if word in path), "name")
    return bool(getattr(order.buyer, field))


def named(address: Address) -> str:
    """Who an address is for."""
    return text(address.name) or text(address.company)


def _address(address: Address, name: str) -> Address:
    """An address with its parts cleaned. Abroad there is no ilçe: the city stands in for it."""
    city, district = text(address.city), text(address.district)
    country = text(address.country).upper()
    if city and not district and country not in ("", "TR"):
        district = city
    return Address(
        named(address) or name,
        text(address.company),
        "",
        text(address.line1) or text(address.line2),
        text(address.line2) if text(address.line1) else "",
        district,
        city,
        text(address.postcode),
        country,
    )


def phone(raw: str | None) -> str:
    """Digits as Sentos takes them, "" if they cannot be: 0555 111 22 33, 555 111 22 33, +90 555 … → 90555…; a
    foreign number keeps its country code and is taken if it has 11 to 13 digits."""
    digits = "".join(str(int(c)) for c in raw or "" if c.isdecimal()).removeprefix("00")
    if len(digits) == 11 and digits.startswith("0"):
        digits = "90" + digits[1:]
    elif len(digits) == 10 and not digits.startswith("0") and not (raw or "").lstrip().startswith("+"):
        digits = "90" + digits
    elif digits.startswith("900") and len(digits) == 13:
        digits = "90" + digits[3:]
    good = _SHORTEST <= len(digits) <= _LONGEST and not digits.startswith("0")
    return digits if good and (not digits.startswith("90") or len(digits) == 12) else ""


def best_phone(*candidates: str | None) -> str:
    """The first Turkish number among them, else the first foreign one, else ""."""
    found = [good for raw in candidates if (good := phone(raw))]
    return next((number for number in found if number.startswith("90")), found[0] if found else "")


def valid_identity(number: str) -> bool:
    """Is it a Turkish identity number (TCKN)? The tenth digit is (7 × the odd places − the even ones) mod 10,
    the eleventh the sum of the first ten mod 10."""
    if not re.fullmatch(r"[1-9][0-9]{10}", number):
        return False
    d = [int(c) for c in number]
    tenth = (7 * sum(d[0:9:2]) - sum(d[1:8:2])) % 10
    return d[9] == tenth and d[10] == sum(d[:10]) % 10


def _identity(order: Order, settings: OrderSettings) -> tuple[dict[str, str], list[Problem]]:
    """Invoice identity out of the order's attributes or note, and what is wrong with it."""
    person = _said(order, settings.identity_attribute)
    number, office = _said(order, settings.tax_number_attribute), _said(order, settings.tax_office_attribute)
    person, number = re.sub(r"\s", "", person), re.sub(r"\s", "", number)
    flaws = []
    if person and person != ANYBODY and not valid_identity(person):
        flaws.append(
            Problem(
                "order.identity",
                say(
                    "{number} is not a Turkish identity number. Correct it in the order's additional "
                    "details in Shopify.",
                    number=person,
                ),
                "identity",
            )
        )
    if number and not re.fullmatch(r"[0-9]{10,11}", number):
        flaws.append(
            Problem(
                "order.tax_number",
                say(
                    "{number} is not a tax number (10 digits). Correct it in the order's additional details "
                    "in Shopify.",
                    number=number,
                ),
                "tax_number",
            )
        )
    found = {"turkishIdentityNumber": person, "taxOffice": office, "taxNumber": number}
    return {name: value for name, value in found.items() if value}, flaws


def _said(order: Order, names: str) -> str:
    """What the order says under one of these names (apart by commas): an attribute, or a line "name: value"
    of the note."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        for key, value in order.attributes.items():
            if key_of(key) == key_of(name) and text(value):
                return text(value)
    return next((found for name in wanted for found in _noted(order.note.splitlines(), name)), "")


def _noted(lines: Iterable[str], name: str) -> Iterator[str]:
    for line in lines:
        key, mark, value = line.replace("=", ":", 1).partition(":")
        if mark and key_of(key) == key_of(name) and text(value):
            yield text(value)
