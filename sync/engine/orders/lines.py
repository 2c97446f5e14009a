"""The lines of an order for Sentos: what is left of them now, VAT included, without discounts, adding up to
the kuruş.

Discounts are part of a line's `total` (the shop has allocated them); what does not divide by the pieces is
split over two lines. Tips, duties, fees and rounding become lines of a chosen service SKU. A negative
rounding is taken off the other lines, because no line may have a negative price.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from sync.engine.orders.money import kurus, lira, split, spread
from sync.engine.orders.payment import GIFT_CARD
from sync.model.flow import OrderSettings
from sync.model.order import Order, OrderLine
from sync.model.problem import Problem
from sync.model.text import Message, say
from sync.model.values import text

_FINE = 10_000  # estimates are kept in 1/10000 kuruş, so that largest remainder sees the fractions
SERVICES = ("tip", "duties", "fee", "rounding")
SERVICE_TITLES = {"tip": "Bahşiş", "duties": "Gümrük vergisi", "fee": "Ek ücret", "rounding": "Yuvarlama"}


@dataclass(slots=True)
class Priced:
    """Lines and shipping with VAT; `problems` say why they could not be made."""

    lines: tuple[OrderLine, ...] = ()
    shipping: int = 0
    problems: list[Problem] = field(default_factory=list)

    def flaw(self, cause: str, message: Message, about: str = "lines") -> None:
        self.problems.append(Problem(cause, message, about))


def priced(order: Order, settings: OrderSettings) -> Priced:
    """Everything that costs money, in lines. Their sum and the shipping are the order's total, or there is a
    problem."""
    made = Priced()
    kept = [line for line in order.lines if line.quantity > 0]
    services = {kind: sum(kurus(e.amount) for e in order.extras if e.kind == kind) for kind in SERVICES}
    unknown = sorted({e.kind for e in order.extras if e.kind not in (*SERVICES, GIFT_CARD)})
    if unknown:
        made.flaw(
            "order.extra",
            say("The order holds amounts that Sentos cannot hold: {kinds}.", kinds=", ".join(unknown)),
            "extras",
        )
    skus = _service_skus(order, kept, services, settings, made)
    rates = [_rate(line, settings, made) for line in kept]
    sums = _sums(order, kept, sum(services.values()), settings, made)
    if made.problems or sums is None:
        return made
    reduced = _reduced(sums, -min(0, services["rounding"]), made)
    lines = [
        part
        for line, rate, total in zip(kept, rates, reduced, strict=True)
        for part in _parts(_sku(line, skus), total, rate)
    ]
    made.lines = (*lines, *_service_lines(order, services, skus, settings))
    _check_sum(order, made)
    return made


def _service_skus(
    order: Order, kept: Sequence[OrderLine], services: dict[str, int], settings: OrderSettings, made: Priced
) -> dict[str, str]:
    """The chosen SKUs; those that this order needs and nobody chose are a problem that names them."""
    chosen = {kind: text(sku) for kind, sku in settings.service_skus.items()}
    needed = [kind for kind, amount in services.items() if amount]
    paid = sum(kurus(e.amount) for e in order.extras if e.kind == GIFT_CARD)
    if paid or any(line.gift_card for line in kept):
        needed.append(GIFT_CARD)
    missing = [kind for kind in needed if not chosen.get(kind)]
    if missing:
        made.flaw(
            "order.service_sku",
            say(
                "The order holds {kinds}, for which no service SKU is chosen. Choose one in the order "
                "flow's settings, then send it again.",
                kinds=", ".join(missing),
            ),
            "extras",
        )
    nameless = [line.title for line in kept if not text(line.sku) and not line.gift_card]
    if nameless:
        made.flaw(
            "order.line_without_sku",
            say(
                "No SKU: {titles}. Give the variant its SKU in Shopify, or enter the order in Sentos by "
                "hand and skip it here.",
                titles=", ".join(nameless),
            ),
        )
    return chosen


def _rate(line: OrderLine, settings: OrderSettings, made: Priced) -> Decimal:
    """VAT in whole percent, as Sentos takes it."""
    rate = line.vat_rate
    if rate is None:
        rate = Decimal(0) if line.gift_card else settings.default_vat
    if rate != rate.to_integral_value() or not 0 <= rate <= 100:
        made.flaw(
            "order.vat",
            say(
                "{title} has a VAT rate of {rate} %; Sentos takes whole percents.",
                title=line.title,
                rate=rate,
            ),
        )
    return rate


def _sums(
    order: Order, kept: Sequence[OrderLine], services: int, settings: OrderSettings, made: Priced
) -> list[int] | None:
    """What each line costs with VAT, in kuruş. Sets the shipping."""
    net = [int(line.total.amount * 100 * _FINE) for line in kept]
    if any(amount < 0 for amount in net):
        made.flaw(
            "order.total",
            say("A line of the order costs less than nothing; enter it in Sentos by hand and skip it here."),
        )
        return None
    if order.taxes_included:
        made.shipping = kurus(order.shipping)
        exact, slack = net, sum(1 for line in kept if _prorated(line))
    else:
        exact = [
            int(n * (1 + (line.vat_rate or Decimal(0)) / 100)) for n, line in zip(net, kept, strict=True)
        ]
        made.shipping = _taxed_shipping(order, kept, services, sum(exact), settings)
        slack = len(kept) + 1
    wanted = kurus(order.total) - made.shipping - services
    found = Decimal(sum(exact)) / _FINE
    if wanted < 0 or abs(found - wanted) > slack or (wanted and not sum(exact)):
        _mismatch(order, int(found.quantize(Decimal(1), ROUND_HALF_UP)) + made.shipping + services, made)
        return None
    return spread(wanted, exact)


def _prorated(line: OrderLine) -> bool:
    """Pieces were removed and the line has a discount: the shop's allocation was cut down and may be a kuruş
    off."""
    return line.quantity != line.original_quantity and line.discount.amount != 0


def _taxed_shipping(
    order: Order, kept: Sequence[OrderLine], services: int, goods: int, settings: OrderSettings
) -> int:
    """Shipping with its tax, where prices hold none: the rate among those of the order that makes the total
    come out best."""
    rates = dict.fromkeys(
        (Decimal(0), *(line.vat_rate or Decimal(0) for line in kept), settings.default_vat, Decimal(20))
    )
    left = Decimal(kurus(order.total) - services) - Decimal(goods) / _FINE
    choices = [
        int((kurus(order.shipping) * (1 + rate / 100)).quantize(Decimal(1), ROUND_HALF_UP)) for rate in rates
    ]
    return min(choices, key=lambda shipping: abs(left - shipping))


def _reduced(sums: list[int], less: int, made: Priced) -> list[int]:
    """The lines without a sum that is taken off all of them in proportion."""
    if not less:
        return sums
    if less > sum(sums):
        made.flaw("order.total", say("The rounding is larger than the lines it is taken off."))
        return sums
    return [total - share for total, share in zip(sums, spread(less, sums), strict=True)]


def _sku(line: OrderLine, skus: dict[str, str]) -> OrderLine:
    return replace(line, sku=skus.get(GIFT_CARD, "") if line.gift_card else text(line.sku))


def _parts(line: OrderLine, total: int, rate: Decimal) -> Iterator[OrderLine]:
    for number, (pieces, each) in enumerate(split(total, line.quantity)):
        yield replace(
            line,
            id=line.id if not number else f"{line.id}/{number + 1}",
            quantity=pieces,
            original_quantity=pieces,
            unit_price=lira(each),
            discount=lira(0),
            total=lira(each * pieces),
            vat_rate=rate,
        )


def _service_lines(
    order: Order, services: dict[str, int], skus: dict[str, str], settings: OrderSettings
) -> Iterator[OrderLine]:
    for kind, amount in services.items():
        if amount > 0:
            title = next((e.title for e in order.extras if e.kind == kind and e.title), SERVICE_TITLES[kind])
            price, rate = lira(amount), settings.default_vat if kind == "fee" else Decimal(0)
            yield OrderLine(
                f"service:{kind}",
                skus[kind],
                title,
                1,
                price,
                lira(0),
                price,
                vat_rate=rate,
                original_quantity=1,
                requires_shipping=False,
            )


def _check_sum(order: Order, made: Priced) -> None:
    """The last guard: what is written is what the buyer owes."""
    found = sum(kurus(line.total) for line in made.lines) + made.shipping
    if not made.problems and found != kurus(order.total):
        _mismatch(order, found, made)


def _mismatch(order: Order, found: int, made: Priced) -> None:
    made.flaw(
        "order.total",
        say(
            "Its lines, shipping and extras add up to {found}, but the order says {total}. Nothing was "
            "sent: enter the order in Sentos by hand and skip it here, or correct it in Shopify.",
            found=lira(found),
            total=order.total,
        ),
        "total",
    )
