"""Which platforms there are: every folder beside this file whose package has a `SPEC`."""

from __future__ import annotations

import importlib
import pkgutil

import sync.connectors
from sync.connectors.contract import Spec


def find_specs() -> dict[str, Spec]:
    """The specs of all platform folders by platform name. A folder without a SPEC (the reference connector
    of the tests) is no platform that an operator can choose."""
    found: dict[str, Spec] = {}
    for module in pkgutil.iter_modules(sync.connectors.__path__):
        if module.ispkg:
            spec = getattr(importlib.import_module(f"sync.connectors.{module.name}"), "SPEC", None)
            if spec is not None:
                found[spec.platform] = spec
    return found


SPECS: dict[str, Spec] = find_specs()


def spec(platform: str) -> Spec:
    """The spec of one platform; KeyError naming the known ones."""
    try:
        return SPECS[platform]
    except KeyError:
        raise KeyError(f"no platform {platform!r}; there are: {', '.join(sorted(SPECS))}") from None
