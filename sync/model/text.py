"""Operator sentences as values: an English template (the message id) and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter


class _Lenient(Formatter):
    """Formats a template and leaves what is missing visible instead of raising: a sentence must always come
    out."""

    def get_value(self, key: int | str, args: object, kwargs: Mapping[str, object]) -> object:
        return kwargs.get(str(key), "{" + str(key) + "}")

    def format_field(self, value: object, format_spec: str) -> str:
        return str(value)


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for the operator. `id` is the English template with named places, e.g. "{count} prices are
    0".

    Stored as id and parameters and rendered in the reader's language; `english()` is what search looks into.
    """

    id: str
    params: Mapping[str, str | int] = field(default_factory=dict)

    def render(self, template: str | None = None) -> str:
        """The sentence, from a translated template or from the English one. Never raises for a missing
        place."""
        return _Lenient().vformat(template or self.id, (), self.params)

    def english(self) -> str:
        return self.render()

    def __str__(self) -> str:
        return self.render()

    def to_json(self) -> dict[str, object]:
        return {"id": self.id, "params": dict(self.params)}

    @staticmethod
    def from_json(raw: Mapping[str, object]) -> Message:
        params = raw.get("params") or {}
        return Message(str(raw["id"]), dict(params) if isinstance(params, Mapping) else {})


def say(template: str, **params: object) -> Message:
    """Shorthand: `say("{count} rows", count=3)`. Numbers stay numbers, all else becomes text."""
    return Message(template, {k: v if isinstance(v, int) else str(v) for k, v in params.items()})
