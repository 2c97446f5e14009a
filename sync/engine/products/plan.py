"""One source product, its match and what both sides show → everything to be done about it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sync.engine.products.children import plan_media, plan_variants
from sync.engine.products.draft import Draft
from sync.engine.products.match import Match
from sync.engine.products.pairing import Memory, pair_variants
from sync.engine.products.settled import PUBLISHED, channel_pairs, created_pairs, new_variant
from sync.engine.products.stock import plan_stock
from sync.engine.products.wanted import IN_STOCK, RECORD_KEY, VARIANTS_KEY, Wanted
from sync.model.call import Diff, Verb
from sync.model.entity import Entity
from sync.model.fields import PRODUCT_FIELDS
from sync.model.flow import ProductSettings
from sync.model.plan import Bind, Pair, Park, Planned, Settle
from sync.model.product import Product
from sync.model.text import say


@dataclass(frozen=True, slots=True)
class Rules:
    """How this run plans: the flow's settings, the fields that the run's parts leave, and all that the flow
    writes (`every`); `channels` are the sales channels' names by id."""

    settings: ProductSettings
    fields: frozenset[str]
    groups: Mapping[str, str]
    new_id: Callable[[], str]
    every: frozenset[str] = frozenset()
    channels: Mapping[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> frozenset[str]:
        """The fields of what is created."""
        return self.every or self.fields


def plan_product(
    wanted: Wanted, match: Match, target: Product | None, memory: Memory, rules: Rules
) -> Planned:
    """Everything to be done about one record; `Planned.item.planned` is its outcome if all goes well."""
    draft = Draft(wanted.product, rules.new_id, match.target_id, rules.settings.drift)
    if wanted.excluded and not (
        wanted.excluded == IN_STOCK and target is not None
    ):  # what is sold out must be shown as sold out
        return draft.done(
            "skipped", "filter", say("Left out by the filter on {filter}.", filter=wanted.excluded)
        )
    if match.verdict == "skip":
        return draft.done("skipped", "operator", match.message)
    if wanted.fatal:
        for problem in wanted.fatal:
            draft.park_problem(problem)
        return draft.done("parked", wanted.fatal[0].cause, wanted.fatal[0].message)
    if match.verdict in ("ambiguous", "proposed", "gone"):
        return _undecided(draft, match)
    if target is None:
        return _create(draft, wanted, rules)
    if match.verdict == "found" and match.key != "operator" and (mark := _other_mark(draft.source, target)):
        return _undecided(draft, _marked_otherwise(match, mark))
    return _update(draft, wanted, target, memory, rules, trusted=match.key in ("operator", "record"))


def _other_mark(source: Product, target: Product) -> str:
    """Whose the target's product is by our own mark, if it is not this record's."""
    mark = target.metafields.get(RECORD_KEY) or ""
    return "" if mark == source.metafields.get(RECORD_KEY) else mark


def _marked_otherwise(match: Match, mark: str) -> Match:
    message = say(
        "The shop's product that matches by {key} carries the mark of another record ({mark}). Bind the two "
        "if they are the same.",
        key=match.key,
        mark=mark,
    )
    return Match("ambiguous", match.target_id, match.key, (match.target_id,), message)


def _undecided(draft: Draft, match: Match) -> Planned:
    message = match.message or say("It cannot be told which product of the shop this is.")
    cause = {"ambiguous": "match.ambiguous", "proposed": "match.proposed", "gone": "target.gone"}[
        match.verdict
    ]
    draft.park(cause, message, candidates=list(match.candidates), key=match.key)
    return draft.done("parked", cause, message)


# -- create --------------------------------------------------------------------------------------------------


def _create(draft: Draft, wanted: Wanted, rules: Rules) -> Planned:
    product = draft.source
    if "options" not in rules.fields:
        return draft.done(
            "skipped", "parts", say("It is not in the shop yet; this run does not create products.")
        )
    unpriced = [v.sku or "" for v in product.variants if v.price is None]
    for problem in wanted.problems:
        draft.park_problem(problem)
    if unpriced:
        message = say(
            "It is not created because {count} of its variants have no price ({skus}).",
            count=len(unpriced),
            skus=", ".join(unpriced[:5]),
        )
        if not any(p.cause.startswith(("price.", "currency.")) for p in draft.parks):
            draft.park("price.missing", message)
        return draft.done("parked", "price.missing", message)
    body = new_product(product, rules)
    draft.change(
        "create",
        Entity.PRODUCT,
        Verb.CREATE,
        source_id=product.id,
        body=body,
        key=product.metafields[RECORD_KEY],
        diffs=_summary(body),
        settle=(
            Settle("product", product.id, {**created_pairs(body), **channel_pairs(rules.settings.channels)}),
        ),
    )
    for channel in rules.settings.channels:
        _publish(draft, rules, channel, "")
    return draft.done("created")


def new_product(product: Product, rules: Rules) -> Product:
    """The body of a create: all the fields that the flow writes, whatever the run's parts."""
    plain: dict[str, Any] = {
        f.name: None
        for f in PRODUCT_FIELDS
        if f.name not in rules.whole and f.name not in ("title", "status")
    }
    return replace(
        product,
        status=rules.settings.new_status,
        channels=None,
        extra={},
        prices={},
        media=product.media if "images" in rules.whole else None,
        sku=None,
        variants=tuple(new_variant(v, rules.whole) for v in product.variants),
        **plain,
    )


def _summary(body: Product) -> tuple[Diff, ...]:
    """What the operator reads of a new product."""
    prices = sorted({v.price for v in body.variants if v.price is not None})
    shown = f"{prices[0]}" if len(prices) == 1 else f"{prices[0].amount} – {prices[-1]}"
    return (
        Diff("title", None, body.title),
        Diff("status", None, body.status),
        Diff("variants", None, len(body.variants)),
        Diff("price", None, shown),
        Diff("images", None, len(body.media or ())),
        Diff("stock", None, sum(level.available for v in body.variants for level in v.levels)),
    )


def _publish(draft: Draft, rules: Rules, channel: str, target_id: str) -> None:
    draft.change(
        "publish",
        Entity.PUBLICATION,
        Verb.PUBLISH,
        source_id=draft.source.id,
        target_id=target_id,
        place=channel,
        diffs=(Diff("channel", None, rules.channels.get(channel, channel)),),
        settle=(Settle("product", draft.source.id, {f"channel:{channel}": (PUBLISHED, None)}),),
    )


# -- update --------------------------------------------------------------------------------------------------


def _update(
    draft: Draft, wanted: Wanted, target: Product, memory: Memory, rules: Rules, *, trusted: bool
) -> Planned:
    source = draft.source
    if memory.binding is None:
        draft.binds.append(Bind("product", source.id, target.id, label=draft.label))
        _mark(draft, target)
    for problem in wanted.problems:
        draft.park_problem(problem)
    _fields(draft, target, memory, rules)
    _metafields(draft, target, memory, rules)
    paired = pair_variants(source, target, memory, trusted=trusted)
    plan_variants(draft, source, target, paired, memory, rules.fields, rules.whole)
    if "stock" in rules.fields:
        plan_stock(draft, paired, memory)
    if "images" in rules.fields:
        plan_media(draft, source, target, memory)
    _channels(draft, target, memory, rules)
    return _finished(draft, target)


def _finished(draft: Draft, target: Product) -> Planned:
    failed = [m.url for m in target.media or () if m.status == "failed"]
    if failed:
        draft.park(
            "image.failed",
            say("The shop could not fetch {count} of its pictures.", count=len(failed)),
            urls=failed[:10],
        )
    if draft.changes:
        return draft.done("updated")
    if draft.sold and not draft.kept:
        return draft.done(
            "unchanged",
            "target.sold",
            say("Sold in the shop and not yet known at the source: {skus}.", skus=", ".join(draft.sold[:8])),
        )
    if draft.kept:
        return draft.done(
            "unchanged",
            "target.edited",
            say("Edited in the shop and kept: {fields}.", fields=", ".join(draft.kept[:8])),
        )
    return draft.done("unchanged")


def _mark(draft: Draft, target: Product) -> None:
    """Writes the binding to the shop, so that a lost database can be rebuilt."""
    ours = draft.source.metafields
    diffs = tuple(
        Diff(f"metafield:{k}", target.metafields.get(k), ours[k])
        for k in (RECORD_KEY, VARIANTS_KEY)
        if target.metafields.get(k) != ours[k]
    )
    if diffs:
        draft.change(
            "mark", Entity.PRODUCT, Verb.MARK, source_id=draft.source.id, target_id=target.id, diffs=diffs
        )


def _fields(draft: Draft, target: Product, memory: Memory, rules: Rules) -> None:
    by_group: dict[str, list[Diff]] = {}
    carried: dict[str, dict[str, Pair]] = {}
    settled: dict[str, Pair] = {}
    for f in PRODUCT_FIELDS:
        if f.name not in rules.fields or f.name in ("status", "tags"):
            continue
        diff, pair = draft.field(f.name, memory.pair(f.name), f.read(draft.source), f.read(target))
        group = rules.groups.get(f.name, "product")
        if diff is not None:
            by_group.setdefault(group, []).append(diff)
        if pair is not None and diff is None:
            settled[f.name] = pair
        elif pair is not None:
            carried.setdefault(group, {})[f.name] = pair
    for group, diffs in by_group.items():
        draft.change(
            "product",
            Entity.PRODUCT,
            Verb.UPDATE,
            source_id=draft.source.id,
            target_id=target.id,
            diffs=tuple(diffs),
            settle=(Settle("product", draft.source.id, carried[group]),),
        )
    if settled:
        draft.settles.append(Settle("product", draft.source.id, settled))
    if "tags" in rules.fields:
        _tags(draft, target, memory)


def _tags(draft: Draft, target: Product, memory: Memory) -> None:
    """Tags merge as a set: ours are added and taken away, the shop's own stay, and one removed by hand stays
    removed."""
    if draft.source.tags is None or target.tags is None:
        return
    base = memory.pair("tags")
    before = set(str(base[0]).split("\n")) if base and base[0] else set()
    ours, theirs = set(draft.source.tags), set(target.tags)
    after = (theirs | (ours - before)) - (before - ours)
    settle = Settle("product", draft.source.id, {"tags": ("\n".join(sorted(ours)), None)})
    if after != theirs:
        diff = Diff("tags", tuple(sorted(theirs)), tuple(sorted(after)))
        draft.change(
            "product",
            Entity.PRODUCT,
            Verb.UPDATE,
            source_id=draft.source.id,
            target_id=target.id,
            diffs=(diff,),
            settle=(settle,),
        )
    elif before != ours or base is None:
        draft.settles.append(settle)


def _metafields(draft: Draft, target: Product, memory: Memory, rules: Rules) -> None:
    if "metafields" not in rules.fields:
        return
    diffs: list[Diff] = []
    pairs: dict[str, Pair] = {}
    for key, value in draft.source.metafields.items():
        if key == RECORD_KEY or key == VARIANTS_KEY and memory.binding is None:
            continue
        name = f"metafield:{key}"
        diff, pair = draft.field(name, memory.pair(name), value, target.metafields.get(key))
        if diff is not None:
            diffs.append(diff)
        if pair is not None:
            pairs[name] = pair
    settle = Settle("product", draft.source.id, pairs)
    if diffs:
        draft.change(
            "mark",
            Entity.PRODUCT,
            Verb.MARK,
            source_id=draft.source.id,
            target_id=target.id,
            diffs=tuple(diffs),
            settle=(settle,),
        )
    elif pairs:
        draft.settles.append(settle)


def _channels(draft: Draft, target: Product, memory: Memory, rules: Rules) -> None:
    """A product that we created is published where the flow says, once; one withdrawn by hand stays
    withdrawn."""
    if target.channels is None or "channels" not in rules.fields or not _ours(memory):
        return
    for channel in rules.settings.channels:
        known = memory.pair(f"channel:{channel}")
        if channel not in target.channels and (known is None or known[0] != PUBLISHED):
            _publish(draft, rules, channel, target.id)
        elif channel in target.channels and (known is None or known[0] != PUBLISHED):
            draft.settles.append(
                Settle("product", draft.source.id, {f"channel:{channel}": (PUBLISHED, None)})
            )


def _ours(memory: Memory) -> bool:
    return memory.binding is not None and any(name.startswith("channel:") for name in memory.binding.baseline)


def gone_park(record_id: str, label: str, target_id: str) -> Park:
    """A bound product that a complete read of the source did not show: reported, never deleted."""
    return Park(
        Entity.PRODUCT,
        record_id,
        label,
        "source.gone",
        say("It is gone at the source. Nothing is deleted in the shop."),
        facts={"target": target_id},
    )
