"""Brakes that only stock has: what the target showed. An answer without items is suspicious on either "
"side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.model.flow import Brakes
from sync.model.run import BrakeHit
from sync.model.text import say


def target_hits(raw: Mapping[str, object], before: int | None, brakes: Brakes) -> list[BrakeHit]:
    """Hits of a whole run, from its figures: `target` items were read now, `before` the last time; `matched`
    items have a partner."""
    return list(_target(raw, before, brakes))


def _target(raw: Mapping[str, object], before: int | None, brakes: Brakes) -> Iterator[BrakeHit]:
    now, matched, source = raw.get("target"), raw.get("matched"), raw.get("source")
    if isinstance(now, int) and before and now * 100 < before * (100 - brakes.source_drop_percent):
        yield BrakeHit(
            "target.dropped",
            say(
                "The target showed {count} items; last time there were {before}. Nothing was changed. If "
                "this is right, confirm to go on.",
                count=now,
                before=before,
            ),
            now,
            before,
        )
    elif source and not matched:
        yield BrakeHit(
            "match.none",
            say(
                "No item of the source has a partner at the target. Look at the SKUs of both sides; if "
                "this is right, confirm to go on."
            ),
        )
