"""Which target product a source product is. Stored binding first; then SKU, handle, barcode; a title only
proposes.

Two candidates, a record that someone else is bound to, or a near miss park for the operator: nothing is ever
created on a near miss. Pure over an index that is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sync.model.product import Product
from sync.model.text import Message, say
from sync.model.values import key_of, text

Hit = tuple[str, str, str]
"""(key value, product id, variant id)."""


class Index(Protocol):
    """Finds staged records by key; keys: sku, loose_sku, handle, barcode, title, record."""

    def find(self, side: str, key: str, values: Sequence[str]) -> list[Hit]: ...


@dataclass(frozen=True, slots=True)
class Match:
    """verdict: bound, found, absent, ambiguous, proposed, gone, skip. `key` is what matched; `candidates` are
    target ids."""

    verdict: str
    target_id: str = ""
    key: str = ""
    candidates: tuple[str, ...] = ()
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Matcher:
    """`bound` maps source ids to target ids and `owners` the other way round; `decisions` are the operator's;
    `taken` grows: which source record got a target in this run."""

    index: Index
    source_side: str
    target_side: str
    keys: tuple[str, ...]
    bound: Mapping[str, str]
    owners: Mapping[str, str]
    decisions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    present: frozenset[str] = frozenset()
    taken: dict[str, str] = field(default_factory=dict)

    def match(self, p: Product) -> Match:
        """The verdict on one source product."""
        if p.id in self.bound:
            target = self.bound[p.id]
            return Match("bound", target, "binding") if target in self.present else _gone(target)
        verb, target = self.decisions.get(p.id, ("", ""))
        if verb == "skip":
            return Match("skip", message=say("Skipped by the operator."))
        if verb == "bind" and target in self.present and self.owners.get(target, p.id) == p.id:
            return Match("found", target, "operator")
        return self._by_keys(p, create_anyway=verb == "create")

    def contested(self, p: Product, match: Match, target: Product | None) -> Match:
        """The same verdict, unless another source product has as good a claim on the target: by one of its
        SKUs (or barcodes, where only a barcode matched), or because it got it earlier in this run. Then
        nobody gets it unasked."""
        if match.verdict != "found" or target is None:
            return match
        others = {self.taken.get(target.id, p.id)} - {p.id}
        rivals = {"operator": (), "record": (), "sku": ("sku",)}.get(match.key, ("sku", "barcode"))
        for key in rivals:
            hits = {s for _, s, _ in self.index.find(self.source_side, key, key_values(target)[key])}
            others |= hits - {p.id} - set(self.bound)
        if not others:
            self.taken[target.id] = p.id
            return match
        return Match(
            "ambiguous",
            key=match.key,
            candidates=(target.id,),
            message=say(
                "The shop's product that matches by {key} also matches other products of the source "
                "({ids}). Choose to which it belongs.",
                key=match.key,
                ids=", ".join(sorted(others)[:5]),
            ),
        )

    def _by_keys(self, p: Product, *, create_anyway: bool) -> Match:
        values = key_values(p)
        if own := {t for _, t, _ in self.index.find(self.target_side, "record", values["record"])}:
            return self._only(p, own, "record")  # made by us before our database was lost
        if found := self._shared_at_source(p, values["sku"]):
            return found
        for key in self.keys:
            hits = {t for _, t, _ in self.index.find(self.target_side, key, values.get(key, []))}
            if hits:
                return self._only(p, hits, key)
        return Match("absent") if create_anyway else self._nearly(values)

    def _shared_at_source(self, p: Product, skus: Sequence[str]) -> Match | None:
        others = sorted({s for _, s, _ in self.index.find(self.source_side, "sku", skus) if s != p.id})
        if not others:
            return None
        return Match(
            "ambiguous",
            key="sku",
            message=say(
                "It shares a SKU with other products of the source ({ids}). Nothing is written until each "
                "SKU is unique.",
                ids=", ".join(others[:5]),
            ),
        )

    def _only(self, p: Product, hits: set[str], key: str) -> Match:
        if len(hits) > 1:
            return Match(
                "ambiguous",
                key=key,
                candidates=tuple(sorted(hits)),
                message=say(
                    "{count} products of the shop match by {key}. Choose the right one.",
                    count=len(hits),
                    key=key,
                ),
            )
        target = next(iter(hits))
        owner = self.owners.get(target, p.id)
        if owner != p.id:
            return Match(
                "ambiguous",
                key=key,
                candidates=(target,),
                message=say(
                    "The shop's product that matches by {key} is already bound to source product {owner}.",
                    key=key,
                    owner=owner,
                ),
            )
        return Match("found", target, key)

    def _nearly(self, values: Mapping[str, list[str]]) -> Match:
        near = {t for _, t, _ in self.index.find(self.target_side, "loose_sku", values["loose_sku"])}
        if near:
            return Match(
                "ambiguous",
                key="loose_sku",
                candidates=tuple(sorted(near)),
                message=say(
                    "A product of the shop has nearly the same SKU. Bind the two, or create it as a new "
                    "product."
                ),
            )
        titled = {t for _, t, _ in self.index.find(self.target_side, "title", values["title"])} - set(
            self.owners
        )
        if titled:
            return Match(
                "proposed",
                candidates=tuple(sorted(titled)),
                key="title",
                message=say(
                    "A product of the shop has the same title but no common SKU. Bind the two, or create it "
                    "as a new product."
                ),
            )
        return Match("absent")


def _gone(target: str) -> Match:
    return Match(
        "gone",
        target,
        "binding",
        message=say("Its product in the shop no longer exists. Create it again, or skip it from now on."),
    )


def loose(sku: str | None) -> str:
    """A SKU without case, spaces, dashes and leading zeros: alike but not equal is a near miss."""
    return re.sub(r"[\W_]+", "", key_of(sku)).lstrip("0")


def key_values(p: Product) -> dict[str, list[str]]:
    """Every key of a product, normalised, as staging stores them."""
    return {
        "record": [p.metafields["sync.record"]] if p.metafields.get("sync.record") else [],
        "sku": _unique(key_of(v.sku) for v in p.variants),
        "loose_sku": _unique(loose(v.sku) for v in p.variants),
        "handle": _unique([key_of(p.handle)]),
        "barcode": _unique(key_of(v.barcode) for v in p.variants),
        "title": _unique([text(p.title).casefold()]),
    }


def _unique(values: object) -> list[str]:
    return [v for v in dict.fromkeys(values) if v]  # type: ignore[call-overload]
