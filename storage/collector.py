"""How often Python looks for garbage that refers to itself."""

from __future__ import annotations

import gc

_NEW, _YOUNG, _OLD = 10_000, 10, 10


def calm() -> None:
    """Looks after every 10,000 new objects, not after 700: whoever goes through a million records makes as
    many short-lived ones, none of which refers to itself, and the looking took a third of the time."""
    if gc.get_threshold()[0] < _NEW:
        gc.set_threshold(_NEW, _YOUNG, _OLD)
