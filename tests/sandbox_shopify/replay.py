"""Replaying recorded answers against the sandbox: paths into recordings, mapped ids, tolerant comparison."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from sandbox.clock import ManualClock
from sandbox.faults import Faults
from sandbox.ledger import Ledger
from sandbox.platform import Options, Tools
from sandbox.shopify.errors import DocumentRefused
from sandbox.shopify.media import settle_files
from sandbox.shopify.order_cancel import settle_cancellations
from sandbox.shopify.platform import ShopifyPlatform
from sandbox.statefile import StateFile

RECORDED = Path(__file__).parents[1] / "contract" / "recorded"
GID = re.compile(r"gid://shopify/[A-Za-z]+/[\w-]+(?:\?[\w=&]+)?")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NUMBER = re.compile(r"\b\d{10,}\b")
ORDER_NAME = re.compile(r"#\d+")
# Opaque to a client: both sides must have one, whatever it says.
OPAQUE = {"cursor", "startCursor", "endCursor", "compareDigest", "onlineStorePreviewUrl"}


def steps_of(path: str) -> list[str | int]:
    """``$.a.b[0].c`` as keys."""
    return [int(one[1:-1]) if one.startswith("[") else one for one in re.findall(r"\[\d+\]|[^.\[\]$]+", path)]


def at(value: Any, path: str) -> Any:
    """What lies at a path; KeyError names the path."""
    for step in steps_of(path):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError) as error:
            raise KeyError(f"{path} (at {step!r})") from error
    return value


def patterns(paths: list[str] | None) -> list[re.Pattern[str]]:
    """Paths with ``[*]`` as patterns over dotted paths."""
    made = []
    for path in paths or ():
        text = re.escape(path.removeprefix("$").lstrip(".")).replace(r"\[\*\]", r"\[\d+\]")
        made.append(re.compile(text + r"(?:$|[.\[].*)"))
    return made


def answered(step: dict[str, Any]) -> dict[str, Any]:
    """The ``data`` of a recorded step."""
    body = step.get("response") or step
    data: dict[str, Any] = (body.get("payload") or body).get("data") or {}
    return data


class Recording:
    """One recorded scenario: where its steps are, with which document and variables each was sent."""

    def __init__(self, name: str, documents: dict[str, str]) -> None:
        self.name, self.documents = name, documents
        self.data: dict[str, Any] = json.loads((RECORDED / name).read_text())

    def step(self, recorded_at: str) -> tuple[str, dict[str, Any]]:
        """(path, step) of the innermost object on the way that holds an answer."""
        keys, found = steps_of(recorded_at), ("$", self.data)
        value: Any = self.data
        walked: list[str] = []
        for key in keys:
            if isinstance(value, dict) and key in ("response", "data"):
                found = (".".join(["$", *walked]), value)
                break
            value = value[key]
            walked.append(str(key))
        return found

    def variables(self, comparison: dict[str, Any], step_path: str, step: dict[str, Any]) -> dict[str, Any]:
        """What was sent: named by the comparison, beside the answer, or beside the step."""
        if comparison["variables_at"]:
            named: dict[str, Any] = at(self.data, comparison["variables_at"])
            return named
        for place in (step, step.get("request") or {}):
            for key in ("variables", "requestVariables"):
                if place.get(key):
                    return dict(place[key])
        parent = at(self.data, step_path.rpartition(".")[0] or "$")
        found = parent.get("downstreamReadVariables") if isinstance(parent, dict) else None
        return dict(found or self._guessed(comparison, step))

    def _guessed(self, comparison: dict[str, Any], step: dict[str, Any]) -> dict[str, str]:
        """A read that was recorded without its variables asked for the object that it got."""
        wanted = re.findall(r"\$(\w+): ID!", self.document(comparison, step) or "")
        found = next((one for one in answered(step).values() if isinstance(one, dict) and "id" in one), {})
        return {name: found["id"] for name in wanted[:1] if found}

    def document(self, comparison: dict[str, Any], step: dict[str, Any]) -> str | None:
        """The text of the document, recorded or by name."""
        text = step.get("query") or (step.get("request") or {}).get("query")
        text = text or self.documents.get(comparison["document"])
        if text and self.name.startswith("2025"):
            # Required since 2026-04; these recordings are older.
            text = re.sub(r"(refundCreate\([^)]*\))", r'\1 @idempotent(key: "replay")', text)
        return text


class Stage:
    """A sandbox made to look like the recorded store, and the ids that correspond."""

    def __init__(self, **settings: str) -> None:
        clock, state = ManualClock(), StateFile(None)
        tools = Tools(clock, Ledger(clock, state), Faults(("without_media",)), state)
        wanted = {
            "shop": "harry-test-heelo",
            "name": "harry-test-heelo",
            "currency": "CAD",
            "locations": "Shop location,My Custom Location",
            "fetch_media": "off",
            "plan": "plus",
            **settings,
        }
        self.platform = ShopifyPlatform(Options("shopify", settings=wanted), tools)
        self.clock, self.store = clock, self.platform.store
        self.ids: dict[str, str] = {}
        self.cursors: dict[str, str] = {}
        for recorded, ours in zip(
            ("gid://shopify/Location/106318430514", "gid://shopify/Location/106318463282"),
            self.store.kinds["location"],
            strict=False,
        ):
            self.ids[recorded] = ours

    def run(self, text: str, variables: dict[str, Any]) -> dict[str, Any]:
        """One request, five seconds after the last; ids in the variables are mapped to ours."""
        self.clock.advance(5)
        settle_files(self.store)
        settle_cancellations(self.store)
        engine = self.platform.engine
        try:
            asked = engine.understand(text, self.mapped(variables))
        except DocumentRefused as refused:
            return engine.refusal(refused).body
        return engine.answer(asked).body

    def mapped(self, value: Any) -> Any:
        """Recorded ids replaced by ours, everywhere."""
        if isinstance(value, dict):
            return {key: self.mapped(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.mapped(one) for one in value]
        if isinstance(value, str):
            if value in self.cursors:
                return self.cursors[value]
            text = GID.sub(lambda found: self.ids.get(found[0], found[0]), value)
            return text if "gid://" in text else NUMBER.sub(lambda found: self._number(found[0]), text)
        return value

    def _number(self, recorded: str) -> str:
        """A bare number of a recorded id, as in a search text, as ours."""
        for one, ours in self.ids.items():
            if one.endswith(f"/{recorded}"):
                return ours.rpartition("/")[2]
        return recorded

    def learn(self, recorded: Any, ours: Any) -> None:
        """Remember which id stands for which, by the places they stand at."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            for key in recorded:
                if key in OPAQUE and recorded[key] and ours.get(key):
                    self.cursors.setdefault(recorded[key], ours[key])
                self.learn(recorded[key], ours.get(key))
        elif isinstance(recorded, list) and isinstance(ours, list):
            for one, other in zip(recorded, ours, strict=False):
                self.learn(one, other)
        elif (
            isinstance(recorded, str)
            and isinstance(ours, str)
            and GID.fullmatch(recorded)
            and GID.fullmatch(ours)
        ):
            self.ids.setdefault(recorded, ours)


def differences(recorded: Any, ours: Any, ignored: list[re.Pattern[str]], path: str = "") -> list[str]:
    """Where two answers differ, ids being mapped already; times and opaque values only have to be there."""
    if any(pattern.fullmatch(path) for pattern in ignored):
        return []
    if isinstance(recorded, dict) and isinstance(ours, dict):
        if recorded.keys() != ours.keys():
            return [f"{path or '$'}: keys {sorted(recorded)} ≠ {sorted(ours)}"]
        return [
            line
            for key in recorded
            for line in differences(recorded[key], ours[key], ignored, f"{path}.{key}" if path else key)
        ]
    if isinstance(recorded, list) and isinstance(ours, list):
        if len(recorded) != len(ours):
            return [f"{path or '$'}: {len(recorded)} items ≠ {len(ours)}: {recorded!r} ≠ {ours!r}"]
        return [
            line
            for n, (one, other) in enumerate(zip(recorded, ours, strict=True))
            for line in differences(one, other, ignored, f"{path}[{n}]")
        ]
    return [] if _alike(recorded, ours, path) else [f"{path or '$'}: {recorded!r} ≠ {ours!r}"]


def _alike(recorded: Any, ours: Any, path: str) -> bool:
    if recorded == ours and type(recorded) is type(ours):
        return True
    if isinstance(recorded, int | float) and isinstance(ours, int | float) and not isinstance(recorded, bool):
        return recorded == ours
    if not (isinstance(recorded, str) and isinstance(ours, str)):
        return False
    key = re.split(r"[.\[]", path)[-1]
    if key in OPAQUE or (TIME.fullmatch(recorded) and TIME.fullmatch(ours)):
        return True
    return bool(ORDER_NAME.fullmatch(recorded) and ORDER_NAME.fullmatch(ours))
