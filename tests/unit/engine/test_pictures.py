"""Pictures: each is remembered by itself, so that a refused one is not taken for carried."""

from __future__ import annotations

from sync.engine.products.match import Match
from sync.engine.products.pairing import Memory
from sync.engine.products.settled import picture_pairs
from sync.model.plan import Binding
from sync.model.product import Media
from tests.unit.engine.make import plan, shown, source

ONE, TWO, THREE = (Media(f"m{n}", f"http://x/{n}.jpg") for n in (1, 2, 3))


def test_each_new_picture_settles_only_itself() -> None:
    memory = Memory(Binding(1, "product", "1", "p1", baseline=picture_pairs([ONE])))
    planned = plan(
        source("1", media=(ONE, TWO, THREE)), Match("bound", "p1"), shown(source("1"), media=(ONE,)), memory
    )
    pictures = [c for c in planned.changes if c.phase == "media"]
    assert [c.change.source_id for c in pictures] == ["m2", "m3"]
    assert [set(c.settle[0].fields) for c in pictures] == [{"media", "picture:m2"}, {"media", "picture:m3"}]
