"""The sandbox answers as real stores did, wherever a recording shows it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from graphql import parse

from sandbox.shopify.project import RESOLVERS
from tests.sandbox_shopify.replay import RECORDED, Recording, Stage, answered, at, differences, patterns
from tests.sandbox_shopify.stages import set_stage

SCENARIOS: dict[str, Any] = json.loads((RECORDED / "comparisons.json").read_text())
DOCUMENTS: dict[str, str] = json.loads((RECORDED / "requests.json").read_text())
# Documents that were not recorded, and the recorded one that selects the same.
STAND_INS = {
    f"inventory-quantity-contracts-2026-{kind}-unknown-id-validation.graphql": DOCUMENTS[
        f"inventory-quantity-contracts-2026-{kind}.graphql"
    ].replace("message\n", "message\n code\n")
    for kind in ("set", "adjust")
}
DOCUMENTS |= STAND_INS
# Roots that 2026-10 deprecates, or that the product never calls; the sandbox does not run them.
SKIPPED_ROOTS = {
    "productPublish": "deprecated",
    "productUnpublish": "deprecated",
    "productCreateMedia": "deprecated",
    "inventorySetOnHandQuantities": "deprecated",
    "currentBulkOperation": "deprecated",
    "bulkOperationRunMutation": "not used",
    "inventoryMoveQuantities": "not used",
    "customerSet": "not used",
}
SKIPPED = {
    "bulk-operation-run-mutation": "bulk mutations are not used",
    "customer-set-parity": "customerSet is not used",
    "product-publish-unpublish": "productPublish and productUnpublish are deprecated",
    "products-variant-search": "the recording does not hold its variables",
}
# Sent before the others of their recording, as they were when it was made.
SENT_FIRST = {"sixth-query-run-operation-in-progress"}
SKIPPED_STEPS = {
    "future-processed-at-user-errors": "2025-01 refuses a future processedAt, 2026-07 and later clamp it",
    "custom-id-readback": "it reads what customerSet made",
}


def _cases() -> list[Any]:
    cases = []
    for name, scenario in SCENARIOS.items():
        if not (RECORDED / name).exists() or any(part in name for part in SKIPPED):
            continue
        cases.append(pytest.param(name, scenario["comparisons"], id=name.removesuffix(".json")))
    return cases


def roots_of(text: str) -> set[str]:
    """The root fields of a document."""
    return {
        field.name.value
        for node in parse(text).definitions
        if node.kind == "operation_definition"
        for field in node.selection_set.selections
    }


def why_skipped(comparison: dict[str, Any], text: str | None) -> str | None:
    """The reason a comparison cannot be replayed; None when it can."""
    if reason := SKIPPED_STEPS.get(comparison["name"]):
        return reason
    if text is None:
        return "the recording does not hold its document"
    if not comparison["answer_at"]:
        return "it compares a file of the recorder, not an answer"
    for root in sorted(roots_of(text)):
        if root in SKIPPED_ROOTS:
            return f"{root}: {SKIPPED_ROOTS[root]}"
    return None


def replay(name: str, comparisons: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """(comparison, verdict, differences) of a whole recording, in its order; each step is sent once."""
    recording = Recording(name, DOCUMENTS)
    on = set_stage(recording)
    sent: dict[str, dict[str, Any]] = {}
    results = []
    for comparison in sorted(comparisons, key=lambda one: one["name"] not in SENT_FIRST):
        path, step = recording.step(comparison["recorded_at"])
        text = recording.document(comparison, step)
        if reason := why_skipped(comparison, text):
            results.append((comparison["name"], f"skipped: {reason}", []))
            continue
        assert text is not None
        if path not in sent:
            sent[path] = on.run(text, recording.variables(comparison, path, step))
            on.learn(answered(step), sent[path].get("data"))
        results.append(
            (comparison["name"], "compared", compared(recording, on, comparison, sent[path], text))
        )
    return results


def compared(
    recording: Recording, on: Stage, comparison: dict[str, Any], answer: dict[str, Any], text: str
) -> list[str]:
    """Where the answer differs from the recorded one, in the part that the comparison is about."""
    recorded = at(recording.data, comparison["recorded_at"])
    if "compareDigest" not in text:
        recorded = without(recorded, "compareDigest")
    try:
        ours = at(answer, comparison["answer_at"])
    except KeyError:
        return [f"no {comparison['answer_at']} in {json.dumps(answer)[:600]}"]
    on.learn(recorded, ours)
    ignored = patterns(comparison["expected_differences"])
    if not comparison["only"]:
        return differences(on.mapped(recorded), ours, ignored)
    lines = []
    for path in comparison["only"]:
        try:
            lines += differences(
                on.mapped(at(recorded, path)), at(ours, path), ignored, path.removeprefix("$.")
            )
        except KeyError as error:
            lines.append(f"missing {error}")
    return lines


def without(value: Any, key: str) -> Any:
    """The same answer without a field that the named document does not select."""
    if isinstance(value, dict):
        return {name: without(one, key) for name, one in value.items() if name != key}
    return [without(one, key) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("name", "comparisons"), _cases())
def test_answers_as_a_real_store_did(name: str, comparisons: list[dict[str, Any]]) -> None:
    results = replay(name, comparisons)
    wrong = {f"{which}: {line}" for which, _, lines in results for line in lines}
    assert not wrong, "\n".join(sorted(wrong))


def test_enough_is_compared() -> None:
    """The skips are few and named: most comparisons of the copied recordings are replayed."""
    results = [
        one
        for name, scenario in SCENARIOS.items()
        if (RECORDED / name).exists() and not any(part in name for part in SKIPPED)
        for one in replay(name, scenario["comparisons"])
    ]
    done = [one for one in results if one[1] == "compared"]
    assert len(done) >= 188, [one[:2] for one in results if one[1] != "compared"]


def test_what_is_skipped_is_not_run_by_the_sandbox() -> None:
    """A root that got a resolver must be replayed, not skipped."""
    run = {field for kind, field in RESOLVERS if kind in ("QueryRoot", "Mutation")}
    assert not run & set(SKIPPED_ROOTS)
    assert not [name for name in SKIPPED_STEPS if re.search(r"\s", name)]
